"""Checkpoint folders: written beside and renamed, with a manifest of hashes; damaged ones are passed over.

A training checkpoint holds all that the next step depends on; `model.weights.h5` holds weights only.
"""

import contextlib
import hashlib
import io
import json
import logging
import os
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np

logger = logging.getLogger(__name__)

STATE = "state.npz"
MANIFEST = "manifest.json"
WEIGHTS = "model.weights.h5"
CONFIG = "config.json"
N_KEPT = 3
FOLDERS = "step-*"
FOLDER = re.compile(r"step-(\d{1,15})")  # what else lies beside them, such as somebody's backup, is none of ours
HINT_CHANNELS = 3  # of a colour hint behind a condition


@dataclass(frozen=True)
class Export:
    """Averaged weights that an engine can load, in a folder with their config."""

    step: int
    folder: Path
    is_best: bool
    config: dict

    @property
    def name(self) -> str:
        """As its checkpoint is called, wherever it lies."""
        return _name(self.step)

    @property
    def trained_at(self) -> int:
        """Pixels a side of what it was trained with."""
        sizes = self.config.get("sizes")
        side = sizes.get("trained_at") if isinstance(sizes, dict) else None
        return side if isinstance(side, int) and side > 0 else 128

    @property
    def stamp(self) -> str:
        """Changes whenever the weights do; quicker told than their hash. Empty when they are gone by now."""
        try:
            found = (self.folder / WEIGHTS).stat()
        except OSError:
            return ""
        return f"{found.st_size}-{found.st_mtime_ns}"

    @property
    def written_at(self) -> float:
        """When its weights were written, in seconds since 1970."""
        return int(self.stamp.partition("-")[2] or 0) / 1e9

    def hash(self) -> str:
        """The sha256 of the weights."""
        return hash_file(self.folder / WEIGHTS)


def save(
    folder: Path,
    step: int,
    arrays: dict[str, np.ndarray],
    facts: dict,
    *,
    fill: Callable[[Path], None] = lambda folder: None,
    best: int | None = None,
    keep: int = N_KEPT,
) -> Path:
    """Write folder/step-NNNNNNN whole or not at all, and drop all but the last `keep` and step `best`. The new folder.

    `fill(folder)` writes what else belongs into it, such as weights that an engine can load. Raises OSError, with a
    sentence, where it cannot be written: those of before stay, and nothing half made.
    """
    final = folder / _name(step)
    beside = folder / f".writing-{os.getpid()}-{step}"
    shutil.rmtree(beside, ignore_errors=True)
    try:
        beside.mkdir(parents=True)
        with open(beside / STATE, "wb") as file:
            np.savez(file, **arrays)
            _flush(file)
        fill(beside)
        hashes = {path.name: hash_file(path) for path in sorted(beside.iterdir())}
        manifest = {"step": step, "sha256": hashes, **facts}
        write_text(beside / MANIFEST, json.dumps(manifest, indent=1))
        if final.exists():
            shutil.rmtree(final)
        os.replace(beside, final)
    except OSError as error:
        shutil.rmtree(beside, ignore_errors=True)
        raise OSError(f"The checkpoint of step {step} could not be written: {error.strerror or error}.") from error
    _flush_folder(folder)
    _drop_old(folder, best, keep)
    return final


def list_folders(folder: Path) -> list[Path]:
    """The checkpoints in a folder, by their names alone, in the order of their steps."""
    found = {path: FOLDER.fullmatch(path.name) for path in folder.glob(FOLDERS)}
    return sorted((path for path in found if found[path]), key=lambda path: (int(found[path][1]), path.name))


def read_last_step(folder: Path) -> int:
    """The step of the newest checkpoint in a folder; 0 where there is none."""
    return max((int(path.name.removeprefix("step-")) for path in list_folders(folder)), default=0)


def load_newest(folder: Path) -> tuple[dict[str, np.ndarray], dict] | None:
    """Arrays and manifest of the newest undamaged checkpoint in a folder; None where there is none.

    Damaged ones that are newer are renamed to damaged-…, so that they never count among the last three.
    """
    for candidate in reversed(list_folders(folder)):
        try:
            return _load(candidate)
        except (OSError, ValueError, KeyError, EOFError) as error:
            logger.warning("Passing over the damaged checkpoint %s: %s", candidate.name, error)
            aside = folder / f"damaged-{candidate.name}"
            shutil.rmtree(aside, ignore_errors=True)
            os.replace(candidate, aside)
    return None


def save_weights(path: Path, networks: dict, dtype: str = "float32") -> None:
    """Write the weights of Keras networks to one .h5 file, in the order they were built in; whole or not at all."""
    arrays = {
        f"{name}/{i:03d}_{variable.name}": np.asarray(variable, dtype)
        for name, network in networks.items()
        for i, variable in enumerate(network.weights)
    }
    write_arrays(path, arrays)


def load_weights(path: Path, networks: dict) -> None:
    """Read what `save_weights` wrote. Raises ValueError where names or shapes are not the networks'."""
    with h5py.File(path, "r") as file:
        for name, network in networks.items():
            names = [f"{i:03d}_{variable.name}" for i, variable in enumerate(network.weights)]
            if name not in file or sorted(file[name]) != sorted(names):
                raise ValueError(f"{path} does not hold the weights of this {name}.")
            arrays = [file[name][key][()].astype("float32") for key in names]
            shapes = [tuple(variable.shape) for variable in network.weights]
            if [array.shape for array in arrays] != shapes:
                raise ValueError(f"{path}: the {name} there has other widths.")
            network.set_weights(arrays)


def list_exports(folder: Path) -> list[Export]:
    """What can be painted with and published in the folder of a run, newest first: one entry a step.

    The kept checkpoints; and the best and the last, which runs of before kept beside them.
    """
    best = _read_facts(folder / "best")
    places = [*list_folders(folder / "checkpoints"), folder / "best", folder]
    found = {}
    for place in places:
        facts = _read_facts(place)
        if facts and facts.get("step", 0) not in found:
            step = int(facts.get("step", 0))
            is_best = bool(best) and best.get("step", 0) == step
            found[step] = Export(step, place, is_best, facts)
    return [found[step] for step in sorted(found, reverse=True)]


def kinds_of(config: dict) -> tuple[str, ...]:
    """What engines can make of a checkpoint: kinds of input, the usual one first; none for what nobody can load."""
    recipe, architecture = config.get("recipe"), config.get("architecture")
    if recipe == "adain":
        return ("style",)
    channels = architecture.get("in_channels") if isinstance(architecture, dict) else None
    if recipe == "cyclegan":
        return ("photo",) if channels == 3 else ()
    if recipe != "pix2pix" or not isinstance(channels, int):
        return ()
    channels -= HINT_CHANNELS if config.get("hint_cells") else 0
    return {1: ("sketch",), 3: ("photo", "sketch")}.get(channels, ())


def shrink(source: Path, target: Path, facts: dict, *, leave_out: tuple[str, ...] = ()) -> None:
    """Make a checkpoint folder to be shipped: float16 weights, and the config with more facts in it.

    `leave_out` names networks that only training needs.

    Arrays whose numbers are too large for float16 stay as they are. Raises ValueError for what is no number.
    """
    target.mkdir(parents=True, exist_ok=True)
    with h5py.File(source / WEIGHTS, "r") as whole:
        names = [f"{network}/{name}" for network in whole if network not in leave_out for name in whole[network]]
        arrays = {name: _halve(whole[name][()], name) for name in names}
    write_arrays(target / WEIGHTS, arrays)
    write_config(target, read_config(source) | {"weights": "float16"} | facts)


def write_config(folder: Path, config: dict) -> None:
    """Write config.json, whole or not at all."""
    write_text(folder / CONFIG, json.dumps(config, indent=2) + "\n")


def read_config(folder: Path | str) -> dict:
    """The config.json of a checkpoint folder. Raises ValueError where it is missing or no JSON object."""
    try:
        config = json.loads((Path(folder) / CONFIG).read_text())
    except (OSError, ValueError) as error:
        raise ValueError(f"{folder} is no checkpoint: {error}") from error
    if not isinstance(config, dict):
        raise ValueError(f"{folder}/{CONFIG} holds no JSON object.")
    return config


def write_text(path: Path, text: str) -> None:
    """Write a text file, whole or not at all."""
    with _beside(path) as beside:
        beside.write_text(text)


def _read_facts(place):
    """The config of a folder with weights; None where there is none."""
    if not (place / WEIGHTS).is_file():
        return None
    try:
        config = read_config(place)
        return config if int(config.get("step", 0)) >= 0 else None
    except (ValueError, TypeError):
        return None


def _halve(array, name):
    if not np.isfinite(array).all():
        raise ValueError(f"{name} holds what is no number.")
    with np.errstate(over="ignore"):
        half = array.astype("float16")
    return half if np.isfinite(half).all() else array


def _load(folder):
    manifest = json.loads((folder / MANIFEST).read_text())
    hashes, step = (manifest.get("sha256"), manifest.get("step")) if isinstance(manifest, dict) else (None, None)
    if not isinstance(hashes, dict) or STATE not in hashes or not isinstance(step, int) or folder.name != _name(step):
        raise ValueError(f"{MANIFEST} is not of this checkpoint")
    for name, expected in hashes.items():
        if hash_file(folder / name) != expected:
            raise ValueError(f"{name} is not what was written")
    with np.load(folder / STATE) as state:
        return {name: state[name] for name in state.files}, manifest


def _name(step):
    return f"step-{step:07d}"


def write_arrays(path: Path, arrays: dict[str, np.ndarray]) -> None:
    """An .h5 file by way of memory: HDF5 itself, left with a full disk, ends in errors of its own."""
    memory = io.BytesIO()
    with h5py.File(memory, "w") as file:
        for name, array in arrays.items():
            file.create_dataset(name, data=array)
    with _beside(path) as beside:
        beside.write_bytes(memory.getbuffer())


def _drop_old(folder, best, keep):
    for old in list_folders(folder)[:-keep]:
        if best is None or old.name != _name(best):
            shutil.rmtree(old, ignore_errors=True)
    for left in folder.glob(".writing-*"):
        shutil.rmtree(left, ignore_errors=True)


@contextlib.contextmanager
def _beside(path):
    """Where to write what then takes the place of `path`; after an error nothing is left of it."""
    beside = path.with_name(f".{path.name}-{os.getpid()}")
    try:
        yield beside
        with open(beside, "rb+") as file:
            _flush(file)
        os.replace(beside, path)
    except OSError:
        beside.unlink(missing_ok=True)
        raise
    _flush_folder(path.parent)


def _flush(file):
    file.flush()
    os.fsync(file.fileno())


def _flush_folder(folder):
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def hash_file(path: Path) -> str:
    """The sha256 of a file."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
