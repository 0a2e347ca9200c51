"""The discriminator: its size, what it looks at, and what it refuses."""

import numpy as np
import pytest
from keras import layers as keras_layers
from keras import ops

from trainer import gradients
from trainer.networks import patchgan
from trainer.networks.architectures import PatchGANArchitecture
from trainer.networks.layers import InstanceNorm


@pytest.mark.parametrize(("in_channels", "expected"), [(3, 2_765_633), (4, 2_766_657)])
def test_it_has_the_parameters_of_the_reference(in_channels, expected):
    architecture = PatchGANArchitecture(in_channels=in_channels)

    assert patchgan.build_discriminator(architecture).count_params() == expected


@pytest.mark.parametrize(("size", "expected"), [(256, 30), (128, 14), (24, 1)])
def test_it_scores_every_patch(size, expected):
    discriminator = patchgan.build_discriminator(PatchGANArchitecture(filters=1))

    scores = np.asarray(discriminator(np.random.default_rng(0).random((2, size, size, 4), "float32")))

    assert scores.shape == (2, expected, expected, 1)
    assert scores.dtype == np.float32


@pytest.mark.parametrize(("layers", "expected"), [(1, 16), (2, 34), (3, 70), (4, 142), (5, 286)])
def test_the_receptive_field_is_that_of_the_paper(layers, expected):
    assert patchgan.receptive_field(PatchGANArchitecture(layers=layers)) == expected


@pytest.mark.parametrize("layers", [1, 2, 3])
def test_exactly_the_pixels_of_the_receptive_field_move_a_score(layers):
    architecture = PatchGANArchitecture(filters=1, layers=layers, in_channels=1)
    discriminator = patchgan.build_discriminator(architecture)
    discriminator.set_weights([np.abs(w) for w in discriminator.get_weights()])

    def measure(x):
        # Normalisation looks at the whole picture; the convolutions decide what is judged.
        for layer in discriminator.layers:
            if not isinstance(layer, InstanceNorm | keras_layers.InputLayer):
                x = layer(x)
        middle = x.shape[1] // 2
        return x[0, middle, middle, 0], {}

    _, slope = gradients.value_and_slope(measure, ops.ones((1, 128, 128, 1)))

    for axis in (1, 2):
        moving = np.flatnonzero(np.abs(np.asarray(slope)).sum(axis=(0, axis, 3)))
        assert moving[-1] - moving[0] + 1 == len(moving) == patchgan.receptive_field(architecture)


def test_a_size_too_small_to_judge_is_refused():
    patchgan.check_size(PatchGANArchitecture(), 24)

    for size in (16, 20, 28):
        with pytest.raises(ValueError, match="at least 24"):
            patchgan.check_size(PatchGANArchitecture(), size)


def test_nonsense_is_refused():
    with pytest.raises(ValueError, match="layers"):
        PatchGANArchitecture.from_config({"layers": 0})
    with pytest.raises(ValueError, match="no architecture"):
        PatchGANArchitecture.from_config("PatchGAN")
