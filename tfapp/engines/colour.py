"""Colour, apart from light: for engines that leave the photo its palette."""

import cv2
import numpy as np

from trainer.networks.pixels import LUMINANCE

EDGE_SHARE = 0.006  # of the longer side: what is finer than this is an edge
LEAST_VARIANCE = 1e-5  # of a picture of one colour, which would be divided by


def keep_colours(picture: np.ndarray, photo: np.ndarray) -> np.ndarray:
    """The picture's light with the photo's colours, both (h, w, 3) in 0..1. Nothing is clipped."""
    light = picture @ LUMINANCE
    colours = photo - (photo @ LUMINANCE)[..., None]

    # Where light and colour together would leave 0..1, the colour gives way.
    room_above = (1 - light) / np.maximum(colours.max(-1), 1e-6)
    room_below = light / np.maximum(-colours.min(-1), 1e-6)
    share = np.clip(np.minimum(room_above, room_below), 0, 1)

    return np.clip(light[..., None] + share[..., None] * colours, 0, 1).astype("float32")


def match_statistics(style: np.ndarray, photo: np.ndarray) -> np.ndarray:
    """A style picture in the colours of a photo, both (h, w, 3) in 0..1: mean and covariance become the photo's.

    Gatys et al. 2016, arXiv:1606.05897, section 4.1, by the symmetric square roots of the covariances.
    """
    (mean, root, _), (own_mean, _, own_inverse) = _look_at_colours(photo), _look_at_colours(style)
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


def _look_at_colours(picture):
    """Mean, and square root and inverse square root of the covariance, of a picture's colours."""
    colours = picture.reshape(-1, 3).astype("float64")
    values, vectors = np.linalg.eigh(np.cov(colours.T, bias=True))
    roots = np.sqrt(np.maximum(values, 0) + LEAST_VARIANCE)
    return colours.mean(0), (vectors * roots) @ vectors.T, (vectors / roots) @ vectors.T
