"""The loop with the smallest recipe: what it leaves behind, and that a resumed run is the run."""

import json
import resource

import keras
import numpy as np
import pytest

from tests.trainer import toy
from trainer import callbacks, checkpoints, gradients, training


def build(seed=5, width=3, kind=toy.Toy):
    keras.utils.set_random_seed(seed)
    return kind(toy.Config(), seed, width)


def train(folder, *, recipe=None, more=(), **options):
    around = [*more, callbacks.save_every(2), callbacks.sample_every(2), callbacks.report_every(1)]
    return training.train(recipe or build(), folder, steps=6, seed=5, callbacks=around, **options)


def history(folder):
    return [json.loads(line) for line in (folder / training.HISTORY).read_text().splitlines()]


def stop_after(n_steps):
    asked = iter([False] * n_steps)
    return lambda: next(asked, True)


def die_at_step_5(run):
    if run.step == 5:
        raise KeyboardInterrupt


def assert_same(run, other):
    states = run.state(), other.state()
    assert set(states[0]) == set(states[1])
    assert all(np.array_equal(states[0][name], states[1][name]) for name in states[0])


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A run that was never stopped."""
    folder = tmp_path_factory.mktemp("whole") / "run"
    return folder, train(folder)


def test_some_lines_tell_how_much_memory_the_process_holds(tmp_path, monkeypatch):
    monkeypatch.setattr(training, "MEMORY_EVERY", 3)

    train(tmp_path / "run")

    told = {line["step"]: line["memory"] for line in history(tmp_path / "run") if "memory" in line}
    assert list(told) == [3, 6]
    assert 10**7 < told[6] < 10**11


def test_it_leaves_weights_a_config_samples_and_a_line_for_every_step(whole):
    folder, _ = whole

    lines = history(folder)

    assert [line["step"] for line in lines] == [1, 2, 3, 4, 5, 6]
    assert {"loss", "seconds"} <= set(lines[0])
    assert lines[-1]["loss"] < lines[0]["loss"]
    assert checkpoints.read_config(folder)["step"] == 6
    assert (folder / checkpoints.WEIGHTS).exists()
    assert len(list((folder / "samples").iterdir())) == 3


def test_a_line_is_on_disk_when_its_step_ends(tmp_path):
    seen = []

    train(tmp_path, more=[lambda run: seen.append(len(history(tmp_path)))])

    assert seen == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize("n_steps", [3, 4])
def test_a_run_that_was_stopped_and_resumed_ends_with_the_same_numbers(whole, tmp_path, n_steps):
    train(tmp_path, should_stop=stop_after(n_steps))
    assert history(tmp_path)[-1]["step"] == n_steps

    resumed = train(tmp_path, resume=True, recipe=build(seed=5))

    assert_same(resumed, whole[1])
    assert [line["step"] for line in history(tmp_path)] == [1, 2, 3, 4, 5, 6]


def test_a_run_that_was_killed_goes_on_from_its_last_checkpoint(whole, tmp_path):
    with pytest.raises(KeyboardInterrupt):
        train(tmp_path, more=[die_at_step_5])
    with open(tmp_path / training.HISTORY, "a") as file:
        file.write('{"step": 6, "lo')

    resumed = train(tmp_path, resume=True)

    assert_same(resumed, whole[1])
    assert [line["step"] for line in history(tmp_path)] == [1, 2, 3, 4, 5, 6]


def test_resuming_passes_over_a_damaged_checkpoint(whole, tmp_path):
    train(tmp_path, should_stop=stop_after(5))
    newest = max((tmp_path / training.CHECKPOINTS).iterdir())
    (newest / checkpoints.STATE).write_bytes(b"broken")

    assert_same(train(tmp_path, resume=True), whole[1])


def test_resuming_what_never_began_begins(whole, tmp_path):
    assert_same(train(tmp_path, resume=True), whole[1])


def test_a_folder_with_a_run_is_not_overwritten(whole):
    with pytest.raises(ValueError, match="already holds a run"):
        train(whole[0])


def test_resuming_another_architecture_is_refused(whole):
    with pytest.raises(ValueError, match="another recipe or architecture"):
        train(whole[0], resume=True, recipe=build(width=4))


def test_a_loss_that_is_no_number_ends_the_run(tmp_path):
    recipe = build()
    recipe.take_step = lambda batch: {"loss": keras.ops.convert_to_tensor(float("nan"))}

    with pytest.raises(FloatingPointError, match="Step 1"):
        train(tmp_path, recipe=recipe)


def test_gradients_that_are_no_numbers_end_the_run_and_the_last_good_checkpoint_stays(tmp_path):
    recipe = build()
    sound = recipe.make_batch
    recipe.make_batch = lambda step: {name: array * (1e25 if step == 5 else 1) for name, array in sound(step).items()}

    with pytest.raises(FloatingPointError, match="Step 5"):  # its square overflows
        train(tmp_path, recipe=recipe)

    assert [line["step"] for line in history(tmp_path)] == [1, 2, 3, 4]
    arrays, manifest = checkpoints.load_newest(tmp_path / training.CHECKPOINTS)
    assert manifest["step"] == 4
    assert all(np.isfinite(array).all() for array in arrays.values())
    assert checkpoints.read_config(tmp_path)["step"] == 4


def test_a_network_that_holds_no_numbers_is_named(tmp_path):
    recipe = build()
    take_step = recipe.take_step

    def break_the_weights(batch):
        losses = take_step(batch)
        recipe.variables[0].assign(recipe.variables[0] * np.nan)
        return losses

    recipe.take_step = break_the_weights

    with pytest.raises(FloatingPointError, match="Step 1: the gradients of line"):
        train(tmp_path, recipe=recipe)


def test_nothing_is_saved_that_holds_no_numbers(tmp_path):
    run = training.Run(build(), tmp_path, steps=6, seed=5)
    run.recipe.optimizers["adam"].variables[-1].assign(keras.ops.full((1,), np.inf))

    with pytest.raises(FloatingPointError, match="nothing was saved"):
        training.save(run)

    assert not (tmp_path / training.CHECKPOINTS).exists()


class Judged(toy.Toy):
    """A recipe whose validations come out as they are told."""

    def validate(self, networks):
        return {"distance": self.verdicts.pop(0)} if self.verdicts else {}


def test_the_best_checkpoint_is_kept_with_the_last_three(tmp_path):
    recipe = build(kind=Judged)
    recipe.verdicts = [3.0, 1.0, 2.0, 2.0, 2.0, 2.0]

    run = train(tmp_path, recipe=recipe, more=[callbacks.validate_every(1), callbacks.save_every(1)])

    kept = sorted(path.name for path in (tmp_path / training.CHECKPOINTS).iterdir())
    assert kept == [f"step-000000{step}" for step in (2, 4, 5, 6)]
    assert run.best == training.Score(2, "distance", 1.0)
    best = checkpoints.read_config(tmp_path / training.BEST)
    assert (best["step"], best["metrics"]) == (2, {"step": 2, "distance": 1.0})
    lines = [json.loads(line) for line in (tmp_path / training.VALIDATION).read_text().splitlines()]
    assert [line["distance"] for line in lines] == [3.0, 1.0, 2.0, 2.0, 2.0, 2.0]


def test_a_measure_that_is_no_number_is_left_out(tmp_path, caplog):
    recipe = build(kind=Judged)
    recipe.verdicts = [np.nan, 2.0]

    run = train(tmp_path, recipe=recipe, more=[callbacks.validate_every(1), callbacks.save_every(1)])

    assert run.best == training.Score(2, "distance", 2.0)
    lines = (tmp_path / training.VALIDATION).read_text().splitlines()
    assert lines == ['{"step": 1}', '{"step": 2, "distance": 2.0}']
    assert "Step 1: measured what is no number, left out: distance." in caplog.messages


def test_a_resumed_run_remembers_what_did_best(tmp_path):
    recipe = build(kind=Judged)
    recipe.verdicts = [1.0, 2.0, 2.0]
    train(tmp_path, recipe=recipe, more=[callbacks.validate_every(1)], should_stop=stop_after(3))
    resumed = build(kind=Judged)
    resumed.verdicts = [1.5, 1.5, 1.5]

    run = train(tmp_path, recipe=resumed, more=[callbacks.validate_every(1)], resume=True)

    assert run.best == training.Score(1, "distance", 1.0)
    assert len((tmp_path / training.VALIDATION).read_text().splitlines()) == 6


def test_float16_trains_with_a_scaled_loss_and_a_gradient_that_overflows_skips_its_step(tmp_path):
    keras.config.set_dtype_policy("mixed_float16")
    try:
        recipe = build()
        recipe.optimizers["adam"].dynamic_scale.assign(2.0**120)
        run = train(tmp_path, recipe=recipe)
    finally:
        keras.config.set_dtype_policy("float32")

    losses = [line["loss"] for line in history(tmp_path)]
    assert gradients.find_loss_scale(recipe.optimizers["adam"]) == 2.0**114
    assert all(np.isfinite(losses))
    assert any("dynamic" in v.name for v in recipe.optimizers["adam"].variables)
    assert all(np.isfinite(array).all() for array in run.state().values())


def test_gradients_that_overflow_at_any_scale_end_the_run(tmp_path):
    keras.config.set_dtype_policy("mixed_float16")
    try:
        recipe = build()
        recipe.optimizers["adam"].dynamic_scale.assign(1e-4)
        with pytest.raises(FloatingPointError, match="any loss scale"):
            train(tmp_path, recipe=recipe)
    finally:
        keras.config.set_dtype_policy("float32")


def test_a_full_disk_ends_the_run_with_a_sentence_and_the_last_good_checkpoint_stays(tmp_path):
    """A limit on the size of files stands for the disk: lines of the history fit, a checkpoint does not."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)

    def fill_up(run):
        if run.step == 3:
            resource.setrlimit(resource.RLIMIT_FSIZE, (1500, before[1]))

    try:
        with pytest.raises(OSError, match="checkpoint of step 4 could not be written: File too large"):
            train(tmp_path, more=[fill_up])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)

    assert [path.name for path in (tmp_path / training.CHECKPOINTS).iterdir()] == ["step-0000002"]
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []
    assert train(tmp_path, resume=True).step == 6


def test_the_average_is_shipped(whole):
    folder, run = whole

    fresh = build(seed=1)
    checkpoints.load_weights(folder / checkpoints.WEIGHTS, fresh.networks)

    found = fresh.networks["line"].get_weights()
    averages = [np.asarray(average) for average in run.averages["line"]]
    assert all(np.array_equal(ours, average) for ours, average in zip(found, averages, strict=True))
    assert not np.array_equal(found[0], run.recipe.networks["line"].get_weights()[0])
