"""Sheets that show what training will see, made by the code that training uses."""

import io

import numpy as np
import pytest
from PIL import Image, ImageDraw

from tests.trainer import factories
from trainer.datasets import layouts, previews
from trainer.recipes import configs

KINDS = [(kind, recipe) for kind, names in layouts.RECIPES.items() for recipe in names]


def open_sheet(data):
    return Image.open(io.BytesIO(data))


@pytest.mark.parametrize(("kind", "recipe"), KINDS)
def test_there_is_a_sheet_for_every_recipe_that_can_read_a_kind(kind, recipe, tmp_path):
    folder = factories.make_pictures(tmp_path / "pictures", kind=kind)
    config = configs.BY_RECIPE[recipe](size=32)

    sheet = open_sheet(previews.render(folder, recipe, config))

    assert sheet.width > 4 * previews.CELL and sheet.height > 3 * previews.CELL
    assert np.asarray(sheet).std() > 20


@pytest.mark.parametrize("kind", ["pictures", "captioned"])
def test_kinds_that_no_recipe_reads_yet_have_a_plain_sheet(kind, tmp_path):
    folder = factories.make_pictures(tmp_path / "pictures", kind=kind)

    assert open_sheet(previews.render(folder, layouts.PLAIN)).width > 4 * previews.CELL


@pytest.mark.parametrize("kind", layouts.KINDS)
def test_every_kind_has_a_cover(kind, tmp_path):
    folder = factories.make_pictures(tmp_path / "pictures", kind=kind)

    assert open_sheet(previews.render_cover(folder)).size == (260, 260)


def test_one_picture_is_enough_for_a_cover(tmp_path):
    (tmp_path / "train").mkdir()
    Image.new("RGB", (30, 20), "red").save(tmp_path / "train" / "a.png")

    assert open_sheet(previews.render_cover(tmp_path)).getpixel((200, 200)) == (255, 0, 0)


def test_flips_and_strokes_are_those_of_the_options(tmp_path):
    (tmp_path / "train").mkdir()
    pair = Image.new("RGB", (128, 64), "white")
    painter = ImageDraw.Draw(pair)
    painter.line((8, 8, 8, 56), fill="black", width=2)  # left in the condition
    painter.rectangle((64 + 4, 4, 64 + 12, 60), fill="red")
    pair.save(tmp_path / "train" / "a.png")

    def cells(**options):
        config = configs.BY_RECIPE["pix2pix"](size=64, enlarge=1.0, **options)
        sheet = np.asarray(open_sheet(previews.render(tmp_path, "pix2pix", config)))
        return [sheet[: previews.CELL, i * 132 : i * 132 + previews.CELL] for i in range(8)]

    plain, flipped, rough = cells(flip=0), cells(flip=1), cells(flip=0, hand_drawn=1)
    assert all((plain[i] == plain[0]).all() for i in (2, 4, 6))
    assert (flipped[2] == plain[0][:, ::-1]).all() and (flipped[3] == plain[1][:, ::-1]).all()
    assert all((rough[i] != plain[0]).any() for i in (2, 4, 6))
    assert (rough[0] == plain[0]).all()  # the first is the centre, as validation sees it


def test_the_steps_of_drawing_edges_stand_side_by_side(tmp_path):
    (tmp_path / "train").mkdir()
    for n in range(5):
        image = Image.new("RGBA", (80, 60), (0, 0, 0, 0))
        ImageDraw.Draw(image).ellipse((10, 10, 60, 50), fill=("red", "white", "blue")[n % 3])
        image.save(tmp_path / "train" / f"{n}.png")

    sheet = np.asarray(open_sheet(previews.render_edges(tmp_path, {"fineness": 2, "margin": 4})).convert("L"))

    assert sheet.shape == (3 * 196 - 4, 6 * 196 - 4)
    for row in range(3):
        for column in range(2, 6):  # lines, drawing, twice by hand
            cell = sheet[row * 196 : row * 196 + 192, column * 196 : column * 196 + 192]
            assert (cell < 100).sum() > 50, (row, column)


@pytest.mark.parametrize(
    ("recipe", "sentence"), [("pix2pix", "no train/ folder"), ("cyclegan", "trainA"), ("nonsense", "not for")]
)
def test_what_cannot_be_read_is_refused(recipe, sentence, tmp_path):
    config = configs.BY_RECIPE[recipe]() if recipe in configs.BY_RECIPE else None

    with pytest.raises(ValueError, match=sentence):
        previews.render(tmp_path, recipe, config)
