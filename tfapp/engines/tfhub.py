"""TF-Hub's arbitrary image stylization (Ghiasi et al. 2017, arXiv:1705.06830), from a URL or a folder.

Version 2 is called as `module(content, style)` and answers a list; version 1 has a signature `serving_default`
with inputs `placeholder` and `placeholder_1` and answers a dictionary. The first output is the picture.
"""

import logging
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path

import numpy as np
import tensorflow as tf
import tensorflow_hub as hub
from django.utils.translation import gettext_noop

from tfapp.engines import colour, fetching, pictures
from tfapp.engines.base import EngineError, Inputs, Progress
from trainer.networks import pixels

NO_FOLDER = gettext_noop("There is no TF-Hub network in the folder that STYLESITE_TFHUB_HANDLE names.")
NOT_REACHED = gettext_noop("The TF-Hub network could not be fetched: its address could not be reached.")
TOO_SLOW = gettext_noop("The TF-Hub network could not be fetched in time. It is tried again later.")
NOT_FOUND = gettext_noop("The TF-Hub network could not be fetched: there is none at its address.")
NOT_FITTING = gettext_noop("What STYLESITE_TFHUB_HANDLE names is not a network that takes a photo and a style picture.")

STYLE_SIDE = 256  # pixels; what the network was trained with
MULTIPLE = 4  # it halves twice: with such sides the answer is as large as the photo
TRIAL_SIDE = 64
REACH_SECONDS = 12  # a fetch that takes longer is looked into: does the address answer at all?
FETCH_SECONDS = 45  # what takes longer goes on beside, and is found when the worker tries again

log = logging.getLogger(__name__)


class TfhubEngine:
    """Arbitrary style transfer by a SavedModel. One instance may be used by several threads."""

    def load(self, source: str) -> None:
        """Load from a folder, or fetch from a URL; TF-Hub keeps what it fetched. Raises EngineError."""
        folder = _fetch(source) if "://" in source else source
        if not source or not tf.io.gfile.exists(str(Path(folder) / "saved_model.pb")):
            raise EngineError(NO_FOLDER)
        try:
            self._module = hub.load(str(folder))  # kept: it owns the weights
            self._stylize = _function_of(self._module)
            photo = np.full((TRIAL_SIDE, TRIAL_SIDE, 3), 0.5, "float32")
            answer = self._run(photo, pictures.square(photo, STYLE_SIDE))
        except (OSError, ValueError, TypeError, KeyError, AttributeError, tf.errors.OpError) as error:
            log.warning("The TF-Hub network %s does not fit: %s", source, error)
            raise EngineError(NOT_FITTING) from error
        if answer.ndim != 3 or answer.shape[-1] != 3:
            raise EngineError(NOT_FITTING)

    def render(self, inputs: Inputs, progress: Progress) -> np.ndarray:
        """The content, at its own size, painted in the style. Raises EngineError."""
        content, styles = pictures.photo_and_styles(inputs)
        strength = pictures.strength(inputs)
        progress(0.0)

        style = _side_by_side(styles)
        progress(0.1)
        picture = self._paint(content, style)
        progress(0.9)

        if inputs.parameters.get("keep_colours"):
            picture = colour.keep_colours(picture, content)
        if strength < 1:
            # The network keeps the style's code to itself, so there is nothing to mix before the painting.
            # Mixing the painting with the photo is what remains; it is even, and 0 gives the photo back.
            picture = strength * picture + (1 - strength) * content
        progress(1.0)
        return picture.astype("float32", copy=False)

    def _paint(self, content: np.ndarray, style: np.ndarray) -> np.ndarray:
        height, width = content.shape[:2]
        rows, columns = (max(TRIAL_SIDE, side + -side % MULTIPLE) for side in (height, width))
        padded, place = pictures.mirror_edges(content, rows, columns)
        try:
            picture = self._run(padded, style)
        except tf.errors.OpError as error:
            raise EngineError(pictures.NOT_PAINTED) from error
        picture = pictures.finished(picture)
        if picture.shape != padded.shape:
            picture = pixels.resize(picture, rows, columns)
        return picture[place]

    def _run(self, content: np.ndarray, style: np.ndarray) -> np.ndarray:
        """Batches of one in, the first output's only picture out."""
        answer = self._stylize(tf.constant(content[None]), tf.constant(style[None]))
        if isinstance(answer, dict):
            answer = answer.get("output_0", answer[min(answer)])
        elif isinstance(answer, list | tuple):
            answer = answer[0]
        return np.asarray(answer)[0]


def _side_by_side(styles: list[np.ndarray]) -> np.ndarray:
    """The styles as one square: the code is a mean over the picture, so that each has its share of it."""
    edges = np.linspace(0, STYLE_SIDE, len(styles) + 1).round().astype(int)
    squares = [pictures.square(style, STYLE_SIDE) for style in styles]
    parts = []
    for picture, left, right in zip(squares, edges, edges[1:], strict=False):
        start = (STYLE_SIDE - (right - left)) // 2
        parts.append(picture[:, start : start + right - left])
    return np.concatenate(parts, axis=1)


def _function_of(module) -> Callable:
    """function(content, style) of a module of either version."""
    if callable(module):
        return module
    if "serving_default" not in module.signatures:
        raise ValueError(f"expected the signature serving_default, got {sorted(module.signatures)}")
    signature = module.signatures["serving_default"]
    names = sorted(signature.structured_input_signature[1])  # "placeholder" comes before "placeholder_1"
    if len(names) != 2:
        raise ValueError(f"expected two inputs, got {names}")
    if "style" in names[0] or "content" in names[1]:
        names.reverse()
    return lambda content, style: signature(**dict(zip(names, (content, style), strict=True)))


def _fetch(url: str) -> str:
    """The folder that TF-Hub keeps the network in. Its own download has no time limit."""
    resolve = partial(hub.resolve, url)
    try:
        try:
            return fetching.wait_for(url, resolve, seconds=REACH_SECONDS)
        except fetching.TooSlow:
            _knock(url)
            return fetching.wait_for(url, resolve, seconds=FETCH_SECONDS)
    except fetching.TooSlow:
        raise EngineError(TOO_SLOW, permanent=False) from None
    except (OSError, ValueError, RuntimeError, tf.errors.OpError) as error:
        log.warning("%s could not be fetched: %s", url, error)
        is_missing = isinstance(error, urllib.error.HTTPError) or not isinstance(error, OSError)
        raise EngineError(NOT_FOUND if is_missing else NOT_REACHED, permanent=False) from error


def _knock(url: str) -> None:
    """OSError where nothing answers at the address: a worker that starts waits with us."""
    with suppress(urllib.error.HTTPError):  # an answer, if not to this question
        urllib.request.urlopen(urllib.request.Request(url, method="HEAD"), timeout=REACH_SECONDS).close()
