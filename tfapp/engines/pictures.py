"""What engines do with pictures around a network: are they good, cut them square, mirror their edges."""

from collections import OrderedDict
from collections.abc import Callable, Mapping
from hashlib import sha256
from threading import Lock
from typing import Any

import numpy as np
from django.utils.translation import gettext_noop

from tfapp.engines.base import EngineError, Inputs
from trainer.networks import pixels

NO_PHOTO = gettext_noop("Choose a photo.")
NO_STYLE = gettext_noop("Choose a style picture.")
NOT_A_PICTURE = gettext_noop("This is not a colour picture.")
DAMAGED = gettext_noop("This picture is damaged: some of its values are not numbers.")
WRONG_NUMBER = gettext_noop("A setting of this picture is out of its range.")
NOT_PAINTED = gettext_noop("This picture could not be painted; another size may help.")


def photo(inputs: Inputs) -> np.ndarray:
    """The picture of an engine that takes one, float32 in 0..1. Raises EngineError."""
    if inputs.content is None:
        raise EngineError(NO_PHOTO)
    return check(inputs.content)


def photo_and_styles(inputs: Inputs) -> tuple[np.ndarray, list[np.ndarray]]:
    """The pictures of a style engine, float32 in 0..1. Raises EngineError."""
    return photo(inputs), styles(inputs)


def styles(inputs: Inputs) -> list[np.ndarray]:
    """The style pictures, float32 in 0..1. Raises EngineError."""
    if not inputs.styles:
        raise EngineError(NO_STYLE)
    return [check(style) for style in inputs.styles]


def check(picture: np.ndarray) -> np.ndarray:
    """A colour picture as float32 in 0..1. Raises EngineError for what is none."""
    picture = np.asarray(picture)
    if picture.ndim != 3 or picture.shape[-1] != 3 or 0 in picture.shape or picture.dtype.kind not in "fiu":
        raise EngineError(NOT_A_PICTURE)
    picture = picture.astype("float32", copy=False)
    if not np.isfinite(picture).all():
        raise EngineError(DAMAGED)
    return np.clip(picture, 0, 1)


def strength(inputs: Inputs) -> float:
    """The parameter `strength`, 0 to 1. Raises EngineError."""
    return number(inputs.parameters, "strength", 1.0, 0, 1)


def number(parameters: Mapping[str, Any], name: str, default: float, least: float, most: float) -> float:
    """A parameter that is a number in a range. Raises EngineError."""
    try:
        value = float(parameters.get(name, default))
    except (TypeError, ValueError) as error:
        raise EngineError(WRONG_NUMBER) from error
    if not least <= value <= most:
        raise EngineError(WRONG_NUMBER)
    return value


def finished(picture: np.ndarray) -> np.ndarray:
    """What a network made, limited to 0..1. Raises EngineError when some of it is no number."""
    if not np.isfinite(picture).all():
        raise EngineError(NOT_PAINTED)
    return np.clip(picture, 0, 1).astype("float32", copy=False)


def square(picture: np.ndarray, side: int) -> np.ndarray:
    """The middle of a picture as (side, side, 3): cut and not squashed, so that its strokes keep their shape."""
    height, width = picture.shape[:2]
    least = min(height, width)
    top, left = (height - least) // 2, (width - least) // 2
    middle = picture[top : top + least, left : left + least]
    return middle if least == side else pixels.resize(middle, side, side)


def mirror_edges(picture: np.ndarray, height: int, width: int) -> tuple[np.ndarray, tuple[slice, slice]]:
    """The picture in the middle of a larger one, its edges mirrored outwards; and where in there it lies."""
    rows, columns = height - picture.shape[0], width - picture.shape[1]
    top, left = rows // 2, columns // 2
    # "symmetric", unlike "reflect", has something to repeat in a picture of one pixel too.
    padded = np.pad(picture, ((top, rows - top), (left, columns - left), (0, 0)), mode="symmetric")
    return padded, np.s_[top : top + picture.shape[0], left : left + picture.shape[1]]


class Remembered:
    """A function of a picture that keeps its last answers: the code of a style is worth keeping."""

    def __init__(self, function: Callable[..., Any], n_kept: int = 64):
        self._function, self._n_kept = function, n_kept
        self._answers: OrderedDict[tuple, Any] = OrderedDict()
        self._lock = Lock()

    def __call__(self, picture: np.ndarray, *arguments: float) -> Any:
        key = (sha256(repr(picture.shape).encode() + picture.tobytes()).digest(), *arguments)
        with self._lock:
            if key not in self._answers:
                self._answers[key] = self._function(picture, *arguments)
            self._answers.move_to_end(key)
            while len(self._answers) > self._n_kept:
                self._answers.popitem(last=False)
            return self._answers[key]
