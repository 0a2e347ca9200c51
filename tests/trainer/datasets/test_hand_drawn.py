"""Drawings by hand: like the edges, never quite the same, and by their random numbers alone."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from trainer.datasets import hand_drawn
from trainer.datasets.hand_drawn import HandDrawn

CALM = HandDrawn(
    thinnest=2, thickest=2, uneven=0, wobble=0, tremble=0, turn=0, offset=0, gaps=0, missing=0, twice=0,
    filled=0, single=0, specks=0,
)  # fmt: skip


@pytest.fixture(scope="module")
def face():
    drawing = np.full((128, 128), 255, "uint8")
    for centre, radius in (((64, 64), 52), ((45, 50), 7), ((83, 50), 7)):
        cv2.circle(drawing, centre, radius, 0, 2, cv2.LINE_AA)
    cv2.ellipse(drawing, (64, 84), (24, 4), 0, 0, 360, 0, 2, cv2.LINE_AA)
    return drawing


def ink_share(drawing):
    return 1 - drawing.mean() / 255


def reach(face, drawing):
    """How far the ink of a drawing is from the face's, at the most."""
    distance = cv2.distanceTransform((face > 128).astype("uint8"), cv2.DIST_L2, 5)
    return distance[drawing < 128].max()


@pytest.mark.parametrize("seed", range(12))
def test_it_looks_like_the_edges_and_is_not_them(face, seed):
    drawing = hand_drawn.roughen(face, np.random.default_rng(seed))

    assert drawing.dtype == np.uint8
    assert drawing.shape == face.shape
    assert not np.array_equal(drawing, face)
    assert 0.25 * ink_share(face) < ink_share(drawing) < 4 * ink_share(face)
    assert drawing.max() == 255


def test_it_depends_on_its_random_numbers_alone(face):
    first, again, other = (hand_drawn.roughen(face, np.random.default_rng(seed)) for seed in (3, 3, 4))

    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_the_edges_given_stay_as_they_were(face):
    before = face.copy()
    hand_drawn.roughen(face, np.random.default_rng(0))

    assert np.array_equal(face, before)


def test_with_everything_at_rest_it_is_nearly_the_edges(face):
    drawing = hand_drawn.roughen(face, np.random.default_rng(0), CALM)

    assert reach(face, drawing) < 1.5
    assert 0.4 < ink_share(drawing) / ink_share(face) < 1.1


def test_wobble_moves_lines(face):
    wobbly = replace(CALM, wobble=2.0)
    assert 2 < reach(face, hand_drawn.roughen(face, np.random.default_rng(0), wobbly)) < 9


def test_gaps_break_lines(face):
    broken = hand_drawn.roughen(face, np.random.default_rng(0), replace(CALM, gaps=1.0, stroke=20))

    pieces = [cv2.connectedComponents((drawing < 128).astype("uint8"))[0] for drawing in (face, broken)]

    assert pieces[1] > pieces[0] + 5


def test_short_strokes_go_missing_and_the_longest_stays(face):
    drawing = hand_drawn.roughen(face, np.random.default_rng(0), replace(CALM, missing=1.0, stroke=1e9))

    assert drawing[64, 8:20].min() < 128  # the round of the face
    assert ink_share(drawing) < ink_share(face)


def test_eyes_are_filled(face):
    drawing = hand_drawn.roughen(face, np.random.default_rng(1), replace(CALM, filled=1.0))

    assert (drawing[48:53, 43:48] < 128).all() or (drawing[48:53, 81:86] < 128).all()


def test_a_narrow_mouth_becomes_one_line(face):
    mouth = hand_drawn.roughen(face, np.random.default_rng(0), replace(CALM, single=1.0))[74:94, 64]

    crossings = np.count_nonzero(np.diff((mouth < 128).astype(int)) == 1)

    assert crossings == 1


@pytest.mark.parametrize("shape", [(1, 1), (17, 33), (64, 200)])
def test_any_shape_may_come(shape):
    rng = np.random.default_rng(0)
    edges = (rng.random(shape) > 0.1).astype("uint8") * 255
    for _ in range(5):
        assert hand_drawn.roughen(edges, rng).shape == shape


def test_empty_paper_stays_empty():
    paper = np.full((32, 32), 255, "uint8")
    assert (hand_drawn.roughen(paper, np.random.default_rng(0)) == 255).all()
