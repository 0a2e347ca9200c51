"""The U-Net generator: its size, its shapes, its skips, and dropout while training alone."""

import numpy as np
import pytest

from trainer.networks import unet
from trainer.networks.architectures import UNetArchitecture

TINY = UNetArchitecture(filters=4, depth=4)


def noise(*shape):
    return np.random.default_rng(3).normal(size=shape).astype("float32")


def count_by_hand(in_channels, filters, depth):
    """Weights of a U-Net: kernels of four, biases where nothing is normalised, two numbers a normalised channel."""
    widths = [filters * min(2**level, 8) for level in range(depth)]
    total = 16 * in_channels * widths[0] + widths[0]
    total += sum(16 * a * b + 2 * b for a, b in zip(widths[:-2], widths[1:-1], strict=True))
    total += 16 * widths[-2] * widths[-1] + widths[-1]
    total += 16 * widths[-1] * widths[-2] + 2 * widths[-2]
    total += sum(16 * 2 * a * b + 2 * b for a, b in zip(widths[-2:0:-1], widths[-3::-1], strict=True))
    return total + 16 * 2 * widths[0] * 3 + 3


@pytest.mark.parametrize("architecture", [UNetArchitecture(filters=8), TINY, UNetArchitecture(filters=4, depth=2)])
def test_it_has_the_parameters_counted_by_hand(architecture):
    expected = count_by_hand(1, architecture.filters, architecture.depth)

    assert unet.build_generator(architecture).count_params() == expected


@pytest.mark.parametrize(("height", "width"), [(16, 16), (32, 48)])
def test_a_sketch_becomes_a_picture_of_its_shape(height, width):
    picture = np.asarray(unet.build_generator(TINY)(noise(2, height, width, 1)))

    assert picture.shape == (2, height, width, 3)
    assert picture.dtype == np.float32
    assert np.abs(picture).max() <= 1


def test_at_the_smallest_size_every_number_is_one():
    picture = np.asarray(unet.build_generator(UNetArchitecture(filters=2, depth=5))(noise(1, 32, 32, 1)))

    assert np.isfinite(picture).all()
    assert picture.std() > 0


def test_it_drops_while_training_and_never_after():
    generator, sketch = unet.build_generator(TINY), noise(1, 32, 32, 1)

    trained = [np.asarray(generator(sketch, training=True)) for _ in range(2)]
    used = [np.asarray(generator(sketch)) for _ in range(2)]

    assert not np.allclose(*trained)
    assert np.array_equal(*used)


def test_what_it_drops_next_is_part_of_its_variables():
    first, second = unet.build_generator(TINY), unet.build_generator(TINY)
    sketch = noise(1, 16, 16, 1)
    first(sketch, training=True)

    for there, here in zip(first.variables, second.variables, strict=True):
        here.assign(there)

    assert np.array_equal(first(sketch, training=True), second(sketch, training=True))


def test_the_finest_skip_carries_details_past_the_innermost():
    generator, sketch = unet.build_generator(TINY), noise(1, 16, 16, 1)
    before = np.asarray(generator(sketch))

    innermost = [w for w in generator.weights if w.name == "kernel"][TINY.depth - 1]
    innermost.assign(np.zeros(innermost.shape, "float32"))

    assert np.asarray(generator(sketch)).std() > 0.1 * before.std()


@pytest.mark.parametrize("values", [{"depth": 1}, {"depth": 99}, {"dropout": 1.0}, {"dropout": "much"}, {"filters": 0}])
def test_nonsense_is_refused(values):
    with pytest.raises(ValueError):
        UNetArchitecture.from_config(values)
