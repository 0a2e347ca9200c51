"""Pixels in and out of networks: the one place where bytes become 0..1 on this side of the house."""

import cv2
import numpy as np
from keras import ops

LUMINANCE = np.array([0.299, 0.587, 0.114], "float32")  # Rec. 601, on the values as they are shown


def from_bytes(pictures):
    """uint8 tensor (…, 3) → float32 in 0..1."""
    return ops.cast(pictures, "float32") / 255.0


def to_signed(pictures):
    """uint8 tensor (…, 3) → float32 in -1..1."""
    return 2 * from_bytes(pictures) - 1


def signed_to_bytes(pictures):
    """The inverse of `to_signed`, rounded and limited."""
    return ops.cast(ops.round(255 * ops.clip((pictures + 1) / 2, 0, 1)), "uint8")


def to_bytes(picture: np.ndarray) -> np.ndarray:
    """float array (…, 3) → uint8, rounded and limited to 0..255."""
    return (np.clip(np.asarray(picture, "float32"), 0, 1) * 255 + 0.5).astype("uint8")


def resize(picture: np.ndarray, height: int, width: int) -> np.ndarray:
    """A float32 (h, w, 3) picture in 0..1 at another size, without steps or moiré."""
    shrinks = height < picture.shape[0] or width < picture.shape[1]
    # A cubic curve looks at 4×4 pixels, however many lie between two new ones: areas are for making smaller.
    resized = cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC)
    return np.clip(resized, 0, 1)
