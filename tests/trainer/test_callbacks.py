"""What happens around a step: a bar or lines with the time left, and event files that TensorBoard reads."""

import io
import logging
from types import SimpleNamespace

import pytest
import tensorflow as tf
from PIL import Image

from trainer import callbacks


@pytest.fixture
def run(tmp_path):
    return SimpleNamespace(folder=tmp_path, step=0, steps=4, metrics={"loss": 0.5}, validation={})


def go(run, callback, until=4):
    while run.step < until:
        run.step += 1
        callback(run)


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_a_terminal_shows_a_bar_with_the_time_left(run):
    terminal = Terminal()

    with callbacks.progress(stream=terminal) as show:
        go(run, show)

    last = terminal.getvalue().rsplit("\r")[-1]
    assert "4/4" in last
    assert "loss 0.500" in last
    assert "<00:00" in last


def test_elsewhere_there_are_lines(run, caplog):
    with caplog.at_level(logging.INFO), callbacks.progress(2, io.StringIO()) as show:
        go(run, show)

    assert [record.getMessage() for record in caplog.records] == [
        "step 2 of 4, 0:00:00 left  loss 0.500",
        "step 4 of 4, 0:00:00 left  loss 0.500",
    ]


def read_events(folder):
    """(step, tag) of every value."""
    found = []
    for path in sorted((folder / callbacks.EVENTS).iterdir()):
        for record in tf.data.TFRecordDataset(str(path)):
            event = tf.compat.v1.Event.FromString(record.numpy())
            found += [(event.step, value.tag) for value in event.summary.value]
    return found


def test_event_files_hold_losses_validation_and_samples(run):
    (run.folder / callbacks.SAMPLES).mkdir()
    Image.new("RGB", (4, 4)).save(run.folder / callbacks.SAMPLES / "step-0000002.png")
    run.validation = {"step": 2, "l1": 0.25}

    with callbacks.event_files() as write:
        go(run, write, until=3)

    found = read_events(run.folder)
    assert {(1, "training/loss"), (2, "training/loss"), (3, "training/loss")} <= set(found)
    assert (2, "validation/l1") in found
    assert (2, "samples") in found
    assert not [step for step, tag in found if tag != "training/loss" and step != 2]
