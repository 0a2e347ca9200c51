"""One child process and its row: real processes, which do nothing but end in all the ways there are."""

import os
import signal
import sys
import time

import psutil
import pytest
from django.db import OperationalError

from stylesite import turns
from stylesite.lifecycle import stopping
from tests.trainer import factories
from trainer import attempts
from trainer.attempts import Attempt
from trainer.models import Run

pytestmark = pytest.mark.django_db
PATIENCE = 120  # seconds; a child begins within one on an idle machine
SLEEP = "print('begun', flush=True); import time; time.sleep(600)"
DEAF = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); " + SLEEP
HISTORY = 'open({path!r}, "w").write(\'{{"step": {step}}}\\n\')'


@pytest.fixture(autouse=True)
def swift(monkeypatch, settings, tmp_path):
    settings.DATA_FOLDER = tmp_path
    monkeypatch.setattr(attempts, "LOOK_SECONDS", 0.01)
    settings.HEARTBEAT_SECONDS = 0.02
    yield
    stopping.forget()


@pytest.fixture
def begin(monkeypatch):
    """Claim a run whose child is a Python program."""
    begun = []

    def begin(program: str, **kwargs) -> Attempt:
        run = factories.make_run(**kwargs)
        source = program.replace("HISTORY", HISTORY.format(path=str(run.folder / "history.jsonl"), step=run.steps))
        monkeypatch.setattr(Run, "command", lambda self: [sys.executable, "-c", source])
        begun.append(Attempt(Run.objects.claim_next("w")))
        return begun[-1]

    yield begin
    for attempt in begun:
        attempt.kill()


def look_until(attempt: Attempt, is_so=lambda: False) -> bool:
    """Look again and again until it is over, or it is so; whether it is over."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        if attempt.look():
            return True
        if is_so():
            return False
        time.sleep(0.01)
    pytest.fail("It goes on and on.")


def has_begun(attempt: Attempt):
    return lambda: b"begun" in attempt.row.log.read_bytes()


def reread(attempt: Attempt) -> Run:
    return Run.objects.get(pk=attempt.row.pk)


def test_a_child_that_did_all_of_it_is_done(begin):
    attempt = begin("HISTORY", steps=6)

    assert look_until(attempt)

    run = reread(attempt)
    assert (run.state, run.step, run.progress) == ("done", 6, 1.0)


def test_a_child_that_refuses_says_why(begin):
    attempt = begin("import sys; print('CommandError: There are no\\n pictures.', file=sys.stderr); sys.exit(1)")

    assert look_until(attempt)

    run = reread(attempt)
    assert (run.state, run.error) == ("failed", "There are no pictures.")


def test_a_refusal_of_an_earlier_attempt_is_not_taken_for_this_ones(begin):
    attempt = begin("raise SystemExit(1)")
    look_until(attempt)
    attempt.row.log.write_text("--- attempt 1\nCommandError: Too late.\n--- attempt 2\nSegmentation fault\n")

    assert attempts._read_reason(attempt.row.log) == ""


@pytest.mark.parametrize(
    "program",
    [
        "import os; os.kill(os.getpid(), 9)",
        "raise MemoryError('none left')",
        "raise SystemExit(70)",
        "pass",  # it ends well, but the work is not done
    ],
)
def test_a_child_that_broke_is_tried_again(begin, program):
    attempt = begin(program)

    assert look_until(attempt)

    run = reread(attempt)
    assert (run.state, run.n_failures, run.error) == ("queued", 1, "")


def test_three_deaths_are_enough_and_a_reason_is_given(begin):
    attempt = begin("import os; os.kill(os.getpid(), 9)", n_failures=2)

    assert look_until(attempt)

    run = reread(attempt)
    assert (run.state, run.n_failures) == ("failed", 3)
    assert "broke down" in run.error


def test_a_checkpoint_in_between_makes_up_for_deaths(begin):
    attempt = begin("import os, pathlib, sys; os.kill(os.getpid(), 9)", n_failures=2)
    (attempt.row.folder / "checkpoints" / "step-0000002").mkdir(parents=True)

    assert look_until(attempt)

    assert (reread(attempt).state, reread(attempt).n_failures) == ("queued", 1)


def test_where_no_process_can_be_started_it_is_tried_again(begin, monkeypatch):
    monkeypatch.setattr(attempts.subprocess, "Popen", lambda *_, **__: _refuse())

    assert look_until(begin("pass"))

    assert Run.objects.get().state == "queued"


def test_while_it_works_the_lease_grows_and_the_row_knows_how_far_it_is(begin):
    attempt = begin(SLEEP, steps=8)
    (attempt.row.folder / "history.jsonl").write_text('{"step": 1}\n{"step": 2}\n')

    look_until(attempt, lambda: reread(attempt).step == 2)

    assert reread(attempt).progress == 0.25
    assert reread(attempt).lease_until > attempt.row.lease_until


@pytest.mark.parametrize(("wish", "state"), [("pause", "paused"), ("stop", "stopped")])
def test_a_wish_is_told_to_the_child_and_comes_true(begin, wish, state):
    attempt = begin(SLEEP)
    look_until(attempt, has_begun(attempt))

    reread(attempt).request(wish)

    assert look_until(attempt)
    assert reread(attempt).state == state


FAIL = "import sys; print('CommandError: Oh.', file=sys.stderr, flush=True); sys.exit(1)"


@pytest.mark.parametrize(
    ("program", "ask", "state"),
    [
        (SLEEP, lambda run: run.request("pause"), "paused"),
        (SLEEP, lambda run: run.request("stop"), "stopped"),
        (SLEEP, lambda run: stopping.ask(), "queued"),
        (FAIL, lambda run: None, "failed"),
    ],
)
def test_however_it_ends_the_row_knows_how_far_it_came(begin, settings, program, ask, state):
    settings.HEARTBEAT_SECONDS = 600
    attempt = begin(program, steps=8)
    (attempt.row.folder / "history.jsonl").write_text('{"step": 1}\n{"step": 6}\n')

    ask(reread(attempt))

    assert look_until(attempt)
    assert (reread(attempt).state, reread(attempt).step, reread(attempt).progress) == (state, 6, 0.75)


def test_a_child_that_finished_before_it_heard_the_wish_is_done(begin):
    attempt = begin("HISTORY; " + SLEEP.replace("time.sleep(600)", "time.sleep(0)"), steps=6)
    reread(attempt).request("pause")
    attempt._process.wait(PATIENCE)

    assert look_until(attempt)

    assert reread(attempt).state == "done"


def test_a_child_that_hears_nothing_is_killed(begin, monkeypatch):
    monkeypatch.setattr(attempts, "KILL_SECONDS", 0.2)
    attempt = begin(DEAF)
    look_until(attempt, has_begun(attempt))

    reread(attempt).request("stop")

    assert look_until(attempt)
    assert attempt._process.returncode == -signal.SIGKILL
    assert reread(attempt).state == "stopped"


def test_a_worker_that_stops_gives_the_work_back_uncounted(begin):
    attempt = begin(SLEEP, n_failures=1)
    look_until(attempt, has_begun(attempt))

    stopping.ask()

    assert look_until(attempt)
    assert (reread(attempt).state, reread(attempt).n_failures) == ("queued", 1)


def test_work_that_another_has_by_now_is_left_to_it(begin):
    attempt = begin(SLEEP)
    look_until(attempt, has_begun(attempt))
    Run.objects.update(attempt=7, lease_owner="another")

    assert look_until(attempt)

    assert (reread(attempt).state, reread(attempt).lease_owner) == ("running", "another")


def test_a_child_without_a_sign_of_life_is_killed_and_counts_as_lost(begin, settings):
    attempt = begin(SLEEP)
    look_until(attempt, has_begun(attempt))

    settings.HUNG_SECONDS = 0.02

    assert look_until(attempt)
    assert (reread(attempt).state, reread(attempt).n_failures) == ("queued", 1)


def test_the_third_that_hangs_is_called_so(begin, settings):
    attempt = begin(SLEEP, n_failures=2)
    settings.HUNG_SECONDS = 0

    assert look_until(attempt)

    assert "no progress" in reread(attempt).error


def test_who_waits_for_a_painter_does_not_hang(begin, settings):
    attempt = begin(SLEEP)
    look_until(attempt, has_begun(attempt))
    settings.HUNG_SECONDS = 0.01
    until = time.monotonic() + 1

    with turns.hold():
        assert not look_until(attempt, lambda: time.monotonic() > until)


def test_trouble_with_the_database_costs_nothing(begin, monkeypatch):
    attempt = begin("HISTORY")
    attempt._process.wait(PATIENCE)
    monkeypatch.setattr(Run, "read_wish", lambda self: _refuse(OperationalError))
    with pytest.raises(OperationalError):
        attempt.look()
    monkeypatch.undo()

    assert attempt.look()

    assert reread(attempt).state == "done"


def test_the_child_is_nice_alone_in_its_session_and_leaves_nobody(begin):
    attempt = begin("import subprocess; subprocess.Popen(['sleep', '600']); " + SLEEP)
    look_until(attempt, has_begun(attempt))
    child = psutil.Process(attempt._process.pid)
    [grandchild] = child.children()

    assert child.nice() == min(19, psutil.Process().nice() + attempts.NICENESS)
    assert os.getsid(child.pid) == child.pid

    child.kill()
    assert look_until(attempt)
    psutil.wait_procs([grandchild], timeout=PATIENCE)
    assert not grandchild.is_running() or grandchild.status() == psutil.STATUS_ZOMBIE


def test_the_log_tells_the_attempts_apart(begin):
    attempt = begin("print('working')")
    look_until(attempt)

    first, second = attempt.row.log.read_text().splitlines()

    assert first.startswith("--- attempt 1, 20")
    assert second == "working"


def _refuse(kind=OSError):
    raise kind("not now")
