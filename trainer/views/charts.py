"""Curves for pages: drawn by the server for a start, and as numbers that a script draws again, zoomed or longer."""

from dataclasses import asdict, dataclass

import numpy as np
from django.utils.translation import gettext as _

from trainer import curves, overview, plots

SMOOTHING = 0.6  # what a page begins with
N_ROWS = 8  # of a table of numbers
HIGHER_IS_BETTER = {"ssim", "diversity"}


@dataclass(frozen=True)
class Chart:
    """Curves over one another. `marks` are steps with a word; `rows` the same numbers as a table."""

    key: str
    title: str
    lines: list[curves.Line]
    titles: list[str]
    marks: list[dict]
    is_log: bool
    smoothing: float
    plot: plots.Plot | None
    x_title: str

    @property
    def data(self) -> dict:
        """For the script."""
        return pack(self.lines, self.titles) | {"marks": self.marks}

    @property
    def legend(self) -> list[dict]:
        """Each curve with the value it has now."""
        pairs = zip(self.lines, self.titles, strict=True)
        return [{"name": line.name, "title": title, "value": _last(line.mean)} for line, title in pairs]

    @property
    def rows(self) -> list[dict]:
        """Some points of the first curve's, with the values of all there."""
        xs = self.lines[0].x if self.lines else []
        chosen = sorted({round(i) for i in np.linspace(0, len(xs) - 1, min(N_ROWS, len(xs)))})
        return [{"x": plots.write(xs[i]), "values": [_nearest(line, xs[i]) for line in self.lines]} for i in chosen]


def make(
    key: str,
    lines: list[curves.Line],
    *,
    title: str,
    titles: list[str] | None = None,
    marks: list[dict] | None = None,
    is_log: bool = False,
    smoothing: float = 0.0,
    x_title: str = "",
) -> Chart:
    """A chart of lines that are named as recipes name them, unless there are `titles`."""
    marks = marks or []
    is_log = is_log and all(value is None or value > 0 for line in lines for value in line.least)
    plot = plots.draw(lines, smoothing=smoothing, is_log=is_log, marks=tuple(mark["x"] for mark in marks))
    titles = titles or [overview.name_measure(line.name) for line in lines]
    return Chart(key, title, lines, titles, marks, is_log, smoothing, plot, x_title or _("Step"))


def of_losses(columns: curves.Columns) -> Chart:
    """The losses of a run, on a scale on which small ones are seen beside large ones."""
    lines = [curves.thin(name, columns.steps, columns[name]) for name in columns.losses]
    return make("losses", lines, title=_("Losses"), is_log=True, smoothing=SMOOTHING)


def of_validation(validations: list[dict], best: dict | None) -> list[Chart]:
    """One small chart a measure, as each has a scale of its own; the best is marked."""
    marks = [{"x": best["step"], "words": _("best")}] if best else []
    charts = []
    for name in list_measures(validations):
        known = [each for each in validations if isinstance(each.get(name), int | float)]
        x, values = (np.array([each[key] for each in known], "float64") for key in ("step", name))
        chart = make(name, [curves.thin(name, x, values)], title=overview.name_measure(name), marks=marks)
        charts.append(chart)
    return charts


def list_measures(validations: list[dict]) -> list[str]:
    """Every name that was measured, in the order of the recipe."""
    return [name for name in dict.fromkeys(name for each in validations for name in each) if name != "step"]


def pack(lines: list[curves.Line], titles: list[str] | None = None) -> dict:
    """Lines for the script; what is the same twice is sent once."""
    packed = []
    for line, title in zip(lines, titles or [overview.name_measure(line.name) for line in lines], strict=True):
        values = asdict(line) | {"title": title}
        if line.least is line.mean:
            del values["least"], values["most"]
        packed.append(values)
    return {"lines": packed}


def _last(values):
    return next((plots.write(value) for value in reversed(values) if value is not None), "")


def _nearest(line, x):
    near = min(range(len(line.x)), key=lambda i: abs(line.x[i] - x), default=None)
    return "" if near is None or line.mean[near] is None else plots.write(line.mean[near])
