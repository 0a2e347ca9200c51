"""PostgreSQL hangs up on everybody in the middle of the work, as it does when it is started anew."""

import time

import pytest

from tests.faults import worlds

pytestmark = pytest.mark.services

HANG_UP = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
"""


def test_a_worker_goes_on_when_the_database_hung_up_and_keeps_its_picture(tmp_path):
    with worlds.on_services(tmp_path) as world:
        world.migrate()
        [key] = world.submit(seconds=4)
        with world.worker() as process:
            world.wait(lambda: world.states() == {"running": 1}, seconds=60, what="the job running")
            time.sleep(1)
            world.ask(HANG_UP)

            world.wait(lambda: world.states() == {"done": 1}, seconds=25, what="the picture")
            world.submit()
            world.wait(lambda: world.states() == {"done": 2}, seconds=30, what="another picture")
            assert process.poll() is None

        assert world.job(key, "attempt", "n_failures") == (1, 0)
        world.check_that_nothing_is_lost(2)
