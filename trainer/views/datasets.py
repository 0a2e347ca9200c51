"""Datasets: all of them, one with its report, deleting one. How they come in is in uploading.py."""

import uuid

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from trainer import collections, overview, reports, runs
from trainer.access import staff_only
from trainer.models import Dataset
from trainer.views import sending, uploading

PAGE_SIZE = 24
KEEP_SECONDS = 300  # of a preview, which changes only with the program


@staff_only
@require_safe
def datasets(request: HttpRequest) -> HttpResponse:
    page = Paginator(Dataset.objects.newest(), PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "cards": [overview.of_dataset(dataset) for dataset in page],
        "has_active": any(dataset.is_active for dataset in page),
    }
    return render(request, "studio/datasets.html", context)


@staff_only
@require_safe
def dataset(request: HttpRequest, id: uuid.UUID) -> HttpResponse:
    return render(request, "studio/dataset.html", _context(get_object_or_404(Dataset, pk=id)))


@staff_only
@require_safe
def dataset_status(request: HttpRequest, id: uuid.UUID) -> HttpResponse:
    """The part of the page that changes."""
    return render(request, "studio/_dataset_status.html", _context(get_object_or_404(Dataset, pk=id)))


@staff_only
@require_safe
def dataset_preview(request: HttpRequest, id: uuid.UUID, n: int) -> HttpResponse:
    """The n-th preview: the cover, then for each recipe what it will see of the pictures."""
    found = get_object_or_404(Dataset, pk=id, state=Dataset.State.DONE)
    try:
        content = collections.preview(found, n)
    except collections.Refused as refusal:
        raise Http404 from refusal
    return sending.guard(HttpResponse(content, content_type="image/png"), keep_seconds=KEEP_SECONDS)


@staff_only
@require_POST
def dataset_check(request: HttpRequest, id: uuid.UUID) -> HttpResponse:
    """Once more, where the first time failed for a reason that may be gone: a full disk, a killed worker."""
    found = get_object_or_404(Dataset, pk=id)
    try:
        if not (_has_source(found) and collections.check_again(found)):
            messages.warning(request, _("That was no longer possible: look at its state."))
    except collections.Refused as refusal:
        messages.error(request, str(refusal))
    return redirect("dataset", id=id)


@staff_only
@require_POST
def dataset_delete(request: HttpRequest, id: uuid.UUID) -> HttpResponse:
    found = get_object_or_404(Dataset, pk=id)
    try:
        collections.delete(found)
    except collections.Refused as refusal:
        messages.error(request, str(refusal))
        return redirect("dataset", id=id)
    messages.success(request, _("“%(title)s” is deleted.") % {"title": found})
    return redirect("datasets")


def _has_source(found: Dataset) -> bool:
    """Is what it is to be made of still there?"""
    return bool(found.server_folder or found.origin_id or found.archive.exists() or found.arriving.exists())


def _context(found: Dataset) -> dict:
    return {
        "dataset": found,
        "card": overview.of_dataset(found),
        "report": reports.read(found.report),
        "previews": list(enumerate(collections.list_previews(found)))[1:],  # behind the cover
        "recipes": runs.recipes_for(found),
        "runs": found.runs.newest()[:20],
        "has_source": _has_source(found),
        "piece_bytes": uploading.PIECE_BYTES,
        "max_bytes": settings.DATASET_MAX_BYTES,
        "can_be_edges": found.kind in collections.DRAWN_FROM,
    }
