"""What a pix2pix run on ../shared/data/edges2products learned, beside a control that saw no discriminator.

    python -m tests.benchmarks.products DATA RUN CONTROL [SHEET.png]

DATA holds train/ and val/, pairs of a product and its edges side by side. Prints, over all of val/, the L1 distance of
both and of the mean product from the products, and how much fine detail they have: the energy of their Laplacian.
SHEET gets rows of sketch, picture of the run, picture of the control, product.
"""

import sys
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from trainer import checkpoints
from trainer.datasets import pairs
from trainer.networks import generators, pixels

N_ROWS, N_AT_ONCE = 12, 8


def main(data: str, run: str, control: str, sheet: str = "") -> None:
    size = checkpoints.read_config(run)["sizes"]["trained_at"]
    sketches, products = read(Path(data) / "val", size)
    mean = read(Path(data) / "train", size)[1].mean(0)
    made = {"run": draw(run, sketches), "control": draw(control, sketches)}

    away = {
        name: float(np.abs(pictures - products).mean()) for name, pictures in ({"mean product": mean} | made).items()
    }
    detail = {name: measure_detail(pictures) for name, pictures in ({"products": products} | made).items()}
    print(f"{len(products)} pairs, {size}²")
    for name, distance in away.items():
        print(f"L1 {name:14} {distance:.4f}")
    for name, energy in detail.items():
        print(f"Laplacian {name:14} {energy:.5f}")
    for other in ("mean product", "control"):
        print(f"L1 as a share of that of the {other}: {away['run'] / away[other]:.2f}")
    print(f"Laplacian: {detail['run'] / detail['control']:.2f} times the control's")
    if sheet:
        rows = [
            np.concatenate(row, 1) for row in zip(np.repeat(sketches, 3, -1), *made.values(), products, strict=True)
        ]
        chosen = rows[:: max(1, len(rows) // N_ROWS)][:N_ROWS]
        Image.fromarray(pixels.to_bytes(np.concatenate(chosen, 0))).save(sheet)


def read(folder: Path, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Sketches and products of a split, float32 in 0..1."""
    found = pairs.open_pairs(folder, direction="BtoA", condition_channels=1)
    return tuple(part.astype("float32") / 255 for part in found.fixed(len(found), size))


def draw(folder: str, sketches: np.ndarray) -> np.ndarray:
    """What a checkpoint makes of them, float32 in 0..1."""
    generator = generators.build(checkpoints.read_config(folder)["architecture"], "float32")
    checkpoints.load_weights(Path(folder) / checkpoints.WEIGHTS, {"generator": generator})
    parts = [generator(sketches[i : i + N_AT_ONCE]) for i in range(0, len(sketches), N_AT_ONCE)]
    return np.clip((np.concatenate(parts) + 1) / 2, 0, 1)


def measure_detail(pictures: np.ndarray) -> float:
    """Mean square of the Laplacian of their light."""
    greys = (cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY) for picture in pictures)
    return float(np.mean([np.mean(cv2.Laplacian(grey, cv2.CV_32F) ** 2) for grey in greys]))


if __name__ == "__main__":
    main(*sys.argv[1:])
