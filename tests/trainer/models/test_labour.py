"""Which work is next, that nobody but its worker moves it, and what becomes of it when that one dies."""

import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from tests.trainer import factories
from trainer.models import Dataset, Run
from trainer.models.labour import LOST, Wish

pytestmark = pytest.mark.django_db
SLOW = 15  # seconds that a test may be kept from going on


def lose_the_lease(run: Run) -> None:
    Run.objects.filter(pk=run.pk).update(lease_until=timezone.now() - timedelta(seconds=1))


def let_it_wait_no_longer(run: Run) -> None:
    Run.objects.filter(pk=run.pk).update(not_before=None)


def test_the_oldest_is_claimed_with_a_lease_and_a_token():
    run = factories.make_run()
    younger = factories.make_run(run.dataset)

    claimed = Run.objects.claim_next("worker-1")

    assert claimed == run
    assert (claimed.state, claimed.attempt, claimed.lease_owner) == ("running", 1, "worker-1")
    assert (claimed.lease_until - timezone.now()).total_seconds() == pytest.approx(30, abs=SLOW)
    assert claimed.started_at and claimed.heartbeat_at
    assert Run.objects.claim_next("worker-1") == younger
    assert Run.objects.claim_next("worker-1") is None


def test_what_waits_after_a_loss_is_left_until_its_time_has_come():
    factories.make_run(not_before=timezone.now() + timedelta(seconds=60))

    assert Run.objects.claim_next("w") is None


@pytest.mark.django_db(transaction=True)
def test_many_workers_at_once_claim_each_run_once():
    dataset = factories.make_dataset(with_files=False)
    for _ in range(12):
        factories.make_run(dataset)
    claimed, troubles = [], []

    def work(name: str) -> None:
        try:
            while run := Run.objects.claim_next(name):
                claimed.append(run.pk)
                run.finish()
        except Exception as error:  # noqa: BLE001 - a thread of a test tells the test
            troubles.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=(f"w{i}",)) for i in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)

    assert troubles == []
    assert len(claimed) == len(set(claimed)) == 12
    assert not Run.objects.exclude(state="done", attempt=1).exists()


def test_a_beat_extends_the_lease_and_tells_how_far_it_is():
    factories.make_run(steps=8)
    run = Run.objects.claim_next("w")
    lose_the_lease(run)

    assert run.beat(0.5, step=4)

    run.refresh_from_db()
    assert (run.progress, run.step) == (0.5, 4)
    assert run.lease_until > timezone.now() + timedelta(seconds=30 - SLOW)


def test_a_worker_that_lost_its_lease_changes_nothing_any_more():
    factories.make_run()
    late = Run.objects.claim_next("late")
    late.lose()
    let_it_wait_no_longer(late)
    current = Run.objects.claim_next("current")

    outcomes = [
        late.beat(0.9),
        late.finish(),
        late.fail("No."),
        late.halt(),
        late.release(),
        late.lose(),
        late.note_good_news(),
    ]

    assert outcomes == [False] * 7
    assert late.read_wish() is None
    current.refresh_from_db()
    assert (current.state, current.lease_owner, current.progress, current.error) == ("running", "current", 0, "")


def test_a_refusal_ends_it_with_its_sentence():
    factories.make_run()
    run = Run.objects.claim_next("w")

    assert run.fail("There is no train/ folder.")

    run.refresh_from_db()
    assert (run.state, run.error) == ("failed", "There is no train/ folder.")


def test_what_is_lost_waits_again_longer_each_time_and_fails_the_third_time(settings):
    settings.RETRY_SECONDS = 100
    run = factories.make_run()
    pauses = []
    for _ in range(3):
        assert Run.objects.claim_next("w").lose()
        run.refresh_from_db()
        if run.state == "queued":
            pauses.append((run.not_before - timezone.now()).total_seconds())
            let_it_wait_no_longer(run)

    assert pauses == pytest.approx([100, 200], abs=SLOW)
    assert (run.state, run.error, run.n_failures, run.attempt) == ("failed", LOST, 3, 3)


def test_after_good_news_losses_are_counted_anew():
    run = factories.make_run()
    for _ in range(6):
        claimed = Run.objects.claim_next("w")
        assert claimed.note_good_news()
        claimed.n_failures = 0
        claimed.lose()
        let_it_wait_no_longer(run)

    run.refresh_from_db()
    assert (run.state, run.n_failures) == ("queued", 1)


def test_what_is_given_back_waits_again_and_the_attempt_does_not_count():
    run = factories.make_run()
    for _ in range(5):
        assert Run.objects.claim_next("w").release()

    run.refresh_from_db()
    assert (run.state, run.n_failures, run.attempt, run.not_before) == ("queued", 0, 5, None)


@pytest.mark.parametrize("how", ["halt", "release", "lose"])
@pytest.mark.parametrize(("wish", "state"), [(Wish.PAUSE, "paused"), (Wish.STOP, "stopped")])
def test_however_it_ends_a_wish_comes_true(how, wish, state):
    run = factories.make_run()
    claimed = Run.objects.claim_next("w")
    assert run.request(wish)  # the worker has not seen it yet

    assert claimed.read_wish() == wish
    assert getattr(claimed, how)()

    run.refresh_from_db()
    assert run.state == state
    assert run.finished_at and not run.lease_owner


def test_whose_worker_fell_silent_is_found():
    run = factories.make_run(state="running")
    assert not Run.objects.expired().exists()

    lose_the_lease(run)

    assert list(Run.objects.expired()) == [run]


def test_whose_bell_was_not_heard_is_found():
    unheard = factories.make_run()
    factories.make_run(unheard.dataset, announced_at=timezone.now())
    long_ago = factories.make_run(unheard.dataset, announced_at=timezone.now() - timedelta(minutes=1))
    factories.make_run(unheard.dataset, not_before=timezone.now() + timedelta(minutes=1))

    assert set(Run.objects.overdue()) == {unheard, long_ago}


def test_datasets_are_claimed_the_same_way():
    factories.make_dataset(state="coming", with_files=False)
    dataset = factories.make_dataset(state="queued", with_files=False)

    assert Dataset.objects.claim_next("w") == dataset
    assert Dataset.objects.claim_next("w") is None
