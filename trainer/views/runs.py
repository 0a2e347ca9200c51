"""Runs: all of them, a new one, what people want of one."""

import uuid

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from trainer.access import staff_only
from trainer.models import Run


@staff_only
@require_safe
def runs(request: HttpRequest) -> HttpResponse:
    return render(request, "studio/blank.html", {"title": _("Runs")})


@staff_only
@require_safe
def run_new(request: HttpRequest) -> HttpResponse:
    return render(request, "studio/blank.html", {"title": _("New run")})


@staff_only
@require_POST
def run_pause(request: HttpRequest, id: uuid.UUID) -> HttpResponse:
    get_object_or_404(Run, pk=id)
    return redirect("runs")


@staff_only
@require_POST
def run_stop(request: HttpRequest, id: uuid.UUID) -> HttpResponse:
    get_object_or_404(Run, pk=id)
    return redirect("runs")


@staff_only
@require_POST
def run_resume(request: HttpRequest, id: uuid.UUID) -> HttpResponse:
    get_object_or_404(Run, pk=id)
    return redirect("runs")


@staff_only
@require_safe
def run_clone(request: HttpRequest, id: uuid.UUID) -> HttpResponse:
    get_object_or_404(Run, pk=id)
    return render(request, "studio/blank.html", {"title": _("Clone")})


@staff_only
@require_POST
def run_delete(request: HttpRequest, id: uuid.UUID) -> HttpResponse:
    get_object_or_404(Run, pk=id)
    return redirect("runs")
