"""Files with a JSON object a line, as a run writes them: on disk line by line, cut back to a step on resuming."""

import contextlib
import io
import json
import os
from pathlib import Path

from trainer import checkpoints

FILE = "history.jsonl"  # a line a step
LONGEST_LINE = 8192  # bytes; a dozen numbers take 300


def open_to_append(path: Path) -> io.FileIO:
    """A file for `append`. It holds nothing back, so that closing it on a full disk has nothing left to say."""
    return open(path, "ab", buffering=0)


def append(file: io.FileIO, values: dict) -> None:
    """Write one line to an open file; it is with the system before this returns. OSError, with a sentence, if not."""
    rest = (json.dumps(values) + "\n").encode()
    try:
        while rest:  # a disk almost full takes a part
            rest = rest[file.write(rest) :]
    except OSError as error:
        raise OSError(f"{Path(file.name).name} could not be written: {error.strerror}.") from error


def read(path: Path) -> list[dict]:
    """The whole lines of a file, as they came."""
    return [values for _, values in _read_lines(path)]


def read_last_step(path: Path) -> int:
    """The step of the last whole line, at no more cost in a long file; 0 where there is none."""
    try:
        with open(path, "rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - LONGEST_LINE))
            tail = file.read()
    except OSError:
        return 0
    for line in reversed(tail.split(b"\n")[:-1]):
        with contextlib.suppress(ValueError, KeyError, TypeError):
            return int(json.loads(line)["step"])
    return 0


def cut_back(path: Path, step: int) -> None:
    """Drop lines of later steps, and a last line cut short; those before stay byte for byte."""
    kept = b"".join(line for line, values in _read_lines(path) if values["step"] <= step)
    if path.exists() and len(kept) != os.path.getsize(path):
        checkpoints.write_text(path, kept.decode())


def _read_lines(path):
    lines = []
    for line in path.read_bytes().splitlines(keepends=True) if path.exists() else ():
        try:
            values = json.loads(line)
        except ValueError:
            break
        if not line.endswith(b"\n") or not isinstance(values, dict) or "step" not in values:
            break
        lines.append((line, values))
    return lines
