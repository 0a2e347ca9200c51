"""What lists tell of runs and datasets: read once a request, so that templates need not ask."""

from dataclasses import dataclass
from datetime import timedelta

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext

from trainer import collections, curves
from trainer.models import Dataset, Run
from trainer.models.labour import State, Wish

LOOK_SECONDS = 0.2  # for what is not read yet of a long history; its beginning tells the pace, too
TITLES = {  # of what recipes call a loss or a measure
    "loss": gettext_noop("total loss"),
    "l1": gettext_noop("distance to the original (L1)"),
    "ssim": gettext_noop("likeness (SSIM)"),
    "kid": gettext_noop("distance of collections (KID)"),
    "diversity": gettext_noop("diversity"),
    "adversarial": gettext_noop("adversarial"),
    "discriminator": gettext_noop("discriminator"),
    "cycle": gettext_noop("way there and back"),
    "identity": gettext_noop("own side left alone"),
    "content": gettext_noop("content"),
    "moments": gettext_noop("moments of the style"),
    "gram": gettext_noop("Gram matrices of the style"),
    "covariance": gettext_noop("covariance of the style"),
    "contrast": gettext_noop("contrast of the edges"),
    "palette": gettext_noop("palette of the style"),
    "blotches": gettext_noop("blotches in flat areas"),
    "variation": gettext_noop("grain"),
    "overflow": gettext_noop("clipped colours"),
}
SIDES = {"a": "A", "b": "B", "ab": "A → B", "ba": "B → A"}  # after the name of a measure


@dataclass(frozen=True)
class RunRow:
    """One line of a list of runs."""

    run: Run
    step: int
    percent: int
    left: str  # time to its end, in words; empty where nothing tells
    best: dict | None  # name, value and step of its best validation
    words: str  # its state, and what somebody wishes of it

    @property
    def best_title(self) -> str:
        """What was measured, as people call it."""
        return name_measure(self.best["name"]) if self.best else ""

    @property
    def can_halt(self) -> bool:
        return self.run.is_active and not self.run.wish

    @property
    def can_resume(self) -> bool:
        return self.run.state in (State.PAUSED, State.STOPPED, State.FAILED)


def of_run(run: Run) -> RunRow:
    """The row as it is now, read from its folder where a child process is at work."""
    step = run.read_step()
    return RunRow(
        run=run,
        step=step,
        percent=min(100, 100 * step // max(1, run.steps)),
        left=_time_left(run, step) if run.state == State.RUNNING else "",
        best=curves.read_best(run.folder),
        words=_words(run),
    )


def name_measure(name: str) -> str:
    """A loss or a measure as people call it, of a side or a direction too; as the recipe does for want of a word."""
    if name in TITLES:
        return _(TITLES[name])
    outer, _underscore, side = name.rpartition("_")
    if outer in TITLES and side in SIDES:
        return f"{_(TITLES[outer])}, {SIDES[side]}"
    return name.replace("_", " ")


def say_seconds(seconds: float) -> str:
    """A time to go, as roughly as people say it."""
    if seconds < 90:
        return _("about a minute")
    minutes = round(seconds / 60)
    if minutes < 90:
        return ngettext("%(n)d minute", "%(n)d minutes", minutes) % {"n": minutes}
    hours = round(seconds / 3600)
    if hours < 48:
        return ngettext("%(n)d hour", "%(n)d hours", hours) % {"n": hours}
    days = timedelta(seconds=seconds).days
    return ngettext("%(n)d day", "%(n)d days", days) % {"n": days}


def _time_left(run: Run, step: int) -> str:
    columns = curves.read(run.folder, LOOK_SECONDS)
    seconds = curves.measure_pace(columns).seconds_left(step, run.steps)
    return "" if seconds is None else say_seconds(seconds)


def _words(run: Run) -> str:
    if run.state == State.RUNNING and run.wish == Wish.PAUSE:
        return _("pausing")
    if run.state == State.RUNNING and run.wish == Wish.STOP:
        return _("stopping")
    return run.get_state_display()


@dataclass(frozen=True)
class DatasetCard:
    """One dataset in a list."""

    dataset: Dataset
    n_pictures: int
    percent: int  # of what is sent or checked
    has_cover: bool


def of_dataset(dataset: Dataset) -> DatasetCard:
    """The card as it is now."""
    share = dataset.progress
    if dataset.state == State.COMING:
        share = dataset.n_received / dataset.n_bytes if dataset.n_bytes else 0
    elif dataset.state == State.RUNNING:
        share = dataset.read_progress()
    has_cover = dataset.state == State.DONE and collections.COVER in collections.list_previews(dataset)
    n_pictures = dataset.report.get("n_pictures", 0)
    return DatasetCard(dataset, n_pictures=n_pictures, percent=min(100, int(100 * share)), has_cover=has_cover)
