"""Finished pictures: the gallery, each picture's page, its files, and what its owner may do with it."""

import uuid

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.cache import add_never_cache_headers
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from tfapp import files, images, jobs, limits, people, pictures, reports
from tfapp.models import Artwork
from tfapp.views import errors, paging, sending

FORMATS = ("png", "jpeg", "webp")


def _visible(request: HttpRequest, id: uuid.UUID) -> Artwork:
    """The picture, if it is public, or this person's, or reported and staff must look; else 404."""
    public = Artwork.objects.public().filter(pk=id).first()  # the common case asks for no session
    if public:
        return public
    if request.user.has_perm("tfapp.view_artwork"):
        reported = Artwork.objects.filter(pk=id, is_public=True).first()
        if reported:
            return reported
    return _mine(request, id)


def _mine(request: HttpRequest, id: uuid.UUID) -> Artwork:
    """The picture, if it is this person's; else the request ends with 404."""
    if not request.person:
        raise Http404
    return get_object_or_404(Artwork, pk=id, person=request.person)


@login_not_required
@require_safe
def gallery(request: HttpRequest) -> HttpResponse:
    page = paging.of(request, Artwork.objects.public().with_styles().newest())
    return render(request, "gallery.html", {"page": page})


@login_not_required
@require_safe
def artwork(request: HttpRequest, id: uuid.UUID) -> HttpResponse:
    found = _visible(request, id)
    is_mine = bool(request.person) and found.person_id == request.person.pk
    previous, following = pictures.neighbours(found) if found.is_shown or is_mine else (None, None)
    inputs = pictures.inputs(found) if is_mine else []  # what went in stays with its owner
    context = {
        "artwork": found,
        "title": pictures.title(found),
        "is_mine": is_mine,
        "content": next((one for one in inputs if one.role == "content"), None),
        "styles": [one for one in inputs if one.role == "style"],
        "previous": previous,
        "next": following,
        "settings": pictures.describe(found),
        "formats": FORMATS,
    }
    response = render(request, "artwork.html", context)
    if not found.is_shown:
        add_never_cache_headers(response)
    return response


@login_not_required
@require_safe
def artwork_image(request: HttpRequest, id: uuid.UUID) -> HttpResponse:
    """The picture itself, full size."""
    found = _visible(request, id)
    name = f"{found.folder}/master.png"
    return sending.picture(request, name, version=found.sha256, is_public=found.is_shown)


@login_not_required
@require_safe
def artwork_thumbnail(request: HttpRequest, id: uuid.UUID, width: int, extension: str) -> HttpResponse:
    found = _visible(request, id)
    if str(width) not in found.thumbnails or extension not in ("avif", "webp", "jpg"):
        raise Http404
    name = f"{found.folder}/{width}.{extension}"
    return sending.picture(request, name, version=f"{found.sha256}-{width}-{extension}", is_public=found.is_shown)


@login_not_required
@require_safe
def artwork_download(request: HttpRequest, id: uuid.UUID) -> HttpResponse:
    """The picture as a file; how it was made is written into it only when asked."""
    found = _visible(request, id)
    wanted = request.GET.get("format", "png")
    if wanted not in FORMATS:
        return errors.answer(request, 400, _("Pictures can be downloaded as PNG, JPEG or WebP."))
    if wanted not in images.downloads(found.width, found.height):
        return errors.answer(request, 400, _("Pictures as large as this can be downloaded as PNG or JPEG."))
    provenance = pictures.provenance(found) if request.GET.get("provenance") == "1" else None
    try:
        if wanted != "png":  # a process has to read and write it
            limits.take("download", people.address(request))
        content, content_type, extension = images.encode(
            files.path(f"{found.folder}/master.png"), format=wanted, provenance=provenance
        )
    except FileNotFoundError as error:
        raise Http404 from error
    except images.Refused as refusal:
        return errors.answer(request, refusal.status, refusal.sentence)
    except limits.Exceeded as exceeded:
        return errors.too_many(request, exceeded)
    response = FileResponse(content, content_type=content_type)
    response["Content-Disposition"] = f'attachment; filename="stylesite-{str(found.pk)[:8]}.{extension}"'
    return sending.guard(response)


@login_not_required
@require_POST
def artwork_publish(request: HttpRequest, id: uuid.UUID) -> HttpResponse:
    _mine(request, id).publish()
    return redirect("artwork", id=id)


@login_not_required
@require_POST
def artwork_unpublish(request: HttpRequest, id: uuid.UUID) -> HttpResponse:
    _mine(request, id).unpublish()
    return redirect("artwork", id=id)


@login_not_required
@require_POST
def artwork_delete(request: HttpRequest, id: uuid.UUID) -> HttpResponse:
    """The picture and the job that made it."""
    jobs.remove(_mine(request, id).job)
    return redirect("mine")


@login_not_required
@require_POST
def artwork_report(request: HttpRequest, id: uuid.UUID) -> HttpResponse:
    """Say that a public picture should not be here."""
    found = get_object_or_404(Artwork.objects.public(), pk=id)
    try:
        limits.take("report", people.address(request))
        reports.file(found, people.ensure(request), reason=request.POST.get("reason", ""))
    except limits.Exceeded as exceeded:
        return errors.too_many(request, exceeded)
    messages.success(request, _("Thank you. Somebody will look at it."))
    return redirect("gallery")
