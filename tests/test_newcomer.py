"""A stranger with an empty home folder clones us, types `make run`, gets a picture, types Ctrl-C."""

import os
import shutil
import signal
import subprocess
import time

import psutil
import pytest
import requests

from tests import pictures, sites
from tests.sources import ROOT

INSTALL_SECONDS = 900
JOB_SECONDS = 120
FOREIGN = (
    "PYTHONPATH",
    "PYTHONHOME",
    "VIRTUAL_ENV",
    "PYTEST_ADDOPTS",
    "CI",
    "XDG_CACHE_HOME",
    "MAKEFLAGS",
    "MAKELEVEL",
)

pytestmark = [
    pytest.mark.timeout(INSTALL_SECONDS + 2 * JOB_SECONDS),
    pytest.mark.skipif(os.environ.get("CI") != "true", reason="installs 600 MB anew: only where CI=true"),
    pytest.mark.skipif(not shutil.which("make") or not (ROOT / ".git").exists(), reason="needs make and a git clone"),
]


def test_a_newcomer_gets_a_picture_from_a_fresh_clone(tmp_path, capsys):
    clone, home = tmp_path / "the newcomer's folder", tmp_path / "home"
    home.mkdir()
    subprocess.run(["git", "clone", "--quiet", ROOT, clone], check=True)
    settings = sites.environment(HOME=str(home), PORT=str(sites.free_port()), PIP_NO_CACHE_DIR="1")
    for name in FOREIGN:
        settings.pop(name, None)
    started = time.monotonic()
    site = sites.start(tmp_path, ["make", "run"], cwd=clone, settings=settings)
    try:
        sites.wait_until_ready(site, INSTALL_SECONDS)
        with capsys.disabled():
            print(f"\nA fresh clone was ready after {time.monotonic() - started:.0f} s")

        job = paint(site.url)

        assert job["state"] == "done", job
        picture = requests.get(job["artwork"]["image_url"], cookies=job["cookies"], timeout=30)
        assert picture.headers["Content-Type"] == "image/png"
    finally:
        left = sites.stop(site, sign=signal.SIGINT, is_typed=True)
    assert left == []
    assert [process for process in psutil.process_iter(["cwd"]) if process.info["cwd"] == str(clone)] == []


def paint(url: str) -> dict:
    """Ask for a small picture with the first engine that can be had, and wait for it."""
    session = requests.Session()
    engine = next(one["name"] for one in session.get(f"{url}/api/v1/engines", timeout=30).json() if one["available"])
    files = {
        "content": ("photo.jpg", pictures.encoded(pictures.photo())),
        "style": ("style.png", pictures.encoded(pictures.painting(), "png")),
    }
    headers = {"X-CSRFToken": session.cookies["csrftoken"], "Referer": url}
    answer = session.post(
        f"{url}/api/v1/jobs", data={"engine": engine, "size": "256"}, files=files, headers=headers, timeout=60
    )
    assert answer.status_code == 202, answer.text
    until = time.monotonic() + JOB_SECONDS
    while time.monotonic() < until:
        job = session.get(f"{url}/api/v1/jobs/{answer.json()['id']}", timeout=30).json()
        if job["state"] not in ("queued", "running"):
            break
        time.sleep(0.2)
    return {**job, "cookies": session.cookies}
