"""The web process: how long until it answers, and how much memory it holds, fresh and after real requests."""

import tempfile
import time
from contextlib import suppress
from pathlib import Path

import requests
from django.test import override_settings

from tests import pictures, sites
from tests.benchmarks import journey
from tests.benchmarks.tables import Figure, megabytes
from tests.sources import ROOT
from tfapp.management.commands import studio


def measure(argument: str) -> list[Figure]:
    """Start, memory at rest and after uploads."""
    with tempfile.TemporaryDirectory(prefix="stylesite-bench-") as folder:
        with sites.running(Path(folder), STYLESITE_ENGINES="echo", STYLESITE_LIMITS="0"):
            pass  # the database and the static files exist now

        alone = min(start_alone(Path(folder)) for _ in range(3))
        started = time.perf_counter()
        with sites.running(Path(folder), STYLESITE_ENGINES="echo", STYLESITE_LIMITS="0") as site:
            ready = time.perf_counter() - started
            fresh = max(process.memory_info().rss for process in site.web_processes())
            use(site.url)
            used = max(process.memory_info().rss for process in site.web_processes())
    return [
        Figure("web server alone until it answers", f"{alone:.1f} s", "≤ 3 s", "best of 3"),
        Figure("second `make run` until ready", f"{ready:.1f} s", "seconds", "web server and worker, engine echo"),
        Figure("web process, memory at rest", megabytes(fresh), "≤ 150 MB", "resident, the largest process"),
        Figure("web process, memory after 20 uploads", megabytes(used), "≤ 150 MB", "12-megapixel photos among them"),
    ]


def start_alone(folder: Path) -> float:
    """Seconds from starting the web server, as the studio does, to its first answer."""
    port = sites.free_port()
    with override_settings(PORT=port):
        command = studio.web_command("127.0.0.1")
    settings = sites.environment(STYLESITE_DATA=str(folder / "var"), PORT=str(port))
    started = time.perf_counter()
    site = sites.start(folder, command, cwd=ROOT, settings=settings)
    try:
        while site.process.poll() is None:
            with suppress(requests.ConnectionError):
                requests.get(f"{site.url}/robots.txt", timeout=5).raise_for_status()
                return time.perf_counter() - started
            time.sleep(0.02)
        raise RuntimeError(site.log.read_text())
    finally:
        sites.stop(site)


def use(url: str) -> None:
    """What visitors do: pages, and uploads of all sizes."""
    session = requests.Session()
    for page in ("/", "/gallery/", "/mine/", "/api/v1/engines", "/api/v1/docs"):
        session.get(url + page, timeout=30)
    photos = [pictures.encoded(pictures.photo(*size), "jpeg") for size in ((800, 600), (1600, 1200), (4000, 3000))]
    style = pictures.encoded(pictures.painting(), "jpeg")
    for i in range(20):
        journey.post(session, url, photos[i % 3], style, size="256", engine="echo")
