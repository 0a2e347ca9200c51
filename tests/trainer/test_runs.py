"""The stories of a run: who may start what, what a wish does, what is taken in, what is left."""

import json
import uuid
from contextlib import contextmanager

import pytest
from django.db import DatabaseError, connection

from stylesite import doorbell
from tests.trainer import factories
from trainer import folders, options, runs, supervising
from trainer.models import Dataset, Probe, ProbeRound, Run
from trainer.options import RunOptions
from trainer.recipes import configs

pytestmark = pytest.mark.django_db


def make_folder(folder, *, steps=6, step=4, recipe="pix2pix", config=None, data="/pictures"):
    """What the command line leaves of a run: the parts that the studio reads."""
    (folder / "checkpoints" / f"step-{step:07d}").mkdir(parents=True)
    kind = configs.BY_RECIPE.get(recipe, configs.Pix2PixConfig)
    whole = configs.to_dict(configs.from_dict(kind, {"size": 64, "steps": steps})) if config is None else config
    options.write(folder, RunOptions(recipe, data, whole, steps, seed=5))
    lines = [json.dumps({"step": n, "loss": 0.5, "seconds": 0.1}) for n in range(1, step + 1)]
    (folder / "history.jsonl").write_text("\n".join(lines) + "\n")
    return folder


def test_a_run_waits_for_the_worker_with_the_options_that_differ():
    dataset = factories.make_dataset()
    everything = configs.to_dict(configs.Pix2PixConfig()) | {"filters": 8, "steps": 99}

    run = runs.start(dataset, recipe="pix2pix", title=" Cats ", options=everything, steps=50, seed=3)

    assert (run.state, run.title, run.steps, run.seed) == ("queued", "Cats", 50, 3)
    assert run.options == {"filters": 8}
    assert run.data_folder == dataset.pictures
    assert Run.objects.claim_next("w") == run


def test_without_a_number_of_steps_the_recipe_says_how_many():
    run = runs.start(factories.make_dataset(), recipe="pix2pix", title="x")

    assert run.steps == configs.Pix2PixConfig().steps


def test_a_run_may_read_a_folder_instead_of_a_dataset(tmp_path):
    run = runs.start(None, recipe="cyclegan", title="x", data=str(tmp_path))

    assert run.data_folder == tmp_path


@pytest.mark.parametrize(
    ("kind", "given", "reason"),
    [
        ("pairs", {"recipe": "nonsense"}, "no recipe nonsense"),
        ("pairs", {"recipe": "cyclegan"}, "cannot learn from this kind"),
        ("pictures", {"recipe": "pix2pix"}, "cannot learn from this kind"),
        ("pairs", {"options": {"filters": -1}}, "filters is at least 1"),
        ("pairs", {"options": {"colour": 1}}, "no option colour"),
        ("pairs", {"init": "/nowhere"}, "no weights"),
    ],
)
def test_it_refuses_what_cannot_be_trained(kind, given, reason):
    dataset = factories.make_dataset(kind=kind, with_files=False)

    with pytest.raises(runs.Refused, match=reason):
        runs.start(dataset, **({"recipe": "pix2pix", "title": "x"} | given))

    assert not Run.objects.exists()


def test_it_refuses_a_dataset_that_is_not_ready_and_a_folder_that_is_not_there():
    coming = factories.make_dataset(state="coming", with_files=False)

    with pytest.raises(runs.Refused, match="not ready"):
        runs.start(coming, recipe="pix2pix", title="x")
    with pytest.raises(runs.Refused, match="Choose a dataset"):
        runs.start(None, recipe="pix2pix", title="x", data="/nowhere")


def test_a_run_that_waits_is_paused_and_stopped_at_once():
    first, second = factories.make_run(), factories.make_run()

    assert runs.pause(first) and runs.stop(second)

    assert (first.state, second.state) == ("paused", "stopped")
    assert not runs.stop(first)


def test_a_run_at_work_is_told_what_is_wished():
    run = factories.make_run(state="running")

    assert runs.pause(run)

    assert (run.state, run.wish) == ("running", "pause")


def test_a_run_at_rest_goes_on():
    run = factories.make_run(state="paused", error="It was late.", n_failures=2)

    assert runs.resume(run)

    assert (run.state, run.error, run.n_failures) == ("queued", "", 0)
    assert not runs.resume(run)


def test_a_finished_run_goes_on_only_with_more_steps():
    run = factories.make_run(state="done")
    make_folder(run.folder, step=6)

    with pytest.raises(runs.Refused, match="all its 6 steps"):
        runs.resume(run)
    assert runs.resume(run, steps=9)

    assert (run.state, run.steps) == ("queued", 9)


@pytest.mark.parametrize(("steps", "reason"), [(3, "taken 4 steps already"), (0, "at least one"), (-2, "at least one")])
def test_a_run_does_not_take_fewer_steps_than_it_took(steps, reason):
    run = factories.make_run(state="stopped")
    make_folder(run.folder, step=4)

    with pytest.raises(runs.Refused, match=reason):
        runs.resume(run, steps=steps)

    run.refresh_from_db()
    assert (run.state, run.steps) == ("stopped", 6)


def test_what_was_left_behind_is_swept_after_an_hour(monkeypatch):
    run = factories.make_run(state="done")
    root = make_folder(run.folder).parent
    gone = [f".deleted-{uuid.uuid4().hex}", *(f".taking-{uuid.uuid4().hex}" for _ in range(3))]
    for name in (*gone, "mine", ".mine", str(uuid.uuid4())):
        make_folder(root / name)
    kept = {path.name for path in root.iterdir()} - {gone[0], gone[1], gone[3]}

    assert runs.sweep() == 0
    now = runs.time.time()
    monkeypatch.setattr(runs.time, "time", lambda: now + 3700)
    with folders.occupy(root / gone[2]):
        assert runs.sweep() == 3

    assert {path.name for path in root.iterdir()} == kept


def test_runs_newer_than_a_database_that_came_back_are_kept_and_can_be_taken_in(monkeypatch):
    run = factories.make_run(state="done")
    make_folder(run.folder, step=4)
    key, folder = run.pk, run.folder
    Run.objects.all().delete()  # as the older copy has it
    now = runs.time.time()
    monkeypatch.setattr(runs.time, "time", lambda: now + 7 * 24 * 3600)

    assert runs.sweep() == 0

    again = runs.adopt(folder)
    assert (again.pk, again.step, again.folder) == (key, 4, folder)
    with pytest.raises(runs.Refused, match="belongs to the studio already"):
        runs.adopt(folder)
    assert (folder / "history.jsonl").is_file()


def test_the_worker_sweeps_runs_too(monkeypatch):
    left = make_folder(factories.make_run().folder.parent / f".deleted-{uuid.uuid4().hex}")
    now = runs.time.time()
    monkeypatch.setattr(runs.time, "time", lambda: now + 3700)
    monkeypatch.setattr(supervising, "_swept_at", -supervising.SWEEP_SECONDS)

    supervising.look_around()

    assert not left.exists()


def test_a_clone_is_the_same_but_for_what_changes():
    run = factories.make_run(state="done", seed=4, options={"filters": 4, "size": 16})

    other = runs.clone(run, options={"filters": 8}, steps=7)

    assert (other.state, other.cloned_from, other.dataset) == ("queued", run, run.dataset)
    assert (other.options, other.steps, other.seed) == ({"filters": 8, "size": 16}, 7, 4)
    assert other.title == "A run, again"


def test_a_clone_may_learn_from_another_dataset():
    other = factories.make_dataset(title="More of them")

    assert runs.clone(factories.make_run(), dataset=other).dataset == other


@pytest.mark.django_db(transaction=True)
def test_deleting_leaves_no_folder_and_no_probe():
    run = factories.make_run(state="stopped")
    make_folder(run.folder)
    probe = Probe.objects.create(run=run)
    probe.path.parent.mkdir()
    probe.path.write_bytes(b"a drawing")
    ProbeRound.objects.create(run=run)

    runs.delete(run)

    assert not Run.objects.exists() and not Probe.objects.exists()
    assert not list(run.folder.parent.iterdir()) and not probe.path.exists()


def test_a_run_at_work_is_not_deleted():
    run = factories.make_run(state="running")

    with pytest.raises(runs.Refused, match="Stop it first"):
        runs.delete(run)

    assert Run.objects.exists()


def test_a_run_whose_probes_are_being_painted_is_not_deleted_yet():
    run = factories.make_run(state="done")
    painting = ProbeRound.objects.create(run=run, state="running")

    with pytest.raises(runs.Refused, match="in a moment"):
        runs.delete(run)

    painting.refresh_from_db()
    assert painting.wish == "stop"


def test_a_run_of_the_command_line_is_taken_in(tmp_path):
    source = make_folder(tmp_path / "shoes", steps=6, step=4)

    run = runs.adopt(source)

    assert (run.state, run.step, run.steps, run.seed) == ("stopped", 4, 6, 5)
    assert (run.title, run.recipe, run.options, run.data) == ("shoes", "pix2pix", {"size": 64}, "/pictures")
    assert not source.exists()
    assert options.read(run.folder).seed == 5


def test_a_run_that_has_taken_all_its_steps_is_taken_in_as_done(tmp_path):
    run = runs.adopt(make_folder(tmp_path / "shoes", steps=4, step=4), title="Shoes")

    assert (run.state, run.progress, run.title) == ("done", 1.0, "Shoes")


def test_a_run_that_is_taken_in_knows_its_dataset(tmp_path):
    dataset = factories.make_dataset()

    assert runs.adopt(make_folder(tmp_path / "shoes", data=str(dataset.pictures))).dataset == dataset


def test_what_cannot_be_renamed_is_copied(tmp_path, monkeypatch):
    source = make_folder(tmp_path / "shoes")
    rename = type(source).rename
    monkeypatch.setattr(type(source), "rename", lambda self, to: _refuse() if self == source else rename(self, to))

    run = runs.adopt(source)

    assert source.exists() and options.read(run.folder).seed == 5
    assert [path.name for path in run.folder.parent.iterdir()] == [str(run.pk)]


@pytest.mark.django_db(transaction=True)
def test_nobody_waits_for_the_database_while_a_folder_is_copied(tmp_path, monkeypatch):
    source = make_folder(tmp_path / "shoes")
    rename, copytree, seen = type(source).rename, runs.shutil.copytree, []
    monkeypatch.setattr(type(source), "rename", lambda self, to: _refuse() if self == source else rename(self, to))

    def look(*args, **kwargs):
        seen.append(connection.in_atomic_block)
        return copytree(*args, **kwargs)

    monkeypatch.setattr(runs.shutil, "copytree", look)

    assert runs.adopt(source).folder.is_dir()
    assert not seen[0]


@pytest.mark.django_db(transaction=True)
def test_a_folder_comes_back_where_its_row_cannot_be_kept(tmp_path, monkeypatch):
    source = make_folder(tmp_path / "shoes")
    atomic = runs.transaction.atomic

    @contextmanager
    def break_at_the_end():
        with atomic():
            yield
            assert not source.exists()
            raise DatabaseError("gone")

    monkeypatch.setattr(runs.transaction, "atomic", break_at_the_end)

    with pytest.raises(DatabaseError):
        runs.adopt(source)
    assert source.is_dir() and not Run.objects.exists()


def test_a_run_that_is_being_trained_is_left_where_it_is(tmp_path):
    source = make_folder(tmp_path / "shoes")

    with folders.occupy(source), pytest.raises(runs.Refused, match="Stop it first"):
        runs.adopt(source)

    assert source.exists() and not Run.objects.exists()


def test_it_refuses_strange_folders(tmp_path, settings):
    make_folder(tmp_path / "strange", recipe="nonsense")
    make_folder(tmp_path / "broken", config={"filters": "many"})
    make_folder(tmp_path / "linked")
    (tmp_path / "linked" / "checkpoints" / "link").symlink_to("/etc")
    (tmp_path / "empty").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "empty")
    mine = make_folder(settings.TRAINING_ROOT / "runs" / "mine")

    for folder, reason in {
        tmp_path / "nowhere": "no folder",
        tmp_path / "link": "no folder",
        tmp_path / "empty": "holds no run",
        tmp_path / "strange": "no recipe 'nonsense'",
        tmp_path / "broken": "filters cannot be 'many'",
        tmp_path / "linked": "links or special files",
        mine: "belongs to the studio already",
        tmp_path: "belongs to the studio already",
    }.items():
        with pytest.raises(runs.Refused, match=reason):
            runs.adopt(folder)

    assert not Run.objects.exists()
    assert (tmp_path / "linked" / "history.jsonl").exists()


@pytest.mark.django_db(transaction=True)
def test_the_bell_is_rung_once_it_is_certain_that_there_is_work(settings, monkeypatch):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    rung = []
    monkeypatch.setattr(doorbell, "ring", lambda task: not rung.append(task.name))

    run = runs.start(factories.make_dataset(), recipe="pix2pix", title="x")
    runs.ring()

    run.refresh_from_db()
    assert run.announced_at
    assert rung == ["trainer.train_next"]  # what was heard is not said again


@pytest.mark.django_db(transaction=True)
def test_a_dead_redis_holds_nobody_up(settings, monkeypatch):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    monkeypatch.setattr(doorbell, "_silent_until", 0.0)

    run = runs.start(factories.make_dataset(), recipe="pix2pix", title="x")

    run.refresh_from_db()
    assert (run.state, run.announced_at) == ("queued", None)


@pytest.mark.django_db(transaction=True)
def test_a_broken_bell_breaks_nothing(settings, monkeypatch):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    monkeypatch.setattr(doorbell, "ring", lambda task: _refuse())

    assert runs.start(factories.make_dataset(), recipe="pix2pix", title="x").pk


def test_without_redis_nothing_is_rung(monkeypatch):
    monkeypatch.setattr(doorbell, "ring", lambda task: pytest.fail("it rang"))

    runs.ring()


def test_recipes_know_from_what_they_can_learn():
    assert runs.recipes_for(Dataset(kind="pairs")) == ["pix2pix"]
    assert runs.recipes_for(Dataset(kind="unpaired")) == ["cyclegan", "adain"]
    assert runs.recipes_for(Dataset(kind="pictures")) == []


def _refuse():
    raise OSError("another device")
