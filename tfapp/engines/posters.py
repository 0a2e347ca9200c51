"""Posters: a photo that no memory holds, painted a few rows at a time by networks that see the whole of it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from tfapp.engines import pictures
from tfapp.engines.base import EngineError, Inputs, Progress, Rows
from trainer.networks import adain
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


def reduce(content: Rows, side: int) -> np.ndarray:
    """The photo small enough to be held, by the means of squares of pixels; its shorter side still at least `side`."""
    factor = max(1, min(content.shape[:2]) // side)
    height, width = (length // factor for length in content.shape[:2])
    n_rows = max(1, ROWS_AT_ONCE // factor)
    small = []
    for top in range(0, height, n_rows):
        bottom = min(height, top + n_rows)
        rows = content[top * factor : bottom * factor][:, : width * factor]
        small.append(rows.reshape(bottom - top, factor, width, factor, 3).mean((1, 3), dtype="float32"))
    return np.concatenate(small)


def paint(
    networks: dict, content: Rows, code: np.ndarray, *, folder: Path, progress: Progress
) -> Iterator[tuple[int, np.ndarray]]:
    """The content in the manner of the code: (first row, float32 rows) from top to bottom, about 0..1."""
    height, width = content.shape[:2]
    read, shape, top, left = _with_mirrored_edges(content)
    stream = Stream(folder)
    features = stream.through(networks["content_encoder"], stream.photo(shape, read))
    picture = stream.through(networks["decoder"], features, code)

    at = -top
    for rows in stream.rows(picture, progress):
        inside = rows[max(0, -at) : max(0, height - at), left : left + width]
        if len(inside):
            yield max(0, at), inside
        at += len(rows)


def _with_mirrored_edges(content: Rows) -> tuple[Callable, tuple[int, int, int], int, int]:
    """How to read rows of the photo in the middle of a picture that the network can halve, its shape, and where."""
    margins = [-side % adain.CONTENT_MULTIPLE for side in content.shape[:2]]
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
