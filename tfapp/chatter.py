"""Keeps what TensorFlow's native code says about itself at its start away from people; errors still get through."""

import os
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager

STANDARD_ERROR = 2
CHATTER = re.compile(rb"WARNING: All log messages before absl|[IW]\d{4} \d\d:\d\d:|\d{4}-\d\d-\d\d [\d:.]+: [IW] ")

_turn = threading.Lock()


@contextmanager
def hushed() -> Iterator[None]:
    """While this lasts, standard error passes through a filter: no setting of TensorFlow's silences all of it.

    Of two threads at once, the first one's filter is there for both.
    """
    if not _turn.acquire(blocking=False):
        yield
        return
    kept = os.dup(STANDARD_ERROR)
    reader, writer = os.pipe()
    os.dup2(writer, STANDARD_ERROR)
    os.close(writer)
    thread = threading.Thread(target=_pass_on, args=(reader, kept), daemon=True)
    thread.start()
    try:
        yield
    finally:
        os.dup2(kept, STANDARD_ERROR)  # closes the pipe's last writer: the thread reads its end
        thread.join(timeout=5)
        if not thread.is_alive():
            os.close(kept)
        _turn.release()


def _pass_on(reader: int, target: int) -> None:
    with os.fdopen(reader, "rb") as lines:
        for line in lines:
            if not CHATTER.match(line):
                os.write(target, line)
