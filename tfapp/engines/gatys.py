"""Style transfer by optimising a picture (Gatys, Ecker & Bethge, CVPR 2016), from coarse to fine.

No network paints here: one looks, and the picture's own pixels go downhill. The losses are in `trainer.networks.gatys`,
the networks in which they are measured in `trainer.networks.features`.
"""

import itertools
import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from threading import Lock
from weakref import WeakValueDictionary

import keras
import numpy as np
from django.utils.translation import gettext_noop
from keras import ops

from tfapp.engines import colour, descent, fetching, pictures
from tfapp.engines.base import EngineError, Inputs, Progress
from trainer import checkpoints, gradients
from trainer.networks import adain, features, gatys, pixels
from trainer.networks.architectures import AdaINArchitecture

IMAGENET = "keras://imagenet"  # a source: VGG-19, which Keras downloads
NOT_FETCHED = gettext_noop("The network VGG-19 could not be fetched. It is tried again later.")
NOT_LOADED = gettext_noop("The network that looks at pictures here is missing or damaged.")
WRONG_STEPS = gettext_noop("The number of steps must be a whole number from 1 to 2000.")

FETCH_SECONDS = 60  # what takes longer goes on beside, and is found when the worker tries again
SMALLEST_SCALE = 64  # pixels: the longest side where painting begins
# α where β is 1 and both losses are brought to about 1, found by looking at many pictures.
ENCODER_WEIGHT, VGG_WEIGHT = 0.005, 0.02
WEAKEST = 1000  # times as much weight has the content at strength 0
VARIATION_WEIGHT = 0.1  # at full smoothness
OVERFLOW_WEIGHT = 10
FADE = 0.2  # under this strength the photo itself shows through, and at 0 it is all there is
NOISE = 0.2  # deviation around grey
DESCENTS = {"lbfgs": descent.lbfgs, "adam": descent.adam}
MOST_STEPS = 2000

log = logging.getLogger(__name__)
_lookers: WeakValueDictionary[str, "Looker"] = WeakValueDictionary()  # those that engines have
_one_at_a_time = Lock()


@dataclass(frozen=True)
class Settings:
    """How a picture goes downhill; `strength` only where there is a content."""

    n_steps: int
    smoothness: float
    seed: int
    descent: Callable

    @classmethod
    def of(cls, inputs: Inputs) -> "Settings":
        """From an engine's parameters. Raises EngineError."""
        told = inputs.parameters
        n_steps = told.get("steps", 300)
        if not isinstance(n_steps, int | float) or not 1 <= n_steps <= MOST_STEPS:
            raise EngineError(WRONG_STEPS)
        return cls(
            n_steps=round(n_steps),
            smoothness=pictures.number(told, "smoothness", 0.7, 0, 1),
            seed=int(told.get("seed") or 0),
            descent=DESCENTS.get(told.get("optimizer"), descent.lbfgs),
        )


class GatysEngine:
    """A photo and styles become a painting. One instance may be used by several threads."""

    def load(self, source: str) -> None:
        """Load what looks at pictures: IMAGENET, a folder of VGG files, or a checkpoint of our painter."""
        self._looker = load_features(source)

    def render(self, inputs: Inputs, progress: Progress) -> np.ndarray:
        """The content, at its own size, with the styles' Gram matrices. Raises EngineError."""
        content, styles = pictures.photo_and_styles(inputs)
        strength = pictures.strength(inputs)
        settings = Settings.of(inputs)

        whole, inside = _fit(content)
        start = None if inputs.parameters.get("start") == "noise" else whole
        weight = self._looker.content_weight * WEAKEST ** (1 - strength)
        finish = partial(_finish, content=content, strength=strength, keeps=inputs.parameters.get("keep_colours"))
        painted = descend(
            self._looker,
            whole.shape[:2],
            *(styles, settings),
            start=start,
            content=whole,
            content_weight=weight,
            progress=lambda share, show: progress(share, lambda: finish(_resize(show(), *whole.shape[:2])[inside])),
        )
        return finish(pictures.finished(painted[inside]))


class Looker:
    """A feature network, and the loss of a picture in it. It is compiled for all sizes; several threads may use it."""

    def __init__(self, network: keras.Model, content_weight: float):
        self._network, self.content_weight = network, content_weight
        self._ask = gradients.compile_for_sizes(self._look)

    def aim(self, styles, content=None, *, content_weight=0.0, variation_weight=0.0):
        """function(picture (h, w, 3)) → (loss, slope): each layer of the styles, and the content, count about 1."""
        grams = [[gatys.find_gram(one) for one in self._network(style[None])[:-1]] for style in styles]
        targets = [sum(of_layer) / len(styles) for of_layer in zip(*grams, strict=True)]
        weights = [1 / (len(targets) * _nonzero(gatys.measure_layer(0 * target, target))) for target in targets]
        wanted, alpha = None, 0.0
        if content is not None:
            wanted = ops.cast(self._network(content[None])[-1], "float32")
            flat = ops.mean(wanted, (1, 2), keepdims=True)
            alpha = content_weight / _nonzero(gatys.measure_content(wanted, flat))
        weights, alpha, variation = map(_as_tensor, (weights, alpha, variation_weight))

        def look(picture):
            (value, _), slope = self._ask(_as_tensor(picture[None]), targets, weights, wanted, alpha, variation)
            return float(value), gradients.as_array(slope)[0].astype("float32")

        return look

    def _look(self, picture, targets, weights, wanted, alpha, variation):
        def loss(x):
            *maps, deep = self._network(x)
            grams = [gatys.find_gram(one) for one in maps]
            total = gatys.measure_style(grams, targets, [weights[i] for i in range(len(targets))])
            if wanted is not None:
                total = gatys.measure_total(gatys.measure_content(deep, wanted), total, alpha=alpha, beta=1.0)
            total += variation * gatys.measure_variation(x)
            return total + OVERFLOW_WEIGHT * gatys.measure_overflow(x), {}

        return gradients.value_and_slope(loss, picture)


def load_features(source: str) -> Looker:
    """What looks at pictures, one for all engines that have it. Raises EngineError."""
    with _one_at_a_time:
        looker = _lookers.get(source)
        if looker is None:
            looker = _lookers[source] = _load_features(source)
        return looker


def descend(
    looker: Looker,
    size: tuple[int, int],
    styles: list[np.ndarray],
    settings: Settings,
    *,
    start: np.ndarray | None = None,
    content: np.ndarray | None = None,
    content_weight: float = 0.0,
    progress: Progress,
) -> np.ndarray:
    """A picture of that size, its sides multiples of features.MULTIPLE. Without a start it begins with noise.

    Raises EngineError.
    """
    scales = _find_scales(*size)
    n_steps = max(1, round(settings.n_steps / len(scales)))
    works = np.cumsum([0, *(n_steps * height * width for height, width in scales)]) / n_steps
    if start is None:
        noise = np.random.default_rng(settings.seed).standard_normal((*scales[0], 3))
        start = (0.5 + NOISE * noise).astype("float32")

    picture = start
    for (height, width), before, after in zip(scales, works, works[1:], strict=False):
        picture = _resize(np.clip(picture, 0, 1), height, width)
        look = looker.aim(
            [_resize(style, *_fit_style(style, max(height, width))) for style in styles],
            None if content is None else _resize(content, height, width),
            content_weight=content_weight,
            variation_weight=VARIATION_WEIGHT * settings.smoothness**2,
        )
        tell = partial(_tell, progress, before=before / works[-1], after=after / works[-1])
        try:
            picture = settings.descent(_telling(look, tell, n_steps), picture, n_steps=n_steps)
        except descent.NotANumber as error:
            raise EngineError(pictures.NOT_PAINTED) from error
    progress(1.0, lambda: np.clip(picture, 0, 1))
    return picture


def fit_side(side: int) -> int:
    """The next length that a feature network takes."""
    return max(features.LEAST_SIDE, side + -side % features.MULTIPLE)


def _load_features(source):
    precision = gradients.choose_precision()
    if precision == "mixed_float16":
        precision = "float32"  # most slopes are less than the least number above 0 in float16
    try:
        if source == IMAGENET:
            return Looker(features.of_teachers([_fetch()], precision), VGG_WEIGHT)
        if not Path(source, checkpoints.CONFIG).is_file():
            teachers = [np.load(path) for path in sorted(Path(source).glob("*.npz"))]
            return Looker(features.of_teachers(teachers, precision), VGG_WEIGHT)
        architecture = AdaINArchitecture.from_config(checkpoints.read_config(source).get("architecture"))
        networks = adain.build_networks(architecture, precision)
        checkpoints.load_weights(Path(source) / checkpoints.WEIGHTS, networks)
        return Looker(features.of_encoder(networks["content_encoder"]), ENCODER_WEIGHT)
    except (OSError, ValueError, TypeError, KeyError) as error:
        log.warning("%s holds nothing to look at pictures with: %s", source, error)
        raise EngineError(NOT_LOADED) from error


def _as_tensor(values):
    return ops.convert_to_tensor(np.asarray(values, "float32"))


def _nonzero(number):
    """What a flat picture measures is nothing, and must not be divided by."""
    return max(float(number), 1e-6)


def _telling(look, tell, n_most):
    """The same function; each look is told first, which may raise."""
    counter = itertools.count()

    def look_and_tell(picture):
        tell(next(counter) / n_most, lambda: np.clip(picture, 0, 1))
        return look(picture)

    return look_and_tell


def _tell(progress, share, show, *, before, after):
    """A scale's own share, as a part of the whole work."""
    progress(before + share * (after - before), show)


def _find_scales(height, width):
    """From coarse to fine: each about twice as large as the one before."""
    scales = [(height, width)]
    while max(scales[-1]) > SMALLEST_SCALE:
        halved = tuple(fit_side(side // 2) for side in scales[-1])
        if halved == scales[-1]:
            break
        scales.append(halved)
    return scales[::-1]


def _fit(content):
    """The photo with mirrored edges, its sides such as the networks take, and where the photo is in it."""
    height, width = (fit_side(side) for side in content.shape[:2])
    return pictures.mirror_edges(content, height, width)


def _fit_style(style, longest):
    """Height and width of a style picture beside a picture that is so long: its brush grows with the picture."""
    scale = longest / max(style.shape[:2])
    return [fit_side(round(side * scale) - features.MULTIPLE // 2) for side in style.shape[:2]]


def _finish(picture, *, content, strength, keeps):
    """What is done after painting, for pictures on the way too."""
    if strength < FADE:
        share = strength / FADE
        picture = share * picture + (1 - share) * content
    return colour.keep_colours(picture, content) if keeps else picture


def _resize(picture, height, width):
    return picture if picture.shape[:2] == (height, width) else pixels.resize(picture, height, width)


def _fetch():
    """The weights of VGG-19. Keras' own download has no time limit."""
    try:
        return fetching.wait_for(IMAGENET, features.read_imagenet, seconds=FETCH_SECONDS)
    except Exception as error:  # noqa: BLE001 - Keras raises no narrower one where a download fails
        log.warning("VGG-19 could not be fetched: %s", error)
        raise EngineError(NOT_FETCHED, permanent=False) from error
