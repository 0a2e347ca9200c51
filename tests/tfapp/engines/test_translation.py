"""Engines of image translation, with random weights: what they take, what comes back, and what is refused."""

import json
from pathlib import Path

import numpy as np
import pytest

from tests.tfapp.engines import tiny
from tfapp import engines
from tfapp.engines import cyclegan, pix2pix
from tfapp.engines.base import EngineError, Inputs
from trainer import checkpoints, gradients
from trainer.networks import generators

UNET = {"generator": "unet", "filters": 4, "depth": 3, "in_channels": 1, "out_channels": 3, "dropout": 0.5}
TRANSLATORS = [name for name, spec in engines.SPECS.items() if spec.kind in ("sketch", "photo")]


def be_quiet(share):
    pass


@pytest.fixture(scope="module")
def emoji(tmp_path_factory):
    engine = pix2pix.Pix2PixEngine()
    engine.load(tiny.save_pix2pix(tmp_path_factory.mktemp("emoji")))
    return engine


@pytest.fixture(scope="module")
def both_ways(tmp_path_factory):
    source = tiny.save_cyclegan(tmp_path_factory.mktemp("painter"))
    there, back = cyclegan.CycleGANEngine(), cyclegan.CycleGANBackEngine()
    there.load(source)
    back.load(source)
    return there, back


def draw(engine, sketch, **parameters):
    return engine.render(Inputs(sketch=sketch, parameters=parameters), be_quiet)


def paint(engine, content):
    return engine.render(Inputs(content), be_quiet)


@pytest.mark.parametrize("shape", [(64, 64), (512, 512), (90, 33), (17, 200)])
@pytest.mark.parametrize("size", [32, 100, 512])
def test_a_sketch_of_any_shape_becomes_a_square_picture_of_the_wanted_size(emoji, shape, size):
    picture = draw(emoji, tiny.sketch(*shape), size=size)

    assert picture.shape == (size, size, 3)
    assert picture.dtype == np.float32
    assert 0 <= picture.min() <= picture.max() <= 1


def test_the_same_sketch_gives_the_same_picture(tmp_path):
    engine = pix2pix.Pix2PixEngine()
    engine.load(tiny.save_pix2pix(tmp_path, architecture=UNET, sizes={"trained_at": 32, "multiple": 8}))

    one, other = (draw(engine, tiny.sketch(64, 64)) for _ in range(2))

    np.testing.assert_array_equal(one, other)  # no dropout


def test_another_sketch_gives_another_picture(emoji):
    one, other = (draw(emoji, tiny.sketch(64, width), size=32) for width in (64, 110))

    assert np.abs(one - other).mean() > 0.005


@pytest.mark.parametrize("n_views", [1, 2, 5, 16])
def test_the_middle_of_views_is_their_median(n_views):
    views = np.random.default_rng(n_views).integers(0, 256, (n_views, 6, 7, 3), "uint8")

    np.testing.assert_allclose(pix2pix.take_middle(list(views)), np.median(views, 0))


def test_the_network_is_run_in_the_ranges_it_was_trained_in(tmp_path):
    source = tiny.save_pix2pix(tmp_path)
    engine = pix2pix.Pix2PixEngine()
    engine.load(source)
    config = checkpoints.read_config(source)
    network = generators.build(config["architecture"], gradients.choose_precision(), name="generator")
    checkpoints.load_weights(Path(source) / checkpoints.WEIGHTS, {"generator": network})
    condition = np.linspace(0, 1, 32 * 32, dtype="float32").reshape(32, 32, 1)

    expected = (np.asarray(network(condition[None], training=False))[0] + 1) / 2

    np.testing.assert_allclose(engine._generator.paint(condition), expected, atol=0.03)


@pytest.mark.parametrize("n_channels", [1, 3])
def test_a_network_that_takes_hints_of_colour_is_given_white_ones(tmp_path, n_channels):
    architecture = {**tiny.RESNET, "in_channels": n_channels + 3}
    source = tiny.save_pix2pix(tmp_path, architecture=architecture, hint_cells=8, normalisation={})
    engine = pix2pix.Pix2PixEngine()
    engine.load(source)
    network = generators.build(architecture, gradients.choose_precision(), name="generator")
    checkpoints.load_weights(Path(source) / checkpoints.WEIGHTS, {"generator": network})
    condition = np.linspace(0, 1, 32 * 32 * n_channels, dtype="float32").reshape(32, 32, n_channels)

    seen = condition if n_channels == 1 else 2 * condition - 1
    hinted = np.concatenate([seen, np.ones((32, 32, 3), "float32")], -1)
    expected = (np.asarray(network(hinted[None], training=False))[0] + 1) / 2

    np.testing.assert_allclose(engine._generator.paint(condition), expected, atol=0.03)
    assert draw(engine, tiny.sketch(64, 64), size=32).shape == (32, 32, 3)


@pytest.mark.parametrize("direction", [0, 1])
@pytest.mark.parametrize("shape", [(64, 64), (67, 131), (16, 190), (1, 1)])
def test_a_photo_of_any_shape_comes_back_as_large(both_ways, direction, shape):
    picture = paint(both_ways[direction], tiny.picture(*shape, seed=1))

    assert picture.shape == (*shape, 3)
    assert picture.dtype == np.float32
    assert 0 <= picture.min() <= picture.max() <= 1


def test_the_two_directions_are_two_networks(both_ways):
    photo = tiny.picture(64, 64, seed=1)

    there, back = (paint(engine, photo) for engine in both_ways)

    assert np.abs(there - back).mean() > 0.01


def test_progress_grows_to_one(emoji, both_ways):
    for engine, inputs in ((emoji, Inputs(sketch=tiny.sketch(64, 64))), (both_ways[0], Inputs(tiny.picture(64, 64)))):
        told = []
        engine.render(inputs, told.append)

        assert told == sorted(told)
        assert told[-1] == 1


@pytest.mark.parametrize(
    "inputs",
    [
        Inputs(),
        Inputs(tiny.sketch(64, 64)),
        Inputs(sketch=np.ones((64, 64, 3), "float32")),
        Inputs(sketch=np.zeros((64, 64), "float32")),
        Inputs(sketch=tiny.sketch(64, 64) * np.nan),
    ],
    ids=["nothing", "a photo instead", "white paper", "one plane", "no numbers"],
)
def test_what_is_no_sketch_is_an_error_with_a_sentence(emoji, inputs):
    with pytest.raises(EngineError) as caught:
        emoji.render(inputs, be_quiet)

    assert str(caught.value.message).endswith(".")
    assert caught.value.permanent


@pytest.mark.parametrize("content", [None, np.zeros((64, 64), "float32"), np.full((8, 8, 3), np.inf, "float32")])
def test_what_is_no_photo_is_an_error_with_a_sentence(both_ways, content):
    with pytest.raises(EngineError) as caught:
        paint(both_ways[0], content)

    assert str(caught.value.message).endswith(".")


@pytest.mark.parametrize("name", TRANSLATORS)
def test_an_engine_whose_folder_is_missing_is_unavailable_with_a_reason(name, settings, tmp_path):
    settings.EMOJI_CHECKPOINT = settings.PAINTER_CHECKPOINT = str(tmp_path / "nowhere")

    with pytest.raises(EngineError, match="not here"):
        engines.load(name)


@pytest.mark.parametrize("name", TRANSLATORS)
def test_the_menu_loads_the_folder_of_the_settings(name, settings, tmp_path):
    settings.EMOJI_CHECKPOINT = tiny.save_pix2pix(tmp_path / "emoji")
    settings.PAINTER_CHECKPOINT = tiny.save_cyclegan(tmp_path / "painter")

    engines.load(name)


@pytest.mark.parametrize(
    "text", ["{", "[]", '{"recipe": "pix2pix"}', '{"recipe": "pix2pix", "architecture": {"generator": "magic"}}']
)
def test_a_folder_that_is_no_checkpoint_is_refused(tmp_path, text):
    (tmp_path / checkpoints.CONFIG).write_text(text)

    with pytest.raises(EngineError, match="missing or damaged"):
        pix2pix.Pix2PixEngine().load(str(tmp_path))


@pytest.mark.parametrize(
    "changes", [{"hint_cells": 8}, {"sizes": []}, {"sizes": {"trained_at": "large"}}, {"normalisation": 7}]
)
def test_a_config_that_makes_no_sense_is_refused(tmp_path, changes):
    source = tiny.save_pix2pix(tmp_path)
    config = checkpoints.read_config(source) | changes
    (tmp_path / checkpoints.CONFIG).write_text(json.dumps(config))

    with pytest.raises(EngineError, match="missing or damaged"):
        pix2pix.Pix2PixEngine().load(source)


def test_damaged_weights_are_refused(tmp_path):
    source = tiny.save_cyclegan(tmp_path)
    weights = tmp_path / checkpoints.WEIGHTS
    weights.write_bytes(weights.read_bytes()[:3000])

    with pytest.raises(EngineError, match="missing or damaged"):
        cyclegan.CycleGANEngine().load(source)


def test_a_checkpoint_of_another_kind_is_refused(tmp_path):
    with pytest.raises(EngineError, match="another kind"):
        cyclegan.CycleGANEngine().load(tiny.save_pix2pix(tmp_path / "a"))
    with pytest.raises(EngineError, match="another kind"):
        pix2pix.Pix2PixEngine().load(tiny.save_pix2pix(tmp_path / "b", architecture={**tiny.RESNET, "in_channels": 4}))
