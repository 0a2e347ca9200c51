"""A picture seen while it is painted: written by the worker, shown to its owner alone, gone when the job ends."""

import errno
import io
import threading
import time
from datetime import timedelta

import numpy as np
import pytest
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone
from PIL import Image

from stylesite.lifecycle import stopping
from tests import clients, factories
from tfapp import files, images, jobs, loading, previews, rendering, watching
from tfapp.engines.base import EngineError
from tfapp.models import Job

pytestmark = pytest.mark.django_db(transaction=True)

RED = np.zeros((300, 900, 3), "float32") + np.float32([1, 0, 0])


class Stub:
    """An engine that shows something, waits until it can be seen, and then does what a test wants."""

    def __init__(self, then):
        self.then = then

    def render(self, inputs, progress):
        progress(0.5, lambda: RED)
        until = time.monotonic() + 10
        while not previews.version(Job.objects.get()) and time.monotonic() < until:
            time.sleep(0.02)
        return self.then(inputs, progress)


@pytest.fixture
def engine(monkeypatch):
    monkeypatch.setattr(watching, "LOOK_SECONDS", 0.05)
    monkeypatch.setattr(watching, "PREVIEW_SECONDS", 0.05)
    yield lambda then: monkeypatch.setitem(loading._loaded, "echo", Stub(then))
    stopping.forget()


def claim() -> Job:
    factories.make_job()
    return Job.objects.claim_next("tests")


def nothing_is_left() -> bool:
    call_command("audit", strict=True)
    return files.leftovers() == [] and list(files.orphans()) == []


def test_it_can_be_seen_while_it_is_painted_and_is_gone_when_it_is_done(engine):
    seen = []

    def look(inputs, progress):
        with Image.open(files.path(previews.name(job))) as picture:
            seen.append((picture.format, picture.size, picture.getpixel((5, 5))))
        return inputs.content

    engine(look)
    job = claim()

    assert rendering.render(job) is not None

    assert seen[0][:2] == ("JPEG", (512, 171))
    assert seen[0][2][0] > 240
    assert nothing_is_left()


def test_the_next_one_takes_its_place(engine):
    versions = []

    def go_on(inputs, progress):
        versions.append(previews.version(job))
        progress(0.6, lambda: 0.5 * RED)
        until = time.monotonic() + 10
        while previews.version(job) == versions[0] and time.monotonic() < until:
            time.sleep(0.02)
        versions.append(previews.version(job))
        return inputs.content

    engine(go_on)
    job = claim()

    rendering.render(job)

    assert versions[0] != versions[1]


@pytest.mark.parametrize("error", [EngineError("No."), ZeroDivisionError(), MemoryError()])
def test_nothing_is_left_when_the_engine_fails(engine, error):
    def fail(inputs, progress):
        raise error

    engine(fail)

    assert rendering.render(claim()) is None

    assert nothing_is_left()


def test_nothing_is_left_when_it_is_cancelled(engine):
    def cancel(inputs, progress):
        Job.objects.get().request_cancel()
        for _ in range(200):
            time.sleep(0.05)
            progress(0.6, lambda: RED)

    engine(cancel)
    job = claim()

    assert rendering.render(job) is None

    job.refresh_from_db()
    assert job.state == "cancelled"
    assert nothing_is_left()


def test_nothing_is_left_when_it_is_deleted_meanwhile(engine):
    def remove(inputs, progress):
        jobs.remove(Job.objects.get())
        progress(0.7, lambda: RED)
        return inputs.content

    engine(remove)

    assert rendering.render(claim()) is None

    assert nothing_is_left()


def test_nothing_is_left_when_the_worker_stops(engine, monkeypatch):
    monkeypatch.setattr(watching, "FINISH_SECONDS", 0.2)

    def go_on(inputs, progress):
        stopping.ask()
        for _ in range(200):
            time.sleep(0.05)
            progress(0.6, lambda: RED)

    engine(go_on)
    job = claim()

    assert rendering.render(job) is None

    job.refresh_from_db()
    assert job.state == "queued"
    assert nothing_is_left()


def test_the_reaper_clears_away_what_a_killed_worker_left():
    job = claim()
    previews.show(job, lambda: RED)
    factories.put(f"{previews.name(job)}.part", b"half")
    Job.objects.update(lease_until=timezone.now() - timedelta(seconds=1))

    jobs.reap()

    assert files.leftovers() == []


def test_so_does_whoever_paints_it_next():
    job = claim()
    previews.show(job, lambda: RED)
    Job.objects.update(lease_until=timezone.now() - timedelta(seconds=1))

    assert rendering.render(Job.objects.claim_next("second")) is not None

    assert nothing_is_left()


def test_deleting_a_job_deletes_what_a_killed_worker_left():
    job = claim()
    previews.show(job, lambda: RED)

    jobs.remove(job)

    assert files.leftovers() == []


def test_the_sweeper_takes_what_nobody_else_did():
    job = claim()
    previews.show(job, lambda: RED)

    assert files.leftovers() == [previews.name(job)]


def test_a_hung_engine_takes_its_preview_along(engine, monkeypatch, settings):
    settings.HUNG_SECONDS = 0.3
    ended = threading.Event()
    monkeypatch.setattr(watching.os, "_exit", lambda status: ended.set())

    def hang(inputs, progress):
        ended.wait(10)
        raise EngineError("It hung.")

    engine(hang)
    job = claim()
    seen = []
    monkeypatch.setattr(Job, "fail", lambda self, *args, **kwargs: seen.append(previews.version(job)) or True)

    rendering.render(job)

    assert seen[0] == ""


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "No space left on device"), ValueError()])
def test_what_cannot_be_shown_is_painted_all_the_same(engine, monkeypatch, error):
    tried = []

    def fail(array, path, *, part):
        tried.append(path)
        raise error

    def wait(inputs, progress):
        while not tried:
            time.sleep(0.02)
        return inputs.content

    monkeypatch.setattr(images, "write_preview", fail)
    monkeypatch.setattr(previews, "version", lambda job: "none will come")
    engine(wait)

    assert rendering.render(claim()) is not None


def test_only_its_owner_sees_it_and_nobody_keeps_it():
    job = claim()
    address = reverse("job_preview", args=[job.pk])
    owner, other = clients.visitor(job.person), clients.visitor(factories.make_person())
    before = owner.get(address)
    previews.show(job, lambda: RED)

    answer = owner.get(address)

    assert before.status_code == 404
    assert answer["Content-Type"] == "image/jpeg"
    assert answer["Cache-Control"] == "private, no-store"
    assert Image.open(io.BytesIO(b"".join(answer.streaming_content))).size == (512, 171)
    assert other.get(address).status_code == 404


def test_the_page_and_the_api_tell_where_it_is():
    job = claim()
    client = clients.visitor(job.person)
    assert client.get(f"/api/v1/jobs/{job.pk}").json()["preview_url"] is None
    previews.show(job, lambda: RED)

    told = client.get(f"/api/v1/jobs/{job.pk}").json()["preview_url"]
    page = client.get(reverse("job_status", args=[job.pk])).content.decode()

    assert told == f"http://testserver/jobs/{job.pk}/preview/?v={previews.version(job)}"
    assert told.removeprefix("http://testserver") in page
    assert "as far as it is painted" in page


def test_a_job_that_is_not_painted_any_more_shows_none():
    job = claim()
    previews.show(job, lambda: RED)
    job.fail("No.", code="engine")
    job.refresh_from_db()

    assert previews.version(job) == ""
