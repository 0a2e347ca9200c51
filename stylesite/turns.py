"""Visitors go first: who paints for them holds the turn of a device, and training waits for it between two steps.

The turn is a lock on a file, which the system gives back when its holder dies. One file a device of a machine.
"""

import fcntl
import logging
import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings

from stylesite.lifecycle import NO_GPU

LOOK_SECONDS = 0.02
PATIENCE_SECONDS = 1.0  # nobody holds a turn against painters for longer than an instant, unless it was stopped in it
GPUS = Path("/dev")

log = logging.getLogger(__name__)


@contextmanager
def hold() -> Iterator[None]:
    """While a picture is painted: training on this device begins no step. Any number of painters share the turn."""
    with _opened() as descriptor:
        until = time.monotonic() + PATIENCE_SECONDS
        while descriptor is not None and not _lock(descriptor, fcntl.LOCK_SH) and time.monotonic() < until:
            time.sleep(LOOK_SECONDS / 4)
        yield


def give_way(should_stop: Callable[[], bool] = lambda: False) -> float:
    """Before a training step: wait until nobody paints on this device, or until told to stop; the seconds waited."""
    started = time.monotonic()
    while is_held() and not should_stop():
        time.sleep(LOOK_SECONDS)
    return time.monotonic() - started


def is_held() -> bool:
    """Whether somebody paints on this device."""
    with _opened() as descriptor:
        return descriptor is not None and not _lock(descriptor, fcntl.LOCK_EX)


def device() -> str:
    """What TensorFlow takes here, so that painters and training mean the same by it: `cpu`, or the number of a GPU."""
    wanted = settings.DEVICE.removeprefix("gpu:").removeprefix("cuda:")
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if not wanted and visible is not None:
        wanted = "cpu" if visible in ("", NO_GPU) else visible.split(",")[0]
    return wanted or ("0" if any(GPUS.glob("nvidia[0-9]*")) else "cpu")


def path() -> Path:
    """The file: machines that share the data folder have turns of their own."""
    return Path(settings.DATA_FOLDER) / "turns" / f"{socket.gethostname()[:60]}-{device()}"


@contextmanager
def _opened():
    """The file, closed and so let go at the end; None where it cannot be had: pictures do not fail for that."""
    try:
        path().parent.mkdir(exist_ok=True)
        descriptor = os.open(path(), os.O_CREAT | os.O_RDWR, 0o666)
    except OSError as error:
        log.warning("Painting and training do not take turns: %s", error)
        yield None
        return
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _lock(descriptor: int, how: int) -> bool:
    try:
        fcntl.flock(descriptor, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:  # a file system without locks
        log.warning("Painting and training do not take turns: %s", error)
    return True
