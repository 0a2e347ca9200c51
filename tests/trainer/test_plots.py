import numpy as np
import pytest

from trainer import curves, plots


def line(*values, name="loss"):
    numbers = [None if value is None else float(value) for value in values]
    return curves.Line(name, [float(i) for i in range(len(values))], numbers, numbers, numbers)


def test_a_curve_goes_from_edge_to_edge():
    plot = plots.draw([line(0, 5, 10)])

    assert plot.paths[0].line == f"M{plot.left} {plot.bottom}L240 117L{plot.right} {plot.top}"
    assert plot.paths[0].band == ""
    assert [tick.words for tick in plot.y_ticks] == ["0", "2", "4", "6", "8", "10"]


def test_where_there_is_nothing_to_draw_there_is_no_plot():
    assert plots.draw([]) is None
    assert plots.draw([line(None, None)]) is None
    assert plots.draw([line(0, -1)], is_log=True) is None


def test_gaps_part_a_curve_and_lone_points_are_dots():
    plot = plots.draw([line(1, 2, None, 3, None, 2, 1)])

    assert plot.paths[0].line.count("M") == 2
    assert len(plot.paths[0].dots) == 1


def test_a_thinned_curve_has_a_band_of_what_it_hides():
    rng = np.random.default_rng(0)

    plot = plots.draw([curves.thin("loss", np.arange(1000), rng.random(1000))])

    assert plot.paths[0].band.endswith("Z")


def test_a_log_scale_has_powers_of_ten_and_leaves_out_what_is_not_above_zero():
    plot = plots.draw([line(0.01, -1, 1, 100)], is_log=True)

    assert [tick.words for tick in plot.y_ticks] == ["0.01", "0.1", "1", "10", "100"]
    assert plot.paths[0].dots == [(plot.left, plot.bottom)]


@pytest.mark.parametrize("is_log", [False, True])
def test_a_curve_that_does_not_move_can_be_drawn(is_log):
    plot = plots.draw([line(3)], is_log=is_log)

    assert plot.top < plot.paths[0].dots[0][1] < plot.bottom


def test_marks_outside_the_curve_are_left_out():
    assert plots.draw([line(1, 2, 3)], marks=(1, 9)).marks == [240]


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [(0, 10, [0, 2, 4, 6, 8, 10]), (0.13, 0.31, [0.15, 0.2, 0.25, 0.3]), (-1, 1, [-1, -0.5, 0, 0.5, 1])],
)
def test_ticks_are_round_numbers(low, high, ticks):
    assert plots.find_ticks(low, high) == pytest.approx(ticks)


@pytest.mark.parametrize(("value", "words"), [(12_000, "12k"), (2e6, "2M"), (0.05, "0.05"), (1500, "1500"), (0, "0")])
def test_numbers_are_written_short(value, words):
    assert plots.write(value) == words
