"""The one training loop. A recipe gives networks, data and the step; callbacks do what happens around a step."""

import logging
import os
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Protocol

import keras
import numpy as np

from trainer import checkpoints, gradients, history
from trainer.datasets import loading

logger = logging.getLogger(__name__)

HISTORY = history.FILE
VALIDATION = "validation.jsonl"  # a line a validation
CHECKPOINTS = "checkpoints"
BEST = "best"  # the weights that did best in validation, as an engine loads them
MEMORY, MEMORY_EVERY = Path("/proc/self/statm"), 20  # steps: whoever watches wants to know, and it changes slowly
LEAST_LOSS_SCALE = 1e-3  # below it gradients overflow whatever the scale


class Recipe(Protocol):
    """What the loop needs to know of a paper. It may have more: see the end."""

    name: str
    networks: dict[str, keras.Model]
    optimizers: dict[str, keras.optimizers.Optimizer]
    averaged: tuple[str, ...]  # names of the networks that are shipped, kept as a moving average too
    average_decay: float  # of that moving average, per step

    def make_batch(self, step: int) -> dict[str, np.ndarray]:
        """The data of a step, by (seed, step) alone; called on other threads, several at a time."""

    def take_step(self, batch: dict) -> dict:
        """Update the networks; the losses, as numbers. It is compiled."""

    def describe(self) -> dict:
        """What goes into config.json: recipe, architecture, sizes, data, licence."""

    def save_samples(self, path: Path, networks: dict[str, keras.Model]) -> None:
        """A picture of what the networks do on pictures that training never sees."""

    # validate(networks) -> dict[str, float]: measures on a fixed set, of the averaged networks; {} without a set.
    # best_by: str, the one of them whose lowest value is the best.
    # extra_state() -> dict[str, np.ndarray], restore_extra(arrays): what else the next step depends on.


@dataclass(frozen=True)
class Score:
    """How well a run did when: the lower the better."""

    step: int
    name: str
    value: float


class Run:
    """A recipe being trained in a folder: where it stands, and what a callback may do with it."""

    def __init__(self, recipe: Recipe, folder: Path, *, steps: int, seed: int, keep: int = checkpoints.N_KEPT):
        self.recipe, self.folder, self.steps, self.seed, self.keep = recipe, Path(folder), steps, seed, keep
        self.step = 0
        self.saved_step = None  # of the newest checkpoint
        self.metrics: dict[str, float] = {}  # of this step
        self.validation: dict[str, float] = {}  # the newest, its step included
        self.best: Score | None = None
        self._copies = None
        self.averages = {
            name: [keras.Variable(gradients.as_array(w), trainable=False) for w in recipe.networks[name].weights]
            for name in recipe.averaged
        }

    def settle(self) -> None:
        """After an update: refuse numbers that are none, and move the averages towards the weights.

        They move faster in the first steps, when weights mean little. Raises FloatingPointError.
        """
        decay = min(self.recipe.average_decay, (1 + self.step) / (10 + self.step))
        sound = self._settle(keras.ops.convert_to_tensor(decay, "float32"))
        broken = [name for name, is_sound in sound.items() if not bool(gradients.as_array(is_sound))]
        scales = [gradients.find_loss_scale(optimizer) for optimizer in self.recipe.optimizers.values()]
        if not all(np.isfinite(value) for value in self.metrics.values()):
            raise FloatingPointError(f"Step {self.step}: a loss is no number: {self.metrics}")
        if broken:
            raise FloatingPointError(f"Step {self.step}: the gradients of {', '.join(broken)} held what is no number.")
        if any(scale is not None and scale < LEAST_LOSS_SCALE for scale in scales):
            raise FloatingPointError(f"Step {self.step}: the gradients overflow float16 at any loss scale.")

    def averaged_networks(self) -> dict[str, keras.Model]:
        """Copies of the averaged networks, holding the averages."""
        if self._copies is None:
            self._copies = {name: keras.models.clone_model(self.recipe.networks[name]) for name in self.averages}
        for name, average in self.averages.items():
            self._copies[name].set_weights([gradients.as_array(value) for value in average])
        return self._copies

    def state(self) -> dict[str, np.ndarray]:
        """Everything the next step depends on, by name."""
        own = {name: gradients.as_array(variable) for name, variable in self._variables()}
        extra = self.recipe.extra_state() if hasattr(self.recipe, "extra_state") else {}
        return own | {f"extra/{name}": np.asarray(array) for name, array in extra.items()}

    def restore(self, arrays: dict[str, np.ndarray]) -> None:
        """The inverse of `state`. Raises ValueError where the arrays are another architecture's."""
        variables = dict(self._variables())
        own = {name: array for name, array in arrays.items() if not name.startswith("extra/")}
        for name in sorted(set(variables) | set(own)):
            there = own[name].shape if name in own else "missing"
            here = tuple(variables[name].shape) if name in variables else "missing"
            if there != here:
                raise ValueError(
                    f"The checkpoint is of another recipe or architecture: {name} is {there} there, {here} here."
                )
        for name, variable in variables.items():
            variable.assign(own[name])
        if hasattr(self.recipe, "restore_extra"):
            extra = {name.removeprefix("extra/"): array for name, array in arrays.items() if name not in own}
            self.recipe.restore_extra(extra)

    def compile(self) -> None:
        """Prepare the compiled functions; once, before the first step."""
        self._settle = gradients.compile_step(self._look_and_move)

    def _look_and_move(self, decay):
        for name, average in self.averages.items():
            for slow, fast in zip(average, self.recipe.networks[name].weights, strict=True):
                slow.assign(slow + (1 - decay) * (keras.ops.cast(fast, "float32") - slow))
        return {name: gradients.are_finite(network.weights) for name, network in self.recipe.networks.items()}

    def _variables(self):
        owners = [*self.recipe.networks.items(), *self.recipe.optimizers.items()]
        for name, owner in owners:
            variables = owner.variables
            for i, variable in enumerate(variables):
                yield f"{name}/{i:03d}", variable
        for name, average in self.averages.items():
            for i, variable in enumerate(average):
                yield f"average/{name}/{i:03d}", variable


def train(
    recipe: Recipe,
    folder: Path,
    *,
    steps: int,
    seed: int = 0,
    resume: bool = False,
    workers: int = 2,
    keep: int = checkpoints.N_KEPT,
    on_open: Callable[[Run], None] = lambda run: None,
    callbacks: Iterable[Callable[[Run], None]] = (),
    before_step: Callable[[], object] = lambda: None,
    should_stop: Callable[[], bool] = lambda: False,
) -> Run:
    """Train a recipe until `steps`, leaving weights, config, history and samples in a folder.

    `on_open` is called once the run stands where it begins, `before_step` before every step: it may take its time.
    The last `keep` checkpoints stay, and the best. Raises ValueError where the folder already holds a run
    and `resume` is false, FloatingPointError where a loss or a gradient is no longer a number, OSError where
    something cannot be written; the last good checkpoint stays. When `should_stop()` says so, saves a checkpoint
    and returns early.
    """
    run = Run(recipe, folder, steps=steps, seed=seed, keep=keep)
    run.compile()
    _open(run, resume)
    on_open(run)
    callbacks = list(callbacks)
    take_step = gradients.compile_training_step(recipe.take_step)

    loader = loading.Loader(recipe.make_batch, first=run.step + 1, last=steps, workers=workers)
    with loader as batches, history.open_to_append(run.folder / HISTORY) as lines:
        while run.step < steps and not should_stop():
            before_step()
            started = time.perf_counter()
            batch = next(batches)
            waited = time.perf_counter() - started

            losses = take_step(batch)
            run.metrics = {name: float(gradients.as_array(value)) for name, value in losses.items()}
            run.step += 1
            run.settle()

            _record(run, lines, time.perf_counter() - started, waited)
            for callback in callbacks:
                callback(run)

    save(run)
    export(run)
    return run


def save(run: Run) -> None:
    """Write a checkpoint of where a run stands, unless there is one: to go on from, and to paint with.

    FloatingPointError for bad numbers.
    """
    if run.saved_step == run.step:
        return
    arrays = run.state()
    for name, array in arrays.items():
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            raise FloatingPointError(f"Step {run.step}: {name} holds what is no number; nothing was saved.")
    facts = {"recipe": run.recipe.name, "seed": run.seed, "steps": run.steps, "validation": run.validation}
    facts["best"] = asdict(run.best) if run.best else None
    kept = {"best": run.best and run.best.step, "keep": run.keep}
    checkpoints.save(run.folder / CHECKPOINTS, run.step, arrays, facts, fill=lambda folder: export(run, folder), **kept)
    run.saved_step = run.step


def export(run: Run, folder: Path | None = None) -> None:
    """Write the averaged weights and config.json, as an engine loads them; into the run's folder if none is named."""
    folder = folder or run.folder
    config = run.recipe.describe() | {"step": run.step, "seed": run.seed, "weights": "float32"}
    if run.validation:
        config["metrics"] = run.validation
    try:
        folder.mkdir(exist_ok=True)
        checkpoints.save_weights(folder / checkpoints.WEIGHTS, run.averaged_networks())
        checkpoints.write_config(folder, config)
    except OSError as error:
        raise OSError(f"The weights of step {run.step} could not be written: {error.strerror or error}.") from error


def validate(run: Run) -> None:
    """Measure the averaged networks on the recipe's fixed set, and keep the checkpoint if none did better before."""
    measured = run.recipe.validate(run.averaged_networks()) if hasattr(run.recipe, "validate") else {}
    if not measured:
        return
    numbers = {name: round(float(value), 6) for name, value in measured.items() if np.isfinite(value)}
    run.validation = {"step": run.step} | numbers
    with history.open_to_append(run.folder / VALIDATION) as lines:
        history.append(lines, run.validation)

    if missing := sorted(set(measured) - set(numbers)):
        logger.warning("Step %d: measured what is no number, left out: %s.", run.step, ", ".join(missing))
    if run.recipe.best_by in missing:
        return
    score = Score(run.step, run.recipe.best_by, numbers[run.recipe.best_by])
    if run.best is None or score.value < run.best.value:
        run.best = score
        save(run)
        export(run, run.folder / BEST)


def _open(run, resume):
    run.folder.mkdir(parents=True, exist_ok=True)
    if not resume:
        if (run.folder / HISTORY).exists():
            raise ValueError(f"{run.folder} already holds a run; resume it or choose another folder.")
        return
    found = checkpoints.load_newest(run.folder / CHECKPOINTS)
    if found is None:
        logger.warning("%s has no usable checkpoint: starting from the first step.", run.folder)
    else:
        arrays, manifest = found
        run.restore(arrays)
        run.step = run.saved_step = manifest["step"]
        run.validation = manifest.get("validation", {})
        run.best = Score(**manifest["best"]) if manifest.get("best") else None
        logger.info("Resuming at step %d of %d.", run.step, run.steps)
    for name in (HISTORY, VALIDATION):
        history.cut_back(run.folder / name, run.step)
    if run.best and run.best.step == run.step:
        export(run, run.folder / BEST)  # the process may have ended between the two


def _record(run, lines, seconds, waited):
    losses = {name: round(value, 5) for name, value in run.metrics.items()}
    line = {"step": run.step, **losses, "seconds": round(seconds, 3), "waited": round(waited, 3)}
    memory = _measure_memory() if run.step % MEMORY_EVERY == 0 else None
    history.append(lines, line | ({"memory": memory} if memory else {}))


def _measure_memory():
    """Bytes that this process holds now; None where the system does not tell."""
    try:
        return int(MEMORY.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return None
