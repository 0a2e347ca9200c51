"""Colour, apart from light: for engines that leave the photo its palette."""

import cv2
import numpy as np

from trainer.networks import colours
from trainer.networks.pixels import LUMINANCE

EDGE_SHARE = 0.006  # of the longer side: what is finer than this is an edge


def keep_colours(picture: np.ndarray, photo: np.ndarray) -> np.ndarray:
    """The picture's light with the photo's colours, both (h, w, 3) in 0..1. Nothing is clipped."""
    light = picture @ LUMINANCE
    hues = photo - (photo @ LUMINANCE)[..., None]

    # Where light and colour together would leave 0..1, the colour gives way.
    room_above = (1 - light) / np.maximum(hues.max(-1), 1e-6)
    room_below = light / np.maximum(-hues.min(-1), 1e-6)
    share = np.clip(np.minimum(room_above, room_below), 0, 1)

    return np.clip(light[..., None] + share[..., None] * hues, 0, 1).astype("float32")


def match_statistics(style: np.ndarray, photo: np.ndarray) -> np.ndarray:
    """A style picture in the colours of a photo, both (h, w, 3) in 0..1: mean and covariance become the photo's.

    Gatys et al. 2016, arXiv:1606.05897, section 4.1, by the symmetric square roots of the covariances.
    """
    (mean, root, _), (own_mean, _, own_inverse) = colours.look_at(photo), colours.look_at(style)
    moved = (style - own_mean) @ (own_inverse @ root) + mean
    return np.clip(moved, 0, 1).astype("float32")


def find_edges(photo: np.ndarray) -> np.ndarray:
    """The fine edges in the light of a photo (h, w, 3): (h, w)."""
    return photo @ LUMINANCE - soften(photo)


def soften(photo: np.ndarray) -> np.ndarray:
    """The light of a photo (h, w, 3) without its fine edges: (h, w)."""
    return cv2.GaussianBlur(photo @ LUMINANCE, (0, 0), EDGE_SHARE * max(photo.shape))


def sharpen(picture: np.ndarray, edges: np.ndarray, amount: float) -> np.ndarray:
    """The picture, (h, w, 3) in 0..1, with `amount` (0 to 1) of a photo's edges (h, w) laid over its light."""
    return np.clip(picture + amount * edges[..., None], 0, 1).astype("float32")
