"""The second look: what the painter painted is compared with photo and style, and its code of the style corrected.

A style encoder must guess what its code will make of a photo. Here the decoder stays as it is, and the few thousand
numbers of the code go downhill for this photo (docs/decisions/0035). The losses are those that the painter learned
with, seen by a thin VGG of our own.
"""

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
from keras import ops

from tfapp.engines import SHIPPED_FOLDER, descent
from trainer import checkpoints, gradients
from trainer.networks import perceptual, pixels, thin_vgg
from trainer.networks.architectures import ThinVGGArchitecture

FOLDER = SHIPPED_FOLDER / "features"
SHAPES = ((384, 384), (320, 448), (448, 320))  # height and width at which it looks: each is compiled once
N_STEPS = 16
RATE = 0.06  # how far a number of the code goes in a step; it is 0.2 on average
LOUDER = 1024  # float16 has no numbers for slopes as small as these; Adam goes the same way
LIFT = 0.14  # more than the painter learned: raters like light in dark styles
WEIGHTS = {
    "content": 3.0,
    "moments": 1.0,
    "gram": 1.2,
    "covariance": 1.2,
    "contrast": 80.0,
    "palette": 12.0,
    "blotches": 8.0,
    "variation": 0.03,
    "overflow": 1.0,
}


class Corrector:
    """For one painter's encoder and decoder, Keras models. Raises OSError, ValueError or TypeError for no features."""

    def __init__(self, content_encoder, decoder):
        architecture = ThinVGGArchitecture.from_config(checkpoints.read_config(FOLDER).get("architecture"))
        self._features = thin_vgg.build(architecture, gradients.choose_precision())
        checkpoints.load_weights(FOLDER / checkpoints.WEIGHTS, {"features": self._features})
        self._encoder, self._decoder = content_encoder, decoder
        self._ask = gradients.compile_step(self._look)

    def correct(
        self, photo: np.ndarray, code: np.ndarray, styles: Sequence[np.ndarray], shares: np.ndarray, tell: Callable
    ) -> np.ndarray:
        """The code (1, n) of a mix of styles, float32, as it is best for a photo (h, w, 3); shares (n,) add up to one.

        `tell` is told the share done, and may raise. Raises descent.NotANumber.
        """
        photo = _fit(photo)
        wanted = self._aim(styles, shares, photo.shape[:2])
        photo = ops.convert_to_tensor(photo[None])
        seen = self._encoder(photo), photo, self._features(photo)[thin_vgg.CONTENT]
        asked = iter(range(N_STEPS))

        def ask(numbers):
            tell(next(asked) / N_STEPS)
            (value, _), slope = self._ask(ops.convert_to_tensor(numbers), *seen, *wanted)
            return float(value), gradients.as_array(slope)

        return descent.adam(ask, code.astype("float32"), n_steps=N_STEPS, rate=RATE)

    def _aim(self, styles, shares, size):
        """The statistics of every layer, and the sorted colours, of a mix: between two styles as codes are."""
        statistics, palettes = [], []
        for style in styles:
            found = [perceptual.summarize(one) for one in self._features(_lift(style))]
            statistics.append([(one.mean, one.deviation, one.gram) for one in found])
            palettes.append(perceptual.sort_colours(_lift(pixels.resize(style, *size))))
        mix = partial(_mix, shares)
        layers = [tuple(map(mix, zip(*of_layer, strict=True))) for of_layer in zip(*statistics, strict=True)]
        return layers, mix(palettes)

    def _look(self, code, painted_from, photo, content, statistics, palette):
        def measure(code):
            picture = self._decoder([painted_from, code])
            maps = self._features(picture)
            losses = perceptual.measure_style(maps, [perceptual.Statistics(*one) for one in statistics]) | {
                "content": perceptual.measure_content(maps[thin_vgg.CONTENT], content),
                "palette": ops.mean(ops.abs(perceptual.sort_colours(picture) - palette)),
                **perceptual.measure_surface(picture, photo),
            }
            return LOUDER * sum(WEIGHTS[name] * value for name, value in losses.items()), losses

        return gradients.value_and_slope(measure, code)


def _fit(photo):
    """The middle of a photo at the shape that is most like it: float32, of one of SHAPES."""
    height, width = photo.shape[:2]
    shape = min(SHAPES, key=lambda shape: abs(np.log(shape[0] * width / (shape[1] * height))))
    ratio = shape[1] / shape[0]
    rows, columns = min(height, round(width / ratio)), min(width, round(height * ratio))
    top, left = (height - rows) // 2, (width - columns) // 2
    middle = photo[top : top + max(1, rows), left : left + max(1, columns)]
    return middle if middle.shape[:2] == shape else pixels.resize(middle, *shape)


def _lift(style):
    return perceptual.lighten_dark(ops.convert_to_tensor(style[None]), np.full(1, LIFT, "float32"))


def _mix(shares, parts):
    return sum(float(share) * part for share, part in zip(shares, parts, strict=True))
