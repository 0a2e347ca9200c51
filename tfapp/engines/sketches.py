"""Drawings as a network knows them: black lines of one thickness on white paper, in a square.

People draw with thick and thin pens, photograph pencil on grey paper, or chalk on a blackboard.
"""

import numpy as np
from django.utils.translation import gettext_noop
from PIL import Image, ImageFilter

from tfapp.engines.base import EngineError
from trainer.networks import pixels

NOTHING_DRAWN = gettext_noop("There are no lines in this sketch. Draw something first.")

FINER = 4  # lines are looked at in a picture so many times finer than the network's
PAPER_SIDE = 96  # pixels: light and shadow on the paper are looked at so small
CLEAN_PAPER = 0.94  # paper that is darker than that was photographed
FAINTEST = 0.12  # of black: less than that is paper too
INK = 0.4  # of the darkest line: what is as dark is a line
GAP = 3  # pixels: what is so near to a thicker line belongs to its edge
THICKEST = 64  # peelings


def read(picture: np.ndarray, *, side: int, line: float) -> np.ndarray:
    """A picture of a drawing, (h, w, 3) in 0..1, as (side, side): whole, lines `line` pixels thick, paper 1.

    Raises EngineError when there is nothing on the paper.
    """
    return shrink(read_ink(picture, side=side, line=line))


def read_ink(picture: np.ndarray, *, side: int, line: float) -> np.ndarray:
    """The same before it is shrunk: where there is ink, boolean, FINER times as large. Raises EngineError."""
    light = picture @ pixels.LUMINANCE
    if np.median(_edge(light)) < 0.5:
        light = 1 - light
    darkness = 1 - _fit(_whiten_paper(light), FINER * side)
    darkness = _filter(darkness, ImageFilter.GaussianBlur(FINER / 4))
    if darkness.max() < FAINTEST:
        raise EngineError(NOTHING_DRAWN)
    return set_thickness(darkness > INK * darkness.max(), FINER * line)


def shrink(ink: np.ndarray) -> np.ndarray:
    """What a network sees of ink: float32, paper 1."""
    side = len(ink) // FINER
    return 1 - ink.reshape(side, FINER, side, FINER).mean((1, 3), dtype="float32")


def move(picture: np.ndarray, down: int, right: int) -> np.ndarray:
    """A picture (h, w, …) moved by some pixels; what comes in repeats the edge."""
    height, width = picture.shape[:2]
    far = max(abs(down), abs(right))
    padded = np.pad(picture, [(far, far)] * 2 + [(0, 0)] * (picture.ndim - 2), mode="edge")
    return padded[far - down : far - down + height, far - right : far - right + width]


def set_thickness(ink: np.ndarray, wanted: float) -> np.ndarray:
    """Lines of a drawing (boolean) made about `wanted` pixels thick. Blots shrink or grow with them, and stay blots."""
    n_too_thick = round((measure_thickness(ink) - wanted) / 2)
    if n_too_thick <= 0:
        return _grow(ink, -n_too_thick)

    thin = np.zeros_like(ink)
    for step in range(n_too_thick):
        ink, lost = _peel(ink, step)
        thin |= lost  # a line that is thinner than most: its middle is kept
    return ink | _grow(thin, round((wanted - 1) / 2))


def measure_thickness(ink: np.ndarray) -> float:
    """The thickness of most lines, in pixels: after how many peelings nothing is left of them. 0 without lines."""
    n_lost = []
    while ink.any() and len(n_lost) < THICKEST:
        ink, lost = _peel(ink, len(n_lost))
        n_lost.append(lost.sum())
    total = np.cumsum(n_lost or [0])
    return 2 * int(np.searchsorted(total, total[-1] / 2)) + 1.5 if total[-1] else 0.0


def _edge(plane: np.ndarray) -> np.ndarray:
    """The outermost pixels: the paper, even where a child has coloured in most of it."""
    return np.concatenate([plane[0], plane[-1], plane[:, 0], plane[:, -1]])


def _whiten_paper(light: np.ndarray) -> np.ndarray:
    """Divide by the light of the paper around each place, unless most of the paper is white already."""
    if np.percentile(light, 60) > CLEAN_PAPER:
        return light
    height, width = light.shape
    scale = PAPER_SIDE / max(height, width)
    small = pixels.resize(light, max(1, round(height * scale)), max(1, round(width * scale)))
    paper = _filter(_filter(small, ImageFilter.MaxFilter(11)), ImageFilter.GaussianBlur(6))
    return np.clip(light / np.maximum(CLEAN_PAPER * pixels.resize(paper, height, width), 0.05), 0, 1)


def _fit(light: np.ndarray, side: int) -> np.ndarray:
    """The whole drawing in the middle of a white square."""
    scale = side / max(light.shape)
    height, width = (max(1, round(length * scale)) for length in light.shape)
    square = np.ones((side, side), "float32")
    top, left = (side - height) // 2, (side - width) // 2
    square[top : top + height, left : left + width] = pixels.resize(light, height, width)
    return square


def _filter(plane: np.ndarray, kind: ImageFilter.Filter) -> np.ndarray:
    return np.asarray(Image.fromarray(pixels.to_bytes(plane)).filter(kind), "float32") / 255


def _peel(ink: np.ndarray, step: int) -> tuple[np.ndarray, np.ndarray]:
    """Ink without its outermost pixels, and the middles of lines that vanish with them."""
    smaller = ~_spread(~ink, step)
    return smaller, ink & ~_grow(smaller, GAP)


def _grow(ink: np.ndarray, n_pixels: int) -> np.ndarray:
    for step in range(n_pixels):
        ink = _spread(ink, step)
    return ink


def _spread(ink: np.ndarray, step: int) -> np.ndarray:
    """One pixel larger: by a cross and by a square in turns, which together are nearly round."""
    padded = np.pad(ink, 1, mode="edge")
    rows = padded[:-2] | padded[1:-1] | padded[2:]
    if step % 2:
        return rows[:, :-2] | rows[:, 1:-1] | rows[:, 2:]
    return rows[:, 1:-1] | padded[1:-1, :-2] | padded[1:-1, 2:]
