"""Datasets: all of them, one with its report, deleting one."""

import uuid

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from trainer.access import staff_only
from trainer.models import Dataset


@staff_only
@require_safe
def datasets(request: HttpRequest) -> HttpResponse:
    return render(request, "studio/blank.html", {"title": _("Datasets")})


@staff_only
@require_safe
def dataset(request: HttpRequest, id: uuid.UUID) -> HttpResponse:
    get_object_or_404(Dataset, pk=id)
    return render(request, "studio/blank.html", {"title": _("Dataset")})


@staff_only
@require_safe
def dataset_status(request: HttpRequest, id: uuid.UUID) -> HttpResponse:
    get_object_or_404(Dataset, pk=id)
    return render(request, "studio/blank.html", {"title": _("Dataset")})


@staff_only
@require_safe
def dataset_preview(request: HttpRequest, id: uuid.UUID, n: int) -> HttpResponse:
    get_object_or_404(Dataset, pk=id)
    return render(request, "studio/blank.html", {"title": _("Dataset")})


@staff_only
@require_POST
def dataset_delete(request: HttpRequest, id: uuid.UUID) -> HttpResponse:
    get_object_or_404(Dataset, pk=id)
    return redirect("datasets")
