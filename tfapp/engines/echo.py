"""An engine without a network: it gives the photo back, mixed with the style's mean colour by `strength`."""

import time

import numpy as np

from tfapp.engines.base import Inputs, Progress


class EchoEngine:
    """For tests and for checking an installation. Parameter `seconds` makes it work slowly, in small steps."""

    def load(self, source: str) -> None:
        """There is nothing to load."""

    def render(self, inputs: Inputs, progress: Progress) -> np.ndarray:
        """The content with `strength` of the first style's mean colour."""
        n_steps = max(1, round(float(inputs.parameters.get("seconds", 0)) / 0.05))
        for step in range(n_steps):
            if n_steps > 1:
                time.sleep(0.05)
            progress((step + 1) / n_steps)

        strength = 0.5 * float(inputs.parameters.get("strength", 1.0))
        colour = inputs.styles[0].mean((0, 1)) if inputs.styles else np.zeros(3, "float32")
        return ((1 - strength) * inputs.content + strength * colour).astype("float32")
