"""`manage.py runs`: the same stories as the pages tell, from the shell."""

import json

import pytest
from django.core.management import CommandError, call_command

from tests.trainer import factories
from tests.trainer.test_runs import make_folder
from trainer.models import Run

pytestmark = pytest.mark.django_db


def test_a_run_is_started_with_options_from_a_file(tmp_path, capsys):
    dataset = factories.make_dataset(title="Cats")
    (tmp_path / "c.json").write_text(json.dumps({"filters": 8}))

    call_command("runs", "start", "pix2pix", f"--dataset={dataset.pk}", f"--config={tmp_path}/c.json", "--steps=9")

    run = Run.objects.get()
    assert (run.title, run.options, run.steps, run.state) == ("Cats", {"filters": 8}, 9, "queued")
    assert str(run.pk) in capsys.readouterr().out


def test_a_run_is_started_on_a_folder(tmp_path):
    call_command("runs", "start", "cyclegan", f"--data={tmp_path}", "--title=Horses", "--seed=5")

    run = Run.objects.get()
    assert (run.title, run.seed, run.data_folder) == ("Horses", 5, tmp_path)


@pytest.mark.parametrize(
    ("story", "before", "after"),
    [("pause", "queued", "paused"), ("stop", "queued", "stopped"), ("resume", "paused", "queued")],
)
def test_a_few_letters_of_an_id_are_enough(story, before, after):
    run = factories.make_run(state=before)

    call_command("runs", story, str(run.pk)[:6])

    run.refresh_from_db()
    assert run.state == after


def test_a_finished_run_goes_on_with_more_steps():
    run = factories.make_run(state="done", steps=6)

    call_command("runs", "resume", str(run.pk), "--steps=9")

    run.refresh_from_db()
    assert (run.state, run.steps) == ("queued", 9)


def test_a_run_is_cloned_with_changes():
    run = factories.make_run(state="done")

    call_command("runs", "clone", str(run.pk), "--steps=7", "--title=Other")

    other = Run.objects.get(cloned_from=run)
    assert (other.title, other.steps, other.options) == ("Other", 7, run.options)


def test_a_run_is_taken_in_listed_and_deleted(tmp_path, capsys):
    call_command("runs", "adopt", str(make_folder(tmp_path / "shoes")), "--title=Shoes")
    run = Run.objects.get()
    call_command("runs", "list")
    assert f"{run.pk}  stopped  pix2pix   4 of 6 steps" in capsys.readouterr().out

    call_command("runs", "delete", str(run.pk))

    call_command("runs", "list")
    assert "There are no runs." in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["stop", "0000"], "No runs have an id"),
        (["start", "pix2pix", "--dataset=0000"], "No datasets have an id"),
        (["start", "pix2pix", "--data=/nowhere"], "Choose a dataset"),
        (["adopt", "/nowhere"], "no folder"),
    ],
)
def test_what_cannot_be_is_refused_with_a_sentence(words, sentence):
    with pytest.raises(CommandError, match=sentence):
        call_command("runs", *words)


def test_what_was_not_changed_is_said_so(tmp_path):
    run = factories.make_run(state="done")

    with pytest.raises(CommandError, match="nothing was changed"):
        call_command("runs", "stop", str(run.pk))


@pytest.mark.parametrize(("text", "sentence"), [("{", "cannot be read"), ("[1]", "no JSON object")])
def test_a_file_of_options_that_is_none_is_named(tmp_path, text, sentence):
    (tmp_path / "c.json").write_text(text)

    with pytest.raises(CommandError, match=sentence):
        call_command("runs", "start", "pix2pix", f"--data={tmp_path}", f"--config={tmp_path}/c.json")
