"""Exact resume, as people meet it: `manage.py train` killed with SIGKILL at three random steps, each recipe.

float32, deterministic operations, one thread: the numbers of a run never killed, to the last bit.
"""

import json
import random
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image

from tests.sources import ROOT
from tests.trainer import worlds
from trainer import checkpoints, history, recipes, training
from trainer.recipes import configs

STEPS = 7
TIMING = ("seconds", "waited", "memory")  # of a line: these differ
EVERY = {"checkpoint_every": 2, "validate_every": 3, "sample_every": 4}
SMALL = {"filters": 4, "discriminator_filters": 4, "discriminator_layers": 1, "size": 16, "validation_pictures": 2}


def make_pairs(folder):
    """Side by side in train/ and val/."""
    rng = np.random.default_rng(0)
    for split in ("train", "val"):
        (folder / split).mkdir(parents=True)
        for i in range(4):
            pixels = rng.integers(0, 255, (20, 40, 3), dtype="uint8")
            Image.fromarray(pixels).save(folder / split / f"{i}.png")


def make_unpaired(folder):
    rng = np.random.default_rng(0)
    for part in ("trainA", "trainB", "testA", "testB"):
        (folder / part).mkdir(parents=True)
        for i in range(4):
            pixels = rng.integers(0, 255, (20, 20, 3), dtype="uint8")
            Image.fromarray(pixels).save(folder / part / f"{i}.png")


# What each recipe is tried on. Compiling adain with its VGGs takes longer than its steps do.
ADAIN = configs.to_dict(worlds.CONFIG) | {"compiled": False, "batch": 1, "validate_every": STEPS, "sample_every": STEPS}
WORLDS = {
    "adain": (worlds.make_data, ADAIN),
    "distillation": (worlds.make_data, worlds.DISTILLATION | {"compiled": False, "validate_every": STEPS}),
    "pix2pix": (make_pairs, SMALL | {"blocks": 1, "batch": 2}),
    "cyclegan": (make_unpaired, SMALL | {"generator": "unet", "depth": 3, "dropout": 0.5, "pool": 3}),
}


def start(*arguments):
    command = [sys.executable, ROOT / "manage.py", "train", *arguments]
    return subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def finish(process):
    _, said = process.communicate(timeout=900)
    assert process.returncode == 0, said
    return said


def kill_at(process, folder, step):
    """SIGKILL once the line of a step is on disk, or some moments later: in a step, a validation, a checkpoint."""
    while process.poll() is None and len(history.read(folder / training.HISTORY)) < step:
        time.sleep(0.002)
    time.sleep(random.uniform(0, 0.03))
    process.send_signal(signal.SIGKILL)
    _, said = process.communicate(timeout=60)
    assert process.returncode == -signal.SIGKILL, said


def kill_and_resume(folder, begin):
    """Run, die and resume three times, then to the end: the steps killed at, and the histories that were saved."""
    steps = sorted(random.sample(range(1, STEPS - 1), 3))
    saved, histories = 0, []
    process = begin(folder)
    for step in steps:
        kill_at(process, folder, step)
        saved, kept = look_at(folder)
        histories.append(kept)
        process = start("--resume", "--out", folder)
    assert f"Resuming at step {saved} of {STEPS}" in finish(process)
    return steps, histories


def look_at(folder):
    """The step of the newest checkpoint, and the lines of the history until it."""
    names = sorted(path.name for path in (folder / training.CHECKPOINTS).glob("step-*"))
    saved = int(names[-1].removeprefix("step-")) if names else 0
    lines = (folder / training.HISTORY).read_bytes().splitlines(keepends=True)
    return saved, b"".join(lines[:saved])


def train_and_kill(name, folder):
    """A run never killed, and one killed three times."""
    make_data, config = WORLDS[name]
    make_data(folder / "data")
    (folder / "config.json").write_text(json.dumps(EVERY | config | {"deterministic": True}))
    given = ("--data", folder / "data", "--config", folder / "config.json", "--steps", str(STEPS), "--seed", "3")

    finish(start(name, *given, "--out", folder / "whole"))
    return kill_and_resume(folder / "parts", lambda parts: start(name, *given, "--out", parts))


@pytest.mark.timeout(1200)  # a minute and a half on two idle cores
def test_runs_killed_three_times_are_the_runs_never_killed(tmp_path):
    with ThreadPoolExecutor(2) as pool:  # most of the time goes into importing TensorFlow, fifteen times
        trained = {name: pool.submit(train_and_kill, name, tmp_path / name) for name in recipes.RECIPES}

    for name, future in trained.items():
        steps, histories = future.result()
        assert_same(tmp_path / name / "whole", tmp_path / name / "parts", f"{name}, killed at {steps}")
        for kept in histories:
            assert (tmp_path / name / "parts" / training.HISTORY).read_bytes().startswith(kept), (name, steps)


def assert_same(whole, parts, what):
    final = f"{training.CHECKPOINTS}/step-{STEPS:07d}/{checkpoints.STATE}"
    for file in (checkpoints.WEIGHTS, checkpoints.CONFIG, final, training.VALIDATION):
        assert (whole / file).read_bytes() == (parts / file).read_bytes(), f"{file} of {what}"
    assert losses(whole) == losses(parts), what
    assert [line["step"] for line in losses(parts)] == list(range(1, STEPS + 1)), what
    assert {path.name for path in whole.rglob("*.png")} == {path.name for path in parts.rglob("*.png")}, what


def losses(folder):
    lines = history.read(folder / training.HISTORY)
    return [{name: value for name, value in line.items() if name not in TIMING} for line in lines]
