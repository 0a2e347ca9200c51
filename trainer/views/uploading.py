"""A dataset on its way in: an archive at once, or in pieces that survive a lost connection and a closed page."""

import uuid

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from trainer import collections
from trainer.access import staff_only
from trainer.forms import UNPROCESSABLE, DatasetForm
from trainer.models import Dataset

PIECE_BYTES = 4 * 2**20  # that a browser sends at once
PIECE_MOST_BYTES = 16 * 2**20  # that anybody may
KINDS = {  # how the archive of each is laid out
    "pairs": gettext_lazy("Each file holds two pictures of equal size beside each other: A left, B right."),
    "folders": gettext_lazy("Folders A and B, or trainA and trainB, with files of equal names."),
    "unpaired": gettext_lazy(
        "Folders trainA and trainB, and testA and testB if you have them. Nothing belongs together."
    ),
    "pictures": gettext_lazy("Plain pictures. They can be made into edge pairs here."),
    "captioned": gettext_lazy("Each picture with a text file of the same name: one caption a line."),
}


@staff_only
@require_http_methods(["GET", "HEAD", "POST"])
def dataset_new(request: HttpRequest) -> HttpResponse:
    """With a file it is taken as it comes; without, it was announced, and the pieces follow."""
    form = DatasetForm(request.POST, request.FILES) if request.method == "POST" else DatasetForm()
    if form.is_bound and form.is_valid():
        archive = form.cleaned_data["archive"]
        try:
            made = _begin(form, request.user)
            if archive is not None:
                _take_all(made, archive)
            return redirect("dataset", id=made.pk)
        except collections.Refused as refusal:
            form.add_error("archive", str(refusal))
    context = {
        "form": form,
        "kinds": [(value, title, KINDS[value]) for value, title in Dataset.Kind.choices],
        "piece_bytes": PIECE_BYTES,
        "max_bytes": settings.DATASET_MAX_BYTES,
    }
    return render(request, "studio/dataset_new.html", context, status=UNPROCESSABLE if form.errors else 200)


@staff_only
@require_http_methods(["GET", "HEAD", "PUT", "POST"])
def dataset_chunk(request: HttpRequest, id: uuid.UUID) -> JsonResponse:
    """GET says how much has come; PUT or POST brings the bytes from `?offset=` on."""
    found = get_object_or_404(Dataset, pk=id)
    if request.method in ("GET", "HEAD"):
        return _answer(found, found.n_received)
    word, length = request.GET.get("offset", ""), request.META.get("CONTENT_LENGTH") or "0"
    if not (word.isascii() and word.isdigit() and len(word) < 16):
        return _refuse(400, _("Say with ?offset= where this piece begins."))
    if not length.isdigit() or int(length) > PIECE_MOST_BYTES:
        return _refuse(413, _("Send smaller pieces."))
    piece = request.read(int(length))
    if len(piece) != int(length) or not piece:
        return _refuse(400, _("This piece was cut off."))
    try:
        return _answer(found, collections.receive(found, piece, int(word)))
    except collections.WrongOffset as wrong:
        return _answer(found, wrong.offset, status=409)
    except collections.Refused as refusal:
        return _refuse(UNPROCESSABLE, str(refusal))


def _begin(form: DatasetForm, owner) -> Dataset:
    names = ("title", "kind", "licence", "source", "n_bytes", "label")
    return collections.begin(**{name: form.cleaned_data[name] for name in names}, owner=owner)


def _take_all(made: Dataset, archive) -> None:
    """Nothing is left of an archive that could not be kept."""
    n_received = 0
    try:
        for piece in archive.chunks(PIECE_BYTES):
            n_received = collections.receive(made, piece, n_received)
    except collections.Refused:
        collections.delete(made)
        raise


def _answer(found: Dataset, offset: int, *, status: int = 200) -> JsonResponse:
    return JsonResponse({"offset": offset, "size": found.n_bytes}, status=status)


def _refuse(status: int, sentence: str) -> JsonResponse:
    return JsonResponse({"detail": sentence}, status=status)
