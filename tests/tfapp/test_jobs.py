"""Asking for a picture, asking again, taking it back, and putting right what broke."""

import io
import threading
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.base import File
from django.db import connection, transaction
from django.utils import timezone

from tests import factories
from tfapp import doorbell, engines, files, images, jobs, limits
from tfapp.models import Artwork, Job, JobInput, Person, Tally

pytestmark = pytest.mark.django_db


def open_picture(label: str = "photo.png") -> images.Picture:
    return images.open_upload(File(io.BytesIO(factories.make_picture(48, 32)), name=label))


def submit(person: Person, **kwargs) -> Job:
    values = {
        "spec": engines.SPECS["echo"],
        "parameters": {"strength": 0.5, "size": 48},
        "shelf": {},
    }
    if "pictures" not in kwargs:
        kwargs["pictures"] = [("content", open_picture()), ("style", open_picture("style.png"))]
    return jobs.submit(person, **(values | kwargs))


def files_on_disk(settings) -> list[Path]:
    return [path for path in Path(settings.MEDIA_ROOT).rglob("*") if path.is_file()]


def test_it_makes_a_waiting_job_with_its_inputs_and_their_files():
    person = factories.make_person()

    job = submit(person)

    job.refresh_from_db()
    assert (job.state, job.kind, job.engine, job.person) == ("queued", "style", "echo", person)
    assert job.parameters == {"strength": 0.5, "size": 48}
    assert [(one.role, one.position, one.label) for one in job.inputs.all()] == [
        ("content", 0, "photo.png"),
        ("style", 0, "style.png"),
    ]
    for one in job.inputs.all():
        assert one.file == f"inputs/{job.pk}/{one.role}-{one.position}.jpg"
        assert files.path(one.file).stat().st_size == one.n_bytes
    assert files.leftovers() == []


def test_it_remembers_which_styles_are_from_the_shelf():
    pictures = [("content", open_picture()), ("style", open_picture("a")), ("style", open_picture("b"))]

    job = submit(factories.make_person(), pictures=pictures, shelf={1: "waves"})

    assert [(one.position, one.shelf) for one in job.inputs.filter(role="style")] == [(0, ""), (1, "waves")]


def test_too_many_at_once_are_refused_and_leave_nothing(settings):
    person = factories.make_person()
    for _ in range(3):
        submit(person)
    n_files = len(files_on_disk(settings))

    with pytest.raises(limits.Exceeded):
        submit(person)

    assert Job.objects.count() == 3
    assert Tally.objects.get(action="jobs").count == 3
    assert len(files_on_disk(settings)) == n_files


def test_too_many_an_hour_are_refused_and_leave_nothing(settings):
    settings.LIMITS_PER_HOUR = {**settings.LIMITS_PER_HOUR, "jobs": 1}
    person = factories.make_person()
    submit(person)

    with pytest.raises(limits.Exceeded) as refusal:
        submit(person)

    assert refusal.value.retry_after > 0
    assert JobInput.objects.count() == 2
    assert len(files_on_disk(settings)) == 2


def test_a_failure_halfway_leaves_nothing(settings, monkeypatch):
    settle = files.settle

    def break_at_the_style(part: Path, name: str) -> Path:
        if "style" in name:
            raise OSError(28, "No space left on device")
        return settle(part, name)

    monkeypatch.setattr(files, "settle", break_at_the_style)

    with pytest.raises(OSError):
        submit(factories.make_person())

    assert not Job.objects.exists() and not Tally.objects.exists()
    assert files_on_disk(settings) == []


@pytest.mark.django_db(transaction=True)
def test_it_rings_when_the_rows_are_there_and_not_before(monkeypatch):
    seen = []
    monkeypatch.setattr(doorbell, "ring", lambda n: seen.append((n, connection.in_atomic_block)) or True)
    person = factories.make_person()

    with transaction.atomic():
        job = submit(person)
        assert seen == []

    assert seen == [(1, False)]
    job.refresh_from_db()
    assert job.announced_at is not None


@pytest.mark.django_db(transaction=True)
def test_a_bell_that_breaks_takes_nothing_of_the_job_along(settings, monkeypatch):
    def break_it(n: int) -> bool:
        raise RuntimeError("The bell fell off the wall.")

    monkeypatch.setattr(doorbell, "ring", break_it)

    job = submit(factories.make_person())

    assert Job.objects.get() == job
    assert len(files_on_disk(settings)) == 2


@pytest.mark.django_db(transaction=True)
def test_a_dead_redis_does_not_keep_a_job_from_being_taken(settings):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"

    job = submit(factories.make_person())

    job.refresh_from_db()
    assert (job.state, job.announced_at) == ("queued", None)
    assert Job.objects.overdue().get() == job


@pytest.mark.django_db(transaction=True)
def test_of_many_submissions_at_once_exactly_as_many_as_are_allowed_become_jobs(settings):
    person = factories.make_person()
    pictures = [[("content", open_picture())] for _ in range(20)]
    outcomes = []

    def ask(own: list) -> None:
        try:
            outcomes.append(submit(person, pictures=own))
        except limits.Exceeded:
            outcomes.append(None)
        finally:
            connection.close()

    threads = [threading.Thread(target=ask, args=(own,)) for own in pictures]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(outcomes) == 20
    assert len([job for job in outcomes if job]) == Job.objects.count() == 3
    assert len(files_on_disk(settings)) == 3


def test_a_retry_is_a_new_job_with_copies_of_the_inputs():
    job = submit(factories.make_person(), shelf={0: "waves"})
    job.request_cancel()

    again = jobs.retry(job)

    assert again.pk != job.pk and again.state == "queued"
    assert again.parameters == job.parameters
    old, new = list(job.inputs.all()), list(again.inputs.all())
    assert [(one.role, one.label, one.shelf, one.sha256) for one in new] == [
        (one.role, one.label, one.shelf, one.sha256) for one in old
    ]
    jobs.remove(job)
    assert all(files.path(one.file).is_file() for one in new)


def test_a_retry_that_is_refused_leaves_nothing(settings):
    person = factories.make_person()
    job = submit(person)
    job.request_cancel()
    for _ in range(3):
        factories.make_job(person, with_files=False)

    with pytest.raises(limits.Exceeded):
        jobs.retry(job)

    assert len(files_on_disk(settings)) == 2


def test_a_retry_whose_photo_is_gone_leaves_nothing(settings):
    job = submit(factories.make_person())
    job.request_cancel()
    files.path(job.inputs.get(role="style").file).unlink()

    with pytest.raises(images.Refused, match="not there any more") as refusal:
        jobs.retry(job)

    assert refusal.value.status == 409
    assert len(files_on_disk(settings)) == 1


def test_a_retry_with_an_engine_that_is_gone_is_refused(settings):
    job = submit(factories.make_person())
    settings.ENGINES = ["adain"]

    with pytest.raises(images.Refused, match="no such engine") as refusal:
        jobs.retry(job)

    assert refusal.value.status == 409
    assert len(files_on_disk(settings)) == 2


def test_a_retry_with_an_engine_that_cannot_be_had_says_why(settings):
    job = submit(factories.make_person())
    factories.make_engine_status("echo", is_available=False, reason="The mountains are silent.")

    with pytest.raises(images.Refused, match="not available here. The mountains are silent.") as refusal:
        jobs.retry(job)

    assert refusal.value.status == 409
    assert len(files_on_disk(settings)) == 2


def test_removing_takes_row_inputs_and_picture(settings, django_capture_on_commit_callbacks):
    artwork = factories.make_artwork()
    other = factories.make_artwork()

    with django_capture_on_commit_callbacks(execute=True):
        jobs.remove(artwork.job)

    assert list(Artwork.objects.all()) == [other]
    assert len(files_on_disk(settings)) == 6
    assert not files.path(f"inputs/{artwork.job_id}").exists()
    assert not files.path(artwork.folder).exists()


def test_removing_that_is_rolled_back_removes_nothing(settings):
    artwork = factories.make_artwork()

    with pytest.raises(ZeroDivisionError), transaction.atomic():
        jobs.remove(artwork.job)
        raise ZeroDivisionError

    assert Artwork.objects.get() == artwork
    assert len(files_on_disk(settings)) == 6


def test_removing_twice_is_harmless():
    job = factories.make_job()
    twin = Job.objects.get(pk=job.pk)

    jobs.remove(job)
    jobs.remove(twin)

    assert not Job.objects.exists()


def test_the_worker_of_a_removed_job_finds_no_row():
    factories.make_job()
    job = Job.objects.claim_next("w")

    jobs.remove(Job.objects.get(pk=job.pk))

    assert not job.beat(0.5)
    assert not job.finish(seconds=1)


def test_reaping_takes_jobs_back_with_what_they_left_on_the_disk(settings):
    job = factories.make_job(state="running")
    alive = factories.make_job(state="running")
    Job.objects.filter(pk=job.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
    factories.put(f"incoming/{job.result_id}.part/master.png", b"half")
    factories.put(f"{Artwork.folder_of(job.result_id)}/master.png", b"whole, but nobody knows")
    factories.put(f"incoming/{alive.result_id}.part/master.png", b"at work")

    jobs.reap()
    jobs.reap()

    job.refresh_from_db()
    alive.refresh_from_db()
    assert (job.state, job.n_failures, alive.state) == ("queued", 1, "running")
    assert files.leftovers() == [f"incoming/{alive.result_id}.part"]
    assert list(files.orphans()) == []


def test_reaping_ends_a_job_that_was_lost_three_times():
    job = factories.make_job(state="running", n_failures=2)
    Job.objects.filter(pk=job.pk).update(lease_until=timezone.now() - timedelta(seconds=1))

    jobs.reap()

    job.refresh_from_db()
    assert (job.state, job.error_code) == ("failed", "lost")


def test_a_bell_that_was_lost_is_rung_again(monkeypatch):
    rung = []
    monkeypatch.setattr(doorbell, "ring", lambda n: rung.append(n) or True)
    now = timezone.now()
    never = factories.make_job(with_files=False)
    long_ago = factories.make_job(with_files=False, announced_at=now - timedelta(seconds=31))
    factories.make_job(with_files=False, announced_at=now)
    factories.make_job(with_files=False, not_before=now + timedelta(seconds=9))
    factories.make_job(with_files=False, state="running")

    assert jobs.announce_overdue() == 2
    assert jobs.announce_overdue() == 0

    assert rung == [2]
    never.refresh_from_db()
    long_ago.refresh_from_db()
    assert never.announced_at and long_ago.announced_at > now


def test_a_bell_that_does_not_ring_leaves_the_job_overdue(monkeypatch):
    monkeypatch.setattr(doorbell, "ring", lambda n: False)
    factories.make_job(with_files=False)

    assert jobs.announce_overdue() == 1
    assert jobs.announce_overdue() == 1


def test_without_redis_there_is_no_bell():
    assert jobs.ring() is False
