"""The page of a run, open in a browser while the run goes on: what it costs the web process, how soon samples come.

Nobody trains: lines and samples are written as training writes them, so that the web process is all that is measured.
"""

import tempfile
import threading
import time
from pathlib import Path

import psutil
from playwright.sync_api import Page, sync_playwright

from tests import sites
from tests.benchmarks.tables import Figure
from tests.journeys import steps, training
from tests.journeys.test_watching import SAMPLE_SECONDS, Trainer, begin

LINES_A_SECOND = 8
SAMPLE_EVERY = 10  # seconds
MOST_SHARE = 0.01  # of a core
CHROMIUM = "/usr/bin/chromium"


def measure(argument: str) -> list[Figure]:
    """Over so many seconds."""
    with (
        tempfile.TemporaryDirectory(prefix="stylesite-bench-") as name,
        sites.running(Path(name), STYLESITE_ENGINES="echo", STYLESITE_LIMITS="0") as site,
        sync_playwright() as playwright,
    ):
        trainer, staff = begin(site, "Shapes at work"), training.make_staff(site)
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(base_url=site.url)
        steps.sign_in(page, staff)
        trainer.take(100)
        trainer.sample()
        page.goto(trainer.address)
        page.wait_for_timeout(3000)
        before, started = processor_seconds(site), time.monotonic()
        waits = watch(page, trainer, int(argument))
        share = (processor_seconds(site) - before) / (time.monotonic() - started)
        browser.close()
    how = f"{argument} s, {LINES_A_SECOND} lines a second, a sample every {SAMPLE_EVERY} s"
    return [
        Figure("web process for a run's open page", f"{share:.2%} of a core", f"{MOST_SHARE:.0%}", how),
        Figure("a sample, from its file to the page", f"{max(waits):.1f} s", f"{SAMPLE_SECONDS} s", "the longest"),
    ]


def watch(page: Page, trainer: Trainer, seconds: int) -> list[float]:
    """Training goes on for so long; how long each sample took to be seen."""
    has_ended = threading.Event()
    threading.Thread(target=keep_writing, args=(trainer, has_ended), daemon=True).start()
    waits = []
    try:
        for _ in range(max(1, seconds // SAMPLE_EVERY)):
            page.wait_for_timeout(1000 * SAMPLE_EVERY)
            trainer.sample()
            made = time.monotonic()
            newest = max(trainer.list_samples())
            page.locator(f'[data-scrubber-stage] img[src*="{newest}"]').wait_for(timeout=60_000)
            waits.append(time.monotonic() - made)
    finally:
        has_ended.set()
    return waits


def keep_writing(trainer: Trainer, has_ended: threading.Event) -> None:
    while not has_ended.wait(1 / LINES_A_SECOND):
        trainer.take(1)


def processor_seconds(site: sites.Site) -> float:
    """Of all processes of the web server."""
    times = [process.cpu_times() for process in site.web_processes() if process.status() != psutil.STATUS_ZOMBIE]
    return sum(each.user + each.system for each in times)
