"""The losses against the formulas of the papers in NumPy, in float32; their slopes against differences."""

import numpy as np
from keras import ops

from trainer import gradients
from trainer.networks import gatys


def make_features(seed, n=1, h=6, w=5, c=4):
    return np.random.default_rng(seed).normal(0.5, 1, (n, h, w, c)).astype("float32")


def gram_of_the_paper(features):
    """2016, eq. 3: G_ij = Σ_k F_ik F_jk, with a row of F for each of N maps, a column for each of M positions."""
    f = features[0].reshape(-1, features.shape[-1]).T.astype("float64")
    return np.einsum("ik,jk->ij", f, f)


def test_the_gram_matrix_is_the_papers_divided_by_the_positions():
    features = make_features(0)

    found = gradients.as_array(gatys.find_gram(features))

    np.testing.assert_allclose(found[0], gram_of_the_paper(features) / 30, rtol=1e-5)


def test_what_a_layer_contributes_is_the_papers():
    ours, style = make_features(0), make_features(1)

    found = gatys.measure_layer(gatys.find_gram(ours), gatys.find_gram(style))

    n_maps, n_positions = 4, 30  # 2016, eq. 4
    difference = gram_of_the_paper(ours) - gram_of_the_paper(style)
    assert np.isclose(float(found), (difference**2).sum() / (4 * n_maps**2 * n_positions**2), rtol=1e-5)


def test_a_style_picture_may_have_another_size():
    features = make_features(0)
    twice = np.concatenate([features, features], axis=1)

    assert float(gatys.measure_layer(gatys.find_gram(features), gatys.find_gram(twice))) < 1e-10


def test_the_style_loss_is_the_weighted_sum():
    pairs = [(make_features(i, c=i + 2), make_features(i + 10, c=i + 2)) for i in range(3)]
    grams, styles = ([gatys.find_gram(pair[side]) for pair in pairs] for side in (0, 1))

    found = gatys.measure_style(grams, styles, [0.5, 0.3, 0.2])

    layers = [float(gatys.measure_layer(*pair)) for pair in zip(grams, styles, strict=True)]
    assert np.isclose(float(found), np.dot([0.5, 0.3, 0.2], layers), rtol=1e-5)


def test_the_content_loss_is_half_the_squared_distance():
    ours, photo = make_features(0), make_features(1)

    found = gatys.measure_content(ours, photo)

    assert np.isclose(float(found), ((ours - photo).astype("float64") ** 2).sum() / 2, rtol=1e-5)


def test_losses_are_means_over_the_pictures():
    ours, photo = make_features(0, n=2), make_features(1, n=2)

    each = [float(gatys.measure_content(ours[i : i + 1], photo[i : i + 1])) for i in (0, 1)]
    layers = [float(gatys.measure_layer(*(gatys.find_gram(x[i : i + 1]) for x in (ours, photo)))) for i in (0, 1)]

    assert np.isclose(float(gatys.measure_content(ours, photo)), np.mean(each), rtol=1e-5)
    assert np.isclose(float(gatys.measure_layer(*map(gatys.find_gram, (ours, photo)))), np.mean(layers), rtol=1e-5)


def test_the_total_weighs_both_sides():
    assert gatys.measure_total(3.0, 5.0, alpha=0.1, beta=2.0) == 10.3


def test_variation_and_overflow_are_numpys():
    picture = np.random.default_rng(0).normal(0.5, 1, (1, 5, 6, 3)).astype("float32")

    variation = (np.diff(picture, axis=1) ** 2).mean() + (np.diff(picture, axis=2) ** 2).mean()
    overflow = ((picture - np.clip(picture, 0, 1)) ** 2).mean()

    assert np.isclose(float(gatys.measure_variation(picture)), variation, rtol=1e-5)
    assert np.isclose(float(gatys.measure_overflow(picture)), overflow, rtol=1e-5)


def test_the_slope_of_a_layer_is_the_papers():
    """2016, eq. 6: (Fᵀ (G - A)) / N²M²; there it is also zero where F is, as a ReLU follows."""
    features, style = make_features(0), make_features(1)
    target = gatys.find_gram(style)

    def loss(x):
        return gatys.measure_layer(gatys.find_gram(x), target), {}

    _, slope = gradients.value_and_slope(loss, ops.convert_to_tensor(features))

    f = features[0].reshape(-1, 4).T.astype("float64")
    difference = gram_of_the_paper(features) - gram_of_the_paper(style)
    expected = (f.T @ difference / (4**2 * 30**2)).reshape(features.shape)
    np.testing.assert_allclose(gradients.as_array(slope), expected, rtol=1e-4, atol=1e-7)


def test_the_slope_of_the_content_is_the_papers():
    """2016, eq. 2: F - P."""
    features, photo = make_features(0), make_features(1)

    def loss(x):
        return gatys.measure_content(x, photo), {}

    _, slope = gradients.value_and_slope(loss, ops.convert_to_tensor(features))

    np.testing.assert_allclose(gradients.as_array(slope), features - photo, rtol=1e-5, atol=1e-6)
