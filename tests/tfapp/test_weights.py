"""Shares of styles: what is read, what is refused, and where a point of the pad lies."""

import pytest
from django.core.exceptions import ValidationError

from tfapp import weights


def test_rows_sum_up_to_one():
    assert weights.read("[[1, 3], [2, 0]]", n_styles=2, n_regions=1) == [[0.25, 0.75], [1.0, 0.0]]


def test_nothing_is_no_rows():
    assert weights.read("", n_styles=2, n_regions=1) == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("nonsense", "must be JSON"),
        ("{}", "must be JSON"),
        ("[]", "must be JSON"),
        ("[1, 2]", "must be JSON"),
        ("[" * 100_000, "must be JSON"),
        ("[[1, 1], [1, 1]]", "need 1 rows"),
        ("[[1]]", "needs 2 numbers"),
        ("[[1, 1, 1]]", "needs 2 numbers"),
        ('[[1, "a"]]', "must be numbers"),
        ("[[1, true]]", "must be numbers"),
        ("[[1, null]]", "must be numbers"),
        ("[[0, 0]]", "must be more than 0"),
        ("[[1, -1]]", "must be 0 or more"),
        ("[[NaN, 1]]", "must be 0 or more"),
        ("[[Infinity, 1]]", "must be 0 or more"),
        (f"[[1{'0' * 400}, 1]]", "must be 0 or more"),
    ],
)
def test_it_refuses_in_a_sentence(text, words):
    with pytest.raises(ValidationError, match=words):
        weights.read(text, n_styles=2, n_regions=0)


def test_rows_are_fitted_to_the_regions_there_are():
    rows = [[1.0, 0.0], [0.0, 1.0]]

    assert weights.fit(rows, n_styles=2, n_regions=0) == [[1.0, 0.0]]
    assert weights.fit(rows, n_styles=2, n_regions=2) == [*rows, [0.5, 0.5]]


def test_rows_of_other_styles_begin_anew():
    assert weights.fit([[1.0, 0.0]], n_styles=4, n_regions=0) == [[0.25] * 4]


@pytest.mark.parametrize("n", [1, 2, 3, 4])
@pytest.mark.parametrize("point", [(0, 0), (1, 0), (0.3, 0.6), (1, 1)])
def test_shares_at_a_point_sum_up_to_one(n, point):
    row = weights.at(*point, n)

    assert len(row) == n
    assert sum(row) == pytest.approx(1, abs=1e-3)


def test_a_corner_of_the_pad_is_one_style_alone():
    assert [weights.at(x, y, 4).index(1) for y in (0, 1) for x in (0, 1)] == [0, 1, 2, 3]
