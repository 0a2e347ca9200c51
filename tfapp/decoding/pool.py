"""A few child processes that decode pictures, started when needed and replaced when they die.

Plain pipes and lines of JSON: a child that a hostile picture has taken over can answer nonsense, and nothing more.
"""

import json
import logging
import os
import queue
import select
import subprocess
import sys
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
N_CHILDREN = max(2, min(4, os.cpu_count() or 1))  # the second starts only when the first is busy
N_CALLERS = 6  # with and without a child: of the web server's eight threads two are left for everything else
N_REQUESTS = 200  # then a child is replaced
MAX_ANSWER_BYTES = 4096
KEPT_ENVIRONMENT = ("PATH", "PYTHONPATH", "LD_LIBRARY_PATH", "LANG", "SYSTEMROOT")  # and no secrets
WALL_FACTOR = 3  # on a busy machine a child waits for the processor for longer than it uses it

log = logging.getLogger(__name__)


class Died(Exception):
    """The child crashed, was killed by a limit, or took too long."""


class Busy(Exception):
    """So many wait already that nobody else should, or a child was not free, or could not be started, in time."""


class Pool:
    """Hands requests to children, one at a time each. Safe to use from many threads."""

    def __init__(self, *, memory: int, n_children: int = N_CHILDREN, n_callers: int = N_CALLERS):
        self.memory = memory
        self.callers = threading.BoundedSemaphore(n_callers)
        self.places: queue.LifoQueue[Child | None] = queue.LifoQueue()  # the child used last is the warm one
        for _ in range(n_children):
            self.places.put(None)

    def warm(self) -> None:
        """Start one child now, without waiting for it. Where that fails, the first request tries again."""
        child = self.places.get()
        try:
            child = child or self.replace(child)
        except Busy as error:
            log.warning("No decoding process could be started: %s", error)
        finally:
            self.places.put(child)

    def ask(self, request: dict, *, seconds: int) -> dict:
        """Have one request answered within `seconds` of processor time. Raises Died or Busy, the latter at once
        when enough threads are here already: whoever waits holds a thread that could answer somebody else.
        """
        if not self.callers.acquire(blocking=False):
            raise Busy("too many callers")
        try:
            return self.ask_in_turn(request, seconds=seconds)
        finally:
            self.callers.release()

    def ask_in_turn(self, request: dict, *, seconds: int) -> dict:
        """Wait for a child to be free, and ask it."""
        try:
            child = self.places.get(timeout=seconds)
        except queue.Empty as error:
            raise Busy("no child was free in time") from error
        try:
            if child is None or not child.is_usable():
                child = self.replace(child)
            return child.ask({**request, "seconds": seconds}, until=time.monotonic() + seconds * WALL_FACTOR)
        except Died:
            child = self.end(child)
            raise
        finally:
            self.places.put(child)

    def replace(self, child: "Child | None") -> "Child":
        """A new child in place of one that is worn out, dead or was never started."""
        self.end(child)
        try:
            return Child(self.memory)
        except OSError as error:
            raise Busy(f"no new process: {error}") from error

    def end(self, child: "Child | None") -> None:
        if child:
            child.end()

    def close(self) -> None:
        """End all children that are at rest."""
        for child in [self.places.get() for _ in range(self.places.qsize())]:
            self.end(child)
            self.places.put(None)


class Child:
    """One process, and the two pipes to it."""

    def __init__(self, memory: int):
        self.n_requests = 0
        self.process = subprocess.Popen(
            # -B: bytecode written to a full disk is cut off, and breaks every later start
            [sys.executable, "-B", "-m", "tfapp.decoding.child", str(memory)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
            cwd=ROOT,
            env={
                **{name: os.environ[name] for name in KEPT_ENVIRONMENT if name in os.environ},
                "MALLOC_ARENA_MAX": "2",  # each arena takes 64 MB of the address space
            },
            start_new_session=True,  # Ctrl-C is the server's business
        )

    def is_usable(self) -> bool:
        return self.n_requests < N_REQUESTS and self.process.poll() is None

    def ask(self, request: dict, *, until: float) -> dict:
        self.n_requests += 1
        try:
            self.process.stdin.write(json.dumps(request).encode() + b"\n")
            answer = json.loads(self.read_line(until))
        except (OSError, ValueError) as error:
            raise Died(f"no answer: {error!r}") from error
        if not isinstance(answer, dict):
            raise Died("a senseless answer")
        return answer

    def read_line(self, until: float) -> bytes:
        poll = select.poll()
        poll.register(self.process.stdout, select.POLLIN)
        line = b""
        while not line.endswith(b"\n"):
            if not poll.poll(max(0.0, until - time.monotonic()) * 1000):
                raise Died("took too long")
            piece = os.read(self.process.stdout.fileno(), MAX_ANSWER_BYTES)
            if not piece or len(line) + len(piece) > MAX_ANSWER_BYTES:
                raise Died("ended in the middle")
            line += piece
        return line

    def end(self) -> None:
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()
