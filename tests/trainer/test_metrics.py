"""Measures of made pictures, against values worked out by hand and in plain loops."""

import numpy as np
import pytest

from trainer import metrics


def make_pictures(n, size=48, seed=0, period=12):
    """Coloured stripes in random places."""
    rng = np.random.default_rng(seed)
    at = np.arange(size)
    pictures = []
    for _ in range(n):
        wave = np.sin(2 * np.pi * at / period + rng.uniform(0, 6))
        colour = rng.uniform(0.2, 0.8, 3)
        pictures.append(np.clip(colour + 0.2 * wave[None, :, None] + rng.normal(0, 0.02, (size, size, 3)), 0, 1))
    return np.stack(pictures).astype("float32")


def test_l1_is_the_mean_difference():
    ours, theirs = np.zeros((1, 2, 2, 3), "float32"), np.zeros((1, 2, 2, 3), "float32")
    theirs[0, 0, 0] = (1, 0.5, 0)

    assert metrics.measure_l1(ours, theirs) == pytest.approx(1.5 / 12)


def test_ssim_is_what_the_formula_says():
    ours, theirs = make_pictures(1, 13, seed=1), make_pictures(1, 13, seed=2)

    assert metrics.measure_ssim(ours, theirs) == pytest.approx(ssim_in_loops(ours[0], theirs[0]), abs=1e-5)
    assert metrics.measure_ssim(ours, ours) == pytest.approx(1)


def ssim_in_loops(ours, theirs):
    """Every window for itself, with weighted means, variances and covariance."""
    weights = np.exp(-((np.arange(11) - 5) ** 2) / (2 * 1.5**2))
    weights = np.outer(weights, weights) / weights.sum() ** 2
    x, y = (picture @ np.array([0.299, 0.587, 0.114]) for picture in (ours, theirs))
    found = []
    for top in range(3):
        for left in range(3):
            a, b = (z[top : top + 11, left : left + 11] for z in (x, y))
            mean_a, mean_b = (weights * a).sum(), (weights * b).sum()
            variance_a, variance_b = (weights * (a - mean_a) ** 2).sum(), (weights * (b - mean_b) ** 2).sum()
            covariance = (weights * (a - mean_a) * (b - mean_b)).sum()
            light = (2 * mean_a * mean_b + 1e-4) / (mean_a**2 + mean_b**2 + 1e-4)
            found.append(light * (2 * covariance + 9e-4) / (variance_a + variance_b + 9e-4))
    return np.mean(found)


def test_the_discrepancy_is_the_unbiased_estimate():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(3, 4)), rng.normal(size=(5, 4))

    def kernel(a, b):
        return (a @ b / 4 + 1) ** 3

    within_x = np.mean([kernel(x[i], x[j]) for i in range(3) for j in range(3) if i != j])
    within_y = np.mean([kernel(y[i], y[j]) for i in range(5) for j in range(5) if i != j])
    between = np.mean([kernel(a, b) for a in x for b in y])
    assert metrics.measure_discrepancy(x, y) == pytest.approx(within_x + within_y - 2 * between)


def test_the_kernel_distance_grows_as_pictures_get_worse():
    real = make_pictures(24, seed=1)
    alike = make_pictures(24, seed=2)
    rng = np.random.default_rng(3)
    noisy = np.clip(alike + rng.normal(0, 0.1, alike.shape), 0, 1).astype("float32")
    blurred = (alike + np.roll(alike, 2, 2) + np.roll(alike, 4, 2) + np.roll(alike, -2, 2)) / 4
    other = make_pictures(24, seed=4, period=5)

    distances = [metrics.measure_kid(made, real) for made in (alike, noisy, blurred, other)]

    assert abs(distances[0]) < 0.1 * min(distances[1:])
    assert metrics.measure_kid(real, real) < distances[0] + 0.1


def test_what_nobody_sees_counts_less_than_wrong_colours():
    rng, inner = np.random.default_rng(0), np.s_[:, 12:36, 12:36]
    real = np.ones((16, 48, 48, 3), "float32")
    real[inner] = rng.uniform(0.2, 0.8, (16, 1, 1, 3))
    real[:, 18:30, 18:30] = rng.uniform(0.2, 0.8, (16, 1, 1, 3))
    greyish, wrong = (real * 0.995).astype("float32"), real.copy()
    darkened = (real - 0.01).astype("float32")
    darkened[inner] = real[inner]
    wrong[inner] = 1 - real[inner]

    unseen = [metrics.measure_kid(made, real) for made in (real, greyish, darkened)]

    assert max(unseen) - min(unseen) < 0.1
    assert metrics.measure_kid(wrong, real) > max(unseen) + 0.1
    assert metrics.measure_kid(np.full_like(real, 0.5), real) < 1e7  # not ruled by the white border alone


def test_pictures_as_different_as_the_real_ones_are_diverse():
    real, alike = make_pictures(24, seed=1), make_pictures(24, seed=2)

    assert metrics.measure_diversity(real, real) == pytest.approx(1)
    assert metrics.measure_diversity(alike, real) == pytest.approx(1, abs=0.15)


def test_a_generator_that_makes_the_same_of_everything_has_no_diversity():
    real = make_pictures(24, seed=1)
    rng = np.random.default_rng(3)
    same = np.repeat(make_pictures(1, seed=2), 24, axis=0)
    noisy = np.clip(same + rng.normal(0, 0.005, same.shape), 0, 1).astype("float32")

    assert metrics.measure_diversity(same, real) == pytest.approx(0, abs=1e-3)
    assert metrics.measure_diversity(noisy, real) < 0.2


def test_the_distance_of_two_pictures_is_measured_as_by_hand():
    features = np.array([[0.0, 0], [3, 4], [0, 0]])

    assert metrics._measure_spread(features) == pytest.approx((5 + 5 + 0) / 3)


def test_features_find_the_direction_of_strokes():
    upright = make_pictures(2, seed=1, period=4)
    lying = np.swapaxes(upright, 1, 2)

    strokes = [metrics.describe(pictures)[:, 96:112].reshape(2, 4, 4).mean((0, 1)) for pictures in (upright, lying)]

    assert strokes[0].argmax() == 0
    assert strokes[1].argmax() == 2


@pytest.mark.parametrize(("size", "n_features"), [(48, 144), (32, 128), (16, 112)])
def test_small_pictures_have_fewer_scales(size, n_features):
    assert metrics.describe(make_pictures(2, size)).shape == (2, n_features)


def test_what_cannot_be_measured_is_refused():
    pictures = make_pictures(2, 16)

    with pytest.raises(ValueError, match="one shape"):
        metrics.measure_l1(pictures, pictures[:1])
    with pytest.raises(ValueError, match="11×11"):
        metrics.measure_ssim(pictures[:, :8], pictures[:, :8])
    with pytest.raises(ValueError, match="at least two"):
        metrics.measure_kid(pictures, pictures[:1])
    with pytest.raises(ValueError, match="at least two"):
        metrics.measure_diversity(pictures[:1], pictures)
    with pytest.raises(ValueError, match="12 pixels"):
        metrics.describe(pictures[:, :8])
