"""One queue, one trade: what a Celery worker begins with depends on the bells it hears."""

import subprocess
import sys

import pytest
from celery import signals

from stylesite import lifecycle
from tests.celery_workers import CeleryWorker
from tests.faults.worlds import World
from tests.sources import ROOT
from tfapp import workers
from trainer import supervising


@pytest.fixture
def begun(monkeypatch):
    """Who began, and who left."""
    found = []
    for module, name in ((workers, "painter"), (supervising, "trainer")):
        for what in ("enter", "leave"):
            monkeypatch.setattr(module, what, lambda name=name, what=what: found.append(f"{name} {what}s"))
    return found


@pytest.mark.parametrize(("queue", "who"), [("render", "painter"), ("train", "trainer")])
def test_a_worker_begins_and_leaves_as_what_its_queue_says(begun, queue, who):
    worker = CeleryWorker(queue)

    signals.worker_init.send(sender=worker)
    signals.worker_shutdown.send(sender=worker)

    assert begun == [f"{who} enters", f"{who} leaves"]


def test_a_worker_of_both_queues_is_refused_before_it_begins(begun):
    with pytest.raises(SystemExit, match="paints or trains"):
        signals.worker_init.send(sender=CeleryWorker("render", "train"))

    assert begun == []


def test_a_real_worker_of_both_queues_ends_with_a_sentence(tmp_path):
    world = World(tmp_path, redis_url="redis://127.0.0.1:1/0")
    command = [sys.executable, "-m", "celery", "-A", "stylesite", "worker", "-Q", "train,render"]

    outcome = subprocess.run(command, cwd=ROOT, env=world.environment, capture_output=True, text=True, timeout=120)

    assert outcome.returncode != 0
    assert "A worker paints or trains" in outcome.stdout + outcome.stderr


@pytest.mark.parametrize(
    ("line", "loads"),
    [
        ("/venv/bin/celery -A stylesite worker -Q train", False),
        ("/venv/bin/celery -A stylesite worker --queues=train -n me@%h", False),
        ("-m celery -A stylesite worker -Q render", True),
        ("/venv/bin/celery -A stylesite worker", True),
    ],
)
def test_engines_are_not_loaded_by_who_only_trains(monkeypatch, line, loads):
    monkeypatch.setattr(sys, "argv", line.split())
    monkeypatch.delenv(lifecycle.MARK, raising=False)

    assert lifecycle.loads_at_start() is loads
