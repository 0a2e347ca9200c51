"""Statistics of the colours of a picture, and moving them to another's. NumPy, for single pictures."""

import numpy as np

LEAST_VARIANCE = 1e-5  # of a picture of one colour, which would be divided by


def look_at(picture: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean (3,), and square root and inverse square root (3, 3) of the covariance, of the colours of (h, w, 3)."""
    colours = picture.reshape(-1, 3).astype("float64")
    values, vectors = np.linalg.eigh(np.cov(colours.T, bias=True))
    roots = np.sqrt(np.maximum(values, 0) + LEAST_VARIANCE)
    return colours.mean(0), (vectors * roots) @ vectors.T, (vectors / roots) @ vectors.T


def transport(picture: np.ndarray, style: np.ndarray) -> np.ndarray:
    """A picture (h, w, 3) in the colours of a style (h', w', 3): mean and covariance become the style's, float32.

    The linear map that moves colours least (Pitié & Kokaram 2007, doi:10.1049/cp:20070055). Nothing is clipped.
    """
    (own_mean, own_root, own_inverse), (mean, root, _) = look_at(picture), look_at(style)
    values, vectors = np.linalg.eigh(own_root @ root @ root @ own_root)
    between = (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T
    return ((picture - own_mean) @ (own_inverse @ between @ own_inverse) + mean).astype("float32")
