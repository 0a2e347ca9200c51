"""Texture synthesis (Gatys, Ecker & Bethge 2015, arXiv:1505.07376): a new picture of the same stuff, from noise."""

import numpy as np
from django.utils.translation import gettext_noop

from tfapp.engines import gatys, pictures
from tfapp.engines.base import EngineError, Inputs, Progress

WRONG_SIZE = gettext_noop("The size must be a whole number from 16 to 4096.")


class TextureEngine:
    """Styles become a square that is made of them. One instance may be used by several threads."""

    def load(self, source: str) -> None:
        """Load what looks at pictures, as GatysEngine does."""
        self._looker = gatys.load_features(source)

    def render(self, inputs: Inputs, progress: Progress) -> np.ndarray:
        """A picture, `size` pixels wide and high, with the styles' Gram matrices. Raises EngineError."""
        styles = pictures.styles(inputs)
        size = inputs.parameters.get("size", 512)
        if not isinstance(size, int) or not 16 <= size <= 4096:
            raise EngineError(WRONG_SIZE)

        side = gatys.fit_side(size)
        made = gatys.descend(self._looker, (side, side), styles, gatys.Settings.of(inputs), progress=progress)
        return pictures.finished(made[:size, :size])
