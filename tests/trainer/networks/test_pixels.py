"""Pictures at another size."""

import numpy as np
import pytest

from trainer.networks import pixels


@pytest.mark.parametrize("size", [(7, 5), (60, 80), (200, 300)])
def test_a_flat_picture_stays_flat_at_any_size(size):
    flat = np.full((60, 80, 3), (0.2, 0.5, 1.0), "float32")

    resized = pixels.resize(flat, *size)

    assert resized.shape == (*size, 3) and resized.dtype == np.float32
    assert np.allclose(resized, flat[0, 0], atol=1e-5)


def test_fine_stripes_turn_grey_when_made_smaller():
    stripes = np.zeros((64, 64, 3), "float32")
    stripes[:, ::2] = 1

    assert np.allclose(pixels.resize(stripes, 16, 16), 0.5, atol=1e-5)


def test_an_edge_that_is_enlarged_stays_within_black_and_white_and_in_its_place():
    edge = np.zeros((8, 8, 3), "float32")
    edge[:, 4:] = 1

    large = pixels.resize(edge, 32, 32)

    assert large.min() == 0 and large.max() == 1
    assert np.all(large[:, :12] < 0.1) and np.all(large[:, 20:] > 0.9)


def test_a_picture_of_one_channel_is_resized_too():
    assert pixels.resize(np.ones((8, 9), "float32"), 4, 5).shape == (4, 5)
