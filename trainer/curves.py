"""What a page tells of a run's folder: read on from where it was read before, thinned so that spikes stay visible.

Knows neither rows nor requests, nor Keras: the web process reads with it while another process writes.
"""

import json
import math
import os
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from trainer import checkpoints, growing
from trainer.growing import Columns

HISTORY, VALIDATION = "history.jsonl", "validation.jsonl"
SAMPLES, CHECKPOINTS, LOG = "samples", "checkpoints", "train.log"
SAMPLE = re.compile(r"step-(\d{1,12})\.png")

LOG_BYTES = 32 * 2**10
MANIFEST_BYTES = 2**20
N_POINTS = 300  # of a curve: about one for each two pixels of a page
N_NEARBY = 33  # lines that tell how long steps between them took
N_RECENT = 200  # lines that tell how it goes now
UNPRINTABLE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def read(folder: Path, seconds: float = math.inf) -> Columns:
    """The history of a run's folder, as far as it is written, or as can be read in so many seconds more."""
    return growing.open_history(folder / HISTORY).read_on(seconds)


def skim(folder: Path) -> Columns:
    """The same, of a long one some lines everywhere: for comparing, which is quick however long the runs are."""
    return growing.skim(folder / HISTORY)


def add_up(columns: Columns) -> np.ndarray:
    """Seconds from the beginning until each line, float64 (n); steps between two lines take what those nearby do."""
    seconds = np.nan_to_num(columns["seconds"]).astype("float64")
    n_steps = np.diff(columns.steps, prepend=0)
    nearby = np.convolve(seconds, np.full(N_NEARBY, 1 / N_NEARBY), "same") if len(seconds) > N_NEARBY else seconds
    return np.cumsum(seconds + np.maximum(n_steps - 1, 0) * nearby)


def read_validation(folder: Path) -> list[dict]:
    """What was measured, a dictionary a validation, `step` among them."""
    return growing.open_validation(folder / VALIDATION).read_on()


def read_best(folder: Path) -> dict | None:
    """`step`, `name` and `value` of the validation that did best, as the newest checkpoint knows it."""
    for checkpoint in reversed(checkpoints.list_folders(folder / CHECKPOINTS)):
        try:
            with open(checkpoint / "manifest.json", "rb") as file:
                best = json.loads(file.read(MANIFEST_BYTES)).get("best")
            return {"step": int(best["step"]), "name": str(best["name"]), "value": float(best["value"])}
        except (OSError, ValueError, TypeError, KeyError, AttributeError):
            continue
    return None


def find_best(validations: list[dict], name: str) -> dict | None:
    """The first of the lowest of a measure: `step`, `name` and `value`."""
    known = [each for each in validations if isinstance(each.get(name), int | float)]
    best = min(known, key=lambda each: each[name], default=None)
    return best and {"step": best["step"], "name": name, "value": best[name]}


def list_samples(folder: Path) -> list[int]:
    """Steps that have a picture in samples/, in order."""
    try:
        names = os.listdir(folder / SAMPLES)
    except OSError:
        return []
    return sorted(int(found[1]) for name in names if (found := SAMPLE.fullmatch(name)))


def name_sample(step: int) -> str:
    """The file of a sample."""
    return f"step-{step:07d}.png"


def read_log(folder: Path, limit: int = LOG_BYTES) -> str:
    """The last lines of train.log, at most so many bytes of them, as text that is safe to show."""
    try:
        with open(folder / LOG, "rb") as file:
            size = os.fstat(file.fileno()).st_size
            file.seek(max(0, size - limit))
            text = file.read(limit).decode(errors="replace")
    except OSError:
        return ""
    if size > limit:
        text = text.partition("\n")[2]
    lines = (line.rstrip("\r").rpartition("\r")[2] for line in text.split("\n"))  # a bar that was drawn over itself
    return UNPRINTABLE.sub("", "\n".join(lines)).strip("\n")


def measure_file(path: Path) -> int:
    """Its bytes, 0 where there is none: what grows when there is something new."""
    try:
        return os.path.getsize(path)
    except OSError:
        return 0


@dataclass(frozen=True)
class Pace:
    """How fast it goes, by the lines that came last; None where nothing tells."""

    seconds: float | None  # a step, the median: a validation or a checkpoint between two steps is no step
    waited: float | None  # share of a step spent waiting for data
    memory: float | None  # bytes that the process held when it told last

    def seconds_left(self, step: int, steps: int) -> float | None:
        return None if self.seconds is None else self.seconds * max(0, steps - step)

    def pictures_a_second(self, batch: int | None) -> float | None:
        return batch / self.seconds if batch and self.seconds else None


def measure_pace(columns: Columns) -> Pace:
    """Median time of the last lines, what of it was spent waiting, and the memory told last."""
    recent = columns.last(N_RECENT)
    seconds, waited = recent["seconds"], recent["waited"]
    total = float(np.nansum(seconds))
    is_timed = bool(np.isfinite(seconds).any())
    return Pace(
        seconds=float(np.nanmedian(seconds)) if is_timed else None,
        waited=min(1.0, float(np.nansum(waited)) / total) if total else None,
        memory=columns.memory,
    )


@dataclass(frozen=True)
class Line:
    """A curve on a page. Where many values became one point, `least` and `most` tell what it hides."""

    name: str
    x: list[float]
    mean: list[float | None]
    least: list[float | None]
    most: list[float | None]


def thin(name: str, x: np.ndarray, values: np.ndarray, n_points: int = N_POINTS) -> Line:
    """At most so many points, each of equally many values: a power of two, so that points stay where they are."""
    width = 1
    while len(values) > n_points * width:
        width *= 2
    if width == 1 or not len(values):
        numbers = _as_list(values)
        return Line(name, _as_list(x), numbers, numbers, numbers)
    starts = np.arange(0, len(values), width)
    is_number = np.isfinite(values)
    n = np.add.reduceat(is_number.astype("int64"), starts)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.add.reduceat(np.where(is_number, values, 0).astype("float64"), starts) / n
    least = np.minimum.reduceat(np.where(is_number, values, np.inf), starts)
    most = np.maximum.reduceat(np.where(is_number, values, -np.inf), starts)
    lengths = np.diff(np.append(starts, len(values)))
    middle = np.add.reduceat(np.asarray(x, "float64"), starts) / lengths
    return Line(name, _as_list(middle), _as_list(mean), _as_list(least), _as_list(most))


def smooth(values: list[float | None], weight: float) -> list[float | None]:
    """An exponential moving average, 0 ≤ weight < 1 of it from before, true from its first value on; gaps stay."""
    average, trust, smoothed = 0.0, 0.0, []
    for value in values:
        if value is None:
            smoothed.append(None)
            continue
        average = weight * average + (1 - weight) * value
        trust = weight * trust + (1 - weight)
        smoothed.append(average / trust)
    return smoothed


def _as_list(values):
    """Five digits that count, fit for JSON: None for what is no number."""
    return [float(f"{value:.6g}") if np.isfinite(value) else None for value in np.asarray(values).tolist()]
