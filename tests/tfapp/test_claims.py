"""Which job is next, and that nobody but its worker moves it."""

import threading
import time
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from tests import factories
from tfapp.models import Job, Person

pytestmark = pytest.mark.django_db


def take_turns() -> list[Job]:
    """All jobs, one after the other: the clock of SQLite counts milliseconds, and no two people share one."""
    taken = []
    while job := Job.objects.claim_next("w"):
        taken.append(job)
        job.finish(seconds=0.1)
        time.sleep(0.002)
    return taken


def lose_the_lease(job: Job) -> None:
    Job.objects.filter(pk=job.pk).update(lease_until=timezone.now() - timedelta(seconds=1))


def test_it_claims_a_waiting_job_with_a_lease_and_a_token():
    job = factories.make_job(with_files=False)

    claimed = Job.objects.claim_next("worker-1")

    assert claimed == job
    assert (claimed.state, claimed.attempt, claimed.lease_owner) == ("running", 1, "worker-1")
    lease = (claimed.lease_until - timezone.now()).total_seconds()
    assert 28 < lease < 31
    assert claimed.started_at and claimed.progress_at and claimed.heartbeat_at


def test_it_claims_nothing_when_nothing_waits():
    factories.make_job(state="running", with_files=False)
    factories.make_job(state="done", with_files=False)

    assert Job.objects.claim_next("worker-1") is None


def test_it_claims_the_oldest_job_of_a_person_first():
    person = factories.make_person()
    younger = factories.make_job(person, with_files=False)
    older = factories.make_job(person, with_files=False, created_at=timezone.now() - timedelta(minutes=1))

    assert Job.objects.claim_next("w") == older
    assert Job.objects.claim_next("w") == younger


def test_it_prefers_the_person_with_fewer_running_jobs():
    busy, idle = factories.make_person(), factories.make_person()
    factories.make_job(busy, state="running", with_files=False)
    factories.make_job(busy, with_files=False, created_at=timezone.now() - timedelta(minutes=9))
    fair = factories.make_job(idle, with_files=False)
    Person.objects.filter(pk=idle.pk).update(served_at=timezone.now())

    assert Job.objects.claim_next("w") == fair


def test_it_prefers_the_person_who_was_served_or_came_longest_ago():
    now = timezone.now()
    lately, long_ago, new = (factories.make_person(served_at=at) for at in (now, now - timedelta(hours=1), None))
    Person.objects.filter(pk=new.pk).update(created_at=now - timedelta(minutes=5))
    jobs = {person: factories.make_job(person, with_files=False) for person in (lately, long_ago, new)}
    places = [jobs[person].place() for person in (lately, new, long_ago)]

    order = take_turns()

    assert order == [jobs[long_ago], jobs[new], jobs[lately]]
    assert places == [2, 1, 0]


def test_coming_again_as_somebody_new_gets_nobody_ahead():
    patient = factories.make_person(served_at=timezone.now() - timedelta(minutes=1))
    first = factories.make_job(patient, with_files=False)
    factories.make_job(factories.make_person(), with_files=False, created_at=timezone.now() - timedelta(minutes=9))

    assert Job.objects.claim_next("w") == first


def test_people_take_turns_however_many_jobs_one_of_them_has():
    greedy, modest = factories.make_person(), factories.make_person()
    for minutes in (9, 8, 7):
        factories.make_job(greedy, with_files=False, created_at=timezone.now() - timedelta(minutes=minutes))
    factories.make_job(modest, with_files=False)
    factories.make_job(modest, with_files=False)

    turns = [job.person for job in take_turns()]

    assert turns == [greedy, modest, greedy, modest, greedy]


def test_it_takes_over_a_job_whose_lease_ran_out_and_counts_the_lost_attempt():
    job = factories.make_job(with_files=False)
    Job.objects.claim_next("dead")
    lose_the_lease(job)

    claimed = Job.objects.claim_next("alive")

    assert (claimed.pk, claimed.attempt, claimed.n_failures, claimed.lease_owner) == (job.pk, 2, 1, "alive")


def test_it_leaves_a_job_that_was_lost_three_times():
    job = factories.make_job(state="running", n_failures=2, with_files=False)
    lose_the_lease(job)

    assert Job.objects.claim_next("w") is None


def test_it_leaves_a_job_that_is_to_wait_after_a_failure():
    factories.make_job(with_files=False, not_before=timezone.now() + timedelta(seconds=5))

    assert Job.objects.claim_next("w") is None


def test_it_leaves_a_lost_job_whose_person_cancelled_it():
    job = factories.make_job(state="running", with_files=False)
    job.request_cancel()
    lose_the_lease(job)

    assert Job.objects.claim_next("w") is None


def test_a_beat_extends_the_lease_and_tells_the_progress():
    factories.make_job(with_files=False)
    job = Job.objects.claim_next("w")
    lose_the_lease(job)

    assert job.beat(0.5)

    job.refresh_from_db()
    assert job.progress == 0.5
    assert job.lease_until > timezone.now() + timedelta(seconds=28)


def test_a_beat_without_progress_does_not_pass_for_progress():
    factories.make_job(with_files=False)
    job = Job.objects.claim_next("w")
    job.beat(0.5)
    job.refresh_from_db()
    moved_at = job.progress_at

    job.beat(0.5)

    job.refresh_from_db()
    assert job.progress_at == moved_at


def test_a_worker_that_lost_its_lease_changes_nothing_any_more():
    job = factories.make_job(with_files=False)
    late = Job.objects.claim_next("late")
    lose_the_lease(job)
    current = Job.objects.claim_next("current")

    outcomes = [
        late.beat(0.9),
        late.finish(seconds=1.0),
        late.fail("No.", code="no"),
        late.release(),
        late.cancel(),
        late.lose(),
    ]

    assert outcomes == [False] * 6
    current.refresh_from_db()
    assert (current.state, current.lease_owner, current.progress, current.error) == ("running", "current", 0, "")


def test_a_finished_job_is_not_finished_again():
    factories.make_job(with_files=False)
    job = Job.objects.claim_next("w")

    assert job.finish(seconds=1.5)
    assert not job.finish(seconds=1.5)

    job.refresh_from_db()
    assert (job.state, job.progress, job.seconds, job.lease_owner) == ("done", 1, 1.5, "")
    assert job.finished_at and job.is_finished


def test_a_permanent_failure_ends_the_job_with_its_sentence():
    factories.make_job(with_files=False)
    job = Job.objects.claim_next("w")

    assert job.fail("The photo is empty.", code="engine")

    job.refresh_from_db()
    assert (job.state, job.error, job.error_code) == ("failed", "The photo is empty.", "engine")


def test_a_failure_that_may_pass_is_tried_three_times_with_growing_pauses():
    job = factories.make_job(with_files=False)
    pauses = []
    for _ in range(3):
        claimed = Job.objects.claim_next("w")
        assert claimed.fail("The network is gone.", code="engine", is_permanent=False)
        job.refresh_from_db()
        if job.state == "queued":
            pauses.append((job.not_before - timezone.now()).total_seconds())
            Job.objects.filter(pk=job.pk).update(not_before=None)

    assert pauses == pytest.approx([5, 10], abs=2)
    assert (job.state, job.error, job.n_failures, job.attempt) == ("failed", "The network is gone.", 3, 3)


def test_a_released_job_waits_again_and_the_attempt_does_not_count():
    job = factories.make_job(with_files=False)
    for _ in range(5):
        assert Job.objects.claim_next("w").release()

    job.refresh_from_db()
    assert (job.state, job.n_failures, job.attempt) == ("queued", 0, 5)
    assert Job.objects.claim_next("w") == job


def test_a_lost_job_waits_again_and_ends_with_a_sentence_the_third_time():
    job = factories.make_job(with_files=False)
    states = []
    for _ in range(3):
        claimed = Job.objects.claim_next("w")
        lose_the_lease(claimed)
        assert claimed.lose()
        job.refresh_from_db()
        states.append(job.state)

    assert states == ["queued", "queued", "failed"]
    assert job.error_code == "lost"
    assert job.error.endswith(".")


def test_a_job_whose_lease_holds_is_not_lost():
    factories.make_job(with_files=False)
    job = Job.objects.claim_next("w")

    assert not job.lose()
    assert job.beat(0.1)


def test_a_waiting_job_is_cancelled_at_once():
    job = factories.make_job(with_files=False)

    assert job.request_cancel()

    assert job.state == "cancelled" and job.finished_at
    assert Job.objects.claim_next("w") is None


def test_a_running_job_is_cancelled_by_its_worker():
    job = factories.make_job(with_files=False)
    claimed = Job.objects.claim_next("w")

    assert job.request_cancel()
    assert job.state == "running"

    assert claimed.is_cancel_requested()
    assert claimed.cancel()
    job.refresh_from_db()
    assert job.state == "cancelled"


def test_an_ended_job_cannot_be_cancelled():
    job = factories.make_job(state="done", with_files=False)

    assert not job.request_cancel()
    assert job.state == "done"


@pytest.mark.parametrize("move", ["finish", "fail", "fail for now", "release", "lose"])
def test_a_job_that_is_to_be_cancelled_ends_nowhere_else(move):
    job = factories.make_job(with_files=False)
    claimed = Job.objects.claim_next("w")
    job.request_cancel()
    lose_the_lease(job)

    {
        "finish": lambda: claimed.finish(seconds=1) or claimed.cancel(),
        "fail": lambda: claimed.fail("No.", code="no"),
        "fail for now": lambda: claimed.fail("No.", code="no", is_permanent=False),
        "release": claimed.release,
        "lose": claimed.lose,
    }[move]()

    job.refresh_from_db()
    assert job.state == "cancelled"


@pytest.mark.parametrize(
    "nonsense",
    [
        {"state": "lost"},
        {"state": "running", "lease_owner": ""},
        {"state": "done", "finished_at": None},
        {"state": "failed", "error": "", "finished_at": timezone.now()},
        {"progress": 1.5},
    ],
)
def test_the_database_refuses_rows_that_make_no_sense(nonsense):
    job = factories.make_job(with_files=False)

    with pytest.raises(IntegrityError), transaction.atomic():
        Job.objects.filter(pk=job.pk).update(**nonsense)


def test_the_place_says_how_many_are_taken_before():
    first, second = factories.make_person(), factories.make_person()
    now = timezone.now()
    jobs = [
        factories.make_job(person, with_files=False, created_at=now - timedelta(minutes=minutes))
        for person, minutes in ((first, 9), (first, 8), (second, 7), (second, 6), (first, 5))
    ]
    places = [job.place() for job in jobs]

    order = take_turns()

    assert places == [order.index(job) for job in jobs]


def test_a_job_that_does_not_wait_has_no_place():
    assert factories.make_job(state="running", with_files=False).place() is None
    assert factories.make_job(state="done", with_files=False).place() is None


def test_people_see_their_own_jobs_and_nobody_elses():
    person = factories.make_person()
    own = factories.make_job(person, with_files=False)
    factories.make_job(with_files=False)

    assert list(Job.objects.visible_to(person)) == [own]
    assert not Job.objects.visible_to(None).exists()


@pytest.mark.django_db(transaction=True)
def test_of_many_workers_at_once_each_gets_a_job_of_its_own():
    person = factories.make_person()
    for _ in range(40):
        factories.make_job(person, with_files=False)
    claimed: list[Job] = []

    def work(name: str) -> None:
        for _ in range(20):
            if job := Job.objects.claim_next(name):
                claimed.append(job)
        connection.close()

    threads = [threading.Thread(target=work, args=(f"worker-{n}",)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(claimed) == 40
    assert len({job.pk for job in claimed}) == 40
