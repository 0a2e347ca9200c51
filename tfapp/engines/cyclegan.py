"""Photos become paintings and back: generators of CycleGAN (Zhu et al. 2017, arXiv:1703.10593), by our own recipe."""

import numpy as np

from tfapp.engines import pictures
from tfapp.engines.base import EngineError, Inputs, Progress
from tfapp.engines.translation import NOT_FITTING, Generator


class CycleGANEngine:
    """From domain A to B: from photos to paintings. One instance may be used by several threads."""

    group = "generator_ab"

    def load(self, source: str) -> None:
        """Load one direction of a cyclegan checkpoint folder. Raises EngineError."""
        self._generator = Generator(source, recipe="cyclegan", group=self.group)
        if self._generator.n_channels != 3:
            raise EngineError(NOT_FITTING)

    def render(self, inputs: Inputs, progress: Progress) -> np.ndarray:
        """The content, at its own size, as if it were of the other domain. Raises EngineError."""
        content = pictures.photo(inputs)
        progress(0.0)
        picture = self._generator.paint(content)
        progress(1.0)
        return picture


class CycleGANBackEngine(CycleGANEngine):
    """From domain B to A: from paintings to photos."""

    group = "generator_ba"
