"""Runs side by side: one measure of each over another, what they were started with, how well they did."""

import uuid
from dataclasses import dataclass

import numpy as np
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from trainer import controls, curves, overview, probing
from trainer.access import staff_only
from trainer.models import Probe, Run
from trainer.recipes import configs
from trainer.views import charts, watching

MOST_RUNS = 6  # as many colours as can be told apart
N_POINTS = 600  # of a curve, which is zoomed without asking for more
N_OFFERED = 30  # runs to choose from
OF_VALIDATION = "validation."  # before the name of a measure that was validated
BY = ("step", "pictures", "time")


@dataclass(frozen=True)
class Side:
    """One of the compared runs. `number` is that of its colour."""

    number: int
    run: Run
    columns: curves.Columns
    validations: list[dict]
    best: dict | None  # the whole validation of its best step
    newest: str  # name of its newest sample
    step: int  # of that sample
    config: configs.LoopOptions

    def place(self, steps: np.ndarray, by: str) -> np.ndarray:
        """Where on the x axis some steps are."""
        if by == "pictures":
            return np.asarray(steps, "float64") * self.config.batch
        if by == "time":
            minutes = curves.add_up(self.columns) / 60
            return np.interp(steps, self.columns.steps, minutes) if len(minutes) else np.zeros(len(steps))
        return np.asarray(steps, "float64")


@staff_only
@require_safe
def runs_compare(request: HttpRequest) -> HttpResponse:
    """`?run=…&run=…`, the measure and what it is drawn over: all in the address, so that it can be kept and sent."""
    sides = [_look(i, found) for i, found in enumerate(_choose(request.GET.getlist("run")), 1)]
    measures = _list_measures(sides)
    measure = request.GET.get("measure", "")
    measure = measure if measure in measures else next(iter(measures), "")
    by = request.GET.get("by") if request.GET.get("by") in BY else "step"
    context = {
        "sides": sides,
        "others": _offer(sides),
        "measures": measures,
        "measure": measure,
        "by": by,
        "bys": {"step": _("by step"), "pictures": _("by pictures seen"), "time": _("by time")},
        "chart": _draw(sides, measure, measures.get(measure, ""), by) if measure else None,
        "is_thinned": any(len(side.columns) < side.columns.step for side in sides),
        "options": _tell_options_apart(sides),
        "results": _list_results(sides),
        "probes": _list_probes(sides),
        "is_full": len(sides) >= MOST_RUNS,
    }
    return render(request, "studio/compare.html", context)


def _choose(words: list[str]) -> list[Run]:
    """The runs of these keys, in their order and each once; what is none is left out."""
    keys = list(dict.fromkeys(key for word in words if (key := _read_key(word))))[:MOST_RUNS]
    known = Run.objects.filter(recipe__in=configs.BY_RECIPE).select_related("dataset").in_bulk(keys)
    return [known[key] for key in keys if key in known]


def _offer(sides: list[Side]) -> list[Run]:
    """Further runs that can be put beside these."""
    taken = [side.run.pk for side in sides]
    return list(Run.objects.filter(recipe__in=configs.BY_RECIPE).exclude(pk__in=taken).newest()[:N_OFFERED])


def _look(number: int, found: Run) -> Side:
    folder = found.folder
    validations, samples = curves.read_validation(folder), curves.list_samples(folder)
    config = watching.read_config(found)
    best = curves.find_best(validations, config.BEST_BY)
    return Side(
        number=number,
        run=found,
        columns=curves.skim(folder),
        validations=validations,
        best=best and next(each for each in validations if each["step"] == best["step"]),
        newest=curves.name_sample(samples[-1]) if samples else "",
        step=samples[-1] if samples else 0,
        config=config,
    )


def _list_measures(sides: list[Side]) -> dict[str, str]:
    """Every measure that any of them has, and how it is called; validation first: that is what counts."""
    validated = dict.fromkeys(name for side in sides for name in charts.list_measures(side.validations))
    trained = dict.fromkeys(name for side in sides for name in side.columns.losses)
    words = _("%(name)s, in validation")
    return {OF_VALIDATION + name: words % {"name": overview.name_measure(name)} for name in validated} | {
        name: _("%(name)s, in training") % {"name": overview.name_measure(name)} for name in trained
    }


def _draw(sides: list[Side], measure: str, title: str, by: str) -> charts.Chart:
    lines = []
    for side in sides:
        if measure.startswith(OF_VALIDATION):
            name = measure.removeprefix(OF_VALIDATION)
            known = [each for each in side.validations if isinstance(each.get(name), int | float)]
            steps, values = (np.array([each[key] for each in known], "float64") for key in ("step", name))
        else:
            steps, values = side.columns.steps, side.columns[measure]
        lines.append(curves.thin(str(side.run.pk), side.place(steps, by), values, N_POINTS))
    x_title = {"step": _("Step"), "pictures": _("Pictures seen"), "time": _("Minutes")}[by]
    smoothing = 0.0 if measure.startswith(OF_VALIDATION) else charts.SMOOTHING
    titles = [side.run.title for side in sides]
    return charts.make("compared", lines, title=title, titles=titles, smoothing=smoothing, x_title=x_title)


def _tell_options_apart(sides: list[Side]) -> list[tuple[str, list]]:
    """Options in which the runs differ, with the value of each; the dataset among them."""
    columns = [
        {
            _("Dataset"): str(side.run.dataset or side.run.data),
            _("Pictures to learn from"): watching.count_pictures(side.run),
            _("Recipe"): side.run.recipe,
            _("Steps"): side.run.steps,
            _("Seed"): side.run.seed,
            **controls.show(side.config),
        }
        for side in sides
    ]
    names = dict.fromkeys(name for column in columns for name in column)
    rows = [(name, [column.get(name) for column in columns]) for name in names]
    return [(name, values) for name, values in rows if any(value != values[0] for value in values)]


def _list_results(sides: list[Side]) -> list[tuple[str, list[dict]]]:
    """What each run measured at its best step, and which of them did best."""
    rows = []
    for name in dict.fromkeys(name for side in sides for name in charts.list_measures(side.validations)):
        values = [side.best.get(name) if side.best else None for side in sides]
        known = [value for value in values if value is not None]
        choose = max if name in charts.HIGHER_IS_BETTER else min
        best = choose(known) if len(known) > 1 else None
        cells = [{"value": value, "is_best": value is not None and value == best} for value in values]
        rows.append((overview.name_measure(name), cells))
    return rows


def _list_probes(sides: list[Side]) -> list[tuple[Probe, list[dict]]]:
    """Probes that belong to all runs, with what the best checkpoint of each run made of them, or else its newest."""
    shared = list(Probe.objects.filter(run=None))
    rows = [(side.run, probing.choose_row(side.run, shared)) for side in sides] if shared else []
    found = []
    for i, probe in enumerate(shared):
        cells = [{"run": run, "row": row, "cell": row and row.cells[i]} for run, row in rows]
        if any(each["cell"] and each["cell"].is_painted for each in cells):
            found.append((probe, cells))
    return found


def _read_key(word: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(word)
    except ValueError:
        return None
