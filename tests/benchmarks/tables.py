"""A figure, and a table of figures for people."""

import platform
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from statistics import median

from trainer.gradients import has_fast_bfloat16

N_TIMES, N_WARM = 5, 2  # of one turn


@dataclass(frozen=True)
class Figure:
    """One thing measured: its value in words with the unit, what we aim at, and how it was taken."""

    name: str
    value: str
    aim: str = ""
    note: str = ""


def timed(work: Callable[[], object], *, n_times: int = N_TIMES, n_warm: int = N_WARM) -> list[float]:
    """Seconds of the work each time, but the first few: sizes are compiled, threads find their cores again."""
    seconds = []
    for _ in range(n_warm + n_times):
        started = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - started)
    return seconds[n_warm:]


def milliseconds(seconds: Iterable[float]) -> str:
    return f"{1000 * median(seconds):.0f} ms"


def megabytes(n_bytes: float) -> str:
    return f"{n_bytes / 2**20:.0f} MB"


def peak_memory() -> int:
    """The most this process ever held in memory, in bytes; unlike getrusage, without its parent's."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:"))


def machine() -> str:
    """The processor, the cores we may use, and the day."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    processors = [line.split(":")[1].strip() for line in lines if line.startswith("model name")]
    bfloat16 = "with" if has_fast_bfloat16() else "without"
    load = Path("/proc/loadavg").read_text().split()[0]
    python = platform.python_version()
    cores = f"{len(processors)} cores of {processors[0]} {bfloat16} bfloat16"
    return f"{date.today()}, {cores}, Python {python}, load {load} at the start"


def markdown(figures: list[Figure]) -> str:
    rows = [f"| {figure.name} | {figure.value} | {figure.aim} | {figure.note} |" for figure in figures]
    return "\n".join(["| What | Measured | Aim | How |", "|---|---|---|---|", *rows])
