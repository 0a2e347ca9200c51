"""A result becomes a master and thumbnails, and goes out in the formats people want."""

import hashlib
import io
import json
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from tests import pictures
from tfapp import images


def photo() -> Image.Image:
    return pictures.photo(96, 64)


# Artworks


def test_an_artwork_becomes_a_master_and_thumbnails():
    array = np.asarray(pictures.photo(700, 500), dtype="float32") / 255

    stored = images.store_artwork(array)

    assert (stored.width, stored.height, stored.thumbnails) == (700, 500, {320: 229, 640: 457, 700: 500})
    names = {
        "master.png",
        *(f"{width}.{extension}" for width in (320, 640, 700) for extension in ("avif", "webp", "jpg")),
    }
    assert {place.name for place in stored.part.iterdir()} == names
    master = (stored.part / "master.png").read_bytes()
    assert (stored.n_bytes, stored.sha256) == (len(master), hashlib.sha256(master).hexdigest())
    assert pictures.distance(images.read(stored.part / "master.png"), pictures.photo(700, 500)) < 0.001
    for name in names - {"master.png"}:
        with Image.open(stored.part / name) as thumbnail:
            expected = pictures.photo(700, 500).resize(thumbnail.size, Image.Resampling.LANCZOS)
            assert thumbnail.size[1] == stored.thumbnails[thumbnail.size[0]]
            assert pictures.distance(np.asarray(thumbnail.convert("RGB"), "float32") / 255, expected) < 3
            assert not {"exif", "icc_profile", "xmp", "comment"} & set(thumbnail.info)


def test_a_small_artwork_has_one_thumbnail_of_its_own_size():
    stored = images.store_artwork(np.zeros((300, 200, 3), "float32"))

    assert stored.thumbnails == {200: 300}


def test_numbers_out_of_range_are_clipped():
    array = np.full((20, 20, 3), 7.0, "float32")
    array[:10], array[0, 0] = -3.0, np.nan

    stored = images.store_artwork(array)

    assert images.read(stored.part / "master.png")[:, 0, 0].tolist() == [0.0] * 10 + [1.0] * 10


# Downloads


def download(master, **wanted) -> tuple:
    file, *rest = images.encode(master, **wanted)
    with file:
        return (file.read(), *rest)


PROVENANCE = {"engine": "adain", "parameters": {"strength": 0.5}, "site": "스타일 <&>", "date": "2026-11-20"}


@pytest.fixture
def master():
    stored = images.store_artwork(np.asarray(photo(), dtype="float32") / 255)
    return stored.part / "master.png"


@pytest.mark.parametrize(
    ("format", "content_type", "extension"),
    [("png", "image/png", "png"), ("jpeg", "image/jpeg", "jpg"), ("webp", "image/webp", "webp")],
)
@pytest.mark.parametrize("provenance", [None, PROVENANCE])
def test_a_download_shows_the_artwork(master, format, content_type, extension, provenance):
    before = set(master.parent.parent.iterdir())

    data, *rest = download(master, format=format, provenance=provenance)

    assert rest == [content_type, extension]
    with Image.open(io.BytesIO(data)) as picture:
        assert picture.format == format.upper()
        assert pictures.distance(np.asarray(picture.convert("RGB"), "float32") / 255, photo()) < 3
    assert set(master.parent.parent.iterdir()) == before


@pytest.mark.parametrize("format", ["png", "jpeg", "webp"])
def test_a_download_of_a_file_that_is_gone_says_so(master, format):
    master.unlink()

    with pytest.raises(FileNotFoundError):
        images.encode(master, format=format, provenance=None)


def test_storing_leaves_nothing_behind_when_the_disk_is_full(monkeypatch, settings):
    monkeypatch.setitem(images.MASTER_OPTIONS, "compress_level", "full")  # as good as any other failure in the middle

    with pytest.raises(TypeError):
        images.store_artwork(np.zeros((64, 64, 3), "float32"))

    assert list((settings.MEDIA_ROOT / "incoming").iterdir()) == []


def test_a_png_without_provenance_holds_nothing_but_pixels(master):
    data, *_ = download(master, format="png", provenance=None)

    kinds, at = [], 8
    while at < len(data):
        kinds.append(data[at + 4 : at + 8])
        at += 12 + int.from_bytes(data[at : at + 4])
    assert set(kinds) == {b"IHDR", b"IDAT", b"IEND"}


def test_a_jpeg_without_provenance_holds_nothing_but_pixels(master):
    data, *_ = download(master, format="jpeg", provenance=None)

    assert set(pictures.jpeg_segments(data)) <= {0xE0, 0xDB, 0xC0, 0xC4}
    assert data.endswith(b"\xff\xd9")


def test_a_webp_without_provenance_holds_nothing_but_pixels(master):
    data, *_ = download(master, format="webp", provenance=None)

    assert data[12:16] == b"VP8 "
    assert len(data) in (20 + int.from_bytes(data[16:20], "little"), 21 + int.from_bytes(data[16:20], "little"))


def test_provenance_can_be_read_from_a_png(master):
    data, *_ = download(master, format="png", provenance=PROVENANCE)

    with Image.open(io.BytesIO(data)) as picture:
        assert json.loads(picture.text["stylesite"]) == PROVENANCE
        assert "compositeWithTrainedAlgorithmicMedia" in picture.text["XML:com.adobe.xmp"]


@pytest.mark.parametrize("format", ["jpeg", "webp"])
def test_provenance_can_be_read_from_a_photo_file(master, format):
    data, *_ = download(master, format=format, provenance=PROVENANCE)

    with Image.open(io.BytesIO(data)) as picture:
        tags = picture.getexif()
        assert json.loads(tags[0x010E]) == PROVENANCE
        assert json.loads(tags.get_ifd(0x8769)[0x9286].removeprefix(b"ASCII\0\0\0")) == PROVENANCE
        assert tags[0x0131] == "Stylesite"
        assert json.loads(xmp_provenance(picture.info["xmp"])) == PROVENANCE


def xmp_provenance(packet: bytes) -> str:
    return next(ElementTree.fromstring(packet).iter("{urn:stylesite:1}provenance")).text
