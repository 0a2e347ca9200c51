"""Checkpoints that an engine could load, in the folder of a run; made without a network, of numbers alone.

Their names and sizes are those of a generator with few channels. Tests that paint make real ones: tfapp/engines/tiny.
"""

from pathlib import Path

import numpy as np
from PIL import Image

from trainer import checkpoints
from trainer.models import Run

RESNET = {"generator": "resnet", "filters": 4, "blocks": 1, "in_channels": 1, "out_channels": 3}
ADAIN = {"stem": 4, "width": 4, "fine": 4, "encoder_blocks": 1, "decoder_blocks": 1, "style_widths": [4, 4]}
GROUPS = {
    "pix2pix": ("generator",),
    "cyclegan": ("generator_ab", "generator_ba"),
    "adain": ("content_encoder", "style_encoder", "decoder"),
}


def config(recipe: str = "pix2pix", **changes) -> dict:
    architecture = ADAIN | {"code_hidden": 4} if recipe == "adain" else dict(RESNET)
    if recipe == "cyclegan":
        architecture["in_channels"] = 3
    usual = {
        "recipe": recipe,
        "architecture": architecture,
        "sizes": {"trained_at": 32, "multiple": 4},
        "normalisation": {"condition": "0..1", "picture": "-1..1"},
        "direction": "AtoB",
        "step": 2,
        "seed": 0,
        "weights": "float32",
        "metrics": {"step": 2, "l1": 0.25},
    }
    return usual | changes


def arrays(recipe: str = "pix2pix", *, seed: int = 0) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    shapes = [(3, 3, 16, 16), (16,), (3, 3, 16, 16), (16,), (3, 3, 16, 16), (16,), (7, 7, 4, 3), (3,)]
    return {
        f"{group}/{i:03d}_kernel": rng.normal(0, 0.3, shape).astype("float32")
        for group in GROUPS[recipe]
        for i, shape in enumerate(shapes)
    }


def save(folder: Path, *, recipe: str = "pix2pix", seed: int = 0, **changes) -> Path:
    """A folder with weights and config."""
    folder.mkdir(parents=True, exist_ok=True)
    checkpoints.write_arrays(folder / checkpoints.WEIGHTS, arrays(recipe, seed=seed))
    checkpoints.write_config(folder, config(recipe, **changes))
    return folder


def give(run: Run, *steps: int, best: int | None = None, recipe: str = "pix2pix", **changes) -> None:
    """Kept checkpoints of these steps, the best once more in best/, the last in the folder itself; a sample."""
    for step in steps:
        folder = run.folder / "checkpoints" / f"step-{step:07d}"
        save(folder, recipe=recipe, seed=step, step=step, **changes)
    if best is not None:
        save(run.folder / "best", recipe=recipe, seed=best, step=best, **changes)
    save(run.folder, recipe=recipe, seed=steps[-1], step=steps[-1], **changes)
    put_picture(run.folder / "samples" / f"step-{steps[0]:07d}.png")


def put_picture(path: Path, colour: tuple = (200, 80, 40)) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (48, 48), colour).save(path)
