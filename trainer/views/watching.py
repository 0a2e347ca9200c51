"""A run, live: curves, samples, log, and several runs side by side."""

import uuid

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from trainer.access import staff_only
from trainer.models import Run


@staff_only
@require_safe
def run(request: HttpRequest, id: uuid.UUID) -> HttpResponse:
    found = get_object_or_404(Run, pk=id)
    return render(request, "studio/blank.html", {"title": _("Run"), "run": found})


@staff_only
@require_safe
def run_live(request: HttpRequest, id: uuid.UUID) -> HttpResponse:
    found = get_object_or_404(Run, pk=id)
    return render(request, "studio/blank.html", {"title": _("Run"), "run": found})


@staff_only
@require_safe
def run_sample(request: HttpRequest, id: uuid.UUID, name: str) -> HttpResponse:
    found = get_object_or_404(Run, pk=id)
    return render(request, "studio/blank.html", {"title": _("Run"), "run": found})


@staff_only
@require_safe
def run_log(request: HttpRequest, id: uuid.UUID) -> HttpResponse:
    found = get_object_or_404(Run, pk=id)
    return render(request, "studio/blank.html", {"title": _("Log"), "run": found})


@staff_only
@require_safe
def runs_compare(request: HttpRequest) -> HttpResponse:
    return render(request, "studio/blank.html", {"title": _("Compare runs")})
