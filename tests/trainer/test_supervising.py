"""What a training worker does around its children: claim, reap, look around, and end them when it ends."""

import sys
import threading
import time
from datetime import timedelta

import psutil
import pytest
from django.db import OperationalError, connection
from django.utils import timezone

from stylesite import doorbell, lifecycle
from stylesite.lifecycle import stopping
from tests.trainer import factories
from trainer import attempts, supervising
from trainer.models import Dataset, LabourQuerySet, ProbeRound, Run

pytestmark = pytest.mark.django_db(transaction=True)
PATIENCE = 120
DONE = "open({path!r}, 'w').write('{{\"step\": {step}}}\\n')"
SLEEP = "import time; time.sleep(600)"


@pytest.fixture(autouse=True)
def swift(monkeypatch, settings, tmp_path):
    settings.DATA_FOLDER = tmp_path
    monkeypatch.setattr(supervising, "LOOK_SECONDS", 0.02)
    monkeypatch.setattr(supervising, "TROUBLE_SECONDS", 0.02)
    monkeypatch.setattr(attempts, "LOOK_SECONDS", 0.02)
    children_do(monkeypatch, DONE)
    yield
    stopping.ask()
    supervising._has_left.set()
    for thread in watchers():
        thread.join(PATIENCE)
    assert not watchers()  # nor does one of them meet another test
    stopping.forget()


def watchers() -> list[threading.Thread]:
    """The threads that look around, and the one that works without a bell."""
    return [thread for thread in threading.enumerate() if thread.name in ("look_around", "work")]


def children_do(monkeypatch, program: str) -> None:
    """What the child of a run, and of an errand, does instead of training."""

    def command(self) -> list[str]:
        path = self.folder / ("history.jsonl" if isinstance(self, Run) else "progress")
        return [sys.executable, "-c", program.format(path=str(path), step=getattr(self, "steps", 1))]

    for kind in (Run, Dataset, ProbeRound):
        monkeypatch.setattr(kind, "command", command)
    monkeypatch.setattr(Dataset, "has_all", lambda self: True)
    monkeypatch.setattr(Dataset, "take_over", lambda self: {})


class Beside:
    """The worker at work in a thread of its own."""

    def __init__(self, work=supervising.work):
        self._work = work

    def __enter__(self) -> "Beside":
        self._thread = threading.Thread(target=self._run)
        self._thread.start()
        return self

    def __exit__(self, *_) -> None:
        stopping.ask()
        self._thread.join(PATIENCE)
        assert not self._thread.is_alive()

    def _run(self) -> None:
        try:
            self._work()
        finally:
            connection.close()


def wait_until(is_so) -> None:
    until = time.monotonic() + PATIENCE
    while not is_so():
        assert time.monotonic() < until, list(Run.objects.values("state", "error"))
        time.sleep(0.05)


def states(kind) -> set:
    return set(kind.objects.values_list("state", flat=True))


def test_it_does_everything_that_waits_and_then_rests():
    run = factories.make_run()
    factories.make_run(run.dataset)
    factories.make_dataset(state="queued", with_files=False)
    ProbeRound.objects.create(run=run, queued_at=timezone.now())

    assert supervising.work()

    assert states(Run) == states(Dataset) == states(ProbeRound) == {"done"}
    assert not supervising.work()


def test_one_run_and_one_errand_are_done_at_a_time(monkeypatch):
    children_do(monkeypatch, SLEEP)
    run = factories.make_run()
    factories.make_run(run.dataset)
    for _ in range(2):
        factories.make_dataset(state="queued", with_files=False)

    with Beside():
        wait_until(lambda: len(supervising._in_hand) == 2)
        time.sleep(0.2)
        assert Run.objects.filter(state="running").count() == 1
        assert Dataset.objects.filter(state="running").count() == 1

    assert states(Run) == {"queued"}
    assert Dataset.objects.filter(state="queued").count() == 2


def test_a_worker_that_stops_leaves_no_child(monkeypatch):
    children_do(monkeypatch, SLEEP)
    factories.make_run()

    with Beside():
        wait_until(lambda: supervising._in_hand)
        child = psutil.Process(supervising._in_hand["run"]._process.pid)

    assert not child.is_running()
    assert states(Run) == {"queued"}


def test_it_claims_nothing_once_it_is_to_stop():
    factories.make_run()
    stopping.ask()

    assert not supervising.work()

    assert states(Run) == {"queued"}


def test_a_worker_at_it_already_is_not_joined_by_one_without_patience():
    factories.make_run()

    with supervising._one_at_a_time:
        assert not supervising.work(is_patient=False)

    assert states(Run) == {"queued"}


def test_trouble_with_the_database_is_waited_out(monkeypatch):
    factories.make_run()
    waiting, n_troubles = LabourQuerySet.waiting, iter(range(3))

    def trouble(queryset):
        if next(n_troubles, None) is not None:
            raise OperationalError("The connection is lost.")
        return waiting(queryset)

    monkeypatch.setattr(LabourQuerySet, "waiting", trouble)
    for _ in range(4):
        supervising.work()

    assert states(Run) == {"done"}


def test_an_error_that_nobody_foresaw_leaves_no_child(monkeypatch):
    children_do(monkeypatch, SLEEP)
    factories.make_run()
    begun = []
    monkeypatch.setattr(attempts.Attempt, "look", lambda self: begun.append(self._process) or 1 / 0)

    supervising.work()

    assert begun[0].poll() is not None
    assert states(Run) == {"running"}  # until its lease runs out


def test_an_error_that_nobody_foresaw_costs_the_other_child_nothing(monkeypatch):
    factories.make_run()
    factories.make_dataset(state="queued", with_files=False)
    monkeypatch.setattr(Run, "has_all", lambda self: 1 / 0)

    supervising.work()

    assert (states(Run), states(Dataset)) == ({"running"}, {"done"})


def test_what_cannot_begin_keeps_nobody_from_beginning(monkeypatch):
    bad = factories.make_run()
    good = factories.make_run(bad.dataset)
    monkeypatch.setattr(Run, "read_savings", lambda self: 1 / (self.pk == good.pk))

    supervising.work()

    bad.refresh_from_db()
    good.refresh_from_db()
    assert (bad.state, good.state) == ("running", "done")


def test_a_folder_that_somebody_named_oddly_beside_the_checkpoints_disturbs_nobody():
    run = factories.make_run()
    (run.folder / "checkpoints" / "step-0000004").mkdir(parents=True)
    (run.folder / "checkpoints" / "step-0000008-backup").mkdir()

    assert run.read_savings() == 4
    supervising.work()

    assert states(Run) == {"done"}


def test_what_a_silent_worker_had_waits_again():
    run = factories.make_run(state="running", lease_until=timezone.now() - timedelta(seconds=1))
    dataset = factories.make_dataset(state="running", lease_until=timezone.now() - timedelta(seconds=1))
    beating = factories.make_run(state="running")

    supervising.reap()

    for row in (run, dataset, beating):
        row.refresh_from_db()
    assert (run.state, dataset.state, beating.state) == ("queued", "queued", "running")
    assert (run.n_failures, run.lease_owner) == (1, "")


def test_a_worker_that_beats_again_in_the_last_moment_keeps_its_work():
    run = factories.make_run(state="running", lease_until=timezone.now() - timedelta(seconds=1))
    stale = Run.objects.get(pk=run.pk)
    run.beat(0.5)

    assert not stale.expire()

    run.refresh_from_db()
    assert (run.state, run.n_failures) == ("running", 0)


def test_its_own_work_is_not_taken_from_it_after_trouble_with_the_database(monkeypatch):
    children_do(monkeypatch, SLEEP)
    factories.make_run()

    with Beside():
        wait_until(lambda: supervising._in_hand)
        Run.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
        supervising.reap()
        assert states(Run) == {"running"}


def test_an_idle_worker_begins_itself_with_what_nobody_heard_of(settings, monkeypatch):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    monkeypatch.setattr(doorbell, "ring", lambda task: False)
    factories.make_run()

    supervising.look_around()

    wait_until(lambda: states(Run) == {"done"})


def test_what_it_began_itself_keeps_it_from_nothing(settings, monkeypatch):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    monkeypatch.setattr(doorbell, "ring", lambda task: False)
    children_do(monkeypatch, SLEEP)
    run = factories.make_run()

    supervising.look_around()
    wait_until(lambda: supervising._in_hand)
    thread = supervising._beside
    lost = factories.make_run(run.dataset, state="running", lease_until=timezone.now() - timedelta(seconds=1))
    supervising.look_around()
    supervising._begin_to_work()

    lost.refresh_from_db()
    assert lost.state == "queued"
    assert supervising._beside is thread and thread.is_alive()  # its children die with it


def test_without_redis_looking_around_only_takes_back(monkeypatch):
    factories.make_run()

    supervising.look_around()

    assert states(Run) == {"queued"}


def test_looking_around_sweeps_once_an_hour(monkeypatch):
    abandoned = factories.make_dataset(state="coming", with_files=False)
    long_ago = timezone.now() - timedelta(days=3)
    Dataset.objects.filter(pk=abandoned.pk).update(created_at=long_ago)
    monkeypatch.setattr(supervising, "_swept_at", time.monotonic() - supervising.SWEEP_SECONDS)

    supervising.look_around()
    assert not Dataset.objects.exists()

    again = factories.make_dataset(state="coming", with_files=False)
    Dataset.objects.filter(pk=again.pk).update(created_at=long_ago)
    supervising.look_around()
    assert Dataset.objects.exists()


def test_whose_keeper_is_gone_stops(settings, monkeypatch):
    settings.REAP_SECONDS = 0.01
    told = threading.Event()
    monkeypatch.setattr(lifecycle, "is_orphan", lambda: True)

    def kill(*_):
        stopping.ask()  # as the signal's handler does
        told.set()

    monkeypatch.setattr(supervising.os, "kill", kill)

    supervising.enter()

    assert told.wait(PATIENCE)
    supervising.leave()
    for thread in watchers():
        thread.join(PATIENCE)
    assert not watchers()


def test_polling_ends_when_it_is_to_stop():
    factories.make_run()

    with Beside(supervising.poll):
        wait_until(lambda: states(Run) == {"done"})
