"""An engine without a network: it gives the photo back, mixed with the styles' mean colours by `strength`."""

import time

import numpy as np

from tfapp.engines.base import Inputs, Progress


class EchoEngine:
    """For tests and for checking an installation. Parameter `seconds` makes it work slowly, in small steps."""

    def load(self, source: str) -> None:
        """There is nothing to load."""

    def render(self, inputs: Inputs, progress: Progress) -> np.ndarray:
        """The content with `strength` of its styles' mean colours."""
        n_steps = max(1, round(float(inputs.parameters.get("seconds", 0)) / 0.05))
        for step in range(n_steps):
            if n_steps > 1:
                time.sleep(0.05)
            progress((step + 1) / n_steps)

        strength = 0.5 * min(1.0, float(inputs.parameters.get("strength", 1.0)))
        return ((1 - strength) * inputs.content + strength * _colours(inputs)).astype("float32")


def _colours(inputs: Inputs) -> np.ndarray:
    """The mean colour of the styles, in their shares, for each region and the ground."""
    if not inputs.styles:
        return np.zeros(3, "float32")
    means = np.stack([style.mean((0, 1)) for style in inputs.styles])
    rows = np.array(inputs.parameters.get("weights") or [[1.0] * len(means)], "float32")
    colours = rows / rows.sum(1, keepdims=True) @ means
    if inputs.masks is None:
        return colours[0]
    ground = 1 - inputs.masks.sum(-1, keepdims=True)
    return np.concatenate([ground, inputs.masks], -1) @ colours
