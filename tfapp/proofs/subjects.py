"""What a photo is about, found by GrabCut (Rother, Kolmogorov, Blake 2004): two mixtures of colours, and a cut.

No network and no understanding: what lies at the edges is taken for ground, what fills the middle for the subject.
"""

import cv2
import numpy as np
from django.utils.translation import gettext_noop

NOT_FOUND = gettext_noop("We could not tell a subject from its background. Paint it by hand instead.")
SIDE = 224  # pixels: more is slower and no wiser
N_ROUNDS = 4
EDGE = 0.04  # of the sides: certainly ground
MIDDLE = 0.36, 0.42  # half width and half height of the ellipse that is probably subject
LEAST, MOST = 0.02, 0.9  # a share of the picture beyond these is no subject
SOFTNESS = 0.012  # of the longest side


def find(photo: np.ndarray) -> np.ndarray | None:
    """A soft mask (height, width) in 0..1 of what stands in the middle of a photo; None where nothing does."""
    height, width = photo.shape[:2]
    scale = SIDE / max(height, width)
    size = max(8, round(width * scale)), max(8, round(height * scale))
    small = cv2.resize((photo[..., ::-1] * 255).astype("uint8"), size, interpolation=cv2.INTER_AREA)

    mask = _first_guess(*small.shape[:2])
    cv2.setRNGSeed(0)  # the same photo has the same subject
    try:
        cv2.grabCut(small, mask, None, np.zeros((1, 65)), np.zeros((1, 65)), N_ROUNDS, cv2.GC_INIT_WITH_MASK)
    except cv2.error:  # one colour all over
        return None
    found = _largest(np.isin(mask, (cv2.GC_FGD, cv2.GC_PR_FGD)).astype("uint8"))
    if not LEAST <= found.mean() <= MOST:
        return None
    large = cv2.resize(found.astype("float32"), (width, height), interpolation=cv2.INTER_LINEAR)
    return np.clip(cv2.GaussianBlur(large, (0, 0), max(0.5, SOFTNESS * max(height, width))), 0, 1)


def _first_guess(height: int, width: int) -> np.ndarray:
    mask = np.full((height, width), cv2.GC_PR_BGD, "uint8")
    axes = round(MIDDLE[0] * width), round(MIDDLE[1] * height)
    cv2.ellipse(mask, (width // 2, height // 2), axes, 0, 0, 360, cv2.GC_PR_FGD, -1)
    rows, columns = max(1, round(EDGE * height)), max(1, round(EDGE * width))
    mask[:rows], mask[:, :columns], mask[:, -columns:] = cv2.GC_BGD, cv2.GC_BGD, cv2.GC_BGD
    return mask  # a subject may stand on the lower edge


def _largest(found: np.ndarray) -> np.ndarray:
    """Without the crumbs: pieces smaller than a tenth of the largest."""
    n_pieces, labels, facts, _centres = cv2.connectedComponentsWithStats(found)
    sizes = facts[1:, cv2.CC_STAT_AREA]
    if n_pieces < 2:
        return found
    kept = [number + 1 for number, size in enumerate(sizes) if size >= sizes.max() / 10]
    return np.isin(labels, kept).astype("uint8")
