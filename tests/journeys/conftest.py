"""A real studio and a real browser for whoever travels through the pages."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests import sites
from tests.journeys import steps
from tests.sources import ROOT

CHROMIUM = next(
    (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), ""
)
HERE = Path(__file__).parent
EXPECT_MILLISECONDS = 30_000  # no promise: two cores may be full of other work
SAVE_CHECKPOINTS = """
import sys
from pathlib import Path
from tests.tfapp.engines import tiny
tiny.save_pix2pix(Path(sys.argv[1], "emoji"))
tiny.save_cyclegan(Path(sys.argv[1], "painter"))
"""

expect.set_options(timeout=EXPECT_MILLISECONDS)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in Path(item.fspath).parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """For this package only: while it is open, Django refuses to use its database in this thread."""
    if not CHROMIUM:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)("there is no Chromium here")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def site(tmp_path_factory) -> Iterator[sites.Site]:
    folder = tmp_path_factory.mktemp("journeys")
    subprocess.run([sys.executable, "-c", SAVE_CHECKPOINTS, folder], cwd=ROOT, check=True, capture_output=True)
    settings = {
        "STYLESITE_ENGINES": f"{steps.ENGINE},gatys,emoji,painter,photograph,texture",
        "STYLESITE_EMOJI_CHECKPOINT": str(folder / "emoji"),
        "STYLESITE_PAINTER_CHECKPOINT": str(folder / "painter"),
    }
    with sites.running(folder, **settings, STYLESITE_LIMITS="0", CUDA_VISIBLE_DEVICES="-1") as site:
        yield site


@pytest.fixture
def visitor(browser, site) -> Iterator[Callable[..., Page]]:
    """Somebody new with a browser of their own; complaints of the browser fail the test."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def arrive(*, language: str = "en", width: int = 1280, **options) -> Page:
        context = browser.new_context(
            base_url=site.url,
            locale={"en": "en-GB", "ko": "ko-KR"}[language],
            viewport={"width": width, "height": 844},
            reduced_motion="reduce",
            **options,
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(60_000)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda message: complaints.append(message.text) if steps.is_complaint(message) else None)
        return page

    yield arrive
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.fixture
def sleeping_worker(site) -> Iterator[None]:
    """The worker, stopped in the middle of its thoughts until the test is over."""
    workers = [child for child in site.children() if child.cmdline()[-1:] == ["worker"]]
    for worker in workers:
        worker.send_signal(signal.SIGSTOP)
    yield
    for worker in workers:
        if psutil.pid_exists(worker.pid):
            worker.send_signal(signal.SIGCONT)
