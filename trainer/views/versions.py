"""Versions: checkpoints published as engines, taken back, brought and carried away."""

import io
import uuid
from contextlib import suppress
from pathlib import Path

from django.conf import settings
from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from trainer import parcels, probing
from trainer import versions as stories
from trainer.access import staff_only
from trainer.models import Probe, Run, Version
from trainer.version_forms import UNPROCESSABLE, ImportForm, PublishForm
from trainer.views import sending
from trainer.views.probes import name_measures

PAGE_SIZE = 24
KEEP_SECONDS = 24 * 3600  # by a browser: a version is never changed


@staff_only
@require_safe
def versions(request: HttpRequest) -> HttpResponse:
    """Live ones, those that were never live, and those that were taken back, in this order over all pages."""
    ordered = Version.objects.select_related("run", "owner").annotate(is_new=Q(published_at=None))
    ordered = ordered.order_by("-is_live", "-is_new", "-created_at", "-pk")
    found = Paginator(ordered, PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "page": found,
        "live": [_describe(version) for version in found if version.is_live],
        "waiting": [_describe(version) for version in found if not version.is_live and not version.published_at],
        "taken_back": [_describe(version) for version in found if not version.is_live and version.published_at],
    }
    return render(request, "studio/versions.html", context)


@staff_only
@require_http_methods(["GET", "HEAD", "POST"])
def version_new(request: HttpRequest, id: uuid.UUID) -> HttpResponse:
    """Publish a checkpoint of a run; the one in the address is chosen first."""
    run = get_object_or_404(Run.objects.select_related("dataset"), pk=id)
    wanted = {"checkpoint": name} if (name := request.GET.get("checkpoint")) else {}
    form = PublishForm(request.POST if request.method == "POST" else None, run=run, initial=wanted)
    if form.is_bound and form.is_valid():
        try:
            version = form.submit(request.user)
        except stories.Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("“%(title)s” is on the first page now.") % {"title": version})
            return redirect("versions")

    probes = [probe for probe in Probe.objects.of(run) if probe.suits(form.kinds)]
    rows = [name_measures(row) for row in probing.grid(run, probes) if row.is_here]
    context = {"run": run, "form": form, "rows": rows, "chosen": form["checkpoint"].value()}
    return render(request, "studio/version_new.html", context, status=UNPROCESSABLE if form.is_bound else 200)


@staff_only
@require_POST
def version_take_back(request: HttpRequest, id: int) -> HttpResponse:
    version = get_object_or_404(Version, pk=id)
    if stories.take_back(version):
        messages.success(request, _("“%(title)s” is off the first page.") % {"title": version})
    return redirect("versions")


@staff_only
@require_POST
def version_put_back(request: HttpRequest, id: int) -> HttpResponse:
    version = get_object_or_404(Version, pk=id)
    try:
        if stories.put_back(version):
            messages.success(request, _("“%(title)s” is on the first page now.") % {"title": version})
    except stories.Refused as refusal:
        messages.error(request, str(refusal))
    return redirect("versions")


@staff_only
@require_POST
def version_look_again(request: HttpRequest, id: int) -> HttpResponse:
    """Of one that could not be loaded."""
    stories.look_again(get_object_or_404(Version, pk=id))
    return redirect("versions")


@staff_only
@require_safe
def version_export(request: HttpRequest, id: int) -> HttpResponse:
    """The version as a ZIP. Who asks for the head alone has nothing packed."""
    version = get_object_or_404(Version, pk=id)
    try:
        file = io.BytesIO() if request.method == "HEAD" else parcels.pack(version)
    except OSError as error:
        raise Http404 from error
    response = FileResponse(file, as_attachment=True, filename=f"{version.engine}.zip", content_type="application/zip")
    if request.method == "HEAD":
        del response["Content-Length"]  # of what was not packed
    return sending.guard(response)


@staff_only
@require_http_methods(["GET", "HEAD", "POST"])
def version_import(request: HttpRequest) -> HttpResponse:
    """Bring one in. It is looked at by a worker, and goes live when somebody puts it there."""
    form = ImportForm(request.POST, request.FILES) if request.method == "POST" else ImportForm()
    if form.is_bound and form.is_valid():
        try:
            version = _take(form.cleaned_data["archive"], request, form.cleaned_data["slug"])
        except stories.Refused as refusal:
            form.add_error("archive", str(refusal))
        else:
            messages.success(request, _("“%(title)s” is here. Look at it, then publish it.") % {"title": version})
            return redirect("versions")
    status = UNPROCESSABLE if form.is_bound else 200
    return render(request, "studio/version_import.html", {"form": form}, status=status)


@staff_only
@require_safe
def version_sample(request: HttpRequest, id: int) -> HttpResponse:
    """One of its pictures; the first unless `?n=` says another."""
    version = get_object_or_404(Version, pk=id)
    names = version.samples()
    try:
        name = names[int(request.GET.get("n", 0))]
    except (ValueError, IndexError) as error:
        raise Http404 from error
    return sending.picture(version.folder / "samples" / name, keep_seconds=KEEP_SECONDS)


def _take(upload: UploadedFile, request: HttpRequest, slug: str) -> Version:
    """The upload as a file of ours while it is looked at."""
    path = Path(settings.TRAINING_ROOT) / "versions" / f"{stories.INCOMING}{uuid.uuid4().hex}"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("xb") as file:
            for chunk in upload.chunks():
                file.write(chunk)
        return parcels.unpack(path, owner=request.user, slug=slug)
    except OSError as error:
        raise stories.Refused(_("It could not be written: %(why)s.") % {"why": error.strerror or error}) from error
    finally:
        path.unlink(missing_ok=True)


def _describe(version: Version) -> dict:
    card = ""
    with suppress(OSError):
        card = (version.folder / "card.md").read_text(errors="replace")
    return {"version": version, "samples": range(len(version.samples())), "card": card}
