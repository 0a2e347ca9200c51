"""A site of a test's own: its data, its database, its environment; on SQLite, or on PostgreSQL with Redis."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pytest
import requests

from tests import services, sites
from tests.sources import ROOT


class World:
    """What a test needs to do to a site, and to know about it, without going through the site's own code."""

    def __init__(self, folder: Path, *, database_url: str = "", redis_url: str = "", **environment: str):
        self.folder = folder
        self.media = folder / "var" / "media"
        self.database_url = database_url
        self.settings = {
            "STYLESITE_DATA": str(folder / "var"),
            "STYLESITE_ENGINES": "echo,hang,kill,die_once",
            "STYLESITE_LIMITS": "0",
            "DJANGO_SETTINGS_MODULE": "tests.faults.settings",
            **({"DATABASE_URL": database_url} if database_url else {}),
            **({"REDIS_URL": redis_url} if redis_url else {}),
            **environment,
        }

    @property
    def environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("STYLESITE_")}
        return {**kept, **self.settings}

    def manage(self, *words: str, seconds: float = 120) -> subprocess.CompletedProcess:
        command = [sys.executable, "manage.py", *words]
        return subprocess.run(command, cwd=ROOT, env=self.environment, capture_output=True, text=True, timeout=seconds)

    def migrate(self) -> None:
        outcome = self.manage("migrate", "-v0")
        assert outcome.returncode == 0, outcome.stderr

    def submit(self, n_jobs: int = 1, **options: Any) -> list[str]:
        """Jobs like those of the create page; their ids."""
        words = [f"--{name}={value}" for name, value in options.items()]
        command = [sys.executable, "-m", "tests.faults.driver", str(n_jobs), *words]
        outcome = subprocess.run(command, cwd=ROOT, env=self.environment, capture_output=True, text=True, timeout=120)
        assert outcome.returncode == 0, outcome.stderr
        return json.loads(outcome.stdout)

    def worker(self, preexec_fn: Callable | None = None):
        """A worker of its own, polling or Celery's; killed at the end if it still lives."""
        return self._worker("render", ["manage.py", "worker"], preexec_fn)

    def training_worker(self):
        """The same for runs."""
        return self._worker("train", ["manage.py", "worker", "--training"], None)

    @contextmanager
    def _worker(self, queue: str, words: list[str], preexec_fn: Callable | None) -> Iterator[subprocess.Popen]:
        if "REDIS_URL" in self.settings:
            words = ["-m", "celery", "-A", "stylesite", "worker", "-Q", queue]
        with (self.folder / "worker.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, *words], cwd=ROOT, env=self.environment, stdout=log, stderr=log, preexec_fn=preexec_fn
            )
        try:
            yield process
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGCONT)
                process.kill()
            process.wait()

    @contextmanager
    def web(self, preexec_fn: Callable | None = None) -> Iterator[str]:
        """The web server alone, as the studio starts it; its address."""
        url = f"127.0.0.1:{sites.free_port()}"
        options = f"--bind {url} --worker-class gthread --threads 8 --log-level error --no-control-socket"
        command = [sys.executable, "-m", "gunicorn", "stylesite.wsgi", *options.split()]
        with (self.folder / "web.log").open("ab") as log:
            process = subprocess.Popen(
                command, cwd=ROOT, env=self.environment, stdout=log, stderr=log, preexec_fn=preexec_fn
            )
        try:
            self.wait(lambda: _answers(f"http://{url}/healthz"), seconds=60, what="the web server")
            yield f"http://{url}"
        finally:
            process.terminate()
            process.wait(20)

    def ask(self, sql: str) -> list[tuple]:
        """Straight from the database."""
        if self.database_url:
            with psycopg.connect(self.database_url) as connection:
                return connection.execute(sql).fetchall()
        connection = sqlite3.connect(self.folder / "var" / "stylesite.sqlite3", timeout=20)
        try:
            return connection.execute(sql).fetchall()
        finally:
            connection.close()

    def states(self) -> dict[str, int]:
        """How many jobs are in each state."""
        return dict(self.ask("SELECT state, count(*) FROM tfapp_job GROUP BY state"))

    def job(self, key: str, *columns: str) -> tuple:
        key = key if self.database_url else uuid.UUID(key).hex
        return self.ask(f"SELECT {', '.join(columns)} FROM tfapp_job WHERE id = '{key}'")[0]

    def log(self) -> str:
        return "".join(path.read_text(errors="replace")[-4000:] for path in self.folder.glob("*.log"))

    def wait(self, is_so: Callable[[], Any], *, seconds: float, what: str) -> float:
        """Wait until it is so; the seconds that took."""
        started = time.monotonic()
        while not is_so():
            if time.monotonic() - started > seconds:
                pytest.fail(f"Not within {seconds} s: {what}. Jobs: {self.states()}\n{self.log()}")
            time.sleep(0.1)
        return time.monotonic() - started

    def check_that_nothing_is_lost(self, n_done: int) -> None:
        """So many pictures, each once, and an audit without findings."""
        self.check_files(n_done)
        outcome = self.manage("audit", "--strict")
        assert outcome.returncode == 0, outcome.stdout + outcome.stderr

    def check_files(self, n_done: int) -> None:
        """So many pictures, each once."""
        assert self.states() == {"done": n_done}
        assert self.ask("SELECT count(*), count(DISTINCT job_id) FROM tfapp_artwork") == [(n_done, n_done)]
        assert len(list(self.media.glob("artworks/*/*"))) == n_done


def _answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=5).status_code in (200, 503)
    except requests.RequestException:
        return False


def workers_of(children: list[psutil.Process]) -> list[psutil.Process]:
    """The workers that paint among a studio's processes."""
    found = named(children, "manage.py worker", "celery -A stylesite")
    return [one for one in found if one not in training_workers_of(children)]


def training_workers_of(children: list[psutil.Process]) -> list[psutil.Process]:
    """The workers that train."""
    return named(children, "manage.py worker --training", "-Q train")


def named(children: list[psutil.Process], *words: str) -> list[psutil.Process]:
    """The living processes with one of these in their command line."""
    found = []
    for child in children:
        with suppress(psutil.NoSuchProcess):  # zombies too
            line = " ".join(child.cmdline())
            if any(one in line for one in words):
                found.append(child)
    return found


@contextmanager
def on_services(folder: Path, **environment: str) -> Iterator[World]:
    """A world on PostgreSQL and Redis, in a database of its own."""
    redis_url = environment.pop("redis_url", "") or services.redis_url()
    with services.postgresql() as database_url:
        yield World(folder, database_url=database_url, redis_url=redis_url, **environment)
