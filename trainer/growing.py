"""Files of JSON lines that another process writes, read on as they grow: a history as columns, validations as rows.

Knows neither rows of the database nor requests, nor Keras.
"""

import functools
import itertools
import json
import math
import os
import re
import threading
import time
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

NO_LOSSES = ("step", "seconds", "waited", "memory")  # of a line; everything else in it is a loss
SKIM_PARTS, SKIM_BYTES = 600, 4096  # of a history that is only looked over: as many parts as a curve has points
CHUNK = 4 * 2**20  # bytes read at a time: a long history never lies in memory as text
MOST_STEP = 2**53  # that a float can tell from its neighbours


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
    memory: float | None = None  # bytes that the process held when it told last
    is_whole: bool = True  # False: there is more, for which there was no time

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
        arrays = (self.steps[rows], self.table[rows], self.ends[rows], self.checks[rows])
        return Columns(self.names, *arrays, memory=self.memory, is_whole=self.is_whole)

    def between(self, first: int, last: int) -> "Columns":
        """Lines of these steps, and the ones beside them, so that a curve leaves a window at its edges."""
        start, end = np.searchsorted(self.steps, [first, last + 1])
        return self.part(max(0, int(start) - 1), int(end) + 1)


class Growing:
    """A file of JSON lines, read on as it grows; begun anew when a resumed run has cut it back."""

    def __init__(self, path: Path):
        self.path = Path(path)
        self._lock = threading.Lock()
        self._forget()

    def read_on(self, seconds: float = math.inf):
        """Everything that stands there now; only what came since the last call is read.

        Of more than can be read in so many seconds, the beginning; the next call goes on there.
        """
        with self._lock:
            until = time.monotonic() + seconds
            try:
                with open(self.path, "rb") as file:
                    if not self._is_continued(file):
                        self._forget()
                    file.seek(self._offset)
                    while has_more := self._take(file.read(CHUNK)):
                        file.seek(self._offset)
                        if time.monotonic() > until:
                            break
                    self._is_whole = not has_more
            except FileNotFoundError:
                self._forget()
            return self._tell()

    def _forget(self):
        self._offset = 0
        self._last_line = b""
        self._is_whole = True

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
            taken = lines[: len(rows)]
            self._add(taken, rows)
            self._offset, self._last_line = self._offset + sum(map(len, taken)), taken[-1]
        return len(text) == CHUNK and len(rows) == len(lines) > 0


class Validation(Growing):
    """One validation.jsonl: a dictionary a line, some thousand at most."""

    def _forget(self):
        super()._forget()
        self._rows: list[dict] = []

    def _add(self, lines, rows):
        self._rows += rows

    def _tell(self):
        return self._rows.copy()  # what somebody holds does not grow


class History(Growing):
    """One history.jsonl as columns of numbers, a million lines or more."""

    def _forget(self):
        super()._forget()
        self._n = 0
        self._memory: float | None = None
        self._names: list[str] = []
        self._make_room(0, 0)

    def _tell(self):
        n = self._n
        arrays = (self._steps[:n], self._table[:n], self._ends[:n], self._checks[:n])
        return Columns(tuple(self._names), *arrays, memory=self._memory, is_whole=self._is_whole)

    def _add(self, lines, rows):
        names = list(dict.fromkeys(self._names) | dict.fromkeys(itertools.chain.from_iterable(rows)))
        self._make_room(self._n + len(rows), len(names))
        new = slice(self._n, self._n + len(rows))
        self._names = names
        for i, name in enumerate(names):
            self._table[new, i] = _as_numbers([row.get(name) for row in rows])
        self._steps[new] = [row["step"] for row in rows]
        self._ends[new] = self._offset + np.cumsum(list(map(len, lines)))
        self._checks[new] = list(map(zlib.crc32, lines))
        told = (_as_number(row["memory"]) for row in reversed(rows) if "memory" in row)
        self._memory = next(filter(np.isfinite, told), self._memory)
        self._n = new.stop

    def add_part(self, text: bytes) -> None:
        """The whole lines of a part of the file that lies behind those before."""
        lines = text[: text.rfind(b"\n") + 1].splitlines(keepends=True)
        if rows := _parse(lines):
            self._add(lines[: len(rows)], rows)

    def tell(self) -> Columns:
        """What is held, without looking at the file."""
        return self._tell()

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


@functools.lru_cache(maxsize=32)
def open_validation(path: Path) -> Validation:
    """The validations of a path, likewise."""
    return Validation(path)


def skim(path: Path, n_parts: int = SKIM_PARTS, part: int = SKIM_BYTES) -> Columns:
    """A history; of a long one so many parts, evenly spread: as much to read and to hold, however long it is.

    What is written meanwhile may be missing. Nothing is kept: a page that stays open reads with `History`.
    """
    history = History(path)
    try:
        size = os.path.getsize(path)
    except FileNotFoundError:
        return history.read_on()
    if size <= n_parts * part:
        return history.read_on()
    with open(path, "rb") as file:
        for number in range(n_parts):
            file.seek(number * (size - part) // (n_parts - 1))
            text = file.read(part)
            history.add_part(text if number == 0 else text.partition(b"\n")[2])
    return history.tell()


def _parse(lines):
    """A dictionary a line, as far as lines are of a history."""
    try:
        rows = json.loads(b"[" + b",".join(lines) + b"]")  # in one go: three times as fast as line by line
        if len(rows) == len(lines) and _are_rows(rows):
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


def _are_rows(rows):
    """The same as `_is_row` of all, without a step of Python for each: there may be a million."""
    if set(map(type, rows)) != {dict}:
        return False
    steps = [row.get("step") for row in rows]
    return set(map(type, steps)) == {int} and min(steps) >= 0 and max(steps) < MOST_STEP


def _is_row(row):
    return _are_rows([row])


def _as_numbers(values):
    """float (n): NaN for what is no number."""
    if set(map(type, values)) <= {float, type(None)}:
        return np.array(values, "float64")
    return np.array([_as_number(value) for value in values], "float64")


def _as_number(value):
    is_number = type(value) is float or (type(value) is int and abs(value) < 2**63)
    return value if is_number else np.nan
