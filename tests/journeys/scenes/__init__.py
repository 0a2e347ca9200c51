"""Photo-like pictures that our own code renders: what journeys upload and what the screenshots show."""

from collections.abc import Callable

import numpy as np

from tests.journeys.scenes import city, meadow, solids, terrain

SCENES: dict[str, Callable[[], np.ndarray]] = {
    "lake": terrain.lake,
    "jar": solids.jar,
    "cat": solids.cat,
    "city": city.night,
    "meadow": meadow.poppies,
}


def draw(name: str) -> np.ndarray:
    """The scene of that name, 8 bits, height × width × 3."""
    return (np.clip(SCENES[name](), 0, 1) * 255 + 0.5).astype(np.uint8)
