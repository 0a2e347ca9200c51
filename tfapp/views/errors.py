"""What a visitor reads when something cannot be done; programs get the same sentence as JSON."""

from axes.helpers import get_cool_off
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from tfapp import limits

API_PREFIX = "/api/"
TOO_LARGE = (RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent)


def is_for_programs(request: HttpRequest) -> bool:
    return request.path_info.startswith(API_PREFIX)


def answer(request: HttpRequest, status: int, message: str, *, retry_after: float | None = None) -> HttpResponse:
    """The sentence with its status, as a page or, below /api/, as JSON."""
    if is_for_programs(request):
        response = JsonResponse({"detail": message}, status=status)
    else:
        response = render(request, "error.html", {"status": status, "message": message}, status=status)
    if retry_after is not None:
        response["Retry-After"] = str(max(1, round(retry_after)))
    return response


class NotAllowedMiddleware:
    """Answers a wrong method with a sentence too: somebody may have reloaded the address of a button."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if response.status_code != 405:
            return response
        sentence = _("There is nothing to look at here. Go back and use the button again.")
        if is_for_programs(request):
            sentence = _("This address takes %(methods)s.") % {"methods": response["Allow"]}
        told = answer(request, 405, sentence)
        told["Allow"] = response["Allow"]
        return told


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    if isinstance(exception, TOO_LARGE):
        return answer(request, 413, _("That was too much at once. Send fewer or smaller files."))
    return answer(request, 400, _("This request makes no sense to us."))


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    return answer(request, 403, _("This is not for you to do."))


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    if is_for_programs(request):
        return answer(request, 403, _("Send the value of the csrftoken cookie, which every GET sets, as X-CSRFToken."))
    return answer(
        request, 403, _("This page was open for too long, or cookies are switched off. Go back, reload and try again.")
    )


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return answer(request, 404, _("There is nothing here, or it is not yours to see."))


def too_many(request: HttpRequest, exceeded: limits.Exceeded) -> HttpResponse:
    return answer(request, 429, str(exceeded.sentence), retry_after=exceeded.retry_after)


def locked_out(request: HttpRequest, response: HttpResponse | None = None, credentials: dict | None = None):
    """Too many wrong passwords for one name from one address."""
    seconds = get_cool_off(request).total_seconds()
    sentence = _("Too many wrong passwords. Please try again in %(n)d minutes.") % {"n": seconds // 60}
    return answer(request, 429, sentence, retry_after=seconds)


def server_error(request: HttpRequest) -> HttpResponse:
    """The database may be what is broken, so the page asks it nothing."""
    request.user, request.person = AnonymousUser(), None
    return answer(request, 500, _("Something broke on our side. Your pictures are safe; try again in a moment."))
