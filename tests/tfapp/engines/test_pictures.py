"""What engines remember of pictures: the last answers, and no more of them than was said."""

import numpy as np

from tfapp.engines.pictures import Remembered


def picture(number: int, height: int = 2, width: int = 3) -> np.ndarray:
    return np.full((height, width, 3), number, "float32")


def remember(n_kept: int) -> tuple[Remembered, list[tuple]]:
    """A function that remembers, and what it was really asked."""
    asked: list[tuple] = []

    def mean(array, *arguments):
        asked.append((float(array.mean()), *arguments))
        return array.mean()

    return Remembered(mean, n_kept=n_kept), asked


def test_the_same_picture_is_looked_at_once():
    mean, asked = remember(2)

    assert mean(picture(1)) == mean(picture(1).copy()) == 1
    assert asked == [(1,)]


def test_another_shape_or_argument_is_another_question():
    mean, asked = remember(4)

    mean(picture(1))
    mean(picture(1, 3, 2))
    mean(picture(1), 0.5)

    assert len(asked) == 3


def test_only_so_many_answers_are_kept_and_those_asked_for_longest_ago_go_first():
    mean, asked = remember(2)
    for number in (1, 2, 1, 3):
        mean(picture(number))

    assert len(mean._answers) == 2
    mean(picture(1))
    assert asked == [(1,), (2,), (3,)]
    mean(picture(2))
    assert asked[3:] == [(2,)]
