"""Limits hold when two hundred requests of one visitor arrive at once."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.faults import worlds
from tests.faults.visitors import Visitor
from tests.faults.worlds import World

N_REQUESTS = 200


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.services)])
def world(request, tmp_path):
    if request.param == "sqlite":
        yield World(tmp_path, STYLESITE_LIMITS="1")
        return
    with worlds.on_services(tmp_path, STYLESITE_LIMITS="1") as world:
        yield world


def test_exactly_three_of_two_hundred_pictures_are_begun(world):
    world.migrate()
    with world.web() as url:
        visitor = Visitor(url)
        first, _seconds = visitor.ask()
        with ThreadPoolExecutor(40) as threads:
            answers = list(threads.map(lambda _n: visitor.ask()[0], range(N_REQUESTS)))

    assert first.status_code == 202
    assert Counter(answer.status_code for answer in answers) == {202: 2, 429: N_REQUESTS - 2}
    assert all(int(answer.headers["Retry-After"]) > 0 for answer in answers if answer.status_code == 429)
    assert world.states() == {"queued": 3}
    assert len(list(world.media.glob("inputs/*/*"))) == 6
    assert list(world.media.glob("incoming/*")) == []
