"""Colours moved to another picture's: their mean and covariance, by the map that moves them least."""

import numpy as np
import pytest

from tests.tfapp.engines import tiny
from trainer.networks import colours

PICTURE, STYLE = tiny.picture(40, 50, seed=1), 0.3 + 0.5 * tiny.picture(30, 20, seed=2)


def covariance(picture):
    return np.cov(picture.reshape(-1, 3).T, bias=True)


def test_mean_and_covariance_become_the_styles():
    moved = colours.transport(PICTURE, STYLE)

    assert moved.shape == PICTURE.shape and moved.dtype == np.float32
    np.testing.assert_allclose(moved.mean((0, 1)), STYLE.mean((0, 1)), atol=1e-5)
    np.testing.assert_allclose(covariance(moved), covariance(STYLE), atol=1e-4)


def test_no_linear_map_to_these_statistics_moves_the_colours_less():
    moved = colours.transport(PICTURE, STYLE)
    (mean, root, _), (own_mean, _, own_inverse) = colours.look_at(STYLE), colours.look_at(PICTURE)
    distance = np.square(moved - PICTURE).mean()

    rng = np.random.default_rng(0)
    for turn in [np.eye(3), *(np.linalg.qr(rng.normal(size=(3, 3)))[0] for _ in range(20))]:
        other = (PICTURE - own_mean) @ own_inverse @ turn @ root + mean
        assert np.square(other - PICTURE).mean() > distance - 1e-6


def test_a_picture_in_its_own_colours_is_itself():
    np.testing.assert_allclose(colours.transport(PICTURE, PICTURE), PICTURE, atol=1e-5)


@pytest.mark.parametrize("plain", [0.0, 0.4])
def test_pictures_of_one_colour_have_colours_too(plain):
    flat = np.full((8, 8, 3), plain, "float32")

    np.testing.assert_allclose(
        colours.transport(flat, STYLE), np.broadcast_to(STYLE.mean((0, 1)), flat.shape), atol=1e-5
    )
    np.testing.assert_allclose(colours.transport(PICTURE, flat).mean((0, 1)), plain, atol=1e-5)
