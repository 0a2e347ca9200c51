"""Probes: drawings that every checkpoint of a run paints, in a grid to choose by."""

import re
import uuid
from dataclasses import replace

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from trainer import overview, probing
from trainer.access import staff_only
from trainer.models import Probe, Run
from trainer.models.probe import PAINTED, name_painted
from trainer.version_forms import UNPROCESSABLE, ProbeForm
from trainer.views import sending

CHECKPOINT = re.compile(r"step-\d{7,10}")
KEEP_SECONDS = 24 * 3600  # by a browser; addresses of painted pictures change with the weights


@staff_only
@require_safe
def probes(request: HttpRequest, id: uuid.UUID) -> HttpResponse:
    """The grid, live while it is painted, and a paper to draw the next one on."""
    return _page(request, get_object_or_404(Run, pk=id))


@staff_only
@require_POST
def probe_add(request: HttpRequest, id: uuid.UUID) -> HttpResponse:
    """Keep it, and have it painted at once if there is a checkpoint."""
    found = get_object_or_404(Run, pk=id)
    form = ProbeForm(request.POST, request.FILES, run=found)
    if form.is_valid():
        try:
            form.submit()
        except probing.Refused as refusal:
            form.add_error("sketch", str(refusal))
        else:
            if probing.wants_round(found):
                probing.begin_round(found)
            return redirect("probes", id=found.pk)
    return _page(request, found, form=form)


@staff_only
@require_POST
def probes_paint(request: HttpRequest, id: uuid.UUID) -> HttpResponse:
    found = get_object_or_404(Run, pk=id)
    probing.begin_round(found)
    messages.success(request, _("They are painted as soon as the training worker is free."))
    return redirect("probes", id=found.pk)


@staff_only
@require_safe
def probe_image(request: HttpRequest, id: uuid.UUID, probe: int) -> HttpResponse:
    return sending.picture(_find(id, probe).path, keep_seconds=KEEP_SECONDS)


@staff_only
@require_POST
def probe_delete(request: HttpRequest, id: uuid.UUID, probe: int) -> HttpResponse:
    probing.remove(_find(id, probe))
    return redirect("probes", id=id)


@staff_only
@require_safe
def probe_painted(request: HttpRequest, id: uuid.UUID, probe: int, checkpoint: str) -> HttpResponse:
    """What a checkpoint made of it; of a cyclegan the way back with `?way=BtoA`."""
    if not CHECKPOINT.fullmatch(checkpoint):
        raise Http404
    run = get_object_or_404(Run, pk=id)
    name = name_painted(probe, request.GET.get("way", ""))
    return sending.picture(run.folder / PAINTED / checkpoint / name, keep_seconds=KEEP_SECONDS)


def _find(id: uuid.UUID, probe: int) -> Probe:
    """A probe of this run, or one of all runs; else 404."""
    return get_object_or_404(Probe.objects.of(get_object_or_404(Run, pk=id)), pk=probe)


def name_measures(row: probing.Row) -> probing.Row:
    """The row with its measures called as people call them."""
    return replace(row, measures=[(overview.name_measure(name), value) for name, value in row.measures])


def _page(request: HttpRequest, run: Run, *, form: ProbeForm | None = None) -> HttpResponse:
    has_errors = form is not None
    form = form or ProbeForm(run=run)
    shown = [probe for probe in Probe.objects.of(run) if probe.kind in form.kinds]
    painting = run.rounds.order_by("created_at").first()
    rows = [name_measures(row) for row in probing.grid(run, shown)]
    context = {
        "run": run,
        "form": form,
        "can_draw": Probe.Kind.SKETCH in form.kinds,
        "probes": shown,
        "rows": rows,
        "round": painting,
        "percent": round(100 * painting.progress) if painting else 0,
        "is_live": bool(painting and painting.is_active) or run.is_active,
        "has_missing": any(row.is_here and cell.is_missing for row in rows for cell in row.cells),
        "limits": {"max_bytes": settings.UPLOAD_MAX_BYTES, "max_megabytes": settings.UPLOAD_MAX_BYTES // 2**20},
    }
    return render(request, "studio/probes.html", context, status=UNPROCESSABLE if has_errors else 200)
