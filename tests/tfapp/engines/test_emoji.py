"""The shipped emoji painter: it is the one in its card, and it colours what children draw."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from tests.journeys import drawing
from tests.tfapp.engines.likeness import TOLERANCE, count_different_bits, hash_picture
from tfapp.engines import SHIPPED_FOLDER
from tfapp.engines.base import Inputs
from tfapp.engines.pix2pix import Pix2PixEngine
from trainer import checkpoints
from trainer.networks import generators

SHIPPED = SHIPPED_FOLDER / "emoji"
HASHES = Path(__file__).with_name("emoji_hashes.json")
PAPER, FINER = 512, 2  # pixels; strokes are drawn so many times finer


@pytest.fixture(scope="module")
def engine():
    return load(SHIPPED)


def load(folder):
    engine = Pix2PixEngine()
    engine.load(str(folder))
    return engine


def draw(name: str) -> np.ndarray:
    """A kept sketch as the page would show it, without a browser: float32 in 0..1."""
    side = FINER * PAPER
    paper = Image.new("L", (side, side), 255)
    pen = ImageDraw.Draw(paper)
    for stroke in drawing.load(name):
        assert stroke["tool"] == "pencil"
        width, points = stroke["width"] * side, [(x * side, y * side) for x, y, *_ in stroke["points"]]
        pen.line(points, fill=0, width=round(width), joint="curve")
        for x, y in points:
            pen.ellipse((x - width / 2, y - width / 2, x + width / 2, y + width / 2), fill=0)
    return np.asarray(paper.resize((PAPER, PAPER), Image.Resampling.BOX).convert("RGB"), "float32") / 255


def paint(engine, name: str, size: int = 256) -> np.ndarray:
    return engine.render(Inputs(sketch=draw(name), parameters={"size": size}), lambda share: None)


def measure_hashes(engine) -> dict[str, str]:
    return {name: hash_picture(paint(engine, name)) for name in drawing.list_names()}


def test_the_shipped_weights_paint_the_stored_pictures(engine):
    stored = json.loads(HASHES.read_text())

    found = measure_hashes(engine)

    assert len(found) == len(stored) == 20
    different = {name: count_different_bits(found[name], stored[name]) for name in stored}
    assert {name: n_bits for name, n_bits in different.items() if n_bits > TOLERANCE} == {}


def test_an_untrained_network_does_not(tmp_path):
    config = checkpoints.read_config(SHIPPED)
    network = generators.build(config["architecture"], "float32", name="generator")
    checkpoints.save_weights(tmp_path / checkpoints.WEIGHTS, {"generator": network})
    checkpoints.write_config(tmp_path, config)
    stored = json.loads(HASHES.read_text())

    untrained = load(tmp_path)

    for name in ("heart", "cat-face", "tree"):
        assert count_different_bits(hash_picture(paint(untrained, name)), stored[name]) > 3 * TOLERANCE


@pytest.mark.parametrize("name", drawing.list_names())
def test_colour_stays_inside_the_lines(engine, name):
    picture = paint(engine, name)

    saturation = picture.max(-1) - picture.min(-1)
    edge = np.concatenate([picture[:6].reshape(-1, 3), picture[-6:].reshape(-1, 3)])
    assert saturation.max() > 0.2  # something was coloured
    assert np.median(edge) > 0.97  # and the paper around it was not
    assert np.abs(edge - 1).mean() < 0.03


@pytest.mark.parametrize("name", ["sad-face", "star", "sun", "ice-cream"])
def test_faces_stars_and_suns_are_yellow(engine, name):
    red, green, blue = paint(engine, name)[100:120, 118:138].mean((0, 1))

    assert min(red, green) - blue > 0.25


@pytest.mark.parametrize("name", ["apple", "balloon"])
def test_apples_and_balloons_are_red(engine, name):
    red, green, blue = paint(engine, name)[100:140, 110:146].mean((0, 1))

    assert red - max(green, blue) > 0.25


def test_the_card_is_the_card_of_these_weights():
    weights = (SHIPPED / checkpoints.WEIGHTS).read_bytes()
    card = (SHIPPED / "card.md").read_text()

    assert hashlib.sha256(weights).hexdigest() in card
    assert "Emojitwo" in card and "CC BY 4.0" in card
    assert len(weights) <= 12e6
