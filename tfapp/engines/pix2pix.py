"""A sketch or a photo becomes a picture: generators of pix2pix (Isola et al. 2017, arXiv:1611.07004), by our recipe."""

import numpy as np
from django.utils.translation import gettext_noop

from tfapp.engines import pictures, sketches
from tfapp.engines.base import EngineError, Inputs, Progress
from tfapp.engines.translation import NOT_FITTING, Generator, PhotoEngine
from trainer.networks import pixels

NO_SKETCH = gettext_noop("Draw something, or choose a picture of a sketch.")
LARGEST = 512  # pixels: what is painted at 128 has no more to show
# A generator that enlarges by strides leaves a grid on what it paints, and no border is finer than its pixels. So it
# paints the drawing sixteen times, moved by less than two of its pixels (of FINER parts), and the middle is taken.
STEPS = (-6, -2, 2, 6)


class Pix2PixEngine:
    """Colours a drawing. One instance may be used by several threads."""

    def load(self, source: str) -> None:
        """Load a pix2pix checkpoint folder whose condition is a drawing. Raises EngineError."""
        self._generator = Generator(source, recipe="pix2pix", group="generator")
        if self._generator.n_channels not in (1, 3):
            raise EngineError(NOT_FITTING)

    def render(self, inputs: Inputs, progress: Progress) -> np.ndarray:
        """The sketch on a square, as large as `size` says, painted. Raises EngineError."""
        if inputs.sketch is None:
            raise EngineError(NO_SKETCH)
        generator = self._generator
        progress(0.0)

        ink = sketches.read_ink(pictures.check(inputs.sketch), side=generator.trained_at, line=generator.line)
        views = []
        for down in STEPS:
            for right in STEPS:
                views.append(self._paint(ink, down, right))
                progress(0.1 + 0.8 * len(views) / len(STEPS) ** 2)
        picture = take_middle(views).astype("float32") / 255

        size = min(int(inputs.parameters.get("size", LARGEST)), LARGEST)
        if size != len(picture):
            picture = pixels.resize(picture, size, size)
        progress(1.0)
        return picture

    def _paint(self, ink: np.ndarray, down: int, right: int) -> np.ndarray:
        """The picture of ink that was moved, moved back: bytes, as large as the ink."""
        sketch = sketches.shrink(sketches.move(ink, down, right))[..., None]
        picture = self._generator.paint(np.repeat(sketch, self._generator.n_channels, -1))
        return pixels.to_bytes(sketches.move(pixels.resize(picture, *ink.shape), -down, -right))


class Pix2PixPhotoEngine(PhotoEngine):
    """Of pairs of photos: by day and by night, grey and in colours."""

    recipe = "pix2pix"
    group = "generator"


def take_middle(views: list[np.ndarray]) -> np.ndarray:
    """The median at every place. Whole pictures are compared in pairs: ten times as fast as np.median on bytes."""
    views = list(views)
    for turn in range(len(views)):
        for n in range(turn % 2, len(views) - 1, 2):
            views[n : n + 2] = np.minimum(*views[n : n + 2]), np.maximum(*views[n : n + 2])
    half = len(views) // 2
    return np.mean(views[half - 1 : half + 1] if len(views) % 2 == 0 else views[half : half + 1], axis=0)
