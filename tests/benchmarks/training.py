"""A visitor's picture while a run trains on the same machine: the whole site, the training worker, the adain engine."""

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import requests

from tests import pictures, sites
from tests.benchmarks.journey import POLL_SECONDS, post
from tests.benchmarks.tables import Figure, milliseconds
from tests.sources import ROOT
from tests.trainer import factories
from trainer import history

N_TIMES = 9
N_WARM = 2
READY_SECONDS = 300
STEPS_BEFORE = 5  # the first is compiled
RUN = {"size": 128, "filters": 32, "blocks": 6, "validation_pictures": 4, "checkpoint_every": 50}


def measure(argument: str) -> list[Figure]:
    """Medians alone and beside a run, and how long a training step takes when nobody paints."""
    with (
        tempfile.TemporaryDirectory(prefix="stylesite-bench-") as name,
        sites.running(Path(name), STYLESITE_ENGINES="adain", STYLESITE_LIMITS="0") as site,
    ):
        folder = Path(name)
        visitor = Visitor(site.url, size=argument)
        alone = visitor.ask_for(N_TIMES)
        run = start_run(folder)
        wait_for_step(run, STEPS_BEFORE)
        beside = visitor.ask_for(N_TIMES)
        time.sleep(10)
        lines = history.read(run / history.FILE)
    n_steps = lines[-1]["step"]
    step = median(line["seconds"] for line in lines[STEPS_BEFORE:])
    most = 2 * median(alone) + step
    how = f"median of {N_TIMES}, from POST to picture, {argument} px; pix2pix at 128², float as auto"
    return [
        Figure("picture, nobody trains", milliseconds(alone), "", how),
        Figure(
            "picture, a run trains", milliseconds(beside), f"within {1000 * most:.0f} ms", "twice alone and one step"
        ),
        Figure(
            "the longest of them", f"{1000 * max(beside):.0f} ms", "", f"of those alone: {1000 * max(alone):.0f} ms"
        ),
        Figure("a training step", f"{1000 * step:.0f} ms", "", f"median of {n_steps} steps, some beside a picture"),
    ]


class Visitor:
    """Asks for one picture after the other, with a pause in which training goes on."""

    def __init__(self, url: str, *, size: str):
        self.url, self.size = url, size
        self.session = requests.Session()
        self.session.get(f"{url}/api/v1/engines", timeout=30)
        self.photo = pictures.encoded(pictures.photo(1600, 1200), "jpeg")

    def ask_for(self, n_pictures: int) -> list[float]:
        """Seconds of each, without the first ones."""
        seconds = []
        for number in range(n_pictures + N_WARM):
            style = pictures.encoded(pictures.painting(800 + number, 600), "jpeg")
            started = time.perf_counter()
            job = post(self.session, self.url, self.photo, style, size=self.size)
            while job["state"] in ("queued", "running"):
                time.sleep(POLL_SECONDS)
                job = self.session.get(f"{self.url}/api/v1/jobs/{job['id']}", timeout=30).json()
            if job["state"] != "done":
                raise RuntimeError(f"The job ended as {job['state']}: {job['error']}")
            seconds.append(time.perf_counter() - started)
            time.sleep(1)
        return seconds[N_WARM:]


def start_run(folder: Path) -> Path:
    """From the shell, on tiny pairs that are enlarged; the folder of the run."""
    factories.make_pictures(folder / "pairs")
    (folder / "config.json").write_text(json.dumps(RUN))
    words = ["runs", "start", "pix2pix", "--data", folder / "pairs", "--config", folder / "config.json"]
    environment = sites.environment(STYLESITE_DATA=str(folder / "var"))
    command = [sys.executable, "manage.py", *map(str, [*words, "--steps", 100_000])]
    outcome = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    return folder / "var" / "training" / "runs" / outcome.stdout.split()[0]


def wait_for_step(run: Path, step: int) -> None:
    until = time.monotonic() + READY_SECONDS
    while history.read_last_step(run / history.FILE) < step:
        if time.monotonic() > until:
            log = run / "train.log"
            raise RuntimeError(log.read_text(errors="replace")[-2000:] if log.exists() else "Nobody trains.")
        time.sleep(0.5)
