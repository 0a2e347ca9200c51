"""What a worker does around its jobs."""

import os
import signal
import threading
import time
from datetime import timedelta

import pytest
from celery import signals
from django.utils import timezone

from stylesite import lifecycle
from stylesite.lifecycle import stopping
from tests import factories
from tests.celery_workers import CeleryWorker
from tfapp import doorbell, jobs, loading, rendering, tasks, workers
from tfapp.engines.base import EngineError
from tfapp.models import Artwork, EngineStatus, Job, Person, Worker

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def one_engine(settings, monkeypatch):
    settings.ENGINES = ["echo", "tflite"]
    monkeypatch.setattr(loading, "_loaded", {})
    monkeypatch.setattr(loading, "_failed", {})
    monkeypatch.setattr(loading, "_coming", set())
    yield
    stopping.forget()


@pytest.fixture
def broken_lite(monkeypatch):
    """tflite cannot be had: its loader says so."""
    load = loading.engines.load

    def refuse(spec):
        if spec.name == "tflite":
            raise EngineError("The folder holds no model.")
        return load(spec)

    monkeypatch.setattr(loading.engines, "load", refuse)


def test_it_is_there_with_its_engines_told_and_leaves_when_it_stops(broken_lite):
    workers.enter()

    assert Worker.objects.alive().get().name == workers.name()
    echo, lite = EngineStatus.objects.order_by("engine")
    assert echo.is_available and echo.reason == ""
    assert not lite.is_available and lite.reason == "The folder holds no model."

    workers.leave()
    assert not Worker.objects.exists()


def test_it_works_until_it_is_asked_to_stop(broken_lite, settings):
    settings.POLL_SECONDS = 0.05
    for _ in range(3):
        factories.make_job()

    def stop_when_done() -> None:
        until = time.monotonic() + 20
        while Artwork.objects.count() < 3 and time.monotonic() < until:
            time.sleep(0.05)
        stopping.ask()
        workers.connection.close()

    thread = threading.Thread(target=stop_when_done)
    thread.start()
    workers.poll()
    thread.join()

    assert Job.objects.filter(state="done").count() == 3
    assert not Worker.objects.exists()


def test_looking_around_takes_back_what_others_lost():
    job = factories.make_job(state="running")
    Job.objects.update(lease_until=timezone.now() - timedelta(seconds=1))

    workers.look_around()

    job.refresh_from_db()
    assert job.state == "queued"


def test_an_idle_worker_whose_bell_was_lost_rings_and_begins_itself(settings, monkeypatch):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    rung = []
    monkeypatch.setattr(doorbell, "ring", lambda n: bool(rung.append(n)))
    factories.make_job()
    factories.make_job()

    workers.look_around()

    assert rung == [2]
    assert Artwork.objects.count() == 2


def test_a_busy_worker_leaves_the_bell_alone(settings, monkeypatch):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    monkeypatch.setattr(doorbell, "ring", lambda n: pytest.fail("it rang"))
    factories.make_job()

    with rendering._one_at_a_time:
        workers.look_around()

    assert Job.objects.get().state == "queued"


def test_a_worker_that_is_known_to_be_dead_is_forgotten(monkeypatch):
    workers._say_that_i_am_here()
    factories.make_worker("elsewhere:1:abc")
    pid = int(workers.name().split(":")[1])

    workers.forget(pid)

    assert Worker.objects.get().name == "elsewhere:1:abc"


@pytest.mark.parametrize(
    ("supervisor", "is_over"), [("-1", True), (str(os.getpid()), False), (str(os.getppid()), False), (None, False)]
)
def test_a_worker_stops_when_the_studio_that_kept_it_is_gone(monkeypatch, supervisor, is_over):
    if supervisor:
        monkeypatch.setenv(lifecycle.MARK, supervisor)
    before = signal.signal(signal.SIGTERM, stopping.ask)
    try:
        workers._say_that_i_am_here()
    finally:
        signal.signal(signal.SIGTERM, before)

    assert bool(stopping) is is_over


def test_it_leaves_when_the_last_picture_is_finished(monkeypatch):
    events = []

    def paint() -> None:
        with rendering._one_at_a_time:
            is_painting.set()
            time.sleep(0.5)
            events.append("painted")

    is_painting = threading.Event()
    painting = threading.Thread(target=paint)
    painting.start()
    is_painting.wait(5)

    workers.leave()
    events.append("left")
    painting.join()

    assert events == ["painted", "left"]


def test_what_a_worker_does_again_and_again_survives_any_trouble():
    calls = []

    def trouble() -> None:
        calls.append(len(calls))
        if len(calls) < 3:
            raise FileNotFoundError("Somebody was faster.")

    workers._has_left.clear()
    workers._every(0.01, trouble, at_once=True)
    until = time.monotonic() + 10
    while len(calls) < 3 and time.monotonic() < until:
        time.sleep(0.01)
    workers.leave()

    assert len(calls) >= 3


def test_a_celery_worker_that_cannot_begin_ends(monkeypatch):
    monkeypatch.setattr(jobs, "reap", lambda: 1 / 0)

    with pytest.raises(SystemExit):
        signals.worker_init.send(sender=CeleryWorker("render"))


def test_when_a_missing_engine_came_the_bell_rings_for_those_who_waited(settings, monkeypatch, broken_lite):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    rung = []
    monkeypatch.setattr(doorbell, "ring", lambda n: bool(rung.append(n)))
    factories.make_job(with_files=False)

    workers._report()

    assert rung == [1]


def test_workers_not_seen_for_a_day_are_forgotten():
    factories.make_worker("old", seen_at=timezone.now() - timedelta(days=2))
    factories.make_worker("new")

    workers._tidy_up()

    assert Worker.objects.get().name == "new"


def test_visitors_who_never_came_back_are_forgotten():
    factories.make_person()
    Person.objects.update(created_at=timezone.now() - timedelta(days=2))

    workers._tidy_up()

    assert not Person.objects.exists()


def test_a_message_renders_a_job_and_a_second_one_for_it_is_harmless():
    factories.make_job()

    assert tasks.render_next() is True
    assert tasks.render_next() is False

    assert Artwork.objects.count() == 1
