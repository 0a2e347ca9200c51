"""One process at a time trains in a folder. The system ends its hold when it dies, however it dies."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
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


def _lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True  # a file system without locks
    return True
