"""A worker may be killed at any instant: every picture that was asked for is made, once."""

import os
import random
import signal
import time

import pytest

from tests import sites
from tests.faults import worlds
from tests.faults.worlds import World

N_JOBS, N_KILLS = 50, 10
SECONDS_A_JOB = 0.4
LEASE = {"FAULTS_LEASE_SECONDS": "10"}  # a third of what it usually is: the test waits for those that are lost


def test_no_picture_is_lost_or_made_twice_by_workers_that_poll(tmp_path):
    check(World(tmp_path, **LEASE))


@pytest.mark.services
def test_no_picture_is_lost_or_made_twice_by_celery_on_postgresql(tmp_path):
    with worlds.on_services(tmp_path, **LEASE) as world:
        check(world)


def check(world: World) -> None:
    """Kill the worker of a studio ten times at random moments, each time with a job in its hands."""
    with sites.running(world.folder, **world.settings) as site:
        world.submit(N_JOBS, seconds=SECONDS_A_JOB)
        killed: set[int] = set()
        while len(killed) < N_KILLS:
            killed.add(kill_at_work(world, site, killed))
        world.wait(lambda: world.states() == {"done": N_JOBS}, seconds=180, what="all pictures")
        n_lost = world.ask("SELECT sum(n_failures) FROM tfapp_job")[0][0]
        assert n_lost >= N_KILLS / 2  # the others fell into the moments between two jobs

    world.check_that_nothing_is_lost(N_JOBS)


def kill_at_work(world: World, site: sites.Site, killed: set[int]) -> int:
    """Wait for a worker with a job, and a little longer; then kill it. Its process id."""
    pids: list[int] = []

    def is_at_work() -> bool:
        """Whether a worker that lives has a job. One lost twice is let be: a third time would rightly be its last."""
        jobs = world.ask("SELECT lease_owner, n_failures FROM tfapp_job WHERE state = 'running'")
        owners = {int(owner.split(":")[1]) for owner, n_failures in jobs if n_failures < 2}
        pids[:] = [worker.pid for worker in worlds.workers_of(site.children()) if worker.pid in owners - killed]
        return bool(pids)

    world.wait(is_at_work, seconds=90, what="a worker with a job")
    time.sleep(random.uniform(0, SECONDS_A_JOB))
    os.kill(pids[0], signal.SIGKILL)
    return pids[0]


def test_a_worker_killed_in_the_middle_of_a_poster_leaves_nothing_and_the_next_one_paints_it(tmp_path):
    world = World(tmp_path, FAULTS_LEASE_SECONDS="2")
    with sites.running(world.folder, **world.settings):
        [poster] = world.submit(engine="die_once", size=300)

        world.wait(lambda: world.job(poster, "state") == ("done",), seconds=90, what="the poster")

    assert world.job(poster, "attempt", "n_failures") == (2, 1)
    (world.media / "has-died").unlink()
    world.check_that_nothing_is_lost(1)


def test_a_worker_killed_in_the_middle_of_a_batch_loses_none_of_it(tmp_path):
    """Once killed together, they are painted one by one: whatever it was that killed, it does so alone."""
    world = World(tmp_path, FAULTS_LEASE_SECONDS="2", STYLESITE_ENGINES="choir")
    world.migrate()
    jobs = world.submit(4, engine="choir", seconds=0.2)

    with world.worker() as worker:
        world.wait(lambda: world.states() == {"running": 4}, seconds=90, what="a batch")
        worker.kill()
    with world.worker():
        world.wait(lambda: world.states() == {"done": 4}, seconds=90, what="all pictures")

    assert [world.job(job, "attempt", "n_failures") for job in jobs] == [(2, 1)] * 4
    assert "at once" not in world.log()
    world.check_that_nothing_is_lost(4)
