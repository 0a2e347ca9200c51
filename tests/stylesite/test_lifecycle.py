"""Processes are started again when they die, and ended with everything they started."""

import os
import signal
import subprocess
import sys
import time

import psutil
import pytest

from stylesite import lifecycle
from stylesite.lifecycle import Child, Stopping
from tests.sources import ROOT


def keep_until(child: Child, is_so, *, seconds: float = 10) -> list[str]:
    """Keep the child until it is so; what was said meanwhile."""
    news = []
    until = time.monotonic() + seconds
    while not is_so() and time.monotonic() < until:
        if said := child.keep():
            news.append(said)
        time.sleep(0.02)
    assert is_so()
    return news


def test_stopping_remembers_when_it_was_first_asked():
    stopping = Stopping()
    assert not stopping and stopping.seconds == 0

    stopping.ask(signal.SIGTERM, None)
    time.sleep(0.02)
    first = stopping.seconds
    stopping.ask()

    assert stopping and stopping.seconds >= first > 0


def test_a_child_that_dies_is_started_again_later_and_later(monkeypatch, tmp_path):
    monkeypatch.setattr(lifecycle, "RESTART_SECONDS", (0.05, 0.2))
    dead = []
    mark = tmp_path / "starts"
    program = f"open({str(mark)!r}, 'a').write('x'); raise SystemExit(3)"
    child = Child("test", command=[sys.executable, "-c", program], environment={}, on_death=dead.append)

    news = keep_until(child, lambda: mark.exists() and len(mark.read_text()) >= 4)
    child.end(until=time.monotonic())

    assert [one.rpartition("starts again in ")[2] for one in news[:3]] == ["0.1 s.", "0.2 s.", "0.2 s."]
    assert "ended with status 3" in news[0]
    assert len(set(dead)) >= 3


def test_a_child_is_ended_with_everything_it_started(tmp_path):
    pid_file = tmp_path / "pid"
    program = (
        "import subprocess, signal, time\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        f"p = subprocess.Popen(['sleep', '60']); open({str(pid_file)!r}, 'w').write(str(p.pid) + ' ')\n"
        "time.sleep(60)"
    )
    child = Child("test", command=[sys.executable, "-c", program], environment=dict(os.environ))
    keep_until(child, lambda: pid_file.exists() and pid_file.read_text().endswith(" "))
    grandchild = psutil.Process(int(pid_file.read_text()))

    child.ask_to_stop()
    child.end(until=time.monotonic() + 0.5)

    psutil.wait_procs([grandchild], timeout=5)
    assert not grandchild.is_running()


def test_the_longest_pause_keeps_the_promise_of_five_seconds():
    assert lifecycle.RESTART_SECONDS[1] < 5


def test_a_worker_loads_all_engines_unless_some_are_named(settings):
    settings.ENGINES = ["adain", "tflite"]

    assert lifecycle.worker_environment()["STYLESITE_PRELOAD"] == "adain,tflite"
    settings.PRELOAD = ["tflite"]
    assert lifecycle.worker_environment()["STYLESITE_PRELOAD"] == "tflite"


def test_the_web_server_is_told_nothing_that_makes_a_worker(monkeypatch):
    monkeypatch.setenv("STYLESITE_PRELOAD", "adain")
    monkeypatch.setenv(lifecycle.MARK, "1")
    monkeypatch.setenv("STYLESITE_LIMITS", "2")

    told = lifecycle.web_environment()

    assert "STYLESITE_PRELOAD" not in told and lifecycle.MARK not in told
    assert told["STYLESITE_LIMITS"] == "2"


def test_a_training_worker_loads_no_engines_and_knows_its_keeper(monkeypatch):
    monkeypatch.setenv("STYLESITE_PRELOAD", "adain")

    told = lifecycle.training_worker_environment()

    assert "STYLESITE_PRELOAD" not in told
    assert told[lifecycle.MARK] == str(os.getpid())


@pytest.mark.parametrize(("device", "visible"), [("cpu", "-1"), ("gpu:1", "1"), ("0", "0")])
def test_a_training_child_sees_its_device_and_is_no_worker(monkeypatch, settings, device, visible):
    monkeypatch.setenv("STYLESITE_PRELOAD", "adain")
    monkeypatch.setenv(lifecycle.MARK, "1")
    settings.DEVICE = device

    told = lifecycle.child_environment()

    assert "STYLESITE_PRELOAD" not in told and lifecycle.MARK not in told
    assert (told["CUDA_VISIBLE_DEVICES"], told["TF_FORCE_GPU_ALLOW_GROWTH"]) == (visible, "true")


def test_a_worker_keeps_what_it_fetched_below_the_data_folder(monkeypatch, settings):
    monkeypatch.delenv("TFHUB_CACHE_DIR", raising=False)
    assert lifecycle.worker_environment()["TFHUB_CACHE_DIR"] == str(settings.DATA_FOLDER / "tfhub")

    monkeypatch.setenv("TFHUB_CACHE_DIR", "/elsewhere")
    assert lifecycle.worker_environment()["TFHUB_CACHE_DIR"] == "/elsewhere"


def test_a_child_that_had_to_be_killed_at_the_end_is_forgotten_too(tmp_path):
    dead = []
    mark = tmp_path / "begun"
    program = (
        f"import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); open({str(mark)!r}, 'w'); time.sleep(60)"
    )
    command = [sys.executable, "-c", program]
    child = Child("test", command=command, environment=dict(os.environ), on_death=dead.append)
    keep_until(child, mark.exists)

    child.ask_to_stop()
    child.end(until=time.monotonic() + 0.2)

    assert len(dead) == 1


@pytest.mark.parametrize(
    ("command", "mark", "loads"),
    [("shell", "", True), ("studio", "", False), ("worker", "", False), ("worker", "1", True)],
)
def test_a_process_loads_what_is_named_unless_it_only_starts_others(monkeypatch, command, mark, loads):
    monkeypatch.setattr(sys, "argv", ["manage.py", command])
    monkeypatch.delenv(lifecycle.MARK, raising=False)
    if mark:
        monkeypatch.setenv(lifecycle.MARK, mark)

    assert lifecycle.loads_at_start() is loads


def test_engines_named_in_the_environment_are_loaded_when_django_is_ready(tmp_path):
    environment = {
        **os.environ,
        "STYLESITE_DATA": str(tmp_path),
        "STYLESITE_ENGINES": "echo",
        "STYLESITE_PRELOAD": "echo",
    }
    environment.pop(lifecycle.MARK, None)
    program = "import django; django.setup(); from tfapp import loading; print(list(loading._loaded))"

    told = subprocess.check_output([sys.executable, "-c", program], cwd=ROOT, env=environment, text=True)

    assert told.strip() == "['echo']"
