"""Would a job be rendered now? For load balancers, and for `manage.py studio`, which says when all is ready."""

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import Error as DatabaseTrouble
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from tfapp import doorbell, menu
from tfapp.models import EngineStatus, Worker


@login_not_required
@require_safe
@never_cache
def healthz(request: HttpRequest) -> JsonResponse:
    """200 once a job would be rendered, 503 with the reason otherwise. A dead doorbell only slows workers down."""
    try:
        n_workers = Worker.objects.alive().count()
        names = [spec.name for spec in menu.enabled()]
        rows = EngineStatus.objects.filter(engine__in=names, is_available=True)
        available = list(rows.order_by("engine").values_list("engine", flat=True))
    except DatabaseTrouble:
        return _unwell("The database cannot be reached.")

    if not n_workers:
        return _unwell("No worker is ready: one is still loading its engines, or none runs.")
    if not available:
        return _unwell("No engine can be used; the workers' log says why.")
    bell = ("answers" if doorbell.answers() else "silent") if settings.REDIS_URL else "none"
    return JsonResponse({"status": "ok", "workers": n_workers, "engines": available, "doorbell": bell})


def _unwell(reason: str) -> JsonResponse:
    response = JsonResponse({"status": "unavailable", "reason": reason}, status=503)
    response._has_been_logged = True  # it is asked every second, and the reason is no error of the web server
    return response
