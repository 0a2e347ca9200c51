"""Rows of the training studio for tests, with real small files where the row speaks of one."""

import hashlib
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
from django.utils import timezone
from PIL import Image

from trainer.models import Dataset, Run, Version
from trainer.models.labour import State

N_PICTURES = 4
SIDE = 20  # pixels
LAYOUTS = {  # of each kind of dataset: folders, and how many pictures wide a file is
    "pairs": (("train", "val"), 2),
    "folders": (("train/A", "train/B", "val/A", "val/B"), 1),
    "unpaired": (("trainA", "trainB", "testA", "testB"), 1),
    "pictures": (("train", "val"), 1),
    "captioned": (("train", "val"), 1),
}
TINY = {  # options of a pix2pix that takes a step in milliseconds, once it is compiled
    "filters": 4,
    "blocks": 1,
    "discriminator_filters": 4,
    "discriminator_layers": 1,
    "size": 16,
    "validation_pictures": 2,
    "checkpoint_every": 2,
    "sample_every": 2,
    "validate_every": 2,
}


def make_dataset(*, kind: str = "pairs", state: str = State.DONE, with_files: bool = True, **kwargs: Any) -> Dataset:
    """A dataset that is ready, with four tiny pictures in each folder of its layout."""
    defaults = {"title": "Shapes", "licence": "CC0", "source": "made by the tests"}
    if state == State.DONE:
        defaults |= {"finished_at": timezone.now(), "progress": 1.0, "n_received": 1, "n_bytes": 1}
    dataset = Dataset.objects.create(kind=kind, state=state, **(_with_lease(state) | defaults | kwargs))
    if with_files:
        make_pictures(dataset.pictures, kind=kind)
    return dataset


def make_pictures(folder: Path, *, kind: str = "pairs") -> Path:
    """What recipes read: the layout of docs/data.md."""
    rng = np.random.default_rng(0)
    folders, n_beside = LAYOUTS[kind]
    for name in folders:
        (folder / name).mkdir(parents=True, exist_ok=True)
        for i in range(N_PICTURES):
            pixels = rng.integers(0, 255, (SIDE, n_beside * SIDE, 3), dtype="uint8")
            Image.fromarray(pixels).save(folder / name / f"{i}.png")
            if kind == "captioned":
                (folder / name / f"{i}.txt").write_text(f"a picture with the number {i}\n")
    return folder


def make_run(dataset: Dataset | None = None, *, state: str = State.QUEUED, **kwargs: Any) -> Run:
    """A tiny pix2pix; its folder is made by whoever trains it."""
    defaults = {"title": "A run", "recipe": "pix2pix", "options": TINY, "steps": 6, "queued_at": timezone.now()}
    if state in (State.DONE, State.FAILED, State.STOPPED, State.PAUSED):
        defaults |= {"finished_at": timezone.now(), "attempt": 1}
    if "data" not in kwargs:
        defaults["dataset"] = dataset or make_dataset()
    return Run.objects.create(state=state, **(_with_lease(state) | defaults | kwargs))


def make_version(run: Run | None = None, *, slug: str = "cats", is_live: bool = True, **kwargs: Any) -> Version:
    """A published version without networks: its weights are no weights. Tests that paint publish a real one."""
    defaults = {
        "number": Version.objects.filter(slug=slug).count() + 1,
        "title": "Cats",
        "blurb": "Draw a cat.",
        "recipe": "pix2pix",
        "kind": Version.Kind.SKETCH,
        "published_at": timezone.now(),
    }
    weights = f"weights of {slug}".encode()
    version = Version(slug=slug, run=run, is_live=is_live, sha256=hashlib.sha256(weights).hexdigest())
    for name, value in (defaults | kwargs).items():
        setattr(version, name, value)
    version.save(force_insert=True)
    (version.folder / "samples").mkdir(parents=True)
    (version.folder / "model.weights.h5").write_bytes(weights)
    (version.folder / "config.json").write_text(json.dumps({"recipe": version.recipe}))
    (version.folder / "card.md").write_text("# Cats\n")
    Image.new("RGB", (SIDE, SIDE)).save(version.folder / "samples" / "0.png")
    return version


def _with_lease(state: str) -> dict:
    if state != State.RUNNING:
        return {}
    lease = {"lease_owner": "tests", "lease_until": timezone.now() + timedelta(seconds=30)}
    return lease | {"attempt": 1, "started_at": timezone.now(), "heartbeat_at": timezone.now()}
