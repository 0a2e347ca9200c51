"""Mixtures of styles by the shipped painter: their algebra, masks, colours, and what is refused."""

import numpy as np
import pytest

from tests.tfapp.engines.test_adain import draw_photo, draw_style
from tfapp.engines import SHIPPED_FOLDER, colour, mixing
from tfapp.engines.adain import AdainEngine
from tfapp.engines.base import EngineError, Inputs

STYLES = tuple(draw_style(i) for i in range(3))
PHOTO = draw_photo(0)


@pytest.fixture(scope="module")
def engine():
    engine = AdainEngine()
    engine.load(str(SHIPPED_FOLDER / "adain"))
    return engine


def mix(engine, styles=STYLES, photo=PHOTO, masks=None, **parameters):
    return engine.render(Inputs(photo, styles, parameters, masks=masks), lambda share: None)


def alike(one, other):
    """Peak signal-to-noise ratio in dB."""
    return -10 * np.log10(max(1e-10, float(np.mean((one - other) ** 2))))


def left_half():
    masks = np.zeros((*PHOTO.shape[:2], 1), "float32")
    masks[:, : PHOTO.shape[1] // 2] = 1
    return masks


def test_a_strength_of_nothing_gives_the_photo_back(engine):
    assert alike(mix(engine, strength=0), PHOTO) >= 28


def test_more_than_full_strength_goes_further_the_same_way(engine):
    paintings = [mix(engine, STYLES[:1], strength=strength) for strength in (0.5, 1, 1.5)]

    distances = [np.abs(painting - PHOTO).mean() for painting in paintings]
    assert distances == sorted(distances)
    assert alike(paintings[1], paintings[2]) < 40


def test_a_mixture_of_one_is_that_one(engine):
    alone = mix(engine, STYLES[1:2])

    assert alike(mix(engine, weights=[[0, 3, 0]]), alone) > 45


def test_equal_weights_are_symmetric_and_what_is_mixed_when_nothing_is_said(engine):
    there = mix(engine, STYLES[:2], weights=[[0.5, 0.5]])
    back = mix(engine, STYLES[1::-1], weights=[[2, 2]])

    assert alike(there, back) > 45
    assert alike(there, mix(engine, STYLES[:2])) > 45


def test_weights_lead_steadily_from_one_style_to_another(engine):
    paintings = [mix(engine, STYLES[::2], weights=[[1 - k, k]]) for k in (0, 0.3, 0.7, 1)]

    distances = [np.abs(painting - paintings[0]).mean() for painting in paintings]
    assert distances == sorted(distances)


def test_each_style_stays_where_its_mask_is(engine):
    background, region = (mix(engine, weights=[row]) for row in ([1, 0, 0], [0, 0, 1]))

    both = mix(engine, masks=left_half(), weights=[[1, 0, 0], [0, 0, 1]])

    left, right = np.s_[:, :80], np.s_[:, -80:]
    for part, mine, other in ((left, region, background), (right, background, region)):
        assert np.abs(both[part] - mine[part]).mean() < 0.6 * np.abs(both[part] - other[part]).mean()


def test_a_mask_of_one_style_everywhere_changes_nothing(engine):
    plain = mix(engine, STYLES[:1])

    for masks in (np.zeros_like(left_half()), left_half()):
        assert alike(mix(engine, STYLES[:1], masks=masks, weights=[[1], [1]]), plain) > 38


def test_regions_that_lie_over_each_other_share_the_place():
    masks = np.concatenate([left_half(), left_half(), np.zeros_like(left_half())], -1)

    found = mixing.read(Inputs(PHOTO, STYLES, {}, masks=masks), n_styles=3, size=PHOTO.shape[:2])

    assert found.masks.shape == (*PHOTO.shape[:2], 4)
    assert np.allclose(found.masks.sum(-1), 1)
    assert np.allclose(found.masks[0, 0], [0, 0.5, 0.5, 0]) and np.allclose(found.masks[0, -1], [1, 0, 0, 0])


def test_the_photos_light_or_its_colours_are_kept_as_was_chosen(engine):
    plain, light, moved = (
        mix(engine, STYLES[:1], **given)
        for given in ({}, {"keep_colours": True}, {"keep_colours": True, "colours": "statistics"})
    )

    def away(picture):
        return np.abs(picture.mean((0, 1)) - PHOTO.mean((0, 1))).max()

    assert np.allclose(light @ colour.LUMINANCE, plain @ colour.LUMINANCE, atol=0.01)
    assert away(moved) < away(plain)
    assert alike(moved, light) < 30


def test_a_style_takes_on_mean_and_covariance_of_a_photo():
    style, photo = (np.random.default_rng(i).random((40, 50, 3)) * scale + 0.3 for i, scale in ((0, 0.2), (1, 0.4)))

    moved = colour.match_statistics(style.astype("float32"), photo.astype("float32"))

    for statistic in (lambda x: x.reshape(-1, 3).mean(0), lambda x: np.cov(x.reshape(-1, 3).T)):
        assert np.allclose(statistic(moved), statistic(photo), atol=0.01)
    assert np.isfinite(colour.match_statistics(np.full((9, 9, 3), 0.5, "float32"), photo)).all()


def test_sharpness_brings_the_photos_edges_back(engine):
    soft, sharp = (mix(engine, STYLES[:1], sharpness=amount) for amount in (0, 1))

    def likeness(picture):
        edges = [np.diff(each @ colour.LUMINANCE, axis=0).ravel() for each in (picture, PHOTO)]
        return np.corrcoef(*edges)[0, 1]

    assert likeness(sharp) > likeness(soft)


def test_the_scale_of_a_style_changes_the_painting(engine):
    small, usual, large = (mix(engine, STYLES[:1], style_scale=scale) for scale in (0.5, 1, 2))

    assert alike(usual, mix(engine, STYLES[:1])) > 45
    assert max(alike(small, usual), alike(large, usual)) < 40


@pytest.mark.parametrize(
    "parameters",
    [
        {"strength": 1.6},
        {"strength": "much"},
        {"strength": float("nan")},
        {"style_scale": 0.4},
        {"sharpness": -1},
        {"weights": [[1, 0]]},
        {"weights": [[1, 0, 0], [0, 1, 0]]},
        {"weights": [[0, 0, 0]]},
        {"weights": [[-1, 1, 1]]},
        {"weights": [[float("inf"), 1, 1]]},
        {"weights": "all"},
    ],
    ids=str,
)
def test_settings_that_make_no_sense_are_refused(engine, parameters):
    with pytest.raises(EngineError):
        mix(engine, **parameters)


@pytest.mark.parametrize(
    "masks", [np.zeros((9, 9, 1), "float32"), np.zeros(PHOTO.shape[:2], "float32"), np.full((192, 256, 1), np.nan)]
)
def test_masks_that_do_not_fit_are_refused(engine, masks):
    with pytest.raises(EngineError, match="masks"):
        mix(engine, masks=masks)
