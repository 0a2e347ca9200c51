"""A dataset on its way in: an archive at once, or in pieces that survive a lost connection."""

import uuid

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from trainer.access import staff_only
from trainer.models import Dataset


@staff_only
@require_safe
def dataset_new(request: HttpRequest) -> HttpResponse:
    return render(request, "studio/blank.html", {"title": _("New dataset")})


@staff_only
@require_POST
def dataset_chunk(request: HttpRequest, id: uuid.UUID) -> HttpResponse:
    get_object_or_404(Dataset, pk=id)
    return redirect("datasets")
