"""Posters: a photo that no memory holds, painted a few rows at a time by networks that see the whole of it."""

import math
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np

from tfapp.engines import pictures
from tfapp.engines.base import EngineError, Inputs, Progress, Rows
from tfapp.engines.style_networks import QUARTER, StyleNetworks
from trainer.networks import pixels
from trainer.networks.streaming import Stream

ROWS_AT_ONCE = 256  # of a photo that is made small


def photo_and_styles(inputs: Inputs) -> tuple[Rows, list[np.ndarray]]:
    """The pictures of a style engine, the photo in rows. Raises EngineError."""
    if inputs.content is None:
        raise EngineError(pictures.NO_PHOTO)
    if not inputs.styles:
        raise EngineError(pictures.NO_STYLE)
    if len(inputs.content.shape) != 3 or inputs.content.shape[-1] != 3 or 0 in inputs.content.shape:
        raise EngineError(pictures.NOT_A_PICTURE)
    return inputs.content, [pictures.check(style) for style in inputs.styles]


def reduce(content: Rows, n_pixels: int) -> np.ndarray:
    """The photo with at most so many pixels, each the mean of a square of its own."""
    factor = math.ceil(math.sqrt(math.prod(content.shape[:2]) / n_pixels))
    height, width = (length // factor for length in content.shape[:2])
    small = np.empty((height, width, 3), "float32")
    n_rows = max(1, ROWS_AT_ONCE // factor)
    for top in range(0, height, n_rows):
        bottom = min(height, top + n_rows)
        rows = content[top * factor : bottom * factor][:, : width * factor]
        small[top:bottom] = rows.reshape(bottom - top, factor, width, factor, 3).mean((1, 3), dtype="float32")
    return small


def paint(
    networks: StyleNetworks,
    content: Rows,
    codes: np.ndarray,
    masks: np.ndarray | None,
    *,
    folder: Path,
    progress: Progress,
) -> Iterator[tuple[int, np.ndarray]]:
    """The content in a code (1, n), or in k of them, each where its mask is: (first row, float32 rows), about 0..1.

    The masks (h, w, k) may be smaller than the content.
    """
    height, width = content.shape[:2]
    read, shape, top, left = _with_mirrored_edges(content, networks.architecture.multiple)
    stream = Stream(folder)
    features = stream.through(networks.content_encoder, stream.photo(shape, read))
    if masks is None:
        picture = stream.through(networks.decoder, features, codes)
    else:
        shares = pixels.resize(masks, shape[0] // QUARTER, shape[1] // QUARTER)
        places = stream.photo(shares.shape, lambda first, last: shares[first:last])
        picture = stream.through(networks.decoder_by_place, features, codes[None], places)

    inside = _inside(stream.rows(picture, progress), top, left, height, width)
    yield from _smooth(inside, networks.smooth)


def _inside(bands, top, left, height, width):
    """The rows of the photo without the margins around it."""
    at = -top
    for rows in bands:
        inside = rows[max(0, -at) : max(0, height - at), left : left + width]
        if len(inside):
            yield inside
        at += len(rows)


def _smooth(bands, smooth):
    """`smooth` of the whole in parts, each with its first row: a row waits until the one below it has come."""
    at, held = 0, np.empty((0, 1, 3), "float32")
    for rows in bands:
        whole = np.concatenate([held, rows]) if len(held) else rows
        done = smooth(whole)[max(0, len(held) - 1) : -1]  # of two that are held, the first has gone
        if len(done):
            yield at, done
        at, held = at + len(done), whole[-2:].copy()
    yield at, smooth(held)[-1:]


def find_edges(content: Rows, soft: np.ndarray, top: int, bottom: int) -> np.ndarray:
    """`colour.find_edges` of these rows, where `soft` is `colour.soften` of the reduced photo."""
    factor = content.shape[1] // soft.shape[1]
    rows, columns = (
        ((np.arange(first, last) + 0.5) / factor - 0.5).astype("float32")
        for first, last in ((top, bottom), (0, content.shape[1]))
    )
    x, y = np.meshgrid(columns, rows)
    light = content[top:bottom] @ pixels.LUMINANCE
    return light - cv2.remap(soft, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


def _with_mirrored_edges(content: Rows, multiple: int) -> tuple[Callable, tuple[int, int, int], int, int]:
    """How to read rows of the photo in the middle of a picture that the network can halve, its shape, and where."""
    margins = [-side % multiple for side in content.shape[:2]]
    rows, columns = (
        np.pad(np.arange(side), (more // 2, more - more // 2), mode="symmetric")
        for side, more in zip(content.shape[:2], margins, strict=True)
    )

    def read(top, bottom):
        wanted = rows[top:bottom]
        first, last = int(wanted.min()), int(wanted.max()) + 1
        found = content[first:last]
        return found if margins == [0, 0] else found[np.ix_(wanted - first, columns)]

    return read, (len(rows), len(columns), 3), margins[0] // 2, margins[1] // 2
