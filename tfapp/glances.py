"""Pixels that are only glanced at: masks read over a picture, and previews as bytes for a browser."""

from collections.abc import Iterable
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image

from tfapp import images

JPEG_OPTIONS = {"quality": 88}
MASK_BLACK, MASK_WHITE = 8, 247  # of 255


def read_masks(paths: Iterable[Path], size: tuple[int, int]) -> np.ndarray | None:
    """Stored masks over a picture of that height and width, float32 (height, width, n): soft, at most 1 together.

    Nearly black is black, and nearly white is white: that much their JPEGs may be off. None where there are none.
    """
    masks = [_read_mask(path, size) for path in paths]
    if not masks:
        return None
    stack = np.stack(masks, axis=-1)
    return stack / np.maximum(stack.sum(-1, keepdims=True), 1)


def as_jpeg(picture: np.ndarray) -> bytes:
    """A picture, float32 (height, width, 3) in 0 to 1: small, and quickly made."""
    return _encode(picture, "JPEG", **JPEG_OPTIONS)


def as_png(mask: np.ndarray) -> bytes:
    """A mask, float32 (height, width) in 0 to 1."""
    return _encode(mask, "PNG", compress_level=2)


def _encode(array: np.ndarray, kind: str, **options) -> bytes:
    data = BytesIO()
    Image.fromarray((np.clip(np.nan_to_num(array), 0, 1) * 255 + 0.5).astype(np.uint8)).save(data, kind, **options)
    return data.getvalue()


def _read_mask(path: Path, size: tuple[int, int]) -> np.ndarray:
    height, width = size
    with Image.open(path, formats=images.OWN_FORMATS) as image:
        mask = image.convert("L").resize((width, height), Image.Resampling.BILINEAR)
    return np.clip((np.asarray(mask, "float32") - MASK_BLACK) / (MASK_WHITE - MASK_BLACK), 0, 1)
