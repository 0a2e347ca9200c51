"""Probes: drawings that every checkpoint of a run paints, in a grid to choose by."""

import uuid

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from trainer.access import staff_only
from trainer.models import Run


@staff_only
@require_safe
def probes(request: HttpRequest, id: uuid.UUID) -> HttpResponse:
    found = get_object_or_404(Run, pk=id)
    return render(request, "studio/blank.html", {"title": _("Probes"), "run": found})


@staff_only
@require_POST
def probe_add(request: HttpRequest, id: uuid.UUID) -> HttpResponse:
    found = get_object_or_404(Run, pk=id)
    return redirect("run", id=found.pk)


@staff_only
@require_POST
def probes_paint(request: HttpRequest, id: uuid.UUID) -> HttpResponse:
    found = get_object_or_404(Run, pk=id)
    return redirect("run", id=found.pk)


@staff_only
@require_safe
def probe_image(request: HttpRequest, id: uuid.UUID, probe: int) -> HttpResponse:
    found = get_object_or_404(Run, pk=id)
    return render(request, "studio/blank.html", {"title": _("Probes"), "run": found})


@staff_only
@require_POST
def probe_delete(request: HttpRequest, id: uuid.UUID, probe: int) -> HttpResponse:
    found = get_object_or_404(Run, pk=id)
    return redirect("run", id=found.pk)


@staff_only
@require_safe
def probe_painted(request: HttpRequest, id: uuid.UUID, probe: int, checkpoint: str) -> HttpResponse:
    found = get_object_or_404(Run, pk=id)
    return render(request, "studio/blank.html", {"title": _("Probes"), "run": found})
