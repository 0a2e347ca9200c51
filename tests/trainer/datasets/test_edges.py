"""Edges: one line where colour changes, whatever the picture."""

import cv2
import numpy as np
import pytest

from trainer.datasets import edges, lines
from trainer.datasets.edges import EdgeOptions

YELLOW, ORANGE = (1.0, 0.85, 0.4), (1.0, 0.65, 0.1)


def paint(*shapes, size=96, paper=(1.0, 1.0, 1.0)):
    """A picture of filled discs: (colour, centre, radius)."""
    picture = np.full((size, size, 3), paper, "float32")
    for colour, centre, radius in shapes:
        cv2.circle(picture, centre, radius, colour, -1, cv2.LINE_AA)
    return picture


def ink_of(drawing):
    return drawing < 0.5


def distance_to_circle(shape, centre, radius):
    y, x = np.mgrid[: shape[0], : shape[1]]
    return np.abs(np.hypot(x - centre[0], y - centre[1]) - radius)


def test_a_disc_is_drawn_as_one_closed_circle():
    drawing = edges.extract(paint((YELLOW, (48, 48), 30)))

    ink = ink_of(drawing)
    assert drawing.dtype == np.float32
    assert drawing.shape == (96, 96)
    assert (drawing.min(), drawing.max()) == (0, 1)
    assert distance_to_circle(ink.shape, (48, 48), 30)[ink].max() < 3
    assert cv2.connectedComponents((~ink).astype("uint8"), connectivity=4)[0] == 3  # ink, inside, outside


def test_colours_of_equal_lightness_have_an_edge_between_them():
    picture = np.zeros((64, 64, 3), "float32")
    lab = np.full((1, 2, 3), (60, 40, 0), "float32")
    lab[0, 1] = (60, -40, 0)
    picture[:, :32], picture[:, 32:] = cv2.cvtColor(lab, cv2.COLOR_Lab2RGB)[0]

    ink = ink_of(edges.extract(picture))

    assert ink[8:56].any(1).all()
    assert not ink[:, :28].any()
    assert not ink[:, 36:].any()


def test_a_thin_thing_is_one_line_and_not_its_two_borders():
    picture = np.ones((64, 64, 3), "float32")
    picture[31:34, 6:58] = 0.1

    thinned = lines.thin(ink_of(edges.extract(picture)))

    assert set(thinned[:, 12:52].sum(0)) == {1}


def test_texture_is_left_out_and_the_outline_in_it_stays():
    rng = np.random.default_rng(0)
    grass = cv2.GaussianBlur(rng.normal(0.4, 0.15, (128, 128, 3)).astype("float32"), (0, 0), 1)
    picture = paint((YELLOW, (64, 64), 34), size=128)
    inside = picture[..., 2] < 0.9
    picture[~inside] = np.clip(grass[~inside], 0, 0.6)

    calm, restless = (ink_of(edges.extract(picture, EdgeOptions(calm=calm))) for calm in (1.0, 0))

    away = distance_to_circle(calm.shape, (64, 64), 34) > 5
    assert calm[away].mean() < restless[away].mean() / 3
    assert calm[~away].sum() > 0.5 * restless[~away].sum()


def test_a_slight_shade_is_no_line_unless_asked_for():
    picture = paint((YELLOW, (48, 48), 30), size=96, paper=tuple(0.97 * c for c in YELLOW))

    assert not ink_of(edges.extract(picture)).any()
    assert ink_of(edges.extract(picture, EdgeOptions(strong=1.0, weak=0.5))).any()


def test_white_on_white_keeps_the_outline_of_what_is_opaque():
    opacity = paint(((1.0, 1.0, 1.0), (48, 48), 30), paper=(0, 0, 0))[..., :1]
    white = np.concatenate([np.ones((96, 96, 3), "float32"), opacity], axis=2)

    assert not ink_of(edges.extract(white[..., :3])).any()
    assert distance_to_circle((96, 96), (48, 48), 30)[ink_of(edges.extract(white))].max() < 3


def test_short_lines_are_left_out():
    picture = paint((YELLOW, (48, 48), 30), ((0.3, 0.1, 0.1), (48, 48), 2))

    few, many = (ink_of(edges.extract(picture, EdgeOptions(shortest=n))) for n in (25, 1))

    assert not few[40:56, 40:56].any()
    assert many[40:56, 40:56].any()


def test_a_thicker_pen_draws_thicker():
    picture = paint((ORANGE, (48, 48), 30))
    amounts = [(1 - edges.extract(picture, EdgeOptions(thickness=t))).sum() for t in (1, 2, 4)]

    assert amounts == sorted(amounts)
    assert amounts[2] > 2 * amounts[0]


def test_finer_work_keeps_small_shapes_apart():
    black, white = (0.0, 0.0, 0.0), (1.0, 1.0, 1.0)
    picture = paint((YELLOW, (48, 48), 40), (black, (48, 48), 9), (white, (48, 48), 5), (black, (48, 48), 2))

    coarse, fine = (edges.extract(picture, EdgeOptions(sigma=0.7, merge=2.5, fineness=n)) for n in (1, 2))

    assert coarse.shape == fine.shape == (96, 96)
    n_shapes = [cv2.connectedComponents((d >= 0.5).astype("uint8"), connectivity=4)[0] for d in (coarse, fine)]
    assert n_shapes[1] > n_shapes[0]


def test_the_same_picture_gives_the_same_drawing():
    picture = np.random.default_rng(1).random((40, 56, 3)).astype("float32")
    assert np.array_equal(edges.extract(picture), edges.extract(picture))


@pytest.mark.parametrize("shape", [(8, 8), (8, 8, 1), (1, 8, 8, 3)])
def test_what_is_no_picture_is_refused(shape):
    with pytest.raises(ValueError, match="height, width"):
        edges.extract(np.ones(shape, "float32"))


@pytest.mark.parametrize(
    "values", [{"sigma": 0}, {"weak": 30.0}, {"weak": 0}, {"thickness": 0}, {"merge": -1}, {"fineness": 0}]
)
def test_options_without_sense_are_refused(values):
    with pytest.raises(ValueError, match="Edges need"):
        EdgeOptions(**values)
