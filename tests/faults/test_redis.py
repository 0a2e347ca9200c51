"""Redis hangs, dies and comes back: visitors are answered all the same, and no picture is lost."""

import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
import redis
import requests

from tests import services, sites
from tests.faults import worlds
from tests.faults.visitors import Visitor

pytestmark = pytest.mark.services


class Server:
    """A redis-server of the test's own, which it may stop and kill."""

    def __init__(self, folder: Path):
        if not shutil.which("redis-server"):
            services.give_up("no redis-server on this machine")
        self.folder = folder
        self.port = sites.free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.start()

    def start(self) -> None:
        options = ["--port", str(self.port), "--save", "", "--appendonly", "no", "--dir", str(self.folder)]
        self.process = subprocess.Popen(["redis-server", *options], stdout=subprocess.DEVNULL)
        until = time.monotonic() + 10
        while time.monotonic() < until:
            try:
                redis.Redis.from_url(self.url, socket_timeout=1).ping()
                return
            except redis.RedisError:
                time.sleep(0.1)
        raise RuntimeError("redis-server does not answer")

    def kill(self) -> None:
        self.process.send_signal(signal.SIGCONT)
        self.process.kill()
        self.process.wait()


@contextmanager
def studio_with_redis(folder: Path, **environment: str) -> Iterator[tuple[worlds.World, sites.Site, Server]]:
    server = Server(folder)
    try:
        with (
            worlds.on_services(folder, redis_url=server.url, **environment) as world,
            sites.running(world.folder, **world.settings) as site,
        ):
            yield world, site, server
    finally:
        server.kill()


def test_a_hung_redis_keeps_nobody_waiting_and_loses_no_picture(tmp_path):
    with studio_with_redis(tmp_path) as (world, site, server):
        visitors = [Visitor(site.url) for _ in range(20)]
        server.process.send_signal(signal.SIGSTOP)

        with ThreadPoolExecutor(4) as threads:
            answers = list(threads.map(Visitor.ask, visitors))
        assert [response.status_code for response, _seconds in answers] == [202] * 20
        assert max(seconds for _response, seconds in answers) < 6
        assert requests.get(f"{site.url}/healthz", timeout=5).json()["doorbell"] == "silent"

        server.process.send_signal(signal.SIGCONT)
        world.wait(lambda: world.states() == {"done": 20}, seconds=45, what="all pictures")
        world.check_files(20)


def test_pictures_are_made_while_redis_is_dead_and_after_it_came_back(tmp_path):
    with studio_with_redis(tmp_path, FAULTS_LEASE_SECONDS="10") as (world, site, server):
        visitor = Visitor(site.url)
        server.kill()

        response, seconds = visitor.ask()
        assert response.status_code == 202 and seconds < 6
        world.wait(lambda: world.states() == {"done": 1}, seconds=45, what="a picture without Redis")

        server.start()
        visitor.ask()
        world.wait(lambda: world.states() == {"done": 2}, seconds=45, what="a picture after its return")
        world.wait(
            lambda: redis.Redis.from_url(server.url).llen("render") == 0, seconds=60, what="the bell heard again"
        )
