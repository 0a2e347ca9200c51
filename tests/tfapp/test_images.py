"""What is let in is stored from pixels alone, within limits; its name is only a label."""

import hashlib
import io
import zipfile

import numpy as np
import pytest
from django.utils import translation
from PIL import Image

from tests import pictures
from tfapp import images

SECRETS = (b"SECRET", b"Exif", b"GPS", b"http", b"ICC_PROFILE", b"PK\x03\x04", b"Photoshop")


def let_in(data: bytes, **options) -> tuple[images.Picture, np.ndarray]:
    picture = images.open_upload(pictures.upload(data), **options)
    return picture, images.read(picture.part)


def photo() -> Image.Image:
    return pictures.photo(96, 64)


# Nothing but pixels


def test_a_stored_file_is_made_anew_from_pixels():
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("SECRET.txt", "SECRET")
    data = pictures.encoded(
        photo(),
        "jpeg",
        exif=pictures.exif(gps=True),
        icc_profile=pictures.display_p3(),
        comment=b"SECRET comment",
        xmp=b"<x>SECRET http://</x>",
    )

    picture, _ = let_in(data + archive.getvalue())

    stored = picture.part.read_bytes()
    assert not [secret for secret in SECRETS if secret in stored]
    assert stored.endswith(b"\xff\xd9") and stored.count(b"\xff\xd9") == 1
    assert set(pictures.jpeg_segments(stored)) <= {0xE0, 0xDB, 0xC0, 0xC4}


@pytest.mark.parametrize("kind", ["png", "webp", "avif", "heic"])
def test_other_formats_lose_their_metadata_too(kind):
    data = pictures.encoded(photo(), kind, exif=pictures.exif(gps=True), icc_profile=pictures.display_p3())
    assert b"SECRET" in data

    picture, _ = let_in(data)

    stored = picture.part.read_bytes()
    assert not [secret for secret in SECRETS if secret in stored]


def test_what_is_told_about_a_picture_is_true(settings):
    picture = images.open_upload(pictures.upload(pictures.file(), name="My photo.jpg"))

    data = picture.part.read_bytes()
    assert picture.part.parent == settings.MEDIA_ROOT / "incoming"
    assert (picture.n_bytes, picture.sha256) == (len(data), hashlib.sha256(data).hexdigest())
    assert picture.label == "My photo.jpg"
    assert [place.name for place in picture.part.parent.iterdir()] == [picture.part.name]

    images.discard([picture])
    images.discard([picture])

    assert list(picture.part.parent.iterdir()) == []


@pytest.mark.parametrize("kind", pictures.FORMATS)
def test_the_name_does_not_matter(kind):
    for name in ("photo.jpg", "photo.png", "photo.exe", "photo", "../../etc/passwd", "\0"):
        picture = images.open_upload(pictures.upload(pictures.file(kind), name=name or "photo"))

        assert picture.width == 96


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("Holiday 1.JPG", "Holiday 1.JPG"),
        ("C:\\Users\\me\\cat.png", "cat.png"),
        ("../../etc/passwd", "passwd"),
        ("photo\u202egpj.exe", "photogpj.exe"),
        ("a\r\nSet-Cookie: b\0.jpg", "aSet-Cookie: b.jpg"),
        ("\u1100\u1161.jpg", "\uac00.jpg"),
        ("zero\u200bwidth\ufeff.jpg", "zerowidth.jpg"),
        ("a\u2028b\u00a0  c", "a b c"),
        ("x" * 500, "x" * 120),
        ("", ""),
        ("\ud800.jpg", ".jpg"),
    ],
)
def test_a_label_is_clean(name, label):
    assert images.clean_label(name) == label


# Sizes


def test_a_picture_is_never_stored_larger_than_asked_for():
    picture, array = let_in(pictures.encoded(pictures.photo(1000, 500), "jpeg"), longest_side=256)

    assert (picture.width, picture.height) == (256, 128)
    assert pictures.distance(array, pictures.photo(1000, 500).resize((256, 128), Image.Resampling.LANCZOS)) < 2


@pytest.mark.parametrize("kind", pictures.FORMATS)
def test_a_picture_is_never_stored_larger_than_the_site_paints(kind, settings):
    settings.RESULT_MAX_SIDE = 200

    picture, _ = let_in(pictures.encoded(pictures.portrait(300, 400), kind))

    assert (picture.width, picture.height) == (150, 200)


def test_a_small_picture_is_never_enlarged():
    picture, _ = let_in(pictures.file(), longest_side=2000)

    assert (picture.width, picture.height) == (96, 64)
    assert images.read(picture.part, 1000).shape == (64, 96, 3)


def test_reading_limits_the_longest_side_and_keeps_the_ratio(tmp_path):
    pictures.portrait(300, 400).save(tmp_path / "portrait.png")

    array = images.read(tmp_path / "portrait.png", 100)

    assert array.shape == (100, 75, 3) and array.dtype == np.float32
    assert pictures.distance(array, pictures.portrait(300, 400).resize((75, 100), Image.Resampling.LANCZOS)) < 1


def test_a_file_of_our_own_comes_in_the_same_way(tmp_path):
    (tmp_path / "waves.jpg").write_bytes(pictures.file())

    picture = images.open_file(tmp_path / "waves.jpg", "waves")

    assert (picture.width, picture.height, picture.label) == (96, 64, "waves")
    assert (tmp_path / "waves.jpg").exists()


# Limits, by the header


@pytest.mark.parametrize("kind", pictures.FORMATS)
@pytest.mark.parametrize(
    ("setting", "value", "status", "words"),
    [
        ("UPLOAD_MAX_BYTES", 300, 413, "larger than 0 MB"),
        ("UPLOAD_MAX_PIXELS", 6000, 422, "megapixels"),
        ("UPLOAD_MAX_SIDE", 95, 422, "longer than 95 pixels"),
        ("UPLOAD_MIN_SIDE", 65, 422, "at least 65 pixels"),
        ("UPLOAD_MAX_RATIO", 1.4, 422, "at most 1.4 times"),
    ],
)
def test_limits_are_settings(kind, setting, value, status, words, settings):
    setattr(settings, setting, value)

    with pytest.raises(images.Refused) as caught:
        images.open_upload(pictures.upload(pictures.file(kind)))

    assert caught.value.status == status
    assert words in str(caught.value.sentence)
    assert list((settings.MEDIA_ROOT / "incoming").iterdir()) == []


def test_the_sentence_speaks_the_language_of_the_moment_it_is_shown():
    with pytest.raises(images.Refused) as caught:
        images.open_upload(pictures.upload(b"hello", name="photo.jpg"))

    with translation.override("en"):
        assert str(caught.value.sentence) == (
            "This file is not a picture we can read. Please send a JPEG, PNG, WebP, AVIF, GIF or HEIC."
        )
    assert not isinstance(caught.value.sentence, str)  # still lazy
