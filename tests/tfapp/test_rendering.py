"""From a claimed job to its artwork, and every way in which that can fail."""

import errno
import threading
import time
from datetime import timedelta

import numpy as np
import pytest
from django.db import connection
from django.utils import timezone
from PIL import Image

from stylesite import turns
from stylesite.lifecycle import stopping
from tests import factories
from tfapp import files, images, jobs, loading, people, rendering, watching
from tfapp.engines.base import EngineError
from tfapp.models import Artwork, EngineStatus, Job, Person

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("quick_looks")]


class Stub:
    """An engine that does what a test wants."""

    def __init__(self, behave):
        self.behave = behave

    def render(self, inputs, progress):
        return self.behave(inputs, progress)


@pytest.fixture
def engine(monkeypatch):
    def use(behave, name="echo") -> None:
        monkeypatch.setitem(loading._loaded, name, Stub(behave))

    return use


def fail(error: BaseException):
    def behave(inputs, progress):
        raise error

    return behave


def go_on(inputs, progress):
    """Paint for as long as it is wanted, at most ten seconds."""
    for step in range(200):
        time.sleep(0.05)
        progress(step / 200)
    return inputs.content


def claim(**kwargs) -> Job:
    factories.make_job(**kwargs)
    return Job.objects.claim_next("tests")


def test_it_paints_the_picture_and_makes_the_artwork():
    factories.make_engine_status()
    job = claim()

    artwork = rendering.render(job)

    job.refresh_from_db()
    assert (job.state, job.progress) == ("done", 1)
    assert job.seconds > 0
    assert (artwork.job, artwork.person, artwork.engine) == (job, job.person, "echo")
    assert (artwork.width, artwork.height) == (48, 32)
    assert artwork.parameters == job.parameters
    assert not artwork.is_public
    with Image.open(files.path(f"{artwork.folder}/master.png")) as master:
        assert master.size == (48, 32)
    assert files.leftovers() == [] and list(files.orphans()) == []


def test_the_longest_side_is_what_was_asked_for():
    job = claim(parameters={"strength": 0.5, "size": 24})

    artwork = rendering.render(job)

    assert (artwork.width, artwork.height) == (24, 16)


def test_training_lets_it_go_first(engine):
    seen = []
    engine(lambda inputs, progress: seen.append(turns.is_held()) or inputs.content)

    rendering.render(claim())

    assert (seen, turns.is_held()) == ([True], False)


def test_it_remembers_how_fast_the_engine_was():
    factories.make_engine_status()

    rendering.render(claim())
    first = EngineStatus.objects.get().seconds_per_megapixel
    EngineStatus.objects.update(seconds_per_megapixel=1000.0)
    rendering.render(claim())

    assert first > 0
    assert 800 < EngineStatus.objects.get().seconds_per_megapixel < 1000


@pytest.mark.parametrize("size", [16, 32])
def test_the_time_of_a_drawing_is_told_for_one_size(size, engine):
    def paint(inputs, progress):
        time.sleep(0.1)
        return np.zeros((size, size, 3), "float32")

    engine(paint)
    factories.make_engine_status()
    rendering.render(claim(kind="sketch", parameters={"size": size}))

    assert 0.1 / 0.512**2 < EngineStatus.objects.get().seconds_per_megapixel < 10  # its own pixels would say 97 or more


def test_the_time_of_many_steps_is_told_for_the_usual_number(engine):
    factories.make_engine_status("gatys")
    engine(lambda inputs, progress: time.sleep(0.1) or inputs.content, "gatys")
    job = claim(engine="gatys", parameters={"steps": 1000})

    rendering.render(job)

    megapixels = job.artwork.width * job.artwork.height / 1e6
    told = EngineStatus.objects.get().seconds_per_megapixel
    assert 0.03 / megapixels < told < 0.3 / megapixels  # of 300 steps; of 1,000 it would be 0.1 or more


def test_a_second_look_says_nothing_of_the_time_that_others_take(engine):
    factories.make_engine_status("adain", seconds_per_megapixel=0.25)
    engine(lambda inputs, progress: inputs.content, "adain")

    assert rendering.render(claim(engine="adain", parameters={"second_look": True}))
    assert EngineStatus.objects.get().seconds_per_megapixel == 0.25


def test_a_permanent_failure_is_told_in_the_engines_words(engine):
    engine(fail(EngineError("The photo is only one colour.")))
    job = claim()

    assert rendering.render(job) is None

    job.refresh_from_db()
    assert (job.state, job.error, job.error_code) == ("failed", "The photo is only one colour.", "engine")


def test_a_failure_that_may_pass_waits_for_another_attempt(engine):
    engine(fail(EngineError("The network is gone.", permanent=False)))
    job = claim()

    rendering.render(job)

    job.refresh_from_db()
    assert (job.state, job.n_failures) == ("queued", 1)


@pytest.mark.parametrize(
    "error, code",
    [
        (MemoryError(), "memory"),
        (type("ResourceExhaustedError", (Exception,), {})("OOM when allocating tensor"), "memory"),
        (ZeroDivisionError(), "broken"),
        (OSError(errno.ENOSPC, "No space left on device"), "disk"),
    ],
)
def test_any_other_trouble_is_tried_three_times_and_then_told_in_plain_words(engine, error, code):
    engine(fail(error))
    job = factories.make_job()
    for _ in range(3):
        Job.objects.update(not_before=None)
        rendering.render(Job.objects.claim_next("tests"))

    job.refresh_from_db()
    assert (job.state, job.error_code, job.attempt) == ("failed", code, 3)
    assert job.error.endswith(".") and "Error" not in job.error


def test_a_photo_that_is_gone_is_told_at_once():
    job = claim()
    files.path(f"inputs/{job.pk}/content-0.jpg").unlink()

    rendering.render(job)

    job.refresh_from_db()
    assert (job.state, job.error_code) == ("failed", "input")


def test_an_engine_that_cannot_be_loaded_fails_the_job_with_its_reason(monkeypatch, settings, tmp_path):
    settings.TFLITE_FOLDER = str(tmp_path / "nowhere")
    monkeypatch.setattr(loading, "_failed", {"tflite": (time.monotonic(), EngineError("The files are missing."))})
    job = claim(engine="tflite")

    rendering.render(job)

    job.refresh_from_db()
    assert (job.state, job.error) == ("failed", "The files are missing.")


def test_a_full_disk_leaves_nothing_half_made(monkeypatch):
    def write_half(array, *, name):
        part = files.begin(name=name)
        part.mkdir()
        (part / "master.png").write_bytes(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(images, "store_artwork", write_half)
    job = claim()

    rendering.render(job)

    job.refresh_from_db()
    assert (job.state, job.n_failures) == ("queued", 1)
    assert files.leftovers() == [] and list(files.orphans()) == []
    assert not Artwork.objects.exists()


def test_a_running_job_is_cancelled_within_two_seconds(engine, monkeypatch):
    monkeypatch.setattr(watching, "LOOK_SECONDS", 1.0)  # as in production
    engine(go_on)
    job = claim()
    asked = []

    def cancel() -> None:
        time.sleep(0.3)
        Job.objects.get(pk=job.pk).request_cancel()
        asked.append(time.monotonic())
        connection.close()

    thread = threading.Thread(target=cancel)
    thread.start()
    assert rendering.render(job) is None
    ended = time.monotonic()
    thread.join()

    job.refresh_from_db()
    assert job.state == "cancelled"
    assert ended - asked[0] < 2
    assert files.leftovers() == []


def test_a_sketch_reaches_its_engine_whole(engine):
    seen = []

    def look(inputs, progress):
        seen.append(inputs)
        return np.repeat(inputs.sketch, 2, 0)

    engine(look)
    job = factories.make_job(kind="sketch", parameters={"size": 16}, with_files=False)
    factories.make_input(job, role="sketch")

    artwork = rendering.render(Job.objects.claim_next("tests"))

    assert seen[0].content is None
    assert seen[0].sketch.shape == (32, 48, 3)
    assert (artwork.kind, artwork.width, artwork.height) == ("sketch", 48, 64)


def test_a_cancelled_job_is_cancelled_although_its_engine_never_asks(engine):
    def be_deaf(inputs, progress):
        Job.objects.get(pk=job.pk).request_cancel()
        return inputs.content

    engine(be_deaf)
    job = claim()

    assert rendering.render(job) is None

    job.refresh_from_db()
    assert job.state == "cancelled"
    assert list(files.orphans()) == [] and files.leftovers() == []


def test_the_progress_and_the_lease_are_told_while_it_paints(engine, settings):
    settings.HEARTBEAT_SECONDS = 0.1
    soon = timezone.now() + timedelta(seconds=25)
    seen = []

    def look(inputs, progress):
        progress(0.5)
        Job.objects.update(lease_until=timezone.now())
        until = time.monotonic() + 10
        while not Job.objects.filter(lease_until__gt=soon, progress__gt=0.4).exists() and time.monotonic() < until:
            time.sleep(0.05)
        seen.append(Job.objects.get())
        return inputs.content

    engine(look)
    rendering.render(claim())

    assert 0.4 < seen[0].progress < 0.6
    assert seen[0].lease_until > soon


def test_a_worker_that_lost_its_job_throws_its_picture_away(engine):
    rival = []

    def lose(inputs, progress):
        Job.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
        rival.append(Job.objects.claim_next("rival"))
        return inputs.content

    engine(lose)
    job = claim()

    assert rendering.render(job) is None

    job.refresh_from_db()
    assert (job.state, job.lease_owner) == ("running", "rival")
    assert not Artwork.objects.exists()
    assert list(files.orphans()) == [] and files.leftovers() == []
    assert rival[0].finish(seconds=1)


def test_a_second_attempt_clears_away_what_the_first_left():
    job = claim()
    factories.put(f"incoming/{job.result_id}.part/master.png", b"half")
    factories.put(f"{Artwork.folder_of(job.result_id)}/master.png", b"whole")
    Job.objects.update(lease_until=timezone.now() - timedelta(seconds=1))

    artwork = rendering.render(Job.objects.claim_next("second"))

    assert Artwork.objects.get() == artwork
    assert files.leftovers() == [] and list(files.orphans()) == []


def test_a_worker_that_is_to_stop_lets_a_short_job_finish():
    job = claim()
    stopping.ask()

    assert rendering.render(job) is not None


def test_a_worker_that_is_to_stop_gives_a_long_job_back(engine, monkeypatch):
    monkeypatch.setattr(watching, "FINISH_SECONDS", 0.2)
    engine(go_on)
    job = claim()
    stopping.ask()

    started = time.monotonic()
    assert rendering.render(job) is None

    assert time.monotonic() - started < 2
    job.refresh_from_db()
    assert (job.state, job.n_failures) == ("queued", 0)


def test_a_visitor_who_signs_up_meanwhile_owns_the_picture(engine):
    account = factories.make_person(factories.make_user())

    def sign_up(inputs, progress):
        people.adopt(Person.objects.get(pk=guest.pk), account)
        return inputs.content

    engine(sign_up)
    job = claim()
    guest = job.person

    assert rendering.render(job).person == account


def test_a_job_removed_meanwhile_leaves_nothing(engine):
    def remove(inputs, progress):
        jobs.remove(Job.objects.get(pk=job.pk))
        return inputs.content

    engine(remove)
    job = claim()

    assert rendering.render(job) is None

    assert not Artwork.objects.exists()
    assert files.leftovers() == [] and list(files.orphans()) == []


def test_next_renders_a_job_and_says_when_there_is_none():
    factories.make_job()

    assert rendering.render_next() is True
    assert rendering.render_next() is False
    assert Artwork.objects.count() == 1


def test_a_worker_that_is_to_stop_takes_no_job():
    factories.make_job()
    stopping.ask()

    assert rendering.render_next() is False
    assert Job.objects.get().state == "queued"


def test_broken_numbers_become_a_picture_and_not_a_crash(engine):
    engine(lambda inputs, progress: np.full((32, 48, 3), np.nan, "float32"))

    assert rendering.render(claim()) is not None
