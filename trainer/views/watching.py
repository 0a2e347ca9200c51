"""One run, live: how far it is, its curves, samples and log. What it says by numbers is trainer/curves.py's."""

import uuid
from dataclasses import dataclass

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from trainer import advice, controls, curves, growing, overview
from trainer.access import staff_only
from trainer.models import Run
from trainer.models.labour import State
from trainer.recipes import configs
from trainer.views import charts, sending

MOST_NEW = 600  # lines; who is further behind gets the curves anew
LOOK_SECONDS = 1.0  # for what is not read yet of a history of a million lines: a page that asks again is sent the rest
SOON, LATER, LATEST = 2.5, 5, 15  # seconds until a page asks again: at work (an answer takes 15 ms), waiting, at rest


@dataclass(frozen=True)
class Watch:
    """A run as its folder tells of it at this moment."""

    run: Run
    row: overview.RunRow
    columns: curves.Columns
    validations: list[dict]
    best: dict | None
    samples: list[int]
    pace: curves.Pace
    config: configs.LoopOptions

    @property
    def step(self) -> int:
        return self.row.step

    @property
    def best_title(self) -> str:
        return overview.name_measure(self.best["name"]) if self.best else ""

    @property
    def is_at_work(self) -> bool:
        return self.run.state == State.RUNNING

    @property
    def pictures_a_second(self) -> float | None:
        return self.pace.pictures_a_second(self.config.batch)

    @property
    def pictures_seen(self) -> int:
        return self.step * self.config.batch

    @property
    def n_pictures(self) -> int | None:
        """Of the dataset, for training; None where nobody counted."""
        return count_pictures(self.run)

    @property
    def epoch(self) -> float | None:
        return self.pictures_seen / self.n_pictures if self.n_pictures else None

    @property
    def n_epochs(self) -> float | None:
        return self.run.steps * self.config.batch / self.n_pictures if self.n_pictures else None

    @property
    def percent_waited(self) -> int | None:
        return None if self.pace.waited is None else round(100 * self.pace.waited)

    @property
    def wait_seconds(self) -> int:
        """After how long a page may ask again; 0: there is nothing to come."""
        if self.is_at_work or not self.columns.is_whole:
            return SOON
        return {State.QUEUED: LATER, State.PAUSED: LATEST}.get(self.run.state, 0)


@staff_only
@require_safe
def run(request: HttpRequest, id: uuid.UUID) -> HttpResponse:
    watch = _look(_find(id))
    context = _describe(watch) | {
        "losses": charts.of_losses(watch.columns),
        "validation": charts.of_validation(watch.validations, watch.best),
        "newest_sample": curves.name_sample(watch.samples[-1]) if watch.samples else "",
        "log": curves.read_log(watch.run.folder),
        "options": controls.show(watch.config),
        "keys": _make_keys(watch),
    }
    return render(request, "studio/run.html", context)


@staff_only
@require_safe
def run_live(request: HttpRequest, id: uuid.UUID) -> HttpResponse:
    """What is new for a page that says how far it has read; or, for `first` and `last`, the curves of these steps."""
    found = _find(id)
    if "first" in request.GET:
        return JsonResponse(_zoom(found, request.GET))
    watch, asked = _look(found), request.GET
    keys = _make_keys(watch)
    answer = {"keys": keys, "wait": watch.wait_seconds}
    answer["status"] = render_to_string("studio/_run_status.html", _describe(watch), request)
    if asked.get("place") != keys["place"]:
        answer |= _tell_lines(watch.columns, growing.Place.parse(asked.get("place", "")))
    if asked.get("samples") != keys["samples"]:
        answer["samples"] = watch.samples
    if asked.get("validation") != keys["validation"]:
        answer["validation"] = [
            {"key": chart.key, **chart.data} for chart in charts.of_validation(watch.validations, watch.best)
        ]
    return JsonResponse(answer)


@staff_only
@require_safe
def run_sample(request: HttpRequest, id: uuid.UUID, name: str) -> HttpResponse:
    """A picture of samples/, by its own name."""
    if not curves.SAMPLE.fullmatch(name):
        raise Http404
    return sending.picture(_find(id).folder / curves.SAMPLES / name)


@staff_only
@require_safe
def run_log(request: HttpRequest, id: uuid.UUID) -> HttpResponse:
    """The end of the log, as text."""
    text = curves.read_log(_find(id).folder)
    return HttpResponse(text, content_type="text/plain; charset=utf-8", headers={"X-Content-Type-Options": "nosniff"})


def count_pictures(run: Run) -> int | None:
    """How many pictures, or pairs, the dataset has for training; None where nobody counted."""
    counts = run.dataset.report.get("counts", {}) if run.dataset else {}
    return max((n for part, n in counts.items() if part.startswith("train")), default=0) or None


def read_config(run: Run) -> configs.LoopOptions:
    """Every option of a run; the recipe's usual ones where its own make no sense any more."""
    kind = configs.BY_RECIPE[run.recipe]
    try:
        return configs.from_dict(kind, run.options)
    except (ValueError, TypeError):
        return kind()


def _find(id: uuid.UUID) -> Run:
    return get_object_or_404(Run.objects.select_related("dataset"), pk=id, recipe__in=configs.BY_RECIPE)


def _look(found: Run) -> Watch:
    folder = found.folder
    columns, validations = curves.read(folder, LOOK_SECONDS), curves.read_validation(folder)
    config = read_config(found)
    return Watch(
        run=found,
        row=overview.of_run(found),
        columns=columns,
        validations=validations,
        best=curves.find_best(validations, config.BEST_BY),
        samples=curves.list_samples(folder),
        pace=curves.measure_pace(columns),
        config=config,
    )


def _describe(watch: Watch) -> dict:
    """What the part of the page that is always renewed needs."""
    gan_loss = getattr(watch.config, "gan_loss", "lsgan")
    known = {"best": watch.best, "gan_loss": gan_loss, "error": watch.run.error}
    found = advice.advise(watch.columns, watch.validations, **known) if watch.columns.is_whole else []
    left = watch.pace.seconds_left(watch.step, watch.run.steps) if watch.is_at_work else None
    return {
        "run": watch.run,
        "row": watch.row,
        "watch": watch,
        "longer": watch.run.steps * 3 // 2,
        "time_left": "" if left is None else overview.say_seconds(left),
        "advice": [{"words": _put_in_words(each), "is_warning": each.is_warning} for each in found],
        "can_publish": watch.best is not None or (watch.run.folder / "config.json").exists(),
    }


def _put_in_words(each: advice.Advice) -> str:
    """In the reader's language, the name of a loss too."""
    named = {"name": overview.name_measure(each.values["name"])} if "name" in each.values else {}
    return _(each.sentence) % (each.values | named)


def _make_keys(watch: Watch) -> dict[str, str]:
    """What a page shows of each part, so that it is sent only what differs."""
    folder = watch.run.folder
    best = watch.best["step"] if watch.best else 0
    return {
        "place": str(watch.columns.place),
        "samples": f"{len(watch.samples)}-{watch.samples[-1] if watch.samples else 0}",
        "validation": f"{curves.measure_file(folder / curves.VALIDATION)}-{best}",
        "log": str(curves.measure_file(folder / curves.LOG)),
    }


def _tell_lines(columns: curves.Columns, place: growing.Place) -> dict:
    """The lines after a place; all of them, thinned, for who is far behind or has read what was cut off."""
    n_known = columns.count_until(place) if place.offset else None
    if n_known is None or len(columns) - n_known > MOST_NEW:
        return {"losses": charts.of_losses(columns).data}
    new = columns.part(n_known, len(columns))
    return {"more": charts.pack([curves.thin(name, new.steps, new[name], MOST_NEW) for name in new.losses])}


def _zoom(found: Run, asked) -> dict:
    first, last = (_read_step(asked.get(name, "")) for name in ("first", "last"))
    part = curves.read(found.folder, LOOK_SECONDS).between(first, last)
    return charts.pack([curves.thin(name, part.steps, part[name]) for name in part.losses])


def _read_step(word: str) -> int:
    return int(word) if word.isascii() and word.isdigit() and len(word) < 13 else 0
