"""The style shelf: its list, its files, and the code that draws them."""

import subprocess
import sys

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from PIL import Image

from tfapp import shelf

SLUGS = [style.slug for style in shelf.STYLES]
FEW = ("ink-mountains", "bojagi")  # the quickest


def test_there_are_enough_and_all_are_different():
    assert len(SLUGS) >= 18
    assert len(set(SLUGS)) == len({str(style.title) for style in shelf.STYLES}) == len(SLUGS)


@pytest.mark.parametrize("style", shelf.STYLES, ids=SLUGS)
def test_every_style_has_its_files_and_a_description(style):
    with Image.open(shelf.path(style.slug)) as image:
        assert (image.format, image.size) == ("JPEG", (shelf.SIDE, shelf.SIDE))
    with Image.open(shelf.thumbnail_path(style.slug)) as image:
        assert (image.format, image.size) == ("WEBP", (shelf.THUMBNAIL_SIDE, shelf.THUMBNAIL_SIDE))
    assert str(style.alt).endswith(".")


def test_no_file_is_there_without_a_style_and_together_they_are_small():
    files = sorted(shelf.FOLDER.iterdir())

    assert {path.name for path in files} == {
        path.name for slug in SLUGS for path in (shelf.path(slug), shelf.thumbnail_path(slug))
    }
    assert sum(path.stat().st_size for path in files) <= 4 * 2**20


@pytest.mark.parametrize("slug", FEW)
def test_drawing_again_gives_the_same_pixels(slug):
    first, second = shelf.draw(slug, 64), shelf.draw(slug, 64)

    np.testing.assert_array_equal(first, second)
    assert first.shape == (64, 64, 3)
    assert first.dtype == np.float32
    assert 0 <= first.min() < first.max() <= 1


@pytest.mark.parametrize("slug", SLUGS)
def test_the_committed_picture_is_the_one_that_is_drawn(slug):
    small = Image.open(shelf.path(slug)).resize((24, 24), Image.Resampling.BOX)

    drawn = Image.fromarray((shelf.draw(slug, 96) * 255).astype("uint8")).resize((24, 24), Image.Resampling.BOX)

    away = np.asarray(small, "float32") - np.asarray(drawn, "float32")
    assert np.abs(away).mean() < 25  # fine texture and thin lines differ with the size


@pytest.mark.parametrize("slug", SLUGS)
def test_it_is_rich_in_tones_and_texture(slug):
    picture = np.asarray(Image.open(shelf.path(slug)).convert("L"), "float32") / 255

    dark, light = np.percentile(picture, [2, 98])
    texture = np.abs(np.diff(picture, axis=0)).mean()

    assert light - dark > 0.4
    assert texture > 0.01


def test_find_knows_the_slugs():
    assert shelf.find("bojagi") is next(style for style in shelf.STYLES if style.slug == "bojagi")
    assert shelf.find("../../etc/passwd") is None


def test_the_command_draws_the_files(tmp_path, monkeypatch):
    monkeypatch.setattr(shelf, "FOLDER", tmp_path)
    monkeypatch.setattr(shelf.draw, "__defaults__", (96,))

    call_command("draw_shelf", "bojagi")

    assert sorted(path.name for path in tmp_path.iterdir()) == ["bojagi-240.webp", "bojagi.jpg"]


def test_the_command_says_which_styles_there_are():
    with pytest.raises(CommandError, match="no style 'bauhaus' on the shelf. There are: starry-swirls, "):
        call_command("draw_shelf", "bauhaus")


def test_the_list_does_not_load_what_draws():
    code = "import sys; from tfapp import shelf; print(any(name.startswith('tfapp.shelf.') for name in sys.modules))"

    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert answer.stdout.strip() == "False"
