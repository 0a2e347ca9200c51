"""Edge pairs made of plain pictures: a form, a preview that draws before anything runs, and the new dataset."""

import uuid

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from trainer import collections
from trainer.access import staff_only
from trainer.datasets.edge_options import EDGE_STEPS
from trainer.edge_forms import EdgesForm
from trainer.forms import UNPROCESSABLE
from trainer.models import Dataset
from trainer.views import sending

PREVIEW = "preview"  # in the address: a picture is asked for, not the page
BUSY = 503
RETRY_SECONDS = 2
KEEP_SECONDS = 300  # of a preview, whose address says all about it


@staff_only
@require_http_methods(["GET", "HEAD", "POST"])
def dataset_edges(request: HttpRequest, id: uuid.UUID) -> HttpResponse:
    """The form; with `preview` in the address, what its options draw."""
    ready = Dataset.objects.filter(state=Dataset.State.DONE, kind__in=collections.DRAWN_FROM)
    found = get_object_or_404(ready, pk=id)
    if request.method != "POST" and PREVIEW in request.GET:
        return _preview(request, found)
    form = EdgesForm(
        request.POST if request.method == "POST" else None,
        initial={"title": _("%(title)s, drawn") % {"title": found.title[:70]}},
    )
    if request.method == "POST" and form.is_valid():
        try:
            made = collections.derive_edges(
                found, title=form.cleaned_data["title"], options=form.options, owner=request.user
            )
            messages.success(request, _("The edges are drawn as soon as the training worker is free."))
            return redirect("dataset", id=made.pk)
        except collections.Refused as refusal:
            form.add_error(None, str(refusal))
    context = {"dataset": found, "form": form, "steps": [_(step) for step in EDGE_STEPS]}
    return render(request, "studio/dataset_edges.html", context, status=UNPROCESSABLE if form.errors else 200)


def _preview(request: HttpRequest, found: Dataset) -> HttpResponse:
    """Three pictures and each step from there to a drawing by hand; a refusal is a sentence in plain text."""
    form = EdgesForm(request.GET, is_preview=True)
    if not form.is_valid():
        return _refuse(form)
    try:
        content = collections.preview_edges(found, form.options)
    except collections.Busy as busy:
        return _say(str(busy), status=BUSY, headers={"Retry-After": RETRY_SECONDS})
    except collections.Refused as refusal:
        form.add_error(None, str(refusal))
        return _refuse(form)
    return sending.guard(HttpResponse(content, content_type="image/png"), keep_seconds=KEEP_SECONDS)


def _refuse(form: EdgesForm) -> HttpResponse:
    lines = [
        f"{form.fields[name].label}: {error}" if name in form.fields else error
        for name, errors in form.errors.items()
        for error in errors
    ]
    return _say("\n".join(lines), status=UNPROCESSABLE)


def _say(words: str, **how) -> HttpResponse:
    return HttpResponse(words, content_type="text/plain; charset=utf-8", **how)
