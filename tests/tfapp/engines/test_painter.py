"""The shipped Impressionist, both ways: it is the one in its card, and it changes the manner, not the picture."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest

from tests.tfapp.engines.likeness import TOLERANCE, count_different_bits, hash_picture
from tests.tfapp.engines.test_adain import draw_photo
from tfapp.engines import SHIPPED_FOLDER, colour
from tfapp.engines.base import Inputs
from tfapp.engines.cyclegan import CycleGANBackEngine, CycleGANEngine
from trainer import checkpoints
from trainer.networks import generators

SHIPPED = SHIPPED_FOLDER / "painter"
HASHES = Path(__file__).with_name("painter_hashes.json")
WAYS = {"painter": CycleGANEngine, "photograph": CycleGANBackEngine}
PICTURES = range(3)


@pytest.fixture(scope="module")
def engines():
    return {way: load(way, SHIPPED) for way in WAYS}


def load(way: str, folder):
    engine = WAYS[way]()
    engine.load(str(folder))
    return engine


def paint(engine, picture: np.ndarray) -> np.ndarray:
    return engine.render(Inputs(picture, parameters={"size": 256}), lambda share: None)


def measure_hashes(engines) -> dict[str, str]:
    return {
        f"{way}-{i}": hash_picture(paint(engine, draw_photo(i))) for way, engine in engines.items() for i in PICTURES
    }


def test_the_shipped_weights_paint_the_stored_pictures(engines):
    stored = json.loads(HASHES.read_text())

    found = measure_hashes(engines)

    different = {name: count_different_bits(found[name], stored[name]) for name in stored}
    assert len(found) == len(stored) == 6
    assert {name: n_bits for name, n_bits in different.items() if n_bits > TOLERANCE} == {}


def test_untrained_networks_do_not(tmp_path):
    config = checkpoints.read_config(SHIPPED)
    groups = ("generator_ab", "generator_ba")
    networks = {name: generators.build(config["architecture"], "float32", name=name) for name in groups}
    checkpoints.save_weights(tmp_path / checkpoints.WEIGHTS, networks)
    checkpoints.write_config(tmp_path, config)
    stored = json.loads(HASHES.read_text())

    found = measure_hashes({way: load(way, tmp_path) for way in WAYS})

    assert all(count_different_bits(found[name], stored[name]) > 3 * TOLERANCE for name in stored)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", PICTURES)
def test_the_manner_changes_and_the_content_stays(engines, way, kind):
    photo = draw_photo(kind)

    picture = paint(engines[way], photo)

    light = [(one @ colour.LUMINANCE).ravel() for one in (photo, picture)]
    assert np.abs(picture - photo).mean() > 0.03
    assert np.corrcoef(light)[0, 1] > 0.6


def test_the_card_is_the_card_of_these_weights():
    weights = (SHIPPED / checkpoints.WEIGHTS).read_bytes()

    assert hashlib.sha256(weights).hexdigest() in (SHIPPED / "card.md").read_text()
    assert len(weights) <= 12e6
