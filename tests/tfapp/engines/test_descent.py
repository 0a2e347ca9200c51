"""L-BFGS and Adam on functions whose lowest place is known."""

import numpy as np
import pytest

from tfapp.engines import descent

SCALES = np.arange(1.0, 31)


class Counted:
    """A function that remembers how often it was asked."""

    def __init__(self, function):
        self.function, self.n = function, 0

    def __call__(self, x):
        self.n += 1
        return self.function(x)


def quadratic(x):
    return float(0.5 * (SCALES * x * x).sum() - x.sum()), SCALES * x - 1


def rosenbrock(x):
    a, b = x[:-1], x[1:]
    slope = np.zeros_like(x)
    slope[:-1] = -400 * a * (b - a * a) - 2 * (1 - a)
    slope[1:] += 200 * (b - a * a)
    return float((100 * (b - a * a) ** 2 + (1 - a) ** 2).sum()), slope


def test_lbfgs_finds_the_bottom_of_a_quadratic():
    found = descent.lbfgs(quadratic, np.zeros(30), n_steps=60)

    np.testing.assert_allclose(found, 1 / SCALES, atol=1e-6)


def test_lbfgs_finds_its_way_through_rosenbrocks_valley():
    function = Counted(rosenbrock)

    found = descent.lbfgs(function, np.array([-1.2, 1.0, -1.2, 1.0]), n_steps=150)

    np.testing.assert_allclose(found, 1, atol=1e-6)
    assert function.n < 100


def test_adam_finds_the_bottom_of_a_quadratic():
    found = descent.adam(quadratic, np.zeros(30), n_steps=500)

    np.testing.assert_allclose(found, 1 / SCALES, atol=1e-3)


@pytest.mark.parametrize("way", [descent.lbfgs, descent.adam])
@pytest.mark.parametrize("n_steps", [1, 2, 7])
def test_it_asks_no_more_often_than_it_may(way, n_steps):
    function = Counted(rosenbrock)

    way(function, np.array([-1.2, 1.0]), n_steps=n_steps)

    assert function.n <= n_steps


@pytest.mark.parametrize("way", [descent.lbfgs, descent.adam])
def test_the_start_is_left_as_it_was_and_the_type_is_kept(way):
    start = np.full(30, 0.5, "float32")

    found = way(lambda x: (quadratic(x)[0], quadratic(x)[1].astype("float32")), start, n_steps=5)

    assert found.dtype == np.float32
    assert (start == 0.5).all()


def test_lbfgs_never_ends_higher_than_before():
    rng = np.random.default_rng(0)

    def rough(x):  # as bfloat16 makes a loss
        value, slope = quadratic(x)
        return value * (1 + 0.003 * rng.standard_normal()), slope

    found = descent.lbfgs(rough, np.zeros(30), n_steps=60)

    assert quadratic(found)[0] < 0.95 * quadratic(1 / SCALES)[0]  # both are negative


def test_lbfgs_steps_back_from_where_there_are_no_numbers():
    def walled(x):
        value, slope = quadratic(x)
        return (value, slope) if np.abs(x).max() < 1.2 else (np.nan, slope * np.nan)

    found = descent.lbfgs(walled, np.zeros(30), n_steps=80)

    np.testing.assert_allclose(found, 1 / SCALES, atol=1e-4)


@pytest.mark.parametrize("way", [descent.lbfgs, descent.adam])
def test_a_start_without_a_number_is_told(way):
    with pytest.raises(descent.NotANumber):
        way(lambda x: (np.nan, x), np.zeros(3), n_steps=5)


def test_a_level_place_is_the_end():
    function = Counted(lambda x: (1.0, np.zeros_like(x)))

    found = descent.lbfgs(function, np.ones(3), n_steps=50)

    assert (function.n, found.tolist()) == (1, [1, 1, 1])


def test_what_the_function_raises_ends_the_descent():
    def stop(x):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        descent.lbfgs(stop, np.zeros(3), n_steps=5)
