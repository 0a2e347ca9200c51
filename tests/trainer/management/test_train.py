"""`manage.py train` as people call it."""

import json
import shutil

import h5py
import keras
import numpy as np
import pytest
from django.core.management import CommandError, call_command

from tests.trainer import toy
from trainer import checkpoints, options, recipes, training


@pytest.fixture(autouse=True)
def toy_recipe(monkeypatch):
    """A recipe of milliseconds on the list, and the precision of before afterwards."""
    monkeypatch.setitem(recipes.RECIPES, "toy", "tests.trainer.toy")
    yield
    keras.config.set_dtype_policy("float32")


def test_it_describes_a_recipe_without_data(capsys):
    call_command("train", "adain", "--describe")

    described = json.loads(capsys.readouterr().out)
    assert described["recipe"] == "adain"
    assert described["parameters"]["total"] <= 2_000_000
    options_by_name = {option["name"]: option for option in described["options"]}
    assert options_by_name["size"]["default"] == 256
    assert all(option["help"] for option in described["options"])


def test_it_trains_resumes_and_begins_with_given_weights(tmp_path):
    first, second = tmp_path / "first", tmp_path / "second"

    call_command("train", "toy", data=tmp_path, out=first, steps=2)
    call_command("train", "toy", data=tmp_path, out=first, steps=4, resume=True)
    call_command("train", "toy", data=tmp_path, out=second, steps=1, seed=3, init=first)

    assert checkpoints.read_config(first)["step"] == 4
    assert len((first / training.HISTORY).read_text().splitlines()) == 4
    assert len(list((first / "samples").iterdir())) == 2
    kernels = [read_kernel(folder) for folder in (first, second)]
    assert np.abs(kernels[0] - kernels[1]).max() < 0.2


def read_kernel(folder):
    with h5py.File(folder / checkpoints.WEIGHTS) as file:
        return file["line/000_kernel"][()]


def test_options_come_from_a_file(tmp_path):
    (tmp_path / "config.json").write_text('{"checkpoint_every": 1, "steps": 2}')

    call_command("train", "toy", data=tmp_path, out=tmp_path / "run", config=tmp_path / "config.json")

    assert len(list((tmp_path / "run" / training.CHECKPOINTS).iterdir())) == 2


@pytest.mark.parametrize(("text", "sentence"), [("{", "c.json is no JSON"), ("[1]", "c.json holds no JSON object")])
def test_a_file_of_options_that_is_none_is_named(tmp_path, text, sentence):
    call_command("train", "toy", data=tmp_path, out=tmp_path / "run", steps=1)
    (tmp_path / "c.json").write_text(text)

    with pytest.raises(CommandError, match=sentence):
        call_command("train", out=tmp_path / "run", resume=True, config=tmp_path / "c.json")


def test_no_steps_at_all_are_refused(tmp_path):
    with pytest.raises(CommandError, match="steps is at least 1, not 0"):
        call_command("train", "adain", data=tmp_path, out=tmp_path / "run", steps=0)


def test_a_size_that_style_transfer_cannot_train_on_is_refused_before_anything_is_read(tmp_path):
    write_config(tmp_path, {"size": 250})

    with pytest.raises(CommandError, match="The size must be a multiple of 4"):
        call_command("train", "adain", data=tmp_path, out=tmp_path / "run", config=tmp_path / "c.json")


def test_a_sample_that_could_not_be_written_is_made_again(tmp_path, monkeypatch):
    def fail(*_):
        raise OSError("no room")

    with monkeypatch.context() as full_disk, pytest.raises(CommandError, match="no room"):
        full_disk.setattr(toy.Toy, "save_samples", fail)
        call_command("train", "toy", data=tmp_path, out=tmp_path / "run", steps=4)

    call_command("train", out=tmp_path / "run", resume=True)

    names = [path.name for path in sorted((tmp_path / "run" / "samples").iterdir())]
    assert names == ["step-0000002.png", "step-0000004.png"]


def test_a_dry_run_says_what_a_run_costs_and_leaves_nothing(tmp_path, capsys):
    call_command("train", "toy", data=tmp_path, out=tmp_path / "dry", dry_run=True)

    said = capsys.readouterr().out
    assert "toy, " in said
    assert "line 4" in said
    assert "MiB at most" in said
    assert "s for the second" in said
    assert list(tmp_path.iterdir()) == []


def test_a_run_is_resumed_with_nothing_but_its_folder(tmp_path):
    write_config(tmp_path, {"learning_rate": 0.05, "checkpoint_every": 2})
    call_command("train", "toy", data=tmp_path, out=tmp_path / "run", config=tmp_path / "c.json", steps=3, seed=4)

    call_command("train", out=tmp_path / "run", resume=True, steps=5)
    call_command("train", out=tmp_path / "run", resume=True)

    kept = options.read(tmp_path / "run")
    assert (kept.recipe, kept.seed, kept.steps, kept.data) == ("toy", 4, 5, str(tmp_path))
    assert (kept.config["learning_rate"], kept.config["workers"]) == (0.05, 2)
    assert checkpoints.read_config(tmp_path / "run")["step"] == 5


def write_config(folder, values):
    (folder / "c.json").write_text(json.dumps(values))


@pytest.mark.parametrize(
    ("given", "sentence"),
    [({"config": {"width": 5}}, "another recipe or architecture"), ({"seed": 9}, "seed"), ({"init": "x"}, "--init")],
)
def test_a_resumed_run_refuses_what_cannot_change(tmp_path, given, sentence):
    call_command("train", "toy", data=tmp_path, out=tmp_path / "run", steps=1)
    before = options.read(tmp_path / "run")
    if "config" in given:
        write_config(tmp_path, given["config"])
        given = {"config": tmp_path / "c.json"}

    with pytest.raises(CommandError, match=sentence):
        call_command("train", out=tmp_path / "run", resume=True, **given)

    assert options.read(tmp_path / "run") == before


def test_it_leaves_event_files_and_the_best_weights(tmp_path):
    call_command("train", "toy", data=tmp_path, out=tmp_path / "run", steps=3)

    assert list((tmp_path / "run" / "events").iterdir())
    assert checkpoints.read_config(tmp_path / "run" / "best")["metrics"]["step"] == 3
    assert (tmp_path / "run" / "best" / checkpoints.WEIGHTS).exists()


@pytest.mark.parametrize("dry_run", [False, True])
def test_resuming_needs_a_folder(dry_run):
    with pytest.raises(CommandError, match="--resume needs --out"):
        call_command("train", resume=True, dry_run=dry_run)


def test_weights_to_begin_with_must_be_there_until_a_checkpoint_is(tmp_path):
    first, second = tmp_path / "first", tmp_path / "second"
    call_command("train", "toy", data=tmp_path, out=first, steps=1)
    call_command("train", "toy", data=tmp_path, out=second, steps=1, init=first)
    shutil.rmtree(first)

    with pytest.raises(CommandError, match="that --init names are not there"):
        call_command("train", "toy", data=tmp_path, out=tmp_path / "third", steps=1, init=first)
    call_command("train", out=second, resume=True, steps=2)
    shutil.rmtree(second / training.CHECKPOINTS)
    with pytest.raises(CommandError, match="that --init names are not there"):
        call_command("train", out=second, resume=True)


@pytest.mark.parametrize("missing", ["data", "out"])
def test_it_says_which_option_is_missing(tmp_path, missing):
    options = {"data": tmp_path, "out": tmp_path / "run"} | {missing: None}

    with pytest.raises(CommandError, match="--data and --out"):
        call_command("train", "toy", **options)


def test_it_refuses_a_folder_without_pictures(tmp_path):
    with pytest.raises(CommandError):
        call_command("train", "adain", data=tmp_path, out=tmp_path / "run", steps=1)
