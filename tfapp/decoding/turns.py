"""One large picture at a time, in all decoding processes that there are: several would fill a small memory."""

import fcntl
import math
import os
import time
from contextlib import suppress

from tfapp.decoding import Refusal

LARGE_PIXELS = 30_000_000
WAIT_SECONDS = 20  # about as long as the largest may take
LOOK_SECONDS = 0.05

_door = os.open(__file__, os.O_RDONLY)  # whoever has locked it has its turn; the kernel unlocks it for the dead


def take(size: tuple[int, int]) -> None:
    """Wait for a turn if a picture of that size, as it is decoded, is large. Raises Refusal where that takes long."""
    if math.prod(size) <= LARGE_PIXELS:
        return
    until = time.monotonic() + WAIT_SECONDS
    while not _lock():
        if time.monotonic() > until:
            raise Refusal("busy", "other large pictures came first")
        time.sleep(LOOK_SECONDS)


def give_back() -> None:
    """Let the next one have its turn, if there was one."""
    with suppress(OSError):
        fcntl.flock(_door, fcntl.LOCK_UN)


def _lock() -> bool:
    try:
        fcntl.flock(_door, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        return not isinstance(error, BlockingIOError)  # on a disk without locks nobody waits
    return True
