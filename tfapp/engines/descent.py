"""Downhill with L-BFGS or Adam, over one array and in NumPy alone: the same start ends at the same place.

A function takes an array and returns its value there (a number) and its slope (an array); it is asked at most
`n_steps` times. What it raises ends the descent.
"""

from collections import deque
from collections.abc import Callable

import numpy as np

Function = Callable[[np.ndarray], tuple[float, np.ndarray]]

N_KEPT = 10  # pairs of steps and changes of slope that L-BFGS remembers
FIRST_MOVE = 0.05  # of the first step and of Adam's rate: how far a pixel goes at most
ENOUGH, LEVEL = 1e-4, 0.9  # the two conditions of Wolfe
N_TRIES = 10  # places along one line


class NotANumber(ArithmeticError):
    """The function has no value or slope where the descent begins."""


def lbfgs(function: Function, x: np.ndarray, *, n_steps: int) -> np.ndarray:
    """The lowest place that L-BFGS finds. Liu & Nocedal 1989; two loops, and a line search by halving."""
    value, slope = _ask_first(function, x)
    n_left, memory = n_steps - 1, deque(maxlen=N_KEPT)
    while n_left > 0 and slope.any():
        direction = -_apply_inverse_hessian(slope, memory)
        steepness = _dot(direction, slope)
        if steepness >= 0:  # rounding has spoilt what was remembered
            memory.clear()
            direction, steepness = -slope, -_dot(slope, slope)
        first = 1.0 if memory else min(1.0, FIRST_MOVE / float(np.abs(slope).max()))

        found, n_asked = _search_line(
            function, x, value, direction, steepness, first=first, n_most=min(n_left, N_TRIES)
        )
        n_left -= n_asked
        if found is None:
            if not memory:
                break  # not even the steepest way leads down: this is as low as the numbers tell
            memory.clear()
            continue
        new_x, new_value, new_slope = found
        step, change = new_x - x, new_slope - slope
        if _dot(step, change) > 1e-10 * _dot(change, change):
            memory.append((step, change))
        x, value, slope = new_x, new_value, new_slope
    return x


def adam(function: Function, x: np.ndarray, *, n_steps: int, rate: float = 0.4 * FIRST_MOVE) -> np.ndarray:
    """The place where Adam is after all its steps. Kingma & Ba 2015, arXiv:1412.6980, algorithm 1."""
    mean, square = np.zeros_like(x), np.zeros_like(x)
    _value, slope = _ask_first(function, x)
    for t in range(1, n_steps + 1):
        mean += 0.1 * (slope - mean)
        square += 0.001 * (slope * slope - square)
        x = x - rate * (mean / (1 - 0.9**t)) / (np.sqrt(square / (1 - 0.999**t)) + 1e-8 * np.abs(slope).max() + 1e-30)
        if t < n_steps:
            _value, slope = function(x)
            if not np.isfinite(slope).all():
                raise NotANumber
    return x


def _ask_first(function, x):
    value, slope = function(x)
    if not (np.isfinite(value) and np.isfinite(slope).all()):
        raise NotANumber
    return value, slope


def _apply_inverse_hessian(slope, memory):
    """The two-loop recursion: Nocedal & Wright, Numerical Optimization, algorithm 7.4."""
    q = slope.copy()
    if not memory:
        return q
    shares = []
    for step, change in reversed(memory):
        share = _dot(step, q) / _dot(step, change)
        q -= share * change
        shares.append(share)
    step, change = memory[-1]
    q *= _dot(step, change) / _dot(change, change)
    for (step, change), share in zip(memory, reversed(shares), strict=True):
        q += (share - _dot(change, q) / _dot(step, change)) * step
    return q


def _search_line(function, x, value, direction, steepness, *, first, n_most):
    """A lower place on the line, by the weak conditions of Wolfe where tries suffice: (x, value, slope), and tries.

    Halving between too far and too near; Lewis & Overton 2013.
    """
    low, high, t, best = 0.0, np.inf, first, None
    for n_asked in range(1, n_most + 1):
        there = x + np.float32(t) * direction if x.dtype == np.float32 else x + t * direction
        new_value, new_slope = function(there)
        is_finite = np.isfinite(new_value) and np.isfinite(new_slope).all()
        if not is_finite or new_value > value + ENOUGH * t * steepness:
            high = t
        else:
            if best is None or new_value <= best[1]:
                best = there, new_value, new_slope
            if _dot(new_slope, direction) >= LEVEL * steepness:
                return best, n_asked
            low = t
        t = (low + high) / 2 if np.isfinite(high) else 2 * t
    return best, n_most


def _dot(a, b):
    return float(np.vdot(a, b))
