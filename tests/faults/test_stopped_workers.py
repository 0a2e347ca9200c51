"""A worker that is asked to stop finishes a short job, gives a long one back, and is gone."""

import signal
import subprocess
import time

import pytest

from tests.faults import worlds
from tests.faults.worlds import World


@pytest.fixture(params=["polling", pytest.param("celery", marks=pytest.mark.services)])
def world(request, tmp_path):
    if request.param == "polling":
        world = World(tmp_path)
        world.migrate()
        yield world
        return
    with worlds.on_services(tmp_path) as world:
        world.migrate()
        yield world


def stop(process: subprocess.Popen) -> float:
    """Ask it to stop; the seconds that took."""
    asked = time.monotonic()
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 0
    return time.monotonic() - asked


def test_it_gives_a_long_job_back_without_counting_the_attempt(world):
    [key] = world.submit(seconds=60)
    with world.worker() as process:
        world.wait(lambda: world.states() == {"running": 1}, seconds=60, what="the job running")

        assert stop(process) < 12

    assert world.job(key, "state", "n_failures", "lease_owner") == ("queued", 0, "")
    assert world.ask("SELECT count(*) FROM tfapp_worker") == [(0,)]
    assert list(world.media.glob("incoming/*")) == []


def test_it_finishes_a_short_job_and_takes_no_other(world):
    world.submit(2, seconds=1.5)
    with world.worker() as process:
        world.wait(lambda: world.states() == {"running": 1, "queued": 1}, seconds=60, what="a job running")

        stop(process)

    assert world.states() == {"done": 1, "queued": 1}
    assert world.ask("SELECT count(*) FROM tfapp_worker") == [(0,)]


def test_an_idle_worker_stops_too(world):
    with world.worker() as process:
        world.wait(lambda: world.ask("SELECT 1 FROM tfapp_worker"), seconds=60, what="the worker")
        time.sleep(1)

        assert stop(process) < 15
