"""Previews while workers are killed, hang and come back, while Redis hangs, and while others wait for pictures."""

import signal
import threading
import time

import pytest
import requests

from tests import sites
from tests.faults import worlds
from tests.faults.mixing import Mixer
from tests.faults.test_redis import studio_with_redis
from tests.faults.worlds import World

PATIENCE = 4  # seconds: two are promised, on a machine that may be busy
N_JOBS = 6


@pytest.fixture(scope="module")
def studio(tmp_path_factory):
    world = World(tmp_path_factory.mktemp("previews"), STYLESITE_ENGINES="echo")
    with sites.running(world.folder, **world.settings) as site:
        yield world, site


def worker_of(site: sites.Site):
    [worker] = worlds.workers_of(site.children())
    return worker


def wait_for_a_preview(world: World, mixer: Mixer) -> None:
    world.wait(lambda: mixer.preview()[0].status_code == 200, seconds=90, what="a preview")


def test_previews_come_at_once_and_leave_nothing(studio):
    world, site = studio
    mixer = Mixer(site.url)
    wait_for_a_preview(world, mixer)

    response, _seconds = mixer.preview(strength="0.3")

    assert response.headers["Content-Type"] == "image/jpeg"
    assert float(response.headers["X-Seconds"]) < 2
    assert world.states() == {}
    assert not list(world.media.glob("artworks/*"))


def test_a_worker_killed_over_a_preview_is_told_at_once_and_replaced(studio):
    world, site = studio
    mixer = Mixer(site.url)
    wait_for_a_preview(world, mixer)
    worker = worker_of(site)
    worker.send_signal(signal.SIGSTOP)
    answers = []
    thread = threading.Thread(target=lambda: answers.append(mixer.preview()))
    thread.start()
    time.sleep(0.5)
    worker.kill()
    thread.join(10)

    [(response, seconds)] = answers
    assert response.status_code == 503 and seconds < PATIENCE
    response, seconds = mixer.preview()
    assert response.status_code in (200, 503) and seconds < PATIENCE
    wait_for_a_preview(world, mixer)


def test_a_hung_worker_holds_nobody_up_for_longer_than_promised(studio):
    world, site = studio
    mixers = [Mixer(site.url) for _ in range(6)]
    wait_for_a_preview(world, mixers[0])
    worker = worker_of(site)
    worker.send_signal(signal.SIGSTOP)
    try:
        answers = []
        threads = [threading.Thread(target=lambda mixer=mixer: answers.append(mixer.preview())) for mixer in mixers]
        for thread in threads:
            thread.start()
        time.sleep(0.3)
        started = time.monotonic()
        requests.get(f"{site.url}/robots.txt", timeout=10).raise_for_status()
        seconds_of_others = time.monotonic() - started
        for thread in threads:
            thread.join(10)
    finally:
        worker.send_signal(signal.SIGCONT)

    assert {response.status_code for response, _seconds in answers} == {503}
    assert max(seconds for _response, seconds in answers) < PATIENCE
    assert seconds_of_others < 1.5
    wait_for_a_preview(world, mixers[0])


def test_a_socket_that_is_gone_is_told_and_comes_back_with_the_next_worker(studio):
    world, site = studio
    mixer = Mixer(site.url)
    wait_for_a_preview(world, mixer)
    for path in (world.folder / "var" / "proofs").iterdir():
        path.unlink()

    response, seconds = mixer.preview()

    assert response.status_code == 503 and seconds < PATIENCE
    worker_of(site).terminate()
    wait_for_a_preview(world, mixer)


def test_pictures_are_painted_while_previews_are_hammered(studio):
    world, site = studio
    mixers = [Mixer(site.url) for _ in range(3)]
    wait_for_a_preview(world, mixers[0])
    is_over = threading.Event()
    n_previews = [0] * len(mixers)

    def hammer(n: int) -> None:
        while not is_over.is_set():
            n_previews[n] += mixers[n].preview(strength="0.5")[0].status_code == 200

    threads = [threading.Thread(target=hammer, args=(n,)) for n in range(len(mixers))]
    for thread in threads:
        thread.start()
    try:
        world.submit(N_JOBS, seconds=0.5)
        seconds = world.wait(lambda: world.states() == {"done": N_JOBS}, seconds=60, what="all pictures")
    finally:
        is_over.set()
        for thread in threads:
            thread.join(20)

    assert seconds < 30
    assert min(n_previews) > 0
    assert max(n_previews) < 3 * min(n_previews) + 10  # nobody got ahead by asking
    outcome = world.manage("audit")
    assert outcome.returncode == 0, outcome.stdout


@pytest.mark.services
def test_a_hung_redis_is_told_and_previews_come_back_with_it(tmp_path):
    with studio_with_redis(tmp_path, STYLESITE_ENGINES="echo") as (world, site, server):
        mixer = Mixer(site.url)
        wait_for_a_preview(world, mixer)
        server.process.send_signal(signal.SIGSTOP)

        response, seconds = mixer.preview()
        assert response.status_code == 503 and seconds < PATIENCE
        server.process.send_signal(signal.SIGCONT)
        wait_for_a_preview(world, mixer)

        server.kill()
        response, seconds = mixer.preview()
        assert response.status_code == 503 and seconds < PATIENCE
        server.start()
        wait_for_a_preview(world, mixer)

        worker_of(site).kill()
        response, seconds = mixer.preview()
        assert seconds < PATIENCE
        wait_for_a_preview(world, mixer)
