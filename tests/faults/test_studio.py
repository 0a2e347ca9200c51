"""The studio starts again what dies, and leaves no process behind, however it ends itself."""

import signal
import time

import psutil
import pytest
import requests

from tests import sites
from tests.faults import worlds
from tests.faults.worlds import World

RESTART_SECONDS = 5


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A studio for the tests that leave it running."""
    folder = tmp_path_factory.mktemp("studio")
    with sites.running(folder, **World(folder).settings) as site:
        yield site


def wait_for(is_so, *, seconds: float) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if is_so():
            return True
        time.sleep(0.05)
    return False


def test_a_killed_worker_is_started_again_within_five_seconds(site):
    [worker] = worlds.workers_of(site.children())
    worker.kill()

    assert wait_for(
        lambda: [one for one in worlds.workers_of(site.children()) if one.pid != worker.pid], seconds=RESTART_SECONDS
    )
    assert requests.get(f"{site.url}/healthz", timeout=5).status_code == 503  # it loads its engines first
    sites.wait_until_ready(site)


def test_a_killed_training_worker_is_started_again_within_five_seconds_and_disturbs_no_visitor(site):
    [worker] = worlds.training_workers_of(site.children())
    worker.kill()

    assert requests.get(f"{site.url}/healthz", timeout=5).status_code == 200
    assert wait_for(
        lambda: [one for one in worlds.training_workers_of(site.children()) if one.pid != worker.pid],
        seconds=RESTART_SECONDS,
    )


def test_a_killed_web_server_is_started_again_within_five_seconds(site):
    old = worlds.named(site.children(), "gunicorn")
    for process in old:
        process.kill()

    assert wait_for(
        lambda: [one for one in worlds.named(site.children(), "gunicorn") if one not in old], seconds=RESTART_SECONDS
    )
    sites.wait_until_ready(site)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_no_process_outlives_the_studio(tmp_path, number):
    with sites.running(tmp_path, **World(tmp_path).settings) as site:
        family = site.children()
        assert len(family) >= 4  # the web server's two, the worker, the training worker

        site.process.send_signal(number)

        site.process.wait(20)
        _gone, left = psutil.wait_procs(family, timeout=20)
        assert left == []


def test_a_taken_port_is_told_in_a_sentence(site, tmp_path):
    world = World(tmp_path, PORT=site.url.rpartition(":")[2])

    outcome = world.manage("studio")

    assert outcome.returncode != 0
    assert "cannot be used" in outcome.stderr and "Traceback" not in outcome.stderr
