"""The AdaIN recipe at its smallest: its step, its batches, its samples, and a resume that changes nothing."""

import json
from dataclasses import replace

import keras
import numpy as np
import pytest

from tests.trainer.worlds import CONFIG, make_data, train_whole_and_in_parts
from trainer import gradients, training
from trainer.networks import perceptual, pixels
from trainer.recipes import adain

OF_PIXELS = {"activity", "contrast", "palette", "blotches", "variation", "overflow", "identity"}
LOSSES = {"content", "moments", "gram", "covariance"} | OF_PIXELS


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return make_data(tmp_path_factory.mktemp("data"))


def build(data, seed=5):
    keras.utils.set_random_seed(seed)
    return adain.build(CONFIG, data, steps=3, seed=seed)


@pytest.fixture
def uncompiled(monkeypatch):
    """Tiny steps are quicker taken as they are than compiled."""
    monkeypatch.setattr(gradients, "compile_step", lambda function: function)


def test_a_stopped_and_resumed_run_is_the_run_and_every_kernel_learns(data, tmp_path, uncompiled):
    whole, resumed = train_whole_and_in_parts(lambda: build(data), tmp_path)

    states = whole.state(), resumed.state()
    assert all(np.array_equal(states[0][name], states[1][name]) for name in states[0])
    _assert_every_kernel_learned(build(data), whole.recipe)
    _assert_losses_are_sound(tmp_path / "whole")
    whole.recipe.save_samples(tmp_path / "samples.png", whole.averaged_networks())
    assert (tmp_path / "samples.png").stat().st_size > 500


def test_colours_are_those_of_the_style_and_flat_areas_those_of_the_photo(data, uncompiled):
    recipe = build(data)
    content, style = (pixels.from_bytes(recipe.make_batch(0)[name]) for name in ("content", "style"))

    targets = recipe._look_at_targets(content, style)
    losses = recipe._measure(style, content, style, targets, np.zeros(len(content), "float32"))

    assert float(losses["palette"]) < 1e-6
    assert float(losses["contrast"]) > 0
    assert float(losses["blotches"]) == pytest.approx(float(perceptual.measure_blotches(style, content)), rel=1e-4)


def test_a_dark_style_is_learned_lighter_but_not_the_photo_itself(data):
    style = np.full((2, 8, 8, 3), 0.2, "float32")

    wanted = np.asarray(build(data)._choose_wanted(style, np.array([0, 1], "float32")))

    assert np.allclose(wanted[0], 0.2 * (1 + CONFIG.lift)) and CONFIG.lift > 0
    assert np.allclose(wanted[1], 0.2)


@pytest.mark.parametrize("measure", ["take_step", "validate"])
def test_a_lift_changes_what_is_learned_and_how_it_is_validated(data, uncompiled, monkeypatch, measure):
    found = []
    for lift in (0.0, 0.5):
        keras.utils.set_random_seed(5)
        recipe = adain.build(replace(CONFIG, lift=lift), data, steps=3, seed=5)
        batch = recipe.make_batch(0)
        batch |= {"style": batch["style"] // 8, "same": np.zeros_like(batch["same"])}
        monkeypatch.setattr(
            recipe, "_read_fixed", lambda batch=batch: zip(batch["content"], batch["style"], strict=True)
        )
        losses = recipe.take_step(batch) if measure == "take_step" else recipe.validate(recipe.networks)
        found.append({name: float(value) for name, value in losses.items()})

    assert all(found[0][name] != pytest.approx(found[1][name], rel=1e-3) for name in ("moments", "gram", "palette"))
    assert found[0]["content"] == pytest.approx(found[1]["content"], rel=1e-3)


def _assert_every_kernel_learned(untrained, trained):
    for name, network in untrained.networks.items():
        for before, after in zip(network.weights, trained.networks[name].weights, strict=True):
            if before.name == "kernel":
                assert not np.array_equal(before, after), before.path


def _assert_losses_are_sound(folder):
    for line in (folder / training.HISTORY).read_text().splitlines():
        losses = json.loads(line)
        total = sum(getattr(CONFIG, f"{name}_weight") * losses[name] for name in LOSSES)
        assert losses["loss"] == pytest.approx(total, rel=1e-3)


def test_batches_depend_on_seed_and_step_alone(data):
    first, again, other = build(data), build(data), build(data, seed=6)

    for name, array in first.make_batch(3).items():
        assert np.array_equal(array, again.make_batch(3)[name])
    assert not np.array_equal(first.make_batch(3)["content"], first.make_batch(4)["content"])
    assert not np.array_equal(first.make_batch(3)["content"], other.make_batch(3)["content"])


def test_some_styles_are_the_content_itself(data):
    recipe = build(data)

    batches = [recipe.make_batch(step) for step in range(60)]

    same = np.concatenate([batch["same"] for batch in batches])
    assert 0.02 < same.mean() < 0.2
    for batch in batches:
        for content, style, is_same in zip(batch["content"], batch["style"], batch["same"], strict=True):
            assert np.array_equal(content, style) == bool(is_same)


def test_what_it_says_about_itself_is_json(data):
    config = json.loads(json.dumps(build(data).describe()))

    assert config["recipe"] == "adain"
    assert config["architecture"]["width"] == 8
    assert config["parameters"]["total"] == sum(v for k, v in config["parameters"].items() if k != "total")
