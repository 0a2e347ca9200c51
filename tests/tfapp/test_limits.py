"""Limits are exact, however many ask at once."""

import threading
import time

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from tests import factories
from tfapp import limits
from tfapp.models import Tally

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def three_an_hour(settings):
    settings.LIMITS_PER_HOUR = {**settings.LIMITS_PER_HOUR, "jobs": 3}


def test_it_counts_up_to_the_limit_and_then_says_when_to_come_back():
    for _ in range(3):
        limits.take("jobs", "somebody")

    with pytest.raises(limits.Exceeded) as refusal:
        limits.take("jobs", "somebody")

    assert 1 <= refusal.value.retry_after <= 3600
    assert str(refusal.value.sentence).endswith(".")
    assert Tally.objects.get().count == 3


def test_people_and_actions_are_counted_apart():
    for _ in range(3):
        limits.take("jobs", "somebody")

    limits.take("jobs", "somebody else")
    limits.take("report", "somebody")


def test_the_factor_scales_every_limit(settings):
    settings.LIMITS_FACTOR = 2
    for _ in range(6):
        limits.take("jobs", "somebody")
    with pytest.raises(limits.Exceeded):
        limits.take("jobs", "somebody")


def test_a_factor_of_zero_switches_limits_off(settings):
    settings.LIMITS_FACTOR = 0
    for _ in range(20):
        limits.take("jobs", "somebody")

    assert not Tally.objects.exists()


def test_what_is_rolled_back_was_not_taken():
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        limits.take("jobs", "somebody")
        raise ZeroDivisionError

    assert not Tally.objects.exists()


def test_the_counts_of_past_hours_are_forgotten(monkeypatch):
    limits.take("jobs", "somebody")
    Tally.objects.update(window_at="2020-01-01T00:00Z")

    limits.forget()

    assert not Tally.objects.exists()


def test_a_fourth_unfinished_job_is_too_many_and_a_finished_one_makes_room():
    person = factories.make_person()
    rows = [factories.make_job(person, state=state, with_files=False) for state in ("queued", "queued", "running")]
    with transaction.atomic(), pytest.raises(limits.Exceeded) as refusal:
        limits.take_place(person)
    assert "3" in str(refusal.value.sentence)

    rows[0].request_cancel()

    with transaction.atomic():
        limits.take_place(person)


def test_the_refusal_names_the_minutes():
    assert str(limits.Exceeded(61).sentence).endswith("in 2 minutes.")
    assert str(limits.Exceeded(1).sentence).endswith("in a minute.")


def test_what_turned_out_well_does_not_count():
    for _n in range(9):
        limits.take("jobs", "somebody")
        limits.give_back("jobs", "somebody")

    assert Tally.objects.get().count == 0


def test_visitors_of_one_address_count_together_and_accounts_do_not(settings):
    settings.LIMITS_PER_HOUR = {**settings.LIMITS_PER_HOUR, "jobs_visitors": 2}
    for _n in range(2):
        limits.take_from(factories.make_person(origin="a school"), "jobs")

    limits.take_from(factories.make_person(origin="elsewhere"), "jobs")
    limits.take_from(factories.make_person(factories.make_user()), "jobs")
    with pytest.raises(limits.Exceeded):
        limits.take_from(factories.make_person(origin="a school"), "jobs")


def test_visitors_of_one_address_have_only_so_many_unfinished_jobs(settings):
    settings.LIMIT_ACTIVE_JOBS_VISITORS = 2
    for state in ("queued", "running", "done"):
        factories.make_job(factories.make_person(origin="a school"), state=state, with_files=False)

    with transaction.atomic():
        limits.take_place(factories.make_person(origin="elsewhere"))
        limits.take_place(factories.make_person(factories.make_user()))
    with transaction.atomic(), pytest.raises(limits.Exceeded) as refusal:
        limits.take_place(factories.make_person(origin="a school"))
    assert "where you are" in str(refusal.value.sentence)


def test_a_class_fits_behind_one_address(settings):
    for _n in range(30):
        person = factories.make_person(origin="a school")
        with transaction.atomic():
            limits.take_place(person)
            limits.take_from(person, "jobs")
        factories.make_job(person, with_files=False)


def test_taking_a_place_lets_a_worker_finish_meanwhile():
    with CaptureQueriesContext(connection) as queries, transaction.atomic():
        limits.take_place(factories.make_person())

    # A new picture refers to its person, which PostgreSQL's plain lock would forbid; SQLite knows no such locks.
    assert not [query for query in queries if query["sql"].endswith("FOR UPDATE") and "NO KEY" not in query["sql"]]


def test_somebody_who_is_no_more_gets_no_place():
    person = factories.make_person()
    key = person.pk
    person.delete()
    person.pk = key

    with transaction.atomic(), pytest.raises(PermissionDenied):
        limits.take_place(person)


@pytest.mark.django_db(transaction=True)
def test_two_hundred_at_once_get_exactly_as_many_as_are_allowed(settings):
    settings.LIMITS_PER_HOUR = {**settings.LIMITS_PER_HOUR, "jobs": 30}
    taken, refused = [], []

    def ask() -> None:
        try:
            limits.take("jobs", "somebody")
            taken.append(1)
        except limits.Exceeded:
            refused.append(1)
        finally:
            connection.close()

    in_parallel(ask, times=200)

    assert (len(taken), len(refused)) == (30, 170)


@pytest.mark.django_db(transaction=True)
def test_visitors_of_one_address_who_ask_at_once_get_exactly_as_many_places_as_there_are(settings):
    settings.LIMIT_ACTIVE_JOBS_VISITORS = 5
    visitors = [factories.make_person(origin="a school") for _n in range(12)]
    ready, answers = threading.Barrier(len(visitors), timeout=30), []

    def ask() -> None:
        person = visitors[ready.wait()]
        try:
            with transaction.atomic():
                limits.take_place(person)
                time.sleep(0.05)  # others count meanwhile
                factories.make_job(person, with_files=False)
            answers.append("taken")
        except limits.Exceeded:
            answers.append("refused")
        finally:
            connection.close()

    in_parallel(ask, times=len(visitors))

    assert (answers.count("taken"), answers.count("refused")) == (5, 7)


def in_parallel(function, *, times: int) -> None:
    threads = [threading.Thread(target=function) for _ in range(times)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
