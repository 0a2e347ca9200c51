"""Pixels in and out: the only door for uploads, and the only place that turns files into arrays and back.

A stranger's file is decoded in a child process (`tfapp.decoding`) and stored anew from its pixels.
"""

import hashlib
import logging
import os
import shutil
import unicodedata
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import BinaryIO

import numpy as np
from django.conf import settings
from django.core.files.base import File
from django.core.files.uploadedfile import UploadedFile
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from PIL import Image

from tfapp import files, imprint
from tfapp.decoding import pool, sizes, structure
from tfapp.models.artwork import VIEW_SIDE, WEBP_PIXELS

LABEL_LENGTH = 120
THUMBNAIL_WIDTHS = (320, 640, 1280)
PHOTO_SIDE = 2048  # pixels: of a photo larger than people look at, they see so much
SPOOL_BYTES = 4 * 2**20  # of a download, in memory
# Measured: AVIF at speed 8 takes two to six times as long as at 9 for 7 % less, WebP by method 4 twice as long for 3 %,
# PNG at level 6 four times as long for 7 %.
THUMBNAIL_FORMATS = {
    "avif": ("AVIF", {"quality": 60, "speed": 9, "max_threads": 1}),
    "webp": ("WEBP", {"quality": 80, "method": 2}),
    "jpg": ("JPEG", {"quality": 84, "progressive": True, "optimize": True}),
}
PREVIEW_SIDE = 512
MASTER_OPTIONS = {"compress_level": 2}
DOWNLOADS = {
    "png": ("PNG", "image/png"),
    "jpeg": ("JPEG", "image/jpeg"),
    "webp": ("WEBP", "image/webp"),
}
OWN_FORMATS = ("JPEG", "PNG", "WEBP")

REFUSALS = {
    "empty": (400, _("This file is empty. Please choose a picture.")),
    "bytes": (413, _("This file is larger than {megabytes} MB. Please send a smaller picture.")),
    "format": (
        415,
        _("This file is not a picture we can read. Please send a JPEG, PNG, WebP, AVIF, GIF or HEIC."),
    ),
    "unreadable": (
        422,
        _("This picture is damaged or incomplete, and we could not read it. Please save it anew, or choose another."),
    ),
    "pixels": (422, _("This picture has more than {megapixels} megapixels. Please make it smaller first.")),
    "long": (422, _("This picture is longer than {longest} pixels on one side. Please make it smaller first.")),
    "small": (422, _("This picture is too small: each side needs at least {shortest} pixels.")),
    "narrow": (
        422,
        _("This picture is too narrow: its long side may be at most {ratio} times its short side. Please crop it."),
    ),
    "busy": (429, _("Many pictures are being looked at right now. Please try again in a moment.")),
    "room": (429, _("There is no room to store pictures right now. Please try again later.")),
}

log = logging.getLogger(__name__)
Image.MAX_IMAGE_PIXELS = None  # what is opened in this process is our own; strangers' files are, in child processes


class Refused(Exception):
    """A picture that is not taken: a sentence fit for a visitor, and the HTTP status that goes with it."""

    def __init__(self, sentence: str, status: int):
        super().__init__(sentence)
        self.sentence = sentence
        self.status = status


@dataclass(frozen=True)
class Picture:
    """An upload that was let in: decoded, cleaned, and stored as a part that waits to be settled."""

    part: Path
    width: int
    height: int
    n_bytes: int
    sha256: str
    label: str


@dataclass(frozen=True)
class StoredArtwork:
    """A folder that waits to be settled: `master.png`, which the bytes and the sha256 are of, and thumbnails."""

    part: Path
    width: int
    height: int
    n_bytes: int
    sha256: str
    thumbnails: dict[int, int]  # height by width


def open_upload(upload: UploadedFile | File, *, longest_side: int | None = None) -> Picture:
    """Let a stranger's picture in, or raise Refused and leave nothing on disk.

    The result is never larger than `longest_side`, nor than the largest picture the site paints.
    """
    source, target = _begin(".upload"), _begin(".jpg")
    try:
        kind = _receive(upload, source)
        answer = _ask(
            {
                "story": "clean",
                "source": str(source),
                "target": str(target),
                "kind": kind,
                "longest_side": min(longest_side or settings.RESULT_MAX_SIDE, settings.RESULT_MAX_SIDE),
                "budget": {
                    "max_pixels": settings.UPLOAD_MAX_PIXELS,
                    "max_side": settings.UPLOAD_MAX_SIDE,
                    "min_side": settings.UPLOAD_MIN_SIDE,
                    "max_ratio": settings.UPLOAD_MAX_RATIO,
                },
            }
        )
        with target.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        return Picture(
            part=target,
            width=answer["width"],
            height=answer["height"],
            n_bytes=target.stat().st_size,
            sha256=digest,
            label=clean_label(upload.name or ""),
        )
    except BaseException:
        target.unlink(missing_ok=True)
        raise
    finally:
        source.unlink(missing_ok=True)


def open_file(path: Path, label: str, *, longest_side: int | None = None) -> Picture:
    """The same for a file of our own, such as one of the style shelf."""
    with Path(path).open("rb") as file:
        return open_upload(File(file, name=label), longest_side=longest_side)


def discard(pictures: Iterable[Picture]) -> None:
    """Forget pictures that nobody will settle."""
    for picture in pictures:
        picture.part.unlink(missing_ok=True)


def clean_label(name: str) -> str:
    """What the person called the file: shown, never used. Without folders, control or direction characters."""
    name = unicodedata.normalize("NFC", name.replace("\\", "/").rsplit("/", 1)[-1])
    visible = (" " if unicodedata.category(x)[0] == "Z" else x for x in name if unicodedata.category(x)[0] != "C")
    return " ".join("".join(visible).split())[:LABEL_LENGTH].strip()


def read(path: Path, longest_side: int | None = None) -> np.ndarray:
    """A stored picture as float32 (height, width, 3), 0 to 1; its longest side limited, its ratio kept."""
    with Image.open(path, formats=OWN_FORMATS) as image:
        size = sizes.fit(image.size, longest_side or max(image.size))
        image.draft("RGB", size)
        picture = image.convert("RGB")
    if picture.size != size:
        picture = picture.resize(size, Image.Resampling.LANCZOS, reducing_gap=3)
    return np.multiply(np.asarray(picture), np.float32(1 / 255), dtype=np.float32)


def store_artwork(array: np.ndarray, *, name: str = "") -> StoredArtwork:
    """Write a finished picture, float32 (height, width, 3) in 0 to 1, and its thumbnails into one part folder.

    With a `name`, whoever knows it can clear the part away after a crash.
    """
    picture = _to_image(array)
    small = {width: _thumbnail(picture, width) for width in thumbnail_widths(*picture.size)}

    part = files.begin(name=name)
    part.mkdir()
    try:
        write_thumbnails(part, small, beside=picture)
    except BaseException:
        shutil.rmtree(part)
        raise

    master = (part / "master.png").read_bytes()
    return StoredArtwork(
        part=part,
        width=picture.width,
        height=picture.height,
        n_bytes=len(master),
        sha256=hashlib.sha256(master).hexdigest(),
        thumbnails={width: image.height for width, image in small.items()},
    )


def thumbnail_widths(width: int, height: int) -> set[int]:
    """The largest is as wide as the picture or 1280; of one that no browser should open, it is a copy to look at."""
    longest = max(width, height)
    if longest <= VIEW_SIDE:
        return {min(one, width) for one in THUMBNAIL_WIDTHS}
    most = round(width * VIEW_SIDE / longest)
    return {min(one, most) for one in THUMBNAIL_WIDTHS} | {most}


def write_thumbnails(folder: Path, thumbnails: dict[int, Image.Image], *, beside: Image.Image | None = None) -> None:
    """Encode them, and the master beside them if it is given, side by side; the encoders leave Python's lock alone."""
    with ThreadPoolExecutor(max_workers=2, thread_name_prefix="encode") as threads:
        written = [threads.submit(beside.save, folder / "master.png", "PNG", **MASTER_OPTIONS)] if beside else []
        for width, image in sorted(thumbnails.items(), reverse=True):
            for extension, (kind, options) in THUMBNAIL_FORMATS.items():
                written.append(threads.submit(image.save, folder / f"{width}.{extension}", kind, **options))
        for outcome in written:
            outcome.result()


def write_png(array: np.ndarray, path: Path) -> None:
    """Write a picture, float32 (height, width, 3) in 0 to 1, whole or not at all."""
    beside = path.with_name(f".{path.name}-{os.getpid()}")
    try:
        _to_image(array).save(beside, "PNG", **MASTER_OPTIONS)
        os.replace(beside, path)
    finally:
        beside.unlink(missing_ok=True)


def write_preview(array: np.ndarray, path: Path, *, part: Path) -> None:
    """A small JPEG of a picture that is not finished, written as `part` and then shown in one step."""
    picture = _to_image(array)
    picture.thumbnail((PREVIEW_SIDE, PREVIEW_SIDE))
    picture.save(part, "JPEG", quality=80)
    os.replace(part, path)


def downloads(width: int, height: int) -> tuple[str, ...]:
    """The formats that a picture of that size can be had in."""
    return tuple(name for name in DOWNLOADS if name != "webp" or width * height <= WEBP_PIXELS)


def encode(path: Path, *, format: str, provenance: dict | None) -> tuple[BinaryIO, str, str]:
    """A stored master for download: a file, content type, extension. Without provenance there is no metadata at all.

    Raises FileNotFoundError, or Refused where everybody is busy.
    """
    path = Path(path)
    kind, content_type = DOWNLOADS[format]
    extension = "jpg" if format == "jpeg" else format
    if kind == "PNG":
        with path.open("rb") as master:
            return _print_into(master, provenance), content_type, extension

    if not path.exists():
        raise FileNotFoundError(path)
    extra = {}
    if provenance is not None:
        extra = {"exif": imprint.as_exif(provenance).hex(), "xmp": imprint.as_xmp(provenance).hex()}
    return (
        _made_by_child(f".{extension}", story="convert", source=str(path), kind=kind, **extra),
        content_type,
        extension,
    )


def shrink(path: Path) -> BinaryIO:
    """A stored photo, small enough to be looked at, as a JPEG. Raises FileNotFoundError or Refused."""
    if not path.exists():
        raise FileNotFoundError(path)
    return _made_by_child(".jpg", story="shrink", source=str(path), longest_side=PHOTO_SIDE)


def warm() -> None:
    """Start a decoding process now, so that the first upload need not wait for it."""
    _children().warm()


def to_bytes(array: np.ndarray) -> np.ndarray:
    """Numbers in 0 to 1 as uint8; what is none is black."""
    return (np.clip(np.nan_to_num(array), 0.0, 1.0) * 255 + 0.5).astype(np.uint8)


def _to_image(array: np.ndarray) -> Image.Image:
    return Image.fromarray(to_bytes(array))


def _print_into(master: BinaryIO, provenance: dict | None) -> BinaryIO:
    """A copy with nothing but what it should hold; on the disk if it is large, and gone when it is closed."""
    copy = SpooledTemporaryFile(SPOOL_BYTES, dir=files.incoming())  # noqa: SIM115 - whoever sends it closes it
    try:
        imprint.copy_png(master, copy, provenance)
    except OSError as error:
        copy.close()
        raise _no_room(error) from error
    copy.seek(0)
    return copy


def _made_by_child(suffix: str, **request) -> BinaryIO:
    """What a child writes: open, and without a name already."""
    target = _begin(suffix)
    try:
        _ask({"target": str(target), **request})
        return target.open("rb")
    finally:
        target.unlink(missing_ok=True)


def _begin(suffix: str) -> Path:
    try:
        return files.begin(suffix)
    except OSError as error:
        raise _no_room(error) from error


def _receive(upload: UploadedFile | File, target: Path) -> str:
    """Copy an upload to disk; return its format, told by its content."""
    try:
        return _copy(upload, target)
    except OSError as error:
        raise _no_room(error) from error


def _copy(upload: UploadedFile | File, target: Path) -> str:
    n_bytes, head = 0, b""
    with target.open("xb") as file:
        for chunk in upload.chunks():
            n_bytes += len(chunk)
            if n_bytes > settings.UPLOAD_MAX_BYTES:
                raise refusal("bytes")
            if len(head) < structure.HEAD_BYTES:
                head += chunk[: structure.HEAD_BYTES]
            file.write(chunk)
    if not n_bytes:
        raise refusal("empty")
    kind = structure.sniff(head)
    if kind is None:
        raise refusal("format")
    return kind


def _ask(request: dict) -> dict:
    try:
        answer = _children().ask(request, seconds=settings.UPLOAD_DECODE_SECONDS)
    except pool.Busy as error:
        raise refusal("busy") from error
    except pool.Died as error:
        log.warning("A decoding process was lost over a picture: %s", error)
        raise refusal("unreadable") from error
    if answer.get("refused") == "room":
        raise _no_room(answer["reason"])
    if "refused" in answer:
        log.info("Refused a picture: %s %s", answer["refused"], answer.get("reason", ""))
        raise refusal(answer["refused"])
    return answer


def _no_room(error: OSError | str) -> Refused:
    log.error("A picture could not be stored: %s", error)
    return refusal("room")


def refusal(code: str) -> Refused:
    """The sentence and status for a code of the decoder."""
    status, sentence = REFUSALS.get(code, REFUSALS["unreadable"])
    numbers = {
        "megabytes": settings.UPLOAD_MAX_BYTES // 2**20,
        "megapixels": settings.UPLOAD_MAX_PIXELS // 10**6,
        "longest": settings.UPLOAD_MAX_SIDE,
        "shortest": settings.UPLOAD_MIN_SIDE,
        "ratio": settings.UPLOAD_MAX_RATIO,
    }
    return Refused(format_lazy(sentence, **numbers), status)


def _thumbnail(picture: Image.Image, width: int) -> Image.Image:
    size = (width, max(1, round(picture.height * width / picture.width)))
    return picture.resize(size, Image.Resampling.LANCZOS, reducing_gap=3)


@cache
def _children() -> pool.Pool:
    return pool.Pool(memory=settings.UPLOAD_DECODE_MEMORY)


os.register_at_fork(after_in_child=_children.cache_clear)  # a forked server must not share its parent's pipes
