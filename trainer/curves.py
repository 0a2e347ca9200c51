"""What a page tells of a run's folder: read on from where it was read before, thinned so that spikes stay visible.

Knows neither rows nor requests, nor Keras: the web process reads with it while another process writes.
"""

import functools
import itertools
import json
import os
import re
import threading
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from trainer import history

HISTORY, VALIDATION = "history.jsonl", "validation.jsonl"
SAMPLES, CHECKPOINTS, LOG = "samples", "checkpoints", "train.log"
SAMPLE = re.compile(r"step-(\d{1,12})\.png")
NO_LOSSES = ("step", "seconds", "waited", "memory")  # of a line; everything else in it is a loss

CHUNK = 4 * 2**20  # bytes read at a time: a long history never lies in memory as text
LOG_BYTES = 32 * 2**10
MANIFEST_BYTES = 2**20
N_POINTS = 300  # of a curve: about one for each two pixels of a page
N_RECENT = 200  # lines that tell how it goes now
UNPRINTABLE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True)
class Place:
    """How far somebody has read: bytes, and a check of the line that ends there, so that a file cut back is seen."""

    offset: int = 0
    check: int = 0

    @classmethod
    def parse(cls, text: str) -> "Place":
        """The inverse of str(); the beginning for nonsense."""
        found = re.fullmatch(r"(\d{1,18})-(\d{1,10})", text)
        return cls(*map(int, found.groups())) if found else cls()

    def __str__(self) -> str:
        return f"{self.offset}-{self.check}"


@dataclass(frozen=True)
class Columns:
    """The lines of a history as they stood at one moment: a row a line, a column a name; NaN where a line has none."""

    names: tuple[str, ...]
    steps: np.ndarray  # int64 (n)
    table: np.ndarray  # float32 (n, names)
    ends: np.ndarray  # int64 (n): the byte after each line
    checks: np.ndarray  # uint32 (n)

    def __len__(self) -> int:
        return len(self.steps)

    def __getitem__(self, name: str) -> np.ndarray:
        """float32 (n); all NaN for a name that no line has."""
        if name not in self.names:
            return np.full(len(self), np.nan, "float32")
        return self.table[:, self.names.index(name)]

    @property
    def losses(self) -> list[str]:
        return [name for name in self.names if name not in NO_LOSSES]

    @property
    def step(self) -> int:
        """The last, 0 before the first."""
        return int(self.steps[-1]) if len(self) else 0

    @property
    def place(self) -> Place:
        return Place(int(self.ends[-1]), int(self.checks[-1])) if len(self) else Place()

    def count_until(self, place: Place) -> int | None:
        """How many of these lines somebody at a place has read; None where those were others."""
        if place.offset == 0:
            return 0
        found = int(np.searchsorted(self.ends, place.offset))
        is_known = found < len(self) and self.ends[found] == place.offset and self.checks[found] == place.check
        return found + 1 if is_known else None

    def last(self, n: int) -> "Columns":
        return self.part(max(0, len(self) - n), len(self))

    def part(self, first: int, last: int) -> "Columns":
        """Lines from `first` on, before `last`."""
        rows = slice(first, last)
        return Columns(self.names, self.steps[rows], self.table[rows], self.ends[rows], self.checks[rows])

    def between(self, first: int, last: int) -> "Columns":
        """Lines of these steps, and the ones beside them, so that a curve leaves a window at its edges."""
        start, end = np.searchsorted(self.steps, [first, last + 1])
        return self.part(max(0, int(start) - 1), int(end) + 1)


class History:
    """One history.jsonl, read line by line as it grows; begun anew when a resumed run has cut it back."""

    def __init__(self, path: Path):
        self.path = Path(path)
        self._lock = threading.Lock()
        self._forget()

    def read_on(self) -> Columns:
        """Everything that stands there now; only what came since the last call is read."""
        with self._lock:
            try:
                with open(self.path, "rb") as file:
                    if not self._is_continued(file):
                        self._forget()
                    file.seek(self._offset)
                    while self._take(file.read(CHUNK)):
                        file.seek(self._offset)
            except FileNotFoundError:
                self._forget()
            n = self._n
            return Columns(tuple(self._names), self._steps[:n], self._table[:n], self._ends[:n], self._checks[:n])

    def _forget(self):
        self._n = self._offset = 0
        self._last_line = b""
        self._names: list[str] = []
        self._make_room(0, 0)

    def _is_continued(self, file):
        """Does what we read last still stand where it stood? One line more is read than is new."""
        if os.fstat(file.fileno()).st_size < self._offset:
            return False
        file.seek(self._offset - len(self._last_line))
        return file.read(len(self._last_line)) == self._last_line

    def _take(self, text):
        """Take in the whole lines of a chunk; whether there may be more."""
        lines = text[: text.rfind(b"\n") + 1].splitlines(keepends=True)
        rows = _parse(lines)
        if rows:
            self._add(lines[: len(rows)], rows)
        return len(text) == CHUNK and len(rows) == len(lines) > 0

    def _add(self, lines, rows):
        names = list(dict.fromkeys(self._names) | dict.fromkeys(itertools.chain.from_iterable(rows)))
        self._make_room(self._n + len(rows), len(names))
        new = slice(self._n, self._n + len(rows))
        self._names = names
        for i, name in enumerate(names):
            self._table[new, i] = [_as_number(row.get(name)) for row in rows]
        self._steps[new] = [row["step"] for row in rows]
        self._ends[new] = self._offset + np.cumsum([len(line) for line in lines])
        self._checks[new] = [zlib.crc32(line) for line in lines]
        self._n, self._offset, self._last_line = new.stop, int(self._ends[new.stop - 1]), lines[-1]

    def _make_room(self, n_rows, n_names):
        """Arrays twice as long as needed: lines are added behind what others look at, nothing of theirs is changed."""
        if not n_rows:
            self._steps, self._ends = np.zeros(0, "int64"), np.zeros(0, "int64")
            self._checks, self._table = np.zeros(0, "uint32"), np.zeros((0, n_names), "float32")
        elif n_rows > len(self._steps) or n_names > self._table.shape[1]:
            room = max(2 * n_rows, 1024)
            old, self._table = self._table, np.full((room, n_names), np.nan, "float32")
            self._table[: self._n, : old.shape[1]] = old[: self._n]
            for name in ("_steps", "_ends", "_checks"):
                old = getattr(self, name)
                setattr(self, name, np.concatenate([old[: self._n], np.zeros(room - self._n, old.dtype)]))


@functools.lru_cache(maxsize=8)
def open_history(path: Path) -> History:
    """The history of a path, shared by all who look at it; those looked at longest ago are forgotten."""
    return History(path)


def read(folder: Path) -> Columns:
    """The history of a run's folder, as far as it is written."""
    return open_history(folder / HISTORY).read_on()


def read_validation(folder: Path) -> list[dict]:
    """What was measured, a dictionary a validation, `step` among them."""
    return history.read(folder / VALIDATION)


def read_best(folder: Path) -> dict | None:
    """`step`, `name` and `value` of the validation that did best, as the newest checkpoint knows it."""
    for checkpoint in sorted((folder / CHECKPOINTS).glob("step-*"), reverse=True):
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
    told = columns["memory"][np.isfinite(columns["memory"])]
    total = float(np.nansum(seconds))
    is_timed = bool(np.isfinite(seconds).any())
    return Pace(
        seconds=float(np.nanmedian(seconds)) if is_timed else None,
        waited=min(1.0, float(np.nansum(waited)) / total) if total else None,
        memory=float(told[-1]) if len(told) else None,
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


def _parse(lines):
    """A dictionary a line, as far as lines are of a history."""
    try:
        rows = json.loads(b"[" + b",".join(lines) + b"]")  # in one go: three times as fast as line by line
        if len(rows) == len(lines) and all(_is_row(row) for row in rows):
            return rows
    except ValueError:
        pass
    rows = []
    for line in lines:
        try:
            row = json.loads(line)
        except ValueError:
            break
        if not _is_row(row):
            break
        rows.append(row)
    return rows


def _is_row(row):
    return type(row) is dict and type(row.get("step")) is int and 0 <= row["step"] < 2**53


def _as_number(value):
    is_number = type(value) is float or (type(value) is int and abs(value) < 2**63)
    return value if is_number else np.nan


def _as_list(values):
    """Five digits that count, fit for JSON: None for what is no number."""
    return [float(f"{value:.6g}") if np.isfinite(value) else None for value in np.asarray(values).tolist()]
