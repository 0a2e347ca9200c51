"""Jobs that are painted at once: each of them ends as it would alone."""

import threading
import time

import numpy as np
import pytest
from django.db import OperationalError
from django.utils import timezone
from PIL import Image

from stylesite.lifecycle import stopping
from tests import factories
from tests.tfapp.choirs import OLD, make_line, states
from tfapp import files, rendering, watching
from tfapp.engines.base import EngineError
from tfapp.models import Artwork, EngineStatus, Job

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("quick_looks")]


def wait_for(is_so) -> None:
    until = time.monotonic() + 20
    while not is_so() and time.monotonic() < until:
        time.sleep(0.02)


def test_jobs_of_like_size_are_painted_at_once_and_each_gets_its_own_picture(choir):
    engine = choir()
    jobs = make_line({"strength": 0.0}, {"strength": 0.5}, {"strength": 1.0})

    assert rendering.render_next() is True

    assert engine.batches == [3]
    assert states(jobs) == ["done"] * 3
    reds = []
    for job in jobs:
        artwork = Artwork.objects.get(job=job)
        assert (artwork.person, artwork.width, artwork.height) == (job.person, 48, 32)
        with Image.open(files.path(f"{artwork.folder}/master.png")) as master:
            reds.append(np.asarray(master)[..., 0].mean())
    assert len(set(reds)) == 3
    assert files.leftovers() == [] and list(files.orphans()) == []
    assert rendering.render_next() is False


def test_one_that_is_cancelled_is_dropped_and_the_others_go_on(choir):
    def cancel(inputs, progress):
        Job.objects.get(pk=jobs[1].pk).request_cancel()
        wait_for(lambda: states(jobs[1:2]) == ["cancelled"])
        progress(0.5)

    engine = choir(cancel)
    jobs = make_line({}, {}, {})

    rendering.render_next()

    assert engine.batches == [3]
    assert states(jobs) == ["done", "cancelled", "done"]
    assert Artwork.objects.count() == 2
    assert files.leftovers() == [] and list(files.orphans()) == []


def test_the_work_ends_when_nobody_wants_it_any_more(choir):
    def go_on(inputs, progress):
        for job in Job.objects.all():
            job.request_cancel()
        for step in range(400):
            time.sleep(0.05)
            progress(step / 400)
        pytest.fail("it went on")

    engine = choir(go_on)
    jobs = make_line({}, {})

    rendering.render_next()

    assert engine.batches == [2]
    assert states(jobs) == ["cancelled"] * 2


def test_one_that_was_lost_to_another_worker_is_dropped(choir):
    def lose(inputs, progress):
        Job.objects.filter(pk=jobs[0].pk).update(lease_until=OLD)
        rivals.append(Job.objects.claim_next("rival"))

    choir(lose)
    rivals = []
    jobs = make_line({}, {})

    rendering.render_next()

    assert states(jobs) == ["running", "done"]
    assert rivals[0].finish(seconds=1)
    assert Artwork.objects.get().job == jobs[1]
    assert files.leftovers() == [] and list(files.orphans()) == []


@pytest.mark.parametrize("error", [MemoryError(), EngineError("Too dark."), ZeroDivisionError()])
def test_when_painting_at_once_fails_each_is_painted_alone(choir, error):
    def fail(inputs, progress):
        raise error

    engine = choir(fail)
    jobs = make_line({}, {}, {})

    rendering.render_next()

    assert engine.batches == [3, 1, 1, 1]
    assert states(jobs) == ["done"] * 3


def test_an_engine_that_paints_too_few_loses_nobody(choir, monkeypatch):
    engine = choir()
    monkeypatch.setattr(engine, "render_together", lambda inputs, progress: [])
    jobs = make_line({}, {})

    rendering.render_next()

    assert (engine.batches, states(jobs)) == ([1, 1], ["done"] * 2)


def test_trouble_in_keeping_one_leaves_the_others_their_pictures(choir, monkeypatch):
    def keep(job, *args, **kwargs):
        if job == jobs[0]:
            raise OperationalError("gone")
        return keep_all(job, *args, **kwargs)

    keep_all = rendering._keep
    monkeypatch.setattr(rendering, "_keep", keep)
    engine = choir()
    jobs = make_line({}, {}, {})

    with pytest.raises(OperationalError):
        rendering.render_next()

    assert (engine.batches, states(jobs)) == ([3], ["running", "done", "done"])


def test_a_broken_picture_fails_alone(choir):
    engine = choir()
    jobs = make_line({}, {}, {})
    files.path(f"inputs/{jobs[1].pk}/content-0.jpg").unlink()

    rendering.render_next()

    assert engine.batches == [1, 1]
    assert states(jobs) == ["done", "failed", "done"]
    assert Job.objects.get(pk=jobs[1].pk).error_code == "input"


def test_whoever_waits_for_the_others_is_not_taken_for_stuck(choir, settings, monkeypatch):
    def fail(inputs, progress):
        raise MemoryError

    settings.HUNG_SECONDS = 1
    monkeypatch.setattr(watching.Watch, "_exit", lambda *_args, **_kwargs: pytest.fail("it was taken for stuck"))
    engine = choir(fail)
    jobs = make_line({"seconds": 1.5}, {"seconds": 1.5}, {})

    rendering.render_next()

    assert engine.batches == [3, 1, 1, 1]
    assert states(jobs) == ["done"] * 3


def test_one_that_is_cancelled_before_all_are_read_is_not_taken_for_stuck(choir, settings, monkeypatch):
    def read(job, content):
        if job == jobs[0]:
            job.request_cancel()
            wait_for(lambda: states(jobs[:1]) == ["cancelled"])
            time.sleep(0.2)  # its watch knows, too
        return read_whole(job, content)

    def paint_slowly(inputs, progress):
        n_painted.append(len(inputs))
        for step in range(15):
            time.sleep(0.1)
            progress(step / 15)

    read_whole, n_painted, ended = rendering._read_whole, [], []
    monkeypatch.setattr(rendering, "_read_whole", read)
    monkeypatch.setattr(watching.Watch, "_exit", lambda *_args, **_kwargs: ended.append(True))
    settings.HUNG_SECONDS = 1
    choir(paint_slowly)
    jobs = make_line({}, {}, {})

    rendering.render_next()

    assert (n_painted, ended) == ([2], [])
    assert states(jobs) == ["cancelled", "done", "done"]


def test_whoever_waits_for_one_that_hangs_is_not_kept_for_ever(choir, settings, monkeypatch):
    """A disk that does not answer: nobody watches the first job any more, for its picture is painted."""
    has_ended = threading.Event()

    def keep(job, *args, **kwargs):
        if job == jobs[0]:
            assert has_ended.wait(20), "nobody ended this worker"
        return keep_all(job, *args, **kwargs)

    keep_all = rendering._keep
    monkeypatch.setattr(rendering, "_keep", keep)
    monkeypatch.setattr(watching.Watch, "_exit", lambda *_args, **_kwargs: has_ended.set())
    settings.HUNG_SECONDS = 1
    choir()
    jobs = make_line({}, {})

    rendering.render_next()

    assert states(jobs) == ["done"] * 2


def test_the_progress_and_the_lease_of_each_are_told(choir, settings):
    settings.HEARTBEAT_SECONDS = 0.1
    seen = []

    def look(inputs, progress):
        progress(0.5)
        Job.objects.update(lease_until=OLD)
        wait_for(lambda: Job.objects.filter(lease_until__gt=timezone.now(), progress__gt=0.4).count() == 3)
        seen.extend(Job.objects.all())

    choir(look)
    make_line({}, {}, {})

    rendering.render_next()

    assert all(0.4 < job.progress < 0.6 and job.lease_until > timezone.now() for job in seen) and len(seen) == 3


def test_the_time_of_each_is_its_share(choir):
    choir(lambda inputs, progress: time.sleep(0.4))
    factories.make_engine_status()
    jobs = make_line({}, {}, {}, {})

    rendering.render_next()

    seconds = [Job.objects.get(pk=job.pk).seconds for job in jobs]
    assert len(set(seconds)) == 1
    assert sum(seconds) >= 0.4
    told = EngineStatus.objects.get().seconds_per_megapixel
    assert told == pytest.approx(seconds[0] / (48 * 32 / 1e6))


def test_a_batch_counts_as_one_picture_in_what_is_known_of_speed(choir):
    choir()
    factories.make_engine_status(seconds_per_megapixel=1000.0)
    jobs = make_line({}, {}, {}, {})

    rendering.render_next()

    seconds = Job.objects.get(pk=jobs[0].pk).seconds
    known = EngineStatus.objects.get().seconds_per_megapixel
    kept = (1 - rendering.NEW_WEIGHT / 4) ** 4
    assert known == pytest.approx(1000 * kept + (1 - kept) * seconds / (48 * 32 / 1e6))


def test_a_worker_that_is_to_stop_gives_all_of_a_long_batch_back(choir, monkeypatch):
    monkeypatch.setattr(watching, "FINISH_SECONDS", 0.2)

    def go_on(inputs, progress):
        stopping.ask()
        for step in range(400):
            time.sleep(0.05)
            progress(step / 400)
        pytest.fail("it went on")

    choir(go_on)
    jobs = make_line({}, {})

    rendering.render_next()

    assert states(jobs) == ["queued"] * 2
    assert not Job.objects.filter(n_failures__gt=0).exists()
