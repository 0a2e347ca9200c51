"""Folders of the studio: one process at a time trains in one, and one whose row is deleted is set aside first.

The system ends a process's hold when it dies, however it dies.
"""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

LOOK_SECONDS = 0.2


class Occupied(ValueError):
    """Another process is at it; the message says so."""


@contextmanager
def occupy(folder: Path, *, patience: float = 0.0) -> Iterator[None]:
    """Hold the folder, which must be there. Raises Occupied where another still has it after so many seconds."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        until = time.monotonic() + patience
        while not _lock(descriptor):
            if time.monotonic() >= until:
                raise Occupied(f"Another process is training in {folder}.")
            time.sleep(LOOK_SECONDS)
        yield
    finally:
        os.close(descriptor)


def is_occupied(folder: Path) -> bool:
    """Whether a process is training in it now."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        return not _lock(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def set_aside(folder: Path, mark: str) -> Iterator[Path]:
    """The folder under a name that begins with `mark`, while its row is deleted; in its place again where that fails.

    Whoever is killed in between leaves a name that sweepers know: see `runs.clear_away`. Raises OSError.
    """
    aside = folder.with_name(f"{mark}{folder.name}")
    with suppress(FileNotFoundError):  # nothing was ever written
        folder.rename(aside)
    try:
        yield aside
    except BaseException:
        with suppress(OSError):  # there was none
            aside.rename(folder)
        raise


def _lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True  # a file system without locks
    return True
