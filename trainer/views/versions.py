"""Versions: checkpoints published as engines, taken back, brought and carried away."""

import uuid

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from trainer.access import staff_only
from trainer.models import Run


@staff_only
@require_safe
def versions(request: HttpRequest) -> HttpResponse:
    return render(request, "studio/blank.html", {"title": _("Versions")})


@staff_only
@require_safe
def version_new(request: HttpRequest, id: uuid.UUID) -> HttpResponse:
    found = get_object_or_404(Run, pk=id)
    return render(request, "studio/blank.html", {"title": _("Publish"), "run": found})


@staff_only
@require_POST
def version_take_back(request: HttpRequest, id: int) -> HttpResponse:
    return redirect("versions")


@staff_only
@require_POST
def version_put_back(request: HttpRequest, id: int) -> HttpResponse:
    return redirect("versions")


@staff_only
@require_safe
def version_export(request: HttpRequest, id: int) -> HttpResponse:
    return render(request, "studio/blank.html", {"title": _("Versions")})


@staff_only
@require_safe
def version_import(request: HttpRequest) -> HttpResponse:
    return render(request, "studio/blank.html", {"title": _("Versions")})


@staff_only
@require_safe
def version_sample(request: HttpRequest, id: int) -> HttpResponse:
    return render(request, "studio/blank.html", {"title": _("Versions")})
