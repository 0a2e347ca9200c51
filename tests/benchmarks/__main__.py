"""Measure everything, each case in a process of its own, and write the table into docs/benchmarks.md.

`python -m tests.benchmarks engine gallery` measures these only and writes nothing.
"""

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import asdict
from importlib import import_module

import django

from tests.benchmarks.tables import Figure, machine, markdown
from tests.sources import ROOT

CASES = (
    ("engine", "256"),
    ("engine", "512"),
    ("engine", "1024"),
    ("rival", "384"),
    ("rival", "512"),
    ("rival", "1024"),
    ("rival", "2048"),
    ("judge", "100"),
    ("roofline", "384"),
    *(("together", side) for side in ("256", "384", "512", "1024")),
    ("profile", "9"),
    ("gpu", "3840x2160"),
    ("translation", "256"),
    ("journey", "1024"),
    ("mixer", "384"),
    ("training", "1024"),
    ("publishing", "7"),
    ("watching", "60"),
    ("archives", "20000"),
    ("web", "echo"),
    ("gallery", "10000"),
    ("uploads", "1600"),
    ("posters", "4000x3000"),
    ("posters", "12000x8000"),
)
PAGE = ROOT / "docs" / "benchmarks.md"
BEGIN, END = "<!-- make bench writes here -->", "<!-- until here -->"
CHILD = "--in-this-process"


def main() -> None:
    if sys.argv[1:2] == [CHILD]:
        return measure_here(sys.argv[2], sys.argv[3])
    wanted = set(sys.argv[1:]) or {name for name, _ in CASES}
    where = machine()
    print(where, flush=True)
    figures = []
    for name, argument in CASES:
        if name in wanted:
            for figure in measure_apart(name, argument):
                figures.append(figure)
                print(f"{figure.name:48} {figure.value:>12}   {figure.aim:28} {figure.note}", flush=True)
    if len(sys.argv) == 1:
        write(where, figures)
    return None


def measure_apart(name: str, argument: str) -> list[Figure]:
    """Run one case in a child with its own data folder; a case that cannot run says why in the table."""
    with tempfile.TemporaryDirectory(prefix="stylesite-bench-") as folder:
        kept = {key: value for key, value in os.environ.items() if not key.startswith("STYLESITE_")}
        for key in ("DATABASE_URL", "REDIS_URL"):
            kept.pop(key, None)
        environment = {
            **kept,
            "DJANGO_SETTINGS_MODULE": "stylesite.settings",
            "STYLESITE_DATA": folder,
            "STYLESITE_ENGINES": "adain,echo",
            "STYLESITE_LIMITS": "0",
            "TF_CPP_MIN_LOG_LEVEL": "2",
        }
        command = [sys.executable, "-m", "tests.benchmarks", CHILD, name, argument]
        child = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    if child.returncode:
        reason = (child.stderr.strip().splitlines() or ["no reason given"])[-1]
        return [Figure(f"{name} {argument}", "not measured", "", reason.replace("|", "/")[:200])]
    return [Figure(**values) for values in json.loads(child.stdout.splitlines()[-1])]


def measure_here(name: str, argument: str) -> None:
    """In the child: measure, and print the figures as JSON on the last line."""
    django.setup()
    figures = import_module(f"tests.benchmarks.{name}").measure(argument)
    print(json.dumps([asdict(figure) for figure in figures]))


def write(where: str, figures: list[Figure]) -> None:
    """Replace the last table of docs/benchmarks.md."""
    before, rest = PAGE.read_text(encoding="utf-8").split(BEGIN)
    after = rest.split(END)[1]
    PAGE.write_text(f"{before}{BEGIN}\n\n{where}\n\n{markdown(figures)}\n\n{END}{after}", encoding="utf-8")
    print(f"Written into {PAGE.relative_to(ROOT)}.")


main()
