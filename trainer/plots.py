"""Curves drawn as SVG by the server: what a page shows before a script takes over, and without one.

Everything is in the units of the drawing's `viewBox`; classes tell colours and dashes.
"""

import math
from dataclasses import dataclass

from trainer import curves

WIDTH, HEIGHT = 440, 250  # read on a telephone, and on a page twice as wide
LEFT, RIGHT, TOP, BOTTOM = 52, 12, 10, 26  # room for the numbers of the axes
N_TICKS = 5
NICE = (1, 2, 2.5, 5, 10)
SMALLEST_SHARE = 1e-6  # on a log scale what is not above 0 has no place


@dataclass(frozen=True)
class Tick:
    """A number on an axis: where, and how it is written."""

    at: float
    words: str


@dataclass(frozen=True)
class Path:
    """A drawn curve: its number among the others, the line, the band between least and most, and lone points."""

    number: int
    name: str
    line: str
    band: str
    dots: list[tuple[float, float]]


@dataclass(frozen=True)
class Plot:
    """What a template needs to draw."""

    width: int
    height: int
    left: int
    right: float
    top: int
    bottom: float
    x_ticks: list[Tick]
    y_ticks: list[Tick]
    paths: list[Path]
    marks: list[float]


def draw(lines: list[curves.Line], *, smoothing: float = 0.0, is_log: bool = False, marks: tuple = ()) -> Plot | None:
    """Curves over one another, `marks` on the x axis; None where there is nothing to draw."""
    drawn = [(i, line, curves.smooth(line.mean, smoothing)) for i, line in enumerate(lines)]
    xs = [x for _, line, means in drawn for x, y in zip(line.x, means, strict=True) if _has_place(y, is_log)]
    ys = [y for _, _, means in drawn for y in means if _has_place(y, is_log)]
    if not ys:
        return None
    x_range, y_range = _widen(min(xs), max(xs), False), _widen(min(ys), max(ys), is_log)
    right, bottom = WIDTH - RIGHT, HEIGHT - BOTTOM

    def place(x, y):
        value, (low, high) = (math.log10(y), map(math.log10, y_range)) if is_log else (y, y_range)
        across = (x - x_range[0]) / (x_range[1] - x_range[0])
        up = (value - low) / (high - low)
        return round(LEFT + across * (right - LEFT), 1), round(bottom - min(max(up, 0), 1) * (bottom - TOP), 1)

    paths = []
    for number, line, means in drawn:
        runs = _split(line.x, means, is_log)
        edges = [(x, a, b) for x, a, b in zip(line.x, line.least, line.most, strict=True) if _has_place(a, is_log)]
        band = [place(x, b) for x, _, b in edges] + [place(x, a) for x, a, _ in reversed(edges)]
        dots = [place(*run[0]) for run in runs if len(run) == 1]
        parts = " ".join(_connect([place(x, y) for x, y in run]) for run in runs if len(run) > 1)
        is_band = line.least is not line.mean and len(edges) > 1
        paths.append(Path(number, line.name, parts, _connect(band) + "Z" if is_band else "", dots))
    return Plot(
        *(WIDTH, HEIGHT, LEFT, right, TOP, bottom),
        x_ticks=[Tick(place(x, y_range[0])[0], write(x)) for x in find_ticks(*x_range)],
        y_ticks=[Tick(place(x_range[0], y)[1], write(y)) for y in find_ticks(*y_range, is_log=is_log)],
        paths=paths,
        marks=[place(x, y_range[0])[0] for x in marks if x_range[0] <= x <= x_range[1]],
    )


def find_ticks(low: float, high: float, *, is_log: bool = False) -> list[float]:
    """About five round numbers between two; powers of ten on a log scale that spans more than one."""
    if is_log and high / low >= 10:
        powers = range(math.ceil(math.log10(low)), math.floor(math.log10(high)) + 1)
        step = max(1, math.ceil(len(powers) / N_TICKS))
        return [10.0**power for power in powers[::step]]
    rough = (high - low) / N_TICKS
    power = 10 ** math.floor(math.log10(rough))
    step = next(nice * power for nice in NICE if nice * power >= rough)
    first = math.ceil(low / step - 1e-9)
    return [round(i * step, 12) for i in range(first, math.floor(high / step + 1e-9) + 1)]


def write(value: float) -> str:
    """A number for an axis, short: 12k, 0.05."""
    for limit, letter in ((1e6, "M"), (1e4, "k")):
        if abs(value) >= limit:
            size = 1e6 if letter == "M" else 1e3
            return f"{value / size:.4g}{letter}"
    return f"{value:.4g}"


def _has_place(value, is_log):
    return value is not None and (value > 0 or not is_log)


def _widen(low, high, is_log):
    """A range that is none becomes one."""
    if is_log:
        low = max(low, high * SMALLEST_SHARE)
        return (low / 1.5, high * 1.5) if low == high else (low, high)
    room = abs(low) / 10 or 1
    return (low - room, high + room) if low == high else (low, high)


def _split(xs, ys, is_log):
    """Points between gaps."""
    runs, run = [], []
    for x, y in zip(xs, ys, strict=True):
        if _has_place(y, is_log):
            run.append((x, y))
        elif run:
            runs.append(run)
            run = []
    return [*runs, run] if run else runs


def _connect(points):
    return "M" + "L".join(f"{x:g} {y:g}" for x, y in points) if points else ""
