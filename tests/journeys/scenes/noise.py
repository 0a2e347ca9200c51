"""Smooth random fields: the raw material of mountains, clouds, fur and water."""

import numpy as np
from PIL import Image


def smooth(shape: tuple[int, int], cells: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    """One octave: random numbers on a coarse grid, bicubically enlarged; about -1 to 1."""
    grid = rng.uniform(-1, 1, (cells[0] + 3, cells[1] + 3)).astype("float32")
    box = (1, 1, cells[1] + 1, cells[0] + 1)
    return np.asarray(Image.fromarray(grid).resize(shape[::-1], Image.Resampling.BICUBIC, box=box))


def octaves(shape, cells, rng, n: int = 6, gain: float = 0.5, ridged: bool = False) -> np.ndarray:
    """A sum of octaves, each twice as fine and `gain` times as strong; `ridged` folds them into crests."""
    total = np.zeros(shape, "float32")
    weight = 1.0
    for octave in range(n):
        scale = 2**octave
        field = smooth(shape, (cells[0] * scale, cells[1] * scale), rng)
        if ridged:
            field = (1 - np.abs(field) * 1.6) ** 2 - 0.35
        total += weight * field
        weight *= gain
    return total


def mix(a, b, share):
    """From `a` to `b`; the share is a number, a field over a picture, or a column beside a list of colours."""
    share = np.asarray(share)
    if share.ndim == 2 and share.shape[1] > 1:
        share = share[..., None]
    return a + (b - a) * share


def step(low: float, high: float, x):
    """Smoothly from 0 at `low` to 1 at `high`."""
    t = np.clip((x - low) / (high - low), 0, 1)
    return t * t * (3 - 2 * t)
