"""`manage.py train RECIPE`: train a recipe in a folder, resume a run, try it out, or say what it is made of."""

import contextlib
import dataclasses
import json
import logging
import os
import resource
import signal
import sys
import tempfile
from datetime import timedelta
from pathlib import Path

import keras
from django.core.management.base import BaseCommand, CommandError
from django.db import connections

from stylesite import turns
from trainer import callbacks, checkpoints, folders, gradients, history, options, recipes, training
from trainer.models import Run
from trainer.recipes import configs

PATIENCE_SECONDS = 60  # a process that lost its worker's lease ends its step first
N_DRY_STEPS = 2  # the first is compiled, the second is measured


class Command(BaseCommand):
    help = (
        "Train a recipe: leaves model.weights.h5, config.json, history.jsonl and samples/ in a folder. "
        "`train --resume --out FOLDER` goes on with the run in a folder, with the options it was begun with."
    )
    requires_system_checks = []

    def add_arguments(self, parser):
        parser.add_argument("recipe", nargs="?", choices=sorted(recipes.RECIPES))
        parser.add_argument("--data", type=Path, help="folder with the recipe's pictures")
        parser.add_argument("--out", type=Path, help="folder of the run")
        parser.add_argument("--config", type=Path, help="JSON file with options that differ from the defaults")
        parser.add_argument("--steps", type=int, help="updates in all, those before a resume included")
        parser.add_argument("--seed", type=int, help="what all chance comes from; 0 if not given")
        parser.add_argument("--resume", action="store_true", help="go on from the newest undamaged checkpoint")
        parser.add_argument("--init", type=Path, help="checkpoint folder whose weights to begin with")
        parser.add_argument("--run", metavar="ID", help="the studio's run of this id; all else comes from its row")
        parser.add_argument("--describe", action="store_true", help="print parameters and options as JSON and stop")
        parser.add_argument("--dry-run", action="store_true", help="take two steps, say what they cost, keep nothing")

    def handle(self, *args, **asked):
        logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
        try:
            if asked["run"]:
                run_of_studio(asked["run"])
            else:
                run(asked, self.stdout.write)
        except (ValueError, FloatingPointError, OSError) as error:
            raise CommandError(str(error)) from error


def run_of_studio(key: str) -> None:
    """Train what a row of the studio asks for, as the command line would, in its folder; go on where that was begun.

    What is no reason to give up for good ends the process with a status of its own: the worker tries again.
    """
    try:
        row = Run.objects.select_related("dataset").get(pk=key)
        connections.close_all()  # for hours nobody asks it anything
        is_resumed = (row.folder / options.FILE).exists()
        given = {"recipe": row.recipe, "data": row.data_folder, "config": row.options, "steps": row.steps}
        given |= {"seed": row.seed, "init": None if is_resumed or not row.init else Path(row.init)}
        config, chosen = _settle(given, options.read(row.folder) if is_resumed else None)
        _train(config, chosen, row.folder, resume=is_resumed, patience=PATIENCE_SECONDS)
    except Run.DoesNotExist as error:
        raise CommandError(f"The studio has no run {key}.") from error
    except (ValueError, FloatingPointError, OSError) as error:
        if isinstance(error, folders.Occupied):
            sys.exit(os.EX_TEMPFAIL)
        raise
    except Exception:  # noqa: BLE001 - the database, the device, the memory: the next attempt may have it
        logging.exception("Training broke.")
        sys.exit(os.EX_SOFTWARE)


def run(asked: dict, write) -> None:
    """Do what was asked for. Raises ValueError for options that make no sense."""
    if asked["describe"]:
        write(json.dumps(_describe(asked)))
        return
    if not asked["out"] and asked["resume"]:
        raise ValueError("--resume needs --out, the folder of the run.")
    if not asked["out"] and not asked["dry_run"]:
        raise ValueError("Training needs --data and --out.")
    saved = options.read(asked["out"]) if asked["resume"] else None
    config, chosen = _settle(asked | {"config": _read_config(asked["config"])}, saved)
    if asked["dry_run"]:
        with tempfile.TemporaryDirectory() as folder:
            write(_try_out(config, chosen, Path(folder), resumed=asked["out"] if asked["resume"] else None))
    else:
        _train(config, chosen, asked["out"], resume=asked["resume"])


def _describe(asked):
    if not asked["recipe"]:
        raise ValueError("Say which recipe to describe.")
    recipe = recipes.load(asked["recipe"])
    config = configs.from_dict(recipe.Config, _read_config(asked["config"]))
    return recipe.describe(config) | {"options": configs.describe(type(config))}


def _settle(asked, saved):
    """The recipe's config and the options of the run, every question answered."""
    given = {name: asked[name] for name in ("recipe", "data", "config", "steps", "seed", "init")}
    chosen = options.settle(saved, **given)
    config = configs.from_dict(recipes.load(chosen.recipe).Config, chosen.config)
    if config.precision == "auto":
        precision = "float32" if config.deterministic else gradients.choose_precision()
        config = dataclasses.replace(config, precision=precision)
    if chosen.steps is not None:
        config = dataclasses.replace(config, steps=chosen.steps)
    return config, dataclasses.replace(chosen, config=configs.to_dict(config), steps=config.steps)


def _train(config, chosen, folder, *, resume, patience=0.0):
    resumed = folder if resume else None
    should_stop = _watch_for_signals()

    def politely(callback):
        """Not while a visitor's picture is painted."""
        return lambda run: (turns.give_way(should_stop), callback(run))

    folder.mkdir(parents=True, exist_ok=True)
    with contextlib.ExitStack() as stack:
        stack.enter_context(folders.occupy(folder, patience=patience))
        built = stack.enter_context(_prepared(config, chosen, resumed))
        training.train(
            built,
            folder,
            steps=chosen.steps,
            seed=chosen.seed,
            resume=resume,
            workers=config.workers,
            on_open=lambda run: options.write(run.folder, chosen),
            callbacks=[
                stack.enter_context(callbacks.progress()),
                # What comes before a checkpoint is done again by a run that was killed before it.
                politely(callbacks.sample_every(config.sample_every)),
                politely(callbacks.validate_every(config.validate_every)),
                callbacks.save_every(config.checkpoint_every),
                stack.enter_context(callbacks.event_files()),
            ],
            keep=config.keep,
            before_step=lambda: turns.give_way(should_stop),
            should_stop=should_stop,
        )


def _try_out(config, chosen, folder, *, resumed):
    """Two steps, a validation, a sample and a checkpoint in a folder to be thrown away; a report."""
    around = (callbacks.sample_every, callbacks.validate_every, callbacks.save_every)
    with _prepared(config, chosen, resumed) as built:
        training.train(
            built, folder, steps=N_DRY_STEPS, seed=chosen.seed, callbacks=[make(N_DRY_STEPS) for make in around]
        )
    first, second = (line["seconds"] for line in history.read(folder / training.HISTORY))
    parameters = {name: f"{network.count_params():,}" for name, network in built.networks.items()}
    on_disk = sum(path.stat().st_size for path in (folder / training.CHECKPOINTS).rglob("*") if path.is_file())
    memory = f"{_peak_memory() / 2**20:,.0f} MiB at most"
    if on_device := gradients.peak_device_memory():
        memory += f", and {on_device / 2**20:,.0f} MiB on the GPU"
    return "\n".join(
        [
            f"Recipe      {chosen.recipe}, {config.precision}, {config.devices} device(s)",
            f"Parameters  {', '.join(f'{name} {count}' for name, count in parameters.items())}",
            f"Memory      {memory}; a checkpoint takes {on_disk / 2**20:,.1f} MiB on the disk",
            f"Time        {first:.1f} s for the first step, {second:.3f} s for the second; at that pace "
            f"{chosen.steps:,} steps take {timedelta(seconds=round(second * chosen.steps))}",
        ]
    )


@contextlib.contextmanager
def _prepared(config, chosen, resumed):
    """The recipe, built as the options say; `resumed` is the folder of the run that goes on, if one does."""
    if config.deterministic:
        gradients.use_deterministic_operations()
    if not config.compiled:
        gradients.run_uncompiled()
    keras.config.set_dtype_policy(config.precision)
    keras.utils.set_random_seed(chosen.seed)
    with gradients.spread_over(config.devices):
        built = recipes.load(chosen.recipe).build(config, Path(chosen.data), steps=chosen.steps, seed=chosen.seed)
        if chosen.init:
            _begin_with(Path(chosen.init) / checkpoints.WEIGHTS, built, resumed)
        yield built


def _begin_with(weights, built, resumed):
    """Load what --init names. It may be gone only where a checkpoint takes its place."""
    if not weights.exists():
        if resumed and checkpoints.load_newest(resumed / training.CHECKPOINTS):
            return
        raise ValueError(f"The weights that --init names are not there: {weights}")
    checkpoints.load_weights(weights, {name: built.networks[name] for name in built.averaged})  # no discriminators


def _peak_memory():
    """Bytes that this process held at most."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024


def _read_config(path):
    if not path:
        return {}
    try:
        config = json.loads(path.read_text())
    except ValueError as error:
        raise ValueError(f"{path} is no JSON: {error}") from error
    if not isinstance(config, dict):
        raise ValueError(f"{path} holds no JSON object.")
    return config


def _watch_for_signals():
    """A function that says whether somebody asked the process to end; the step in hand is finished first."""
    asked = []
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: asked.append(True))
    return lambda: bool(asked)
