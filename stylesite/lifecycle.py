"""How processes of the site begin, are kept running, learn that they are to stop, and end."""

import ctypes
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress

from django.conf import settings

PR_SET_PDEATHSIG = 1  # from linux/prctl.h
NO_GPU = "-1"
MARK = "STYLESITE_SUPERVISOR"  # in the environment of a worker: the process that keeps it, or its own number
CELERY_TRAINS = re.compile(r"celery.* worker.* (-Q|--queues)[ =]?train( |$)")  # the command line of such a worker
EARLY_SECONDS = 5  # a process that dies sooner has a reason to die again
RESTART_SECONDS = 0.5, 4  # the pause before a dead process is started again: it doubles while it keeps dying early


class Stopping:
    """Whether this process has been asked to stop. A signal handler may set it: it is one assignment."""

    def __init__(self):
        self._asked_at: float | None = None

    def __bool__(self) -> bool:
        return self._asked_at is not None

    @property
    def seconds(self) -> float:
        """How long ago it was asked; 0 when it was not."""
        return 0.0 if self._asked_at is None else time.monotonic() - self._asked_at

    def ask(self, *_args) -> None:
        self._asked_at = self._asked_at or time.monotonic()

    def forget(self) -> None:
        self._asked_at = None


stopping = Stopping()


def stop_on_signals() -> None:
    """SIGTERM and Ctrl-C set the flag and interrupt nothing."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stopping.ask)


def die_with_parent(number: int = signal.SIGTERM) -> None:
    """Linux: let this process get a signal when its parent dies, however it dies. Call between fork and exec."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, number)


def following_parent(number: int = signal.SIGTERM) -> Callable[[], None]:
    """What a child does between fork and exec: follow its parent into death, even if that has just happened."""
    parent = os.getpid()

    def follow() -> None:
        die_with_parent(number)
        if os.getppid() != parent:
            os._exit(os.EX_UNAVAILABLE)

    return follow


def worker_environment() -> dict[str, str]:
    """The environment of a worker: the engines to load at its start, its device, and a GPU's memory as needed."""
    return {
        **os.environ,
        **_device_environment(),
        MARK: str(os.getpid()),  # of a process that replaces itself by a worker it becomes the worker's own
        "STYLESITE_PRELOAD": ",".join(settings.PRELOAD or settings.ENGINES),
        "TFHUB_CACHE_DIR": os.environ.get("TFHUB_CACHE_DIR") or str(settings.DATA_FOLDER / "tfhub"),
    }


def web_environment() -> dict[str, str]:
    """The environment of the web server: nothing in it makes a worker, and threads share their memory."""
    return {**_plain_environment(), "MALLOC_ARENA_MAX": "2"}


def training_worker_environment() -> dict[str, str]:
    """The environment of a training worker: it loads no engines, and knows who keeps it."""
    return {**_plain_environment(), "MALLOC_ARENA_MAX": "2", MARK: str(os.getpid())}


def child_environment() -> dict[str, str]:
    """The environment of a training worker's child: its device, a GPU's memory as needed, every line at once."""
    return {**_plain_environment(), **_device_environment(), "PYTHONUNBUFFERED": "1"}


def is_worker() -> bool:
    """Whether this process was started with the environment of a worker."""
    return MARK in os.environ


def loads_at_start() -> bool:
    """Whether it loads what STYLESITE_PRELOAD names: not the studio, nor a worker that will begin again as one.

    Nor one that somebody starts to train.
    """
    if CELERY_TRAINS.search(" ".join(sys.argv)):
        return False
    return is_worker() or sys.argv[1:2] not in (["studio"], ["worker"])


def is_orphan() -> bool:
    """Whether the studio that kept this worker is gone. A worker that somebody started by hand needs nobody."""
    return os.environ.get(MARK, "") not in ("", str(os.getpid()), str(os.getppid()))


class Child:
    """A process that is kept running: started again when it dies, ended with everything it started."""

    def __init__(
        self,
        title: str,
        *,
        command: list[str],
        environment: dict[str, str],
        on_death: Callable[[int], None] | None = None,
    ):
        self.title = title
        self._on_death = on_death
        self._command = command
        self._environment = environment
        self._process: subprocess.Popen | None = None
        self._started_at = 0.0
        self._again_at = 0.0
        self._n_early_deaths = 0

    def keep(self) -> str:
        """Start it if it does not run and its time has come; returns what happened, in words, or nothing."""
        now = time.monotonic()
        if self._process is not None and self._process.poll() is not None:
            return self._bury(now)
        if self._process is None and now >= self._again_at:
            self._start(now)
        return ""

    def ask_to_stop(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()

    def end(self, *, until: float) -> None:
        """Wait for it until that time, then leave nothing of it alive."""
        if self._process is None:
            return
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(max(0.1, until - time.monotonic()))
        self._kill_group()
        self._process.wait()
        if self._on_death:
            self._on_death(self._process.pid)

    def _start(self, now: float) -> None:
        self._started_at = now
        follow = following_parent()
        # A session of its own: Ctrl-C reaches the studio alone, and a dead leader's children can still be found.
        self._process = subprocess.Popen(
            self._command, env=self._environment, cwd=settings.BASE_FOLDER, start_new_session=True, preexec_fn=follow
        )

    def _bury(self, now: float) -> str:
        lived, status = now - self._started_at, self._process.returncode
        self._kill_group()
        if self._on_death:
            self._on_death(self._process.pid)
        self._process = None
        self._n_early_deaths = self._n_early_deaths + 1 if lived < EARLY_SECONDS else 0
        shortest, longest = RESTART_SECONDS
        pause = min(shortest * 2**self._n_early_deaths, longest)
        self._again_at = now + pause
        how = f"was killed by signal {-status}" if status < 0 else f"ended with status {status}"
        return f"The {self.title} {how}; it starts again in {pause:g} s."

    def _kill_group(self) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)


def _plain_environment() -> dict[str, str]:
    """Ours, without what makes a worker."""
    return {name: value for name, value in os.environ.items() if name not in (MARK, "STYLESITE_PRELOAD")}


def _device_environment() -> dict[str, str]:
    """For TensorFlow: the device, a GPU's memory as needed, few words."""
    environment = {
        "TF_FORCE_GPU_ALLOW_GROWTH": "true",
        "TF_CPP_MIN_LOG_LEVEL": os.environ.get("TF_CPP_MIN_LOG_LEVEL", "3"),
    }
    if settings.DEVICE:
        number = settings.DEVICE.lower().removeprefix("gpu:").removeprefix("cuda:")
        environment["CUDA_VISIBLE_DEVICES"] = NO_GPU if number == "cpu" else number
    return environment
