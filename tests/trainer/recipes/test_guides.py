"""A guide: its layout is the pair's picture in the style's colours, and the painter's recipe learns it."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import keras
import numpy as np
import pytest

from tests.tfapp.engines import tiny
from tests.trainer.worlds import CONFIG, make_data
from trainer import gradients
from trainer.networks import colours, perceptual, pixels
from trainer.recipes import adain, guides

SIDE = 32
PHOTO, STYLE, WANTED = tiny.picture(SIDE, SIDE, seed=1), tiny.picture(SIDE, SIDE, seed=2), tiny.picture(20, 30, seed=3)


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    """A predictor of mean colours, and a painter of any size that mixes them half and half with the photo."""
    return tmp_path_factory.mktemp("guide") / tiny.save_tflite_pair(tmp_path_factory.mktemp("pair"), side=None)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return make_data(tmp_path_factory.mktemp("data"))


def build(data, guide, **options):
    keras.utils.set_random_seed(5)
    return adain.build(replace(CONFIG, guide=str(guide), **options), data, steps=3, seed=5)


@pytest.mark.parametrize("side", [None, 96])
def test_a_layout_is_the_picture_of_the_pair_in_the_colours_that_are_wanted(tmp_path, side):
    guide = guides.Guide(tmp_path / tiny.save_tflite_pair(tmp_path, side=side))
    painted = 0.5 * pixels.resize(PHOTO, side or 384, side or 384) + 0.5 * STYLE.mean((0, 1))

    layout = guide.lay_out(PHOTO, STYLE, WANTED)

    assert layout.shape == (SIDE // 4, SIDE // 4, 3) and layout.dtype == np.float32
    cell = len(painted) // (SIDE // 4)
    expected = colours.transport(painted, WANTED).reshape(SIDE // 4, cell, SIDE // 4, cell, 3).mean((1, 3))
    np.testing.assert_allclose(layout, np.clip(expected, 0, 1), atol=0.005)


def test_threads_get_the_same_layout(pair):
    guide = guides.Guide(pair)

    with ThreadPoolExecutor(4) as pool:
        layouts = list(pool.map(lambda _: guide.lay_out(PHOTO, STYLE, WANTED), range(8)))

    assert all(np.array_equal(layouts[0], other) for other in layouts)


def test_what_is_no_guide_is_told_before_anything_is_trained(data, tmp_path):
    with pytest.raises(OSError, match=r"is no guide: it holds no predict\.tflite"):
        build(data, tmp_path)

    tiny.save_tflite_pair(tmp_path)
    (tmp_path / "transfer.tflite").write_bytes(b"no network")
    with pytest.raises(ValueError, match=r"is no guide: its files do not fit together"):
        build(data, tmp_path)


@pytest.mark.parametrize("names", [("transfer", "predict"), ("predict", "predict"), ("transfer", "transfer")])
def test_files_that_do_not_fit_together_are_told_too(data, pair, tmp_path, names):
    for role, name in zip(("predict", "transfer"), names, strict=True):
        (tmp_path / f"{role}.tflite").write_bytes((pair / f"{name}.tflite").read_bytes())

    with pytest.raises(ValueError, match="is no guide"):
        build(data, tmp_path)


def test_a_machine_without_litert_says_so(data, pair, monkeypatch):
    monkeypatch.setattr(guides, "Interpreter", None)

    with pytest.raises(ValueError, match="ai-edge-litert, which is not installed"):
        build(data, pair)


def test_a_batch_holds_the_layout_of_each_pair_and_a_photo_its_own(data, pair):
    recipe = build(data, pair, identity_share=0.5)

    batches = [recipe.make_batch(step) for step in range(6)]

    assert {is_same for batch in batches for is_same in batch["same"]} == {0, 1}
    for batch in batches:
        for content, style, same, layout in zip(*map(batch.get, ("content", "style", "same", "guide")), strict=True):
            photo, painting = content / np.float32(255), style / np.float32(255)
            wanted = np.asarray(perceptual.lighten_dark(painting[None], np.full(1, CONFIG.lift, "float32")))[0]
            own = pixels.resize(photo, *layout.shape[:2])
            expected = own if same else recipe.guide.lay_out(photo, painting, wanted)
            np.testing.assert_allclose(layout, expected, atol=1e-5)


def test_the_layout_is_learned_validated_and_weighed(data, pair, monkeypatch):
    monkeypatch.setattr(gradients, "compile_step", lambda function: function)
    steps = {}
    for weight in (0.0, 100.0):
        recipe = build(data, pair, layout_weight=weight, learning_rate=1e-2, identity_share=0.0)
        batch = recipe.make_batch(0)
        steps[weight] = [recipe.take_step(batch) for _ in range(15)]
        assert recipe.validate(recipe.networks)["layout"] > 0

    (unweighed, weighed), last = (steps[weight][0] for weight in steps), steps[100.0][-1]
    assert float(weighed["loss"] - unweighed["loss"]) == pytest.approx(100 * float(weighed["layout"]), rel=1e-3)
    assert float(last["layout"]) < 0.8 * float(weighed["layout"])
    assert float(last["layout"]) < float(steps[0.0][-1]["layout"])


def test_without_a_guide_nothing_is_laid_out(data):
    recipe = build(data, "")

    assert recipe.guide is None and "guide" not in recipe.make_batch(0)
    assert "layout" not in recipe.validate(recipe.networks)
