"""`manage.py train --run ID`: the row's words become an ordinary run in an ordinary folder."""

import json
import os
import threading
import time

import keras
import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError

from stylesite import turns
from tests.trainer import factories
from trainer import checkpoints, folders, history, options, recipes, training
from trainer.management.commands import train
from trainer.models import Run

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def toy_recipe(monkeypatch, settings, tmp_path):
    """A recipe of milliseconds on the list, and the precision of before afterwards."""
    settings.DATA_FOLDER = tmp_path
    monkeypatch.setitem(recipes.RECIPES, "toy", "tests.trainer.toy")
    yield
    keras.config.set_dtype_policy("float32")


def make_run(**kwargs) -> Run:
    return factories.make_run(**{"recipe": "toy", "options": {"learning_rate": 0.05}, "steps": 4, "seed": 3} | kwargs)


def test_it_trains_what_the_row_says():
    run = make_run()

    call_command("train", run=str(run.pk))

    kept = options.read(run.folder)
    assert (kept.recipe, kept.steps, kept.seed, kept.data) == ("toy", 4, 3, str(run.dataset.pictures))
    assert kept.config["learning_rate"] == 0.05
    assert (run.read_step(), run.read_progress(), run.read_savings(), run.has_all()) == (4, 1.0, 4, True)
    assert run.look() == {"progress": 1.0, "step": 4}


def test_every_checkpoint_can_be_painted_with_and_as_many_as_wanted_are_kept():
    run = make_run(options={"checkpoint_every": 1, "keep": 2})

    call_command("train", run=str(run.pk))

    kept = sorted((run.folder / training.CHECKPOINTS).iterdir())
    assert [path.name for path in kept] == ["step-0000003", "step-0000004"]
    for folder in kept:
        manifest = json.loads((folder / checkpoints.MANIFEST).read_text())
        assert set(manifest["sha256"]) == {checkpoints.STATE, checkpoints.WEIGHTS, checkpoints.CONFIG}
        assert checkpoints.read_config(folder)["step"] == manifest["step"]


def test_no_step_is_taken_while_a_visitors_picture_is_painted():
    run = make_run()
    seen, has_begun = [], threading.Event()

    def paint():
        with turns.hold():
            has_begun.set()
            until = time.monotonic() + 60
            while not (run.folder / options.FILE).exists() and time.monotonic() < until:
                time.sleep(0.05)  # until training stands before its first step
            time.sleep(0.5)
            seen.append(run.read_step())

    painter = threading.Thread(target=paint)
    painter.start()
    has_begun.wait()
    call_command("train", run=str(run.pk))
    painter.join()

    assert (seen, run.read_step()) == ([0], 4)


def test_a_run_begun_before_goes_on_with_what_the_row_says_now():
    run = make_run(steps=2)
    call_command("train", run=str(run.pk))
    Run.objects.update(steps=5, options={"learning_rate": 0.01})

    call_command("train", run=str(run.pk))

    assert [line["step"] for line in history.read(run.folder / history.FILE)] == [1, 2, 3, 4, 5]
    assert options.read(run.folder).config["learning_rate"] == 0.01


def test_a_run_that_died_before_its_first_checkpoint_begins_again(caplog):
    run = make_run(steps=1)
    call_command("train", run=str(run.pk))
    Run.objects.update(steps=3)
    for folder in (run.folder / training.CHECKPOINTS).iterdir():
        (folder / checkpoints.MANIFEST).unlink()

    call_command("train", run=str(run.pk))

    assert [line["step"] for line in history.read(run.folder / history.FILE)] == [1, 2, 3]


def test_the_command_line_goes_on_with_a_run_of_the_studio():
    run = make_run(steps=2)
    call_command("train", run=str(run.pk))

    call_command("train", out=run.folder, resume=True, steps=4)

    assert run.read_step() == 4


def test_it_begins_with_the_weights_of_another():
    first = make_run(steps=2)
    call_command("train", run=str(first.pk))

    second = make_run(steps=1, init=str(first.folder), dataset=first.dataset)
    call_command("train", run=str(second.pk))

    assert options.read(second.folder).init == str(first.folder)


def test_what_cannot_be_is_refused_with_a_sentence():
    with pytest.raises(CommandError, match="has no run"):
        call_command("train", run="00000000-0000-0000-0000-000000000000")
    with pytest.raises(CommandError, match="no option colour"):
        call_command("train", run=str(make_run(options={"colour": 1}).pk))


def test_what_may_pass_ends_with_a_status_of_its_own(monkeypatch):
    run = make_run()
    monkeypatch.setattr(train, "PATIENCE_SECONDS", 0.1)
    run.folder.mkdir(parents=True)

    with folders.occupy(run.folder), pytest.raises(SystemExit) as occupied:
        call_command("train", run=str(run.pk))
    monkeypatch.setattr(training, "train", lambda *_, **__: _break())
    with pytest.raises(SystemExit) as broken:
        call_command("train", run=str(run.pk))

    assert (occupied.value.code, broken.value.code) == (os.EX_TEMPFAIL, os.EX_SOFTWARE)


def _break():
    raise OperationalError("The device has no memory left.")
