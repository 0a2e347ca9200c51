"""Which jobs a worker takes at once, and that nobody has to wait longer for it."""

import threading
import time
from datetime import timedelta

import pytest
from django.db import OperationalError, connection
from django.utils import timezone

from tests import factories
from tests.tfapp.choirs import OLD, make_line, states
from tfapp import rendering, together
from tfapp.engines.base import EngineError
from tfapp.models import Artwork, Job, Person

pytestmark = pytest.mark.django_db(transaction=True)


def render_all() -> None:
    while rendering.render_next():
        pass


def test_each_is_claimed_with_a_lease_a_token_and_its_persons_turn(choir):
    choir()
    jobs = make_line({}, {})

    batch = together.claim()

    assert batch == jobs
    assert [(job.state, job.attempt, job.lease_owner) for job in batch] == [("running", 1, together.workers.name())] * 2
    assert all(job.lease_until > timezone.now() + timedelta(seconds=25) for job in batch)
    assert all(person.served_at > OLD + timedelta(minutes=30) for person in Person.objects.all())


def test_no_more_than_the_engine_paints_at_once(choir):
    engine = choir()
    make_line(*[{}] * 6)

    render_all()

    assert engine.batches == [4, 2]


def test_no_more_pixels_than_it_holds(choir, monkeypatch):
    engine = choir()
    monkeypatch.setattr(engine, "most_pixels", 3 * 48 * 32 + 1)
    make_line(*[{}] * 4)

    render_all()

    assert engine.batches == [3, 1]


@pytest.mark.parametrize(("setting", "batches"), [(1, [1, 1, 1]), (2, [2, 1]), (64, [3])])
def test_the_setting_says_how_many_in_place_of_the_engine(choir, settings, setting, batches):
    settings.TOGETHER = setting
    engine = choir()
    make_line(*[{}] * 3)

    render_all()

    assert engine.batches == batches


def test_another_worker_gets_its_share_of_the_line(choir):
    engine = choir()
    for name in "ab":
        factories.make_worker(name)
    make_line(*[{}] * 4)

    rendering.render_next()

    assert engine.batches == [2]  # the fairest, and half of the three behind it


@pytest.mark.parametrize("other", [{"size": 40}, {"quality": "swift"}])
def test_other_sizes_and_qualities_are_painted_apart(choir, other):
    engine = choir()
    make_line({}, other)

    render_all()

    assert engine.batches == [1, 1]


def test_a_photo_of_another_shape_is_painted_apart(choir):
    engine = choir()
    jobs = make_line({}, {})
    jobs[1].inputs.filter(role="content").update(width=32)

    render_all()

    assert engine.batches == [1, 1]


@pytest.mark.parametrize("masked", [0, 1])
def test_a_picture_of_regions_is_painted_alone(choir, masked):
    engine = choir()
    jobs = make_line({}, {})
    factories.make_input(jobs[masked], role="mask")

    render_all()

    assert engine.batches == [1, 1]


def test_a_job_that_failed_before_is_painted_alone(choir):
    engine = choir()
    jobs = make_line({}, {}, {})
    Job.objects.filter(pk=jobs[0].pk).update(n_failures=1)

    render_all()

    assert engine.batches == [1, 2]


def test_what_a_dead_worker_left_is_painted_alone(choir):
    engine = choir()
    jobs = make_line({}, {}, {})
    Job.objects.filter(pk=jobs[2].pk).update(state="running", lease_owner="dead", lease_until=OLD)

    render_all()

    assert engine.batches == [2, 1]
    assert Job.objects.get(pk=jobs[2].pk).n_failures == 1


def test_nobody_is_passed_over(choir):
    engine = choir()
    jobs = make_line({}, {}, {"size": 40}, {}, {})

    rendering.render_next()
    assert states(jobs) == ["done", "done", "queued", "queued", "queued"]
    rendering.render_next()
    assert states(jobs) == ["done", "done", "done", "queued", "queued"]
    render_all()

    assert engine.batches == [2, 1, 2]


@pytest.mark.parametrize("is_wanted", [False, True])
def test_whoever_only_looks_at_a_job_keeps_nobody_from_taking_it(is_wanted):
    """Its bell is heard once: who found it locked then would leave it lying."""
    jobs = make_line({})
    taken = []

    def take() -> None:
        taken.append(Job.objects.claim_next("another"))
        connection.close()

    def look(job) -> bool:
        thread = threading.Thread(target=take)
        thread.start()
        thread.join()
        return is_wanted

    assert Job.objects.claim_next("looks", only_if=look) is None
    assert taken == jobs


@pytest.mark.parametrize("error", [OperationalError("gone"), EngineError("gone")])
def test_trouble_in_looking_for_others_loses_nothing(choir, monkeypatch, error):
    def fail(*_args):
        raise error

    engine = choir()
    monkeypatch.setattr(together, "_is_like", fail)
    jobs = make_line({}, {})

    rendering.render_next()

    assert (engine.batches, states(jobs)) == ([1], ["done", "queued"])


def test_people_take_turns_in_a_batch_as_they_would_one_by_one(choir):
    choir()
    greedy, modest = factories.make_person(served_at=OLD), factories.make_person(served_at=OLD + timedelta(minutes=1))
    for n in range(3):
        factories.make_job(greedy, created_at=OLD + timedelta(minutes=n))
    for n in range(2):
        factories.make_job(modest, created_at=OLD + timedelta(minutes=10 + n))

    batch = together.claim()

    assert [job.person for job in batch] == [greedy, modest, greedy, modest]


def test_an_engine_that_paints_one_at_a_time_gets_one_at_a_time():
    jobs = make_line({}, {}, {})

    assert rendering.render_next() is True

    assert states(jobs) == ["done", "queued", "queued"]


def test_two_workers_share_a_line_and_each_job_is_painted_once(choir):
    choir(lambda inputs, progress: time.sleep(0.05))
    jobs = make_line(*[{}] * 12)
    batches = []

    def work() -> None:
        while batch := together.claim():
            batches.append(batch)
            rendering.render_together(batch)
        connection.close()

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(job.pk for batch in batches for job in batch) == sorted(job.pk for job in jobs)
    assert Artwork.objects.count() == 12
