"""The ResNet generator: its size, its shapes, its range, and what its layers compute."""

import keras
import numpy as np
import pytest
from keras import ops

from trainer.networks import kernels, resnet, translation_layers
from trainer.networks.architectures import ResNetArchitecture
from trainer.networks.layers import InstanceNorm

TINY = ResNetArchitecture(filters=4, blocks=2)


def noise(*shape, seed=3):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def test_it_has_the_parameters_of_the_reference():
    assert resnet.build_generator(ResNetArchitecture()).count_params() == 11_377_155


def test_with_32_filters_it_ships_in_half_precision_within_six_megabytes():
    assert resnet.build_generator(ResNetArchitecture(filters=32)).count_params() * 2 < 6e6


@pytest.mark.parametrize(("height", "width"), [(16, 16), (32, 20), (12, 40)])
def test_a_sketch_of_any_shape_becomes_a_picture_of_that_shape(height, width):
    generator = resnet.build_generator(TINY)

    picture = np.asarray(generator(noise(2, height, width, 1)))

    assert picture.shape == (2, height, width, 3)
    assert picture.dtype == np.float32
    assert np.abs(picture).max() <= 1
    assert picture.std() > 0


def test_its_layers_are_those_of_the_reference_notation():
    generator = resnet.build_generator(TINY)

    kernels = [tuple(w.shape) for w in generator.weights if w.name == "kernel"]

    residual = [(3, 3, 16, 16)] * 2 * TINY.blocks
    assert kernels[:3] == [(7, 7, 1, 4), (3, 3, 4, 8), (3, 3, 8, 16)]
    assert kernels[3:-3] == residual
    assert kernels[-3:] == [(3, 3, 8, 16), (3, 3, 4, 8), (7, 7, 4, 3)]  # transposed ones: (k, k, out, in)
    assert [w.shape for w in generator.weights if w.name == "bias"] == [(3,)]


def test_it_starts_as_the_papers_do():
    layer = translation_layers.NormedConvolution(64)
    layer.build((None, None, None, 64))

    assert np.std(np.asarray(layer.kernel)) == pytest.approx(0.02, rel=0.05)


def test_pictures_of_a_batch_do_not_see_each_other():
    generator, sketches = resnet.build_generator(TINY), noise(2, 16, 16, 1)

    together = np.asarray(generator(sketches))

    assert np.allclose(together[1:], generator(sketches[1:]), atol=1e-5)


def test_half_precision_draws_the_same_picture_in_float32():
    generator, half = resnet.build_generator(TINY), resnet.build_generator(TINY, dtype="mixed_bfloat16")
    half.set_weights(generator.get_weights())
    sketch = noise(1, 16, 16, 1)

    picture = np.asarray(half(sketch))

    assert picture.dtype == np.float32
    assert np.abs(picture - np.asarray(generator(sketch))).mean() < 0.05


def test_the_norm_is_that_of_each_channel_of_each_picture():
    x, layer = 5 * noise(2, 6, 7, 4) + 2, InstanceNorm()
    layer.build(x.shape)
    scale, shift = noise(4, seed=1), noise(4, seed=2)
    layer.set_weights([scale, shift])

    normed = np.asarray(layer(x))

    mean, deviation = x.mean((1, 2), keepdims=True), x.std((1, 2), keepdims=True)
    assert np.allclose(normed, (x - mean) / deviation * scale + shift, atol=1e-3)


def test_the_last_layer_is_a_plain_convolution_done_four_positions_at_once():
    x, layer = noise(2, 8, 10, 5), translation_layers.PictureConvolution(3)
    layer.build(x.shape)
    layer.set_weights([noise(7, 7, 5, 3), noise(3)])

    picture = layer(x)

    plain = ops.conv(kernels.pad_by_reflection(x, 3), layer.kernel, padding="valid") + layer.bias
    assert np.allclose(picture, plain, atol=1e-3)


def test_a_transposed_convolution_undoes_the_shape_of_a_convolution_and_is_its_adjoint():
    down, up = translation_layers.NormedConvolution(3, stride=2), translation_layers.TransposedConvolution(2)
    x, y = noise(1, 8, 8, 2), noise(1, 4, 4, 3, seed=4)
    down.build(x.shape)
    up.build(y.shape)
    up.set_weights(down.get_weights())

    forth, back = np.asarray(down(x)), np.asarray(up(y))

    assert (forth.shape, back.shape) == (y.shape, x.shape)
    assert np.sum(forth * y) == pytest.approx(np.sum(x * back), rel=1e-3)


def test_a_copy_made_from_its_config_draws_the_same():
    generator, sketch = resnet.build_generator(TINY), noise(1, 16, 16, 1)

    copy = keras.models.clone_model(generator)
    copy.set_weights(generator.get_weights())

    assert np.allclose(copy(sketch), generator(sketch), atol=1e-6)


@pytest.mark.parametrize("values", [{"filters": 0}, {"blocks": "9"}, {"in_channels": -1}, {"filters": True}])
def test_nonsense_is_refused(values):
    with pytest.raises(ValueError, match="is a number from 1 to"):
        ResNetArchitecture.from_config(values)


def test_an_option_it_does_not_have_is_refused():
    with pytest.raises(TypeError):
        ResNetArchitecture.from_config({"depth": 8})
