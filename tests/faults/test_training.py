"""A run goes on by itself, whoever dies: child, worker, database, Redis. No step that was saved is taken again."""

import json
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.faults import worlds
from tests.faults.test_database import HANG_UP
from tests.faults.worlds import World
from tests.sources import ROOT
from trainer import checkpoints, history, training

N_STEPS, CHECKPOINT_EVERY = 500, 10
ENDLESS = 100_000  # steps: more than any machine takes before it is told to stop
LONG = 400  # seconds for what takes some on an idle machine
SWIFT = {"FAULTS_LEASE_SECONDS": "6", "FAULTS_RETRY_SECONDS": "0", "STYLESITE_PRELOAD": "echo"}


class Training:
    """A run in a world: its row, its folder, the processes at it."""

    def __init__(self, world: World, *, steps: int = N_STEPS, checkpoint_every: int = CHECKPOINT_EVERY):
        self.world = world
        command = [sys.executable, "-m", "tests.faults.run_driver", str(steps), str(checkpoint_every)]
        outcome = subprocess.run(command, cwd=ROOT, env=world.environment, capture_output=True, text=True, timeout=LONG)
        assert outcome.returncode == 0, outcome.stderr
        self.begun = json.loads(outcome.stdout)
        self.folder = world.folder / "var" / "training" / "runs" / self.begun["key"]

    def row(self, *columns: str) -> tuple:
        [row] = self.world.ask(f"SELECT {', '.join(columns)} FROM trainer_run")
        return row

    def step(self) -> int:
        return history.read_last_step(self.folder / history.FILE)

    def wait_for_step(self, step: int, attempt: int) -> None:
        self.wait(lambda: self.row("attempt") == (attempt,) and self.step() >= step, f"step {step}, attempt {attempt}")

    def wait_for_state(self, *states: str) -> None:
        self.wait(lambda: self.row("state")[0] in states, f"the run {' or '.join(states)}")

    def wait(self, is_so, what: str) -> None:
        try:
            self.world.wait(is_so, seconds=LONG, what=what)
        except pytest.fail.Exception as failure:
            pytest.fail(f"{failure}\n{self.row('state', 'attempt', 'n_failures', 'step', 'error')}\n{self.read_log()}")

    def read_log(self) -> str:
        path = self.folder / "train.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def go_on_for(self, steps: int) -> None:
        """Once it rests: so many more, and then it is done."""
        outcome = self.world.manage("runs", "resume", self.begun["key"], "--steps", str(self.step() + steps))
        assert outcome.returncode == 0, outcome.stderr

    def resumed_at(self) -> list[int]:
        return [int(step) for step in re.findall(r"Resuming at step (\d+)", self.read_log())]


def child_of(worker: subprocess.Popen) -> psutil.Process | None:
    return next(iter(worlds.named(psutil.Process(worker.pid).children(recursive=True), "train --run")), None)


def kill_child(training_run: Training, worker: subprocess.Popen) -> int:
    """SIGKILL; the step it had reached."""
    child = child_of(worker)
    child.kill()
    psutil.wait_procs([child], timeout=30)
    return training_run.step()


def train_undisturbed(run: Training, folder: Path) -> Path:
    """The same by the command line, in a folder of its own."""
    (folder / "config.json").write_text(json.dumps(run.begun["options"]))
    words = ["train", "pix2pix", "--data", run.begun["data"], "--config", folder / "config.json"]
    words += ["--steps", N_STEPS, "--seed", 3, "--out", folder / "whole"]
    outcome = run.world.manage(*map(str, words), seconds=LONG)
    assert outcome.returncode == 0, outcome.stderr
    return folder / "whole"


def losses(folder: Path) -> list[dict]:
    timing = ("seconds", "waited", "memory")
    lines = history.read(folder / history.FILE)
    return [{name: value for name, value in line.items() if name not in timing} for line in lines]


@pytest.fixture(params=["polling", pytest.param("celery", marks=pytest.mark.services)])
def world(request, tmp_path) -> Iterator[World]:
    if request.param == "polling":
        world = World(tmp_path, **SWIFT)
        world.migrate()
        yield world
        return
    with worlds.on_services(tmp_path, **SWIFT) as world:
        world.migrate()
        yield world


@pytest.mark.timeout(1500)
def test_a_run_whose_child_and_worker_are_killed_is_the_run_never_disturbed(world, tmp_path):
    run = Training(world)
    reached = []
    with world.training_worker() as worker:
        run.wait_for_step(25, attempt=1)
        reached.append(kill_child(run, worker))

        run.wait_for_step(reached[0] + 25, attempt=2)
        child = child_of(worker)
        worker.kill()
        assert psutil.wait_procs([child], timeout=60)[1] == []
        reached.append(run.step())
    with world.training_worker():
        run.wait_for_state("done", "failed")

    assert run.row("state", "attempt", "step", "n_failures") == ("done", 3, N_STEPS, 0)
    for killed_at, resumed_at in zip(reached, run.resumed_at(), strict=True):
        assert killed_at - CHECKPOINT_EVERY <= resumed_at <= killed_at
    whole = train_undisturbed(run, tmp_path)
    final = f"{training.CHECKPOINTS}/step-{N_STEPS:07d}/{checkpoints.STATE}"
    for name in (checkpoints.WEIGHTS, checkpoints.CONFIG, training.VALIDATION, final):
        assert (whole / name).read_bytes() == (run.folder / name).read_bytes(), name
    assert losses(whole) == losses(run.folder)


@pytest.mark.timeout(600)
def test_a_worker_that_is_stopped_saves_its_run_and_another_goes_on_where_it_stood(world):
    run = Training(world, steps=ENDLESS)
    with world.training_worker() as worker:
        run.wait_for_step(15, attempt=1)
        family = psutil.Process(worker.pid).children(recursive=True)
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(LONG) == 0
        assert psutil.wait_procs(family, timeout=30)[1] == []

    stopped_at = run.step()
    assert run.row("state", "n_failures", "lease_owner") == ("queued", 0, "")
    assert world.manage("runs", "pause", run.begun["key"]).returncode == 0
    run.go_on_for(5)
    with world.training_worker():
        run.wait_for_state("done", "failed")

    assert run.row("state", "n_failures") == ("done", 0)
    assert run.resumed_at() == [stopped_at]


@pytest.mark.timeout(600)
def test_three_deaths_without_progress_end_a_run_with_a_reason(world):
    run = Training(world, steps=ENDLESS, checkpoint_every=ENDLESS)  # however late it is killed, nothing is saved
    with world.training_worker() as worker:
        for attempt in (1, 2, 3):
            run.wait(
                lambda n=attempt: run.row("attempt") == (n,) and child_of(worker), f"the child of attempt {attempt}"
            )
            kill_child(run, worker)
        run.wait_for_state("failed")
        assert worker.poll() is None

    state, n_failures, error = run.row("state", "n_failures", "error")
    assert (state, n_failures) == ("failed", 3)
    assert "broke down several times" in error


@pytest.mark.timeout(600)
@pytest.mark.parametrize(("wish", "state"), [("pause", "paused"), ("stop", "stopped")])
def test_a_run_is_halted_from_the_shell_and_goes_on_from_there(tmp_path, wish, state):
    world = World(tmp_path, **SWIFT)
    world.migrate()
    run = Training(world, steps=ENDLESS)
    with world.training_worker():
        run.wait_for_step(12, attempt=1)
        assert world.manage("runs", wish, run.begun["key"]).returncode == 0
        run.wait_for_state(state)
        halted_at = run.step()
        run.go_on_for(5)
        run.wait_for_state("done", "failed")

    assert run.row("state", "n_failures") == ("done", 0)
    assert run.resumed_at() == [halted_at]


@pytest.mark.services
@pytest.mark.timeout(600)
def test_a_database_that_hangs_up_does_not_disturb_a_run(tmp_path):
    with worlds.on_services(tmp_path, **SWIFT) as world:
        world.migrate()
        run = Training(world)
        with world.training_worker() as worker:
            run.wait_for_step(10, attempt=1)
            world.ask(HANG_UP)
            run.wait_for_state("done", "failed")
            assert worker.poll() is None

        assert run.row("state", "attempt", "n_failures") == ("done", 1, 0)


@pytest.mark.services
@pytest.mark.timeout(600)
def test_a_run_is_trained_while_redis_is_dead(tmp_path):
    with worlds.on_services(tmp_path, **SWIFT, redis_url="redis://127.0.0.1:1/0") as world:
        world.migrate()
        run = Training(world, steps=12)
        with world.training_worker():
            run.wait_for_state("done", "failed")

        assert run.row("state", "attempt") == ("done", 1)
