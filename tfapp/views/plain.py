"""Small answers that are not pages."""

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import FileResponse, HttpRequest, HttpResponse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_POST, require_safe
from django.views.i18n import set_language as change_language

FAVICON = settings.BASE_FOLDER / "static" / "img" / "favicon.ico"
ROBOTS = "User-agent: *\nDisallow: /account/\nDisallow: /admin/\nDisallow: /api/\nDisallow: /jobs/\nDisallow: /mine/\n"


@login_not_required
@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    return HttpResponse(ROBOTS, content_type="text/plain; charset=utf-8")


@login_not_required
@require_safe
@cache_control(public=True, max_age=24 * 3600)
def favicon(request: HttpRequest) -> FileResponse:
    """For browsers and programs that ask without having read the page, which names a better one."""
    return FileResponse(FAVICON.open("rb"), content_type="image/x-icon")


set_language = login_not_required(require_POST(change_language))
