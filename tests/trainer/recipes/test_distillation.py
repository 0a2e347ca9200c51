"""Distillation at its smallest: a thin VGG learns what a wide one sees, and a resume changes nothing."""

from dataclasses import replace

import keras
import numpy as np
import pytest
from PIL import Image

from tests.trainer.worlds import DISTILLATION, make_data, train_whole_and_in_parts
from trainer import gradients
from trainer.networks.architectures import ThinVGGArchitecture
from trainer.recipes import configs, distillation

CONFIG = configs.from_dict(configs.DistillationConfig, DISTILLATION | {"learning_rate": 0.02})


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return make_data(tmp_path_factory.mktemp("data"))


@pytest.fixture
def uncompiled(monkeypatch):
    monkeypatch.setattr(gradients, "compile_step", lambda function: function)


def build(data, seed=5, steps=3):
    keras.utils.set_random_seed(seed)
    return distillation.build(CONFIG, data, steps=steps, seed=seed)


def test_a_stopped_and_resumed_run_is_the_run(data, tmp_path, uncompiled):
    whole, resumed = train_whole_and_in_parts(lambda: build(data), tmp_path)

    states = whole.state(), resumed.state()
    assert all(np.array_equal(states[0][name], states[1][name]) for name in states[0])


def test_it_learns_what_the_wide_one_sees(data):
    recipe = build(data, steps=60)
    step, batch = gradients.compile_training_step(recipe.take_step), recipe.make_batch(0)

    losses = [float(step(batch)["loss"]) for _ in range(60)]

    assert losses[-1] < 0.6 * losses[0]


def test_the_loss_is_the_share_that_each_layer_misses(data):
    recipe = build(data)

    losses = recipe.validate(recipe.networks)

    layers = [losses[f"layer {i}"] for i in range(1, 6)]
    assert losses["loss"] == pytest.approx(sum(layers), rel=1e-4)
    assert all(share > 0.1 for share in layers)  # nothing was learned yet


def test_noise_lies_over_pictures_but_not_over_the_kept_out(data):
    noisy = build(data).make_batch(0)["picture"]
    keras.utils.set_random_seed(5)
    clean = distillation.build(replace(CONFIG, noise=0.0), data, steps=3, seed=5)

    assert not np.array_equal(noisy, clean.make_batch(0)["picture"])
    assert noisy.dtype == np.uint8 and noisy.shape == (3, 32, 32, 3)
    assert np.array_equal(build(data)._read_fixed(), clean._read_fixed())


def test_the_sample_shows_picture_wide_and_thin(data, tmp_path):
    recipe = build(data)

    recipe.save_samples(tmp_path / "samples.png", recipe.networks)

    with Image.open(tmp_path / "samples.png") as image:
        assert image.width == 3 * CONFIG.size and image.height % CONFIG.size == 0


def test_it_says_what_it_is(data):
    said = build(data).describe()

    assert said["recipe"] == "distillation"
    assert ThinVGGArchitecture.from_config(said["architecture"]) == CONFIG.architecture
    assert said["parameters"]["total"] == build(data).networks["features"].count_params()


@pytest.mark.parametrize("widths", [(8, 8), "wide", (8, 8, 8, 8, 0), (8, 8, 8, 8, 5000), (8, 8, 8, 8, 8.5)])
def test_what_is_no_thin_vgg_is_refused(widths):
    with pytest.raises(ValueError, match="widths are 5 numbers"):
        ThinVGGArchitecture(widths)


def test_the_size_must_be_halved_four_times():
    with pytest.raises(ValueError, match="multiple of 16"):
        configs.DistillationConfig(size=40)
