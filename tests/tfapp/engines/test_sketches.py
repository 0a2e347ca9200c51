"""Whatever people draw with, the network sees black lines of its thickness on white paper."""

import numpy as np
import pytest

from tests.tfapp.engines import tiny
from tfapp.engines import sketches
from tfapp.engines.base import EngineError

SIDE, LINE = 128, 2.0


def read(picture):
    return sketches.read(picture.astype("float32"), side=SIDE, line=LINE)


def n_inked(sketch) -> float:
    """Pixels of black, lighter ones counting less."""
    return float((1 - sketch).sum())


def test_lines_are_black_and_paper_is_white():
    sketch = read(tiny.sketch(512, 512, thickness=8))

    assert sketch.shape == (SIDE, SIDE)
    assert sketch.dtype == np.float32
    assert sketch.max() == 1
    assert sketch.min() < 0.1
    assert sketch[0].min() == 1


@pytest.mark.parametrize("thickness", [3, 5, 8, 12, 20, 40])
def test_a_thick_pen_and_a_thin_one_draw_the_same_lines(thickness):
    drawn = n_inked(read(tiny.sketch(512, 512, thickness=thickness)))

    around = 2 * np.pi * 0.35 * SIDE
    assert 0.6 * LINE < drawn / around < 1.5 * LINE


@pytest.mark.parametrize("side", [64, 200, 1024])
def test_the_size_of_the_upload_does_not_matter(side):
    one, other = read(tiny.sketch(side, side, thickness=side // 40)), read(tiny.sketch(512, 512, thickness=12))

    assert np.abs(one - other).mean() < 0.03


@pytest.mark.parametrize("shape", [(100, 400), (400, 100)])
def test_nothing_is_cut_off(shape):
    picture = np.ones((*shape, 3), "float32")
    picture[5:-5, 5:9] = picture[5:-5, -9:-5] = 0

    rows, columns = np.nonzero(read(picture) < 0.5)

    reach = (rows.max() - rows.min() + 1) / (columns.max() - columns.min() + 1)
    assert reach == pytest.approx((shape[0] - 10) / (shape[1] - 10), rel=0.15)


def test_chalk_on_a_blackboard_is_turned():
    chalk = 1 - tiny.sketch(512, 512, thickness=10)

    assert np.abs(read(0.1 + 0.8 * chalk) - read(tiny.sketch(512, 512, thickness=10))).mean() < 0.02


def test_a_drawing_that_covers_most_of_the_paper_is_not_chalk():
    drawing = tiny.sketch(512, 512, thickness=10)
    drawing[30:-30, 30:-30] = 0

    sketch = read(drawing)

    assert sketch[:6].min() == 1
    assert sketch[40:-40, 40:-40].max() < 0.1


def test_shadow_on_the_paper_is_not_ink():
    light = np.linspace(0.35, 0.8, 512, dtype="float32")[:, None, None]
    photographed = light * (0.4 + 0.6 * tiny.sketch(512, 512, thickness=8))

    assert np.abs(read(photographed) - read(tiny.sketch(512, 512, thickness=8))).mean() < 0.03


def test_coloured_pens_are_ink():
    drawing = tiny.sketch(512, 512, thickness=8)
    red = np.where(drawing < 0.5, np.float32([0.9, 0.2, 0.2]), np.float32(1))

    assert np.abs(read(red) - read(drawing)).mean() < 0.02


def test_a_blot_stays_a_blot():
    drawing = tiny.sketch(512, 512, thickness=16)
    drawing[226:286, 226:286] = 0

    sketch = read(drawing)

    assert sketch[60:68, 60:68].max() < 0.1


def test_a_thin_line_beside_thick_ones_is_kept():
    drawing = tiny.sketch(512, 512, thickness=24)
    drawing[255:259, 150:360] = 0

    sketch = read(drawing)

    assert (sketch[62:66, 42:86].min(0) < 0.5).all()


@pytest.mark.parametrize("paper", [0.0, 0.3, 0.8, 1.0])
def test_empty_paper_is_refused(paper):
    with pytest.raises(EngineError, match="no lines"):
        read(np.full((200, 200, 3), paper))


def test_there_is_no_thickness_without_lines():
    assert sketches.measure_thickness(np.zeros((20, 20), bool)) == 0


def test_what_is_moved_there_and_back_is_where_it_was():
    ink = sketches.read_ink(tiny.sketch(512, 512, thickness=8), side=SIDE, line=LINE)

    moved = sketches.move(ink, 6, -3)

    assert (moved != ink).any()
    np.testing.assert_array_equal(moved[6:, :-3], ink[:-6, 3:])
    np.testing.assert_array_equal(sketches.move(moved, -6, 3), ink)
