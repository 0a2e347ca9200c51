"""One checkpoint of style transfer, compiled: it reads photos, encodes styles, and paints the ones in the others."""

import logging
import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from threading import Lock

import cv2
import numpy as np
from django.utils.translation import gettext_noop

from tfapp.engines import pictures
from tfapp.engines.base import EngineError
from tfapp.engines.correcting import Corrector
from trainer import checkpoints, gradients
from trainer.networks import adain, pixels
from trainer.networks.architectures import AdaINArchitecture

STYLE_SIDE = 384  # pixels of a style picture's shorter side: smaller, and its brush is too fine to be found again
STYLE_RATIO = 3  # a longer style picture is looked at in its middle
LEAST_SIDE = 16  # a smaller photo is made larger by mirroring, and cut again
QUARTER = 4  # pixels a side of what the decoder works on
N_PHOTOS = 8  # whose features are kept: those of people who try one setting after the other
MOST_PIXELS_KEPT = 600_000  # larger photos are read again: their features take hundreds of megabytes
SMOOTHING = np.array([1, 14, 1], "float32") / 16  # along each axis: takes a quarter of the finest, 2 % of ten pixels


NOTHING_TO_LOOK_WITH = gettext_noop("A second look is not possible here: the network that looks is missing or damaged.")

log = logging.getLogger(__name__)


class StyleNetworks:
    """Ready to paint, for several threads. Raises OSError, ValueError or TypeError for a folder that is none."""

    def __init__(self, folder: Path | str):
        config = checkpoints.read_config(folder)
        self.architecture = AdaINArchitecture.from_config(config.get("architecture"))
        precision = gradients.choose_precision()
        networks = adain.build_networks(self.architecture, precision)
        checkpoints.load_weights(Path(folder) / checkpoints.WEIGHTS, networks)
        # Where every place has a code of its own, more is to be done: a graph apart, with the same weights.
        by_place = adain.build_decoder(self.architecture, precision, has_masks=True)
        by_place.set_weights(networks["decoder"].get_weights())

        self.content_encoder, self.decoder, self.decoder_by_place = (
            networks["content_encoder"],
            networks["decoder"],
            by_place,
        )

        self._run_content, self._run_style, self._run_decoder = map(gradients.compile_for_pictures, networks.values())
        self._run_by_place = gradients.compile_for_pictures(by_place)
        self._corrector, self._correcting = None, Lock()  # few people want it: it is made for the first of them
        self.smooth = smooth if self.architecture.fine else lambda painted: painted
        self._for_batches, self._compiling = {}, Lock()  # how many pictures → how content encoder and decoder run
        self.encode = pictures.Remembered(self._encode)
        self._remember = pictures.Remembered(self._read, n_kept=N_PHOTOS)

    def read(self, photo: np.ndarray):
        """The features of a photo (h, w, 3), and where in them it lies, for `paint`."""
        return (self._remember if math.prod(photo.shape[:2]) <= MOST_PIXELS_KEPT else self._read)(photo)

    def paint(self, read, codes: np.ndarray, masks: np.ndarray | None = None) -> np.ndarray:
        """A photo that was read, in a code (1, n), or in k of them, each where its mask (h, w, k) is: (h, w, 3)."""
        features, inside, (height, width) = read
        if masks is None:
            return self.smooth(gradients.as_array(self._run_decoder(features, codes))[0][inside])
        shares = pictures.mirror_edges(masks, height, width)[0]
        shares = pixels.resize(shares, height // QUARTER, width // QUARTER)
        return self.smooth(gradients.as_array(self._run_by_place(features, codes[None], shares[None]))[0][inside])

    def paint_together(self, photos: Sequence[np.ndarray], codes: np.ndarray) -> Iterator[np.ndarray]:
        """Photos of one size, each in its row of the codes (n, code_size): what `paint` gives, in fewer runs."""
        height, width = self._padded_size(photos[0])
        padded, places = zip(*(pictures.mirror_edges(photo, height, width) for photo in photos), strict=True)
        for start, n in _in_powers_of_two(len(photos)):
            some = slice(start, start + n)
            run_content, run_decoder = self._run_for(n)
            painted = gradients.as_array(run_decoder(run_content(np.stack(padded[some])), codes[some]))
            yield from (self.smooth(picture[inside]) for picture, inside in zip(painted, places[some], strict=True))

    def correct(self, photo, code, styles: Sequence[np.ndarray], scale: float, shares, tell) -> np.ndarray:
        """The code (1, n) of a mix of styles, looked at so much larger, as it is best for a photo: see `Corrector`.

        Raises EngineError where the network that looks is missing.
        """
        with self._correcting:
            if self._corrector is None:
                try:
                    self._corrector = Corrector(self.content_encoder, self.decoder)
                except (OSError, ValueError, TypeError) as error:
                    log.warning("There is nothing to take a second look with: %s", error)
                    raise EngineError(NOTHING_TO_LOOK_WITH) from error
        return self._corrector.correct(photo, code, [_fit_style(style, scale) for style in styles], shares, tell)

    def _run_for(self, n):
        if n == 1:
            return self._run_content, self._run_decoder
        with self._compiling:
            if n not in self._for_batches:
                both = self.content_encoder, self.decoder
                self._for_batches[n] = [gradients.compile_for_pictures(network, n) for network in both]
            return self._for_batches[n]

    def _read(self, photo):
        height, width = self._padded_size(photo)
        padded, inside = pictures.mirror_edges(photo, height, width)
        return self._run_content(padded[None]), inside, (height, width)

    def _padded_size(self, photo):
        return [_round_up(max(side, LEAST_SIDE), self.architecture.multiple) for side in photo.shape[:2]]

    def _encode(self, style, scale=1.0):
        """The code of a style picture (h, w, 3), looked at so much larger: (1, n) float32."""
        return gradients.as_array(self._run_style(_fit_style(style, scale)[None]))


def smooth(painted: np.ndarray) -> np.ndarray:
    """What a decoder with layers at full size painted (h, w, 3) float32, without part of its finest noise."""
    return cv2.sepFilter2D(painted, -1, SMOOTHING, SMOOTHING, borderType=cv2.BORDER_REFLECT_101)


def _fit_style(style, scale):
    """The style at the scale of its training, whole unless it is a ribbon, its sides multiples of 16."""
    height, width = style.shape[:2]
    longest = STYLE_RATIO * min(height, width)
    top, left = max(0, height - longest) // 2, max(0, width - longest) // 2
    style = style[top : top + longest, left : left + longest]

    factor = scale * STYLE_SIDE / min(style.shape[:2])
    multiple = adain.STYLE_MULTIPLE
    height, width = (max(multiple, round(side * factor / multiple) * multiple) for side in style.shape[:2])
    return style if style.shape[:2] == (height, width) else pixels.resize(style, height, width)


def _in_powers_of_two(n):
    """Seven as four, two and one, each with its beginning: so a few graphs serve batches of every size."""
    start = 0
    while start < n:
        size = 1 << (n - start).bit_length() - 1
        yield start, size
        start += size


def _round_up(side, multiple):
    return side + -side % multiple
