"""Lines: thinned, cleaned, inked."""

import cv2
import numpy as np
import pytest

from trainer.datasets import lines


def draw(*strokes, size=40, width=1):
    canvas = np.zeros((size, size), "uint8")
    for start, end in strokes:
        cv2.line(canvas, start, end, 1, width)
    return canvas > 0


def count_pieces(ink):
    return cv2.connectedComponents(ink.astype("uint8"), connectivity=8)[0] - 1


@pytest.mark.parametrize("width", [3, 5, 9])
def test_a_thick_line_becomes_one_pixel_along_its_middle(width):
    thick = np.zeros((30, 60), bool)
    thick[12 : 12 + width, 5:55] = True

    thinned = lines.thin(thick)

    assert set(thinned[:, 15:45].sum(0)) == {1}
    assert np.nonzero(thinned[:, 30])[0][0] == pytest.approx(12 + (width - 1) / 2, abs=1)


def test_thinning_keeps_pieces_and_holes():
    blurred = cv2.GaussianBlur(np.random.default_rng(0).random((96, 96)), (0, 0), 3)
    blots = np.pad(blurred > np.median(blurred), 2)

    thinned = lines.thin(blots)

    assert thinned.sum() < blots.sum() / 4
    assert not (thinned & ~blots).any()
    assert count_pieces(thinned) == count_pieces(blots)
    assert (
        cv2.connectedComponents((~thinned).astype("uint8"), connectivity=4)[0]
        == (cv2.connectedComponents((~blots).astype("uint8"), connectivity=4)[0])
    )


def test_thinning_what_is_thin_changes_nothing():
    line = draw(((3, 3), (36, 20)))
    assert np.array_equal(lines.thin(line), lines.thin(lines.thin(line)))


def test_small_pieces_are_dropped_and_long_ones_stay():
    ink = draw(((2, 5), (30, 5)), ((10, 20), (14, 20)))

    kept = lines.drop_small(ink, 9)

    assert np.array_equal(kept, draw(((2, 5), (30, 5))))


def test_spurs_are_dropped_and_lines_that_stand_alone_stay():
    ink = draw(((2, 20), (37, 20)), ((18, 19), (18, 17)), ((4, 4), (6, 4)))

    kept = lines.drop_spurs(ink, 5)

    assert kept[20, 2:38].all()
    assert not kept[17:19].any()
    assert kept[4, 4:7].all()


@pytest.mark.parametrize("thickness", [1, 2, 3.5])
def test_ink_is_as_wide_as_the_pen(thickness):
    drawing = lines.draw(draw(((0, 20), (39, 20))), thickness)

    assert drawing.dtype == np.float32
    assert (1 - drawing[:, 20]).sum() == pytest.approx(thickness, abs=0.6)


def test_nothing_drawn_is_white_paper():
    assert (lines.draw(np.zeros((8, 9), bool), 2) == 1).all()
