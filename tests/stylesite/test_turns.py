"""Visitors go first, and nobody who dies holds anybody up."""

import os
import subprocess
import sys
import threading
import time

import pytest

from stylesite import turns
from tests.sources import ROOT

PAINTER = """
import time
import django
django.setup()
from stylesite import turns
with turns.hold():
    print("held", flush=True)
    time.sleep(600)
"""


@pytest.fixture(autouse=True)
def own_turns(settings, tmp_path):
    settings.DATA_FOLDER = tmp_path


@pytest.fixture
def painter(tmp_path):
    """A process that holds the turn, and does not end."""
    environment = os.environ | {"STYLESITE_DATA": str(tmp_path)}
    process = subprocess.Popen(
        [sys.executable, "-c", PAINTER], cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.communicate()


def test_training_goes_on_where_nobody_paints():
    assert turns.give_way() < 5
    assert not turns.is_held()


def test_training_begins_no_step_while_a_picture_is_painted():
    events = []
    has_begun = threading.Event()

    def train():
        has_begun.set()
        turns.give_way()
        events.append("step")

    with turns.hold():
        thread = threading.Thread(target=train)
        thread.start()
        has_begun.wait()
        time.sleep(0.3)
        events.append("painted")
    thread.join(60)

    assert events == ["painted", "step"]


def test_painters_do_not_wait_for_each_other():
    with turns.hold(), turns.hold():
        assert turns.is_held()

    assert not turns.is_held()


def test_a_painter_that_is_killed_holds_nobody_up(painter):
    assert turns.is_held()

    painter.kill()
    painter.wait()

    assert turns.give_way() < 60
    assert not turns.is_held()


def test_who_is_told_to_stop_waits_no_longer(painter):
    assert turns.give_way(lambda: True) < 60
    assert turns.is_held()


def test_training_that_was_stopped_while_it_looked_holds_no_painter_up(monkeypatch):
    monkeypatch.setattr(turns, "PATIENCE_SECONDS", 0.1)
    with turns._opened() as descriptor:
        assert turns._lock(descriptor, turns.fcntl.LOCK_EX)

        with turns.hold():
            pass


def test_where_no_file_can_be_had_everybody_goes_on(settings, tmp_path):
    settings.DATA_FOLDER = tmp_path / "nowhere" / "at all"

    with turns.hold():
        assert turns.give_way() < 60


@pytest.mark.parametrize(
    ("wanted", "visible", "gpus", "found"),
    [
        ("", None, [], "cpu"),
        ("", None, ["nvidia0"], "0"),
        ("", "", ["nvidia0"], "cpu"),
        ("", "-1", ["nvidia0"], "cpu"),
        ("", "2,3", ["nvidia0"], "2"),
        ("gpu:1", None, ["nvidia0"], "1"),
        ("cuda:0", None, ["nvidia0"], "0"),
        ("cpu", None, ["nvidia0"], "cpu"),
    ],
)
def test_painters_and_training_mean_the_same_device(settings, monkeypatch, tmp_path, wanted, visible, gpus, found):
    settings.DEVICE = wanted
    monkeypatch.setattr(turns, "GPUS", tmp_path)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    if visible is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    for name in gpus:
        (tmp_path / name).touch()

    assert turns.device() == found
    assert turns.path().name.endswith(f"-{found}")
