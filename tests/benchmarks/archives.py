"""A large archive with one bad picture in twenty, imported: how long, what is listed, and whether memory stays flat."""

import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import psutil

from tests.benchmarks.tables import Figure, megabytes
from tests.sources import ROOT
from tests.trainer.datasets.archived import pack, png

N_SEEDS = 500  # different pictures
BAD_EVERY = 20
LOOK_SECONDS = 0.1
MOST_GROWTH = 1.25  # of what is held, from a fifth of the way to the end
CHILD = """
import json, sys
from pathlib import Path
import django; django.setup()
from trainer.datasets import archives, checking
limits = archives.Limits(entries=250_000, bytes_in_all=2 * 2**30, pixels=4_000_000)
report = checking.check(Path(sys.argv[1]), "pictures", Path(sys.argv[2]), limits=limits)
print(json.dumps([report["counts"]["train"], report["unreadable"]["n"]]))
"""


def measure(argument: str) -> list[Figure]:
    """So many pictures of 24²."""
    n = int(argument)
    with tempfile.TemporaryDirectory(prefix="stylesite-bench-") as name:
        folder = Path(name) / "dataset"
        folder.mkdir()
        source = pack(Path(name) / "archive.zip", make_members(n))
        started = time.monotonic()
        child = subprocess.Popen(
            [sys.executable, "-c", CHILD, str(source), str(folder)],
            cwd=ROOT,
            env=os.environ | {"DJANGO_SETTINGS_MODULE": "stylesite.settings"},
            stdout=subprocess.PIPE,
            text=True,
        )
        held: list[tuple[float, int]] = []
        looking = threading.Thread(target=look, args=(child.pid, folder / "progress", held))
        looking.start()
        answer = child.communicate()[0]
        looking.join()
        seconds = time.monotonic() - started
    n_taken, n_listed = map(int, answer.strip("[]\n").split(","))
    most, early = (max(n_bytes for share, n_bytes in held if share <= upto) for upto in (1, 0.2))
    aim = f"{n - n // BAD_EVERY} and {n // BAD_EVERY}"
    flat = f"at most {megabytes(MOST_GROWTH * early)}"
    return [
        Figure(f"{n} pictures imported, bad ones listed", f"{n_taken} and {n_listed}", aim, f"{seconds:.0f} s"),
        Figure("memory of both processes", megabytes(most), flat, f"{megabytes(early)} in the first fifth"),
    ]


def make_members(n: int) -> dict[str, bytes]:
    seeds = [png(i) for i in range(N_SEEDS)]
    return {f"{i:05d}.png": seeds[i % N_SEEDS][: 60 if i % BAD_EVERY == 0 else None] for i in range(n)}


def look(pid: int, progress: Path, held: list[tuple[float, int]]) -> None:
    """How far it is, and what the process and its children hold, until it ends."""
    process = psutil.Process(pid)
    try:
        while process.status() != psutil.STATUS_ZOMBIE:
            family = [process, *process.children(recursive=True)]
            try:
                share = float(progress.read_text())
            except (OSError, ValueError):
                share = 0.0
            held.append((share, sum(each.memory_info().rss for each in family)))
            time.sleep(LOOK_SECONDS)
    except psutil.NoSuchProcess:
        return
