"""We look into the running web server: no network library in it, and not much memory, also after real requests."""

import json
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
import requests

from stylesite import lifecycle
from tests import pictures, sites
from tests.faults import worlds
from tests.sources import ROOT
from tests.test_architecture import HEAVY

MOST_BYTES = 150 * 2**20
MOST_PHOTOS = 12
PAGES = (
    "/",
    "/mixer/",
    "/gallery/",
    "/mine/",
    "/account/sign-up/",
    "/healthz",
    "/api/v1/engines",
    "/api/v1/docs",
    "/admin/",
)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    settings = {"STYLESITE_ENGINES": "echo,adain,tfhub,tflite", "STYLESITE_LIMITS": "0"}
    with sites.running(tmp_path_factory.mktemp("studio"), **settings) as site:
        use(site.url)
        yield site


def test_the_running_web_server_holds_no_network_library(site):
    processes = site.web_processes()

    assert processes
    assert [found for process in processes for found in heavy_files(process.pid)] == []


def test_the_running_web_server_is_small(site):
    sizes = {process.pid: process.memory_info().rss for process in site.web_processes()}

    assert all(size <= MOST_BYTES for size in sizes.values()), sizes


def test_the_training_worker_holds_no_network_library_and_is_small(site):
    [worker] = worlds.training_workers_of(site.children())

    assert heavy_files(worker.pid) == []
    assert worker.memory_info().rss <= MOST_BYTES


def test_a_worker_would_be_seen(site):
    workers = set(site.children()) - set(site.web_processes())

    assert any(heavy_files(worker.pid) for worker in workers if worker.is_running())


@pytest.mark.parametrize("preload", ["", "adain"])
def test_the_application_imports_no_network_library(tmp_path, monkeypatch, preload):
    """The same from inside: what is in sys.modules after the addresses were resolved and a page was asked for."""
    script = (
        "import json, sys\n"
        "from stylesite.wsgi import application\n"
        "from django.test import Client\n"
        "Client().get('/robots.txt', headers={'host': 'localhost'})\n"
        "print(json.dumps(sorted(sys.modules)))\n"
    )
    monkeypatch.setenv("STYLESITE_PRELOAD", preload)  # in the studio's environment, for its workers
    settings = {**lifecycle.web_environment(), "STYLESITE_DATA": str(tmp_path)}
    child = subprocess.run([sys.executable, "-c", script], cwd=ROOT, env=settings, capture_output=True, text=True)

    assert child.returncode == 0, child.stderr
    assert set(json.loads(child.stdout.splitlines()[-1])).isdisjoint(HEAVY)


def use(url: str) -> None:
    """What visitors do: every page, large and small uploads, a result watched and shown."""
    session = requests.Session()
    for page in PAGES:
        assert session.get(url + page, timeout=30).status_code < 500
    headers = {"X-CSRFToken": session.cookies["csrftoken"], "Referer": url}
    photos = [pictures.encoded(pictures.photo(*size)) for size in ((640, 480), (1600, 1200), (4000, 3000))]
    style = pictures.encoded(pictures.painting())
    for number in range(MOST_PHOTOS):
        answer = session.post(
            f"{url}/api/v1/jobs",
            data={"engine": "echo", "size": "512"},
            files={"content": ("photo.jpg", photos[number % 3]), "style": ("style.jpg", style)},
            headers=headers,
            timeout=60,
        )
        assert answer.status_code == 202, answer.text
        assert session.get(f"{url}/api/v1/jobs/{answer.json()['id']}", timeout=30).status_code == 200
    for page in PAGES:
        assert session.get(url + page, timeout=30).status_code < 500


def heavy_files(pid: int) -> list[str]:
    """Mapped libraries of TensorFlow and its like: compiled code that a process has loaded."""
    try:
        maps = Path(f"/proc/{pid}/maps").read_text().splitlines()
    except FileNotFoundError:
        pytest.skip("there is no /proc here")
    except (ProcessLookupError, PermissionError, psutil.NoSuchProcess):
        return []
    paths = {line.split(maxsplit=5)[5] for line in maps if "/" in line}
    return sorted(path for path in paths if set(Path(path).parts) & {*HEAVY, "ml_dtypes"})
