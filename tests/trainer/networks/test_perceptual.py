"""Losses against plain NumPy, and the reading of teachers."""

import numpy as np
import pytest

from tests.trainer.worlds import make_teacher
from trainer.networks import perceptual
from trainer.networks.pixels import LUMINANCE


def features(seed, *shape):
    return np.abs(np.random.default_rng(seed).normal(1, 2, shape)).astype("float32")


def gram(x):
    flat = x.reshape(-1, x.shape[-1]).astype("float64")
    return flat.T @ flat / len(flat)


def test_statistics_are_numpys():
    x = features(0, 2, 8, 6, 5)

    found = perceptual.summarize(x)

    assert np.allclose(found.mean, x.mean((1, 2)), rtol=1e-4)
    assert np.allclose(found.deviation, x.std((1, 2)), rtol=1e-3)
    assert np.allclose(found.gram, [gram(picture) for picture in x], rtol=1e-4)


def test_moments_loss_is_numpys():
    x, y = features(0, 2, 8, 6, 5), features(1, 2, 8, 6, 5) * 2

    loss = perceptual.measure_moments(perceptual.summarize(x), perceptual.summarize(y))

    squares = (x.mean((1, 2)) - y.mean((1, 2))) ** 2 + (x.std((1, 2)) - y.std((1, 2))) ** 2
    expected = np.log1p(squares.mean(-1) / (y.std((1, 2)) ** 2).mean(-1)).mean()
    assert np.isclose(float(loss), expected, rtol=1e-3)


def test_gram_loss_is_numpys():
    x, y = features(0, 2, 8, 6, 5), features(1, 2, 8, 6, 5) * 2

    loss = perceptual.measure_gram(perceptual.summarize(x), perceptual.summarize(y))

    pairs = [(gram(a), gram(b)) for a, b in zip(x, y, strict=True)]
    expected = np.mean([np.log1p(np.linalg.norm(a - b) / np.linalg.norm(b)) for a, b in pairs])
    assert np.isclose(float(loss), expected, rtol=1e-3)


def test_covariance_loss_is_numpys_and_blind_to_the_mean():
    x, y = features(0, 2, 8, 6, 5), features(1, 2, 8, 6, 5) * 2

    loss = perceptual.measure_covariance(perceptual.summarize(x), perceptual.summarize(y))
    moved = perceptual.measure_covariance(perceptual.summarize(x), perceptual.summarize(x + 3))

    pairs = [(gram(a - a.mean((0, 1))), gram(b - b.mean((0, 1)))) for a, b in zip(x, y, strict=True)]
    expected = np.mean([np.log1p(np.linalg.norm(a - b) / np.linalg.norm(b)) for a, b in pairs])
    assert np.isclose(float(loss), expected, rtol=1e-3)
    assert float(moved) < 5e-3


def test_a_teacher_sees_the_same_away_from_the_border_however_it_is_padded(tmp_path):
    path = tmp_path / "teacher.npz"
    make_teacher(path, n_blocks=1)
    picture = np.random.default_rng(0).random((1, 16, 16, 3), "float32")

    reflected, padded = (
        np.asarray(perceptual.load_teacher(path, ("relu1_1",), padding=padding)(picture)[0])
        for padding in ("reflect", "zeros")
    )

    inside = np.s_[..., 2:-2, 2:-2, :]
    assert np.allclose(reflected[inside], padded[inside], atol=1e-5)
    assert not np.allclose(reflected, padded, atol=1e-5)


def test_content_loss_is_numpys_and_blind_to_contrast():
    x, y = features(0, 1, 8, 6, 5), features(1, 1, 8, 6, 5)

    loss = perceptual.measure_content(x, y)

    a, b = (f - f.mean((1, 2), keepdims=True) for f in (x, y))
    expected = ((a / np.sqrt((a**2).mean()) - b / np.sqrt((b**2).mean())) ** 2).mean()
    assert np.isclose(float(loss), expected, rtol=1e-3)
    assert float(perceptual.measure_content(3 * x + 1, x)) < 1e-5


def test_equal_pictures_are_at_no_distance():
    found = perceptual.summarize(features(0, 2, 8, 6, 5))

    assert float(perceptual.measure_moments(found, found)) == 0
    assert float(perceptual.measure_gram(found, found)) < 2e-3


def test_overflow_and_variation_are_numpys():
    x = features(0, 1, 6, 7, 3) - 1

    overflow = np.maximum(-x, 0) + np.maximum(x - 1, 0)
    steps = np.abs(np.diff(x, axis=1)).mean() + np.abs(np.diff(x, axis=2)).mean()
    assert np.isclose(float(perceptual.measure_overflow(x)), overflow.mean(), rtol=1e-4)
    assert np.isclose(float(perceptual.measure_variation(x)), steps, rtol=1e-4)


def test_contrast_loss_is_numpys_and_nothing_where_a_fifth_more_is_kept():
    rng = np.random.default_rng(0)
    picture, photo = rng.random((1, 12, 11, 3), "float32"), rng.random((1, 12, 11, 3), "float32")

    loss = perceptual.measure_contrast(picture, photo)

    grey = [x[0] @ [0.299, 0.587, 0.114] for x in (picture, photo)]
    ours, theirs = (np.lib.stride_tricks.sliding_window_view(x, (5, 5)).reshape(-1, 25) for x in grey)
    variance = theirs.var(axis=1)
    covariance = (ours * theirs).mean(1) - ours.mean(1) * theirs.mean(1)
    expected = (np.maximum(1.2 * variance - covariance, 0) / np.sqrt(variance + 1e-4)).mean()
    assert np.isclose(float(loss), expected, rtol=1e-3)
    assert float(perceptual.measure_contrast(1.21 * photo - 0.1, photo)) < 1e-6
    assert float(perceptual.measure_contrast(1 - photo, photo)) > float(loss), "a negative has it all the wrong way"


def test_palette_loss_is_numpys_and_does_not_care_where_a_colour_lies():
    rng = np.random.default_rng(0)
    picture, style = rng.random((2, 8, 12, 3), "float32"), rng.random((2, 8, 12, 3), "float32")

    loss = perceptual.measure_palette(picture, style)

    axes = np.array([[1, 1, 1], [1, -1, 0], [1, 1, -2]]) / np.sqrt([[3], [2], [6]])
    means = (x.reshape(2, 2, 4, 3, 4, 3).mean((2, 4)).reshape(2, 6, 3) @ axes.T for x in (picture, style))
    ours, theirs = (np.sort(x, axis=1) for x in means)
    assert np.isclose(float(loss), np.abs(ours - theirs).mean(), rtol=1e-4)
    assert float(perceptual.measure_palette(style[:, :, ::-1], style)) < 1e-6, "a mirrored picture has the same colours"


@pytest.mark.parametrize(("mean", "share"), [(0.5, 0), (0.36, 0), (0.3, 0.5), (0.24, 1), (0.1, 1)])
def test_dark_styles_are_lightened_and_gain_contrast(mean, share):
    style = np.random.default_rng(0).random((1, 8, 12, 3))
    style = (mean * style / (style @ LUMINANCE).mean()).astype("float32")

    lifted = np.asarray(perceptual.lighten_dark(style, np.array([0.1], "float32")))

    light, lighter = style @ LUMINANCE, lifted @ LUMINANCE
    assert np.isclose(lighter.mean(), (1 + 0.1 * share) * light.mean(), rtol=1e-4)
    assert np.isclose(lighter.std(), (1 + 0.25 * share) * light.std(), rtol=1e-4)
    colours = [x - (x @ LUMINANCE)[..., None] for x in (style, lifted)]
    assert np.allclose(colours[1], (1 + 0.1 * share) * colours[0], atol=1e-5)


def test_every_style_is_lightened_by_its_own_lift():
    dark = np.full((2, 4, 4, 3), 0.2, "float32")

    lifted = np.asarray(perceptual.lighten_dark(dark, np.array([0, 0.1], "float32")))

    assert np.allclose(lifted[0], 0.2) and np.allclose(lifted[1], 0.22)


@pytest.mark.parametrize(("height", "width", "side"), [(64, 96, 2), (60, 64, 2), (33, 36, 2), (32, 32, 1)])
def test_blotch_loss_is_numpys(height, width, side):
    rng = np.random.default_rng(0)
    picture, photo = rng.random((1, height, width, 3), "float32"), rng.random((1, height, width, 3), "float32")

    loss = perceptual.measure_blotches(picture, photo)

    rows, columns = height // side, width // side
    whole = (x[0, : rows * side, : columns * side] for x in (picture, photo))
    ours, theirs = (x.reshape(rows, side, columns, side, 3).mean((1, 3)).reshape(-1, 3) for x in whole)
    places = np.stack(np.mgrid[0:rows, 0:columns], axis=-1).reshape(-1, 2) / min(rows, columns)
    apart = [((x[:, None] - x[None]) ** 2).sum(-1) for x in (theirs / 0.06, places / 0.3, ours)]
    likeness = np.exp(-(apart[0] + apart[1]) / 2)
    likeness /= likeness.sum(axis=1, keepdims=True)
    expected = (likeness * apart[2]).sum(axis=1).mean() / (2 * ours.var(axis=0).sum() + 1e-3)
    assert np.isclose(float(loss), expected, rtol=1e-3)


def test_blotch_loss_tells_colours_that_follow_the_photo_from_others():
    halves = np.repeat(np.array([0.2, 0.8], "float32"), 32)[None, None, :, None] * np.ones((1, 64, 1, 3), "float32")
    blotches = np.repeat(np.array([0.2, 0.8], "float32"), 32)[None, :, None, None] * np.ones((1, 1, 64, 3), "float32")
    assert float(perceptual.measure_blotches(1 - halves, halves)) < 1e-3, "any two colours will do"
    assert float(perceptual.measure_blotches(blotches, halves)) > 0.2


def test_a_layout_is_what_a_guide_has_however_strong_and_strokes_are_free():
    rng = np.random.default_rng(0)
    picture, guide = rng.random((2, 32, 48, 3), "float32"), rng.random((2, 8, 12, 3), "float32")

    def smooth(cells):
        pooled = (cells[:, 1:, 1:] + cells[:, 1:, :-1] + cells[:, :-1, 1:] + cells[:, :-1, :-1]) / 4
        return (pooled @ perceptual.OPPONENTS).reshape(2, -1, 3)

    lost = []
    for ours, theirs in zip(smooth(picture.reshape(2, 8, 4, 12, 4, 3).mean((2, 4))), smooth(guide), strict=True):
        for share, a, b in zip((0.25, 1, 1), ours.T, theirs.T, strict=True):
            lost.append(share * b.std() / (b.std() + 0.01) * (1 - np.corrcoef(a, b)[0, 1]))

    assert float(perceptual.measure_layout(picture, guide)) == pytest.approx(np.mean(lost), rel=1e-2)
    own = np.repeat(np.repeat(guide, 4, axis=1), 4, axis=2)
    strokes = np.where(np.indices((32, 48)).sum(0)[..., None] % 2, 0.1, -0.1).astype("float32")
    assert float(perceptual.measure_layout(0.4 * own + 0.2 + strokes, guide)) < 0.01
    assert float(perceptual.measure_layout(own, np.full_like(guide, 0.3))) < 1e-3, "a plain guide asks for nothing"


def test_what_is_quiet_in_the_photo_is_as_quiet_as_the_quietest_of_the_style():
    noise = np.random.default_rng(0).normal(0, 1, (1, 64, 64, 1)).astype("float32")
    left = (np.arange(64) < 32).astype("float32")[None, None, :, None]
    photo, style = (
        0.5 + noise * (amount + 0.1 * side) * np.ones(3) for amount, side in ((0.002, left), (0.03, 1 - left))
    )
    right, wrong = (0.5 + noise * (0.03 + 0.1 * side) * np.ones(3) for side in (left, 1 - left))

    pictures = [x.astype("float32") for x in (right, wrong, photo, style)]
    found = [float(perceptual.measure_activity(x, *pictures[2:])) for x in pictures[:2]]

    assert found[0] < 0.1 * found[1], "where they are counts, and that they are as busy as the style"
    light = [x[0] @ LUMINANCE for x in pictures[1:]]
    expected = []
    for window in (4, 8, 16):
        starts = range(0, 65 - window, window // 2)
        ours, theirs, wanted = (
            np.array([[np.log(x[i : i + window, j : j + window].var() + 0.005**2) / 2 for j in starts] for i in starts])
            for x in light
        )
        padded = np.pad(theirs, 1, constant_values=np.nan)
        views = np.lib.stride_tricks.sliding_window_view(padded, (3, 3))
        order = np.argsort(np.nanmean(views, axis=(2, 3)).ravel())
        expected.append(np.abs(ours.ravel()[order] - np.sort(wanted.ravel())).mean())
    assert found[1] == pytest.approx(np.mean(expected), rel=0.02)


def test_a_teacher_gives_the_layers_asked_for(tmp_path):
    make_teacher(tmp_path / "vgg.npz", n_blocks=3, width=4)

    teacher = perceptual.load_teacher(tmp_path / "vgg.npz", ("relu1_1", "relu3_1"), "float32")
    first, third = teacher(features(0, 1, 16, 16, 3))

    assert first.shape == (1, 16, 16, 4)
    assert third.shape == (1, 4, 4, 4)
    assert not teacher.trainable_variables


def test_a_teacher_computes_what_its_file_says(tmp_path):
    make_teacher(tmp_path / "vgg.npz", n_blocks=1, width=2)
    x = features(0, 1, 4, 4, 3)

    (found,) = [np.asarray(f) for f in [perceptual.load_teacher(tmp_path / "vgg.npz", ("relu1_1",), "float32")(x)]]

    weights = np.load(tmp_path / "vgg.npz")
    y = np.pad(x @ weights["conv0/kernel"][0, 0] + weights["conv0/bias"], ((0, 0), (1, 1), (1, 1), (0, 0)), "reflect")
    at = np.einsum("yxi,yxio->o", y[0, 0:3, 0:3], weights["conv1_1/kernel"])
    assert np.allclose(found[0, 0, 0], np.maximum(at, 0), rtol=1e-3)


def test_a_teacher_that_is_too_shallow_is_refused(tmp_path):
    make_teacher(tmp_path / "vgg.npz", n_blocks=3)

    with pytest.raises(ValueError, match="relu5_1"):
        perceptual.load_teacher(tmp_path / "vgg.npz", ("relu5_1",))


def test_a_teacher_that_cannot_be_downloaded_is_a_sentence_and_no_reason_to_try_again(monkeypatch):
    def fail(**_):
        raise Exception("URL fetch failure on https://…")  # as Keras does

    monkeypatch.setattr(perceptual.keras.applications, "VGG19", fail)

    with pytest.raises(OSError, match="could not be downloaded: this machine does not reach"):
        perceptual.load_imagenet_teacher(("relu1_1",))
