"""`manage.py stylize`: pictures in, a picture out, and a sentence for everything else."""

import errno
from dataclasses import replace

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from PIL import Image

from tests import pictures
from tfapp import engines, files, images
from tfapp.engines.echo import EchoEngine


@pytest.fixture
def photo(tmp_path):
    path = tmp_path / "photo.png"
    pictures.photo(300, 200).save(path)
    return path


@pytest.fixture
def style(tmp_path):
    path = tmp_path / "style.webp"
    pictures.portrait(120, 160).save(path)
    return path


def stylize(*words, **options):
    call_command("stylize", *map(str, words), **{"engine": "echo", **options})


@pytest.mark.parametrize(("name", "kind"), [("out.png", "PNG"), ("out.JPG", "JPEG"), ("out.webp", "WEBP")])
def test_it_paints_into_the_format_of_the_name(photo, style, tmp_path, name, kind):
    stylize(photo, style, tmp_path / name)

    with Image.open(tmp_path / name) as image:
        assert (image.format, image.size) == (kind, (300, 200))


def test_it_limits_the_longest_side(photo, style, tmp_path):
    stylize(photo, style, tmp_path / "out.png", size=150)

    assert Image.open(tmp_path / "out.png").size == (150, 100)


def test_without_a_size_it_paints_no_larger_than_its_engine_may(photo, style, tmp_path, monkeypatch):
    spec = replace(engines.SPECS["echo"], parameters=(replace(engines.SIZE, maximum=150),))
    monkeypatch.setitem(engines.SPECS, "echo", spec)

    stylize(photo, style, tmp_path / "out.png")

    assert Image.open(tmp_path / "out.png").size == (150, 100)


def test_no_strength_leaves_the_photo(photo, style, tmp_path):
    stylize(photo, style, tmp_path / "out.png", strength=0)

    away = np.asarray(Image.open(tmp_path / "out.png"), int) - np.asarray(Image.open(photo).convert("RGB"), int)
    assert np.abs(away).mean() < 2


def test_it_says_what_it_did_and_leaves_nothing_behind(photo, style, tmp_path, capsys):
    stylize(photo, style, tmp_path / "out.png")

    assert "out.png: 300 × 200, painted by echo in" in capsys.readouterr().out
    assert not list(files.begin().parent.iterdir())


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (
            {"engine": "monet"},
            "There is no engine 'monet'. There are: adain, tfhub, tflite, gatys, emoji,",
        ),
        ({"engine": "emoji"}, "The engine 'emoji' takes no style picture"),
        ({"engine": "tflite"}, "This engine needs two files"),
        ({"strength": 1.5}, "--strength is 1.5, but it must be 0 to 1."),
        ({"size": 7}, "--size is 7, but it must be 128 to 4096."),
    ],
)
def test_a_wrong_option_is_said(photo, style, tmp_path, options, sentence):
    with pytest.raises(CommandError) as caught:
        stylize(photo, style, tmp_path / "out.png", **options)

    assert sentence in str(caught.value)
    assert not (tmp_path / "out.png").exists()


def test_a_missing_file_is_said(photo, tmp_path):
    with pytest.raises(CommandError, match="none.jpg cannot be read: No such file"):
        stylize(photo, tmp_path / "none.jpg", tmp_path / "out.png")


def test_a_file_that_is_no_picture_is_said(photo, tmp_path):
    (tmp_path / "song.jpg").write_bytes(b"la la la" * 50)

    with pytest.raises(CommandError, match="song.jpg: "):
        stylize(photo, tmp_path / "song.jpg", tmp_path / "out.png")

    assert not list(files.begin().parent.iterdir())


@pytest.mark.parametrize(("name", "sentence"), [("out.bmp", "must end in .png"), ("no/out.png", "There is no folder")])
def test_a_place_that_cannot_be_written_is_said(photo, style, tmp_path, name, sentence):
    with pytest.raises(CommandError, match=sentence):
        stylize(photo, style, tmp_path / name)


def test_what_is_too_large_for_its_format_is_said_before_it_is_painted(photo, style, tmp_path, monkeypatch):
    monkeypatch.setattr(images, "WEBP_PIXELS", 50_000)
    monkeypatch.setattr(EchoEngine, "render", None)

    with pytest.raises(CommandError, match="300 × 200 pixels: as .webp it must be smaller"):
        stylize(photo, style, tmp_path / "out.webp")


def test_a_disk_that_fills_up_while_it_paints_is_said(photo, style, tmp_path, monkeypatch):
    def fill_up(*args):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(EchoEngine, "render", fill_up)

    with pytest.raises(CommandError, match="cannot be painted: No space left on device"):
        stylize(photo, style, tmp_path / "out.png")

    assert not list(files.incoming().iterdir())


def test_a_picture_that_cannot_be_encoded_is_said(photo, style, tmp_path, monkeypatch):
    def refuse(*args, **kwargs):
        raise images.refusal("busy")

    monkeypatch.setattr(images, "encode", refuse)

    with pytest.raises(CommandError, match="out.jpg: Many pictures"):
        stylize(photo, style, tmp_path / "out.jpg")

    assert not list(files.incoming().iterdir())
