"""Line drawings as boolean arrays: thinned to one pixel, cleaned of crumbs and spurs, inked with a pen's width."""

import cv2
import numpy as np

# Neighbours of a pixel, clockwise from the one above, each a bit of its code.
_BITS = np.array([[128, 1, 2], [64, 0, 4], [32, 16, 8]], "float32")
_ROUNDS = 200  # thinning ends by itself after half the greatest width


def _make_tables() -> tuple[np.ndarray, np.ndarray]:
    """For each code, whether the two passes of Guo & Hall (1989) may take the pixel away."""
    tables = np.zeros((2, 256), "uint8")
    for code in range(256):
        p2, p3, p4, p5, p6, p7, p8, p9 = ((code >> bit) & 1 for bit in range(8))
        crossings = (
            ((not p2) & (p3 | p4)) + ((not p4) & (p5 | p6)) + ((not p6) & (p7 | p8)) + ((not p8) & (p9 | p2))
        )  # fmt: skip
        pairs = ((p9 | p2) + (p3 | p4) + (p5 | p6) + (p7 | p8), (p2 | p3) + (p4 | p5) + (p6 | p7) + (p8 | p9))
        goes = crossings == 1 and 2 <= min(pairs) <= 3
        tables[0, code] = goes and not ((p6 | p7 | (not p9)) & p8)
        tables[1, code] = goes and not ((p2 | p3 | (not p5)) & p4)
    return tables[0], tables[1]


_TABLES = _make_tables()
_NEIGHBOURS = np.array([bin(code).count("1") for code in range(256)], "uint8")


def thin(ink: np.ndarray) -> np.ndarray:
    """Lines of one pixel along the middle of bool (h, w), connected as it was."""
    ink = ink.astype("uint8")
    for _ in range(_ROUNDS):
        before = cv2.countNonZero(ink)
        for table in _TABLES:
            ink &= ~cv2.LUT(_codes(ink), table) & 1
        if cv2.countNonZero(ink) == before:
            break
    return ink.astype(bool)


def drop_small(ink: np.ndarray, pixels: int) -> np.ndarray:
    """Without the connected pieces of fewer pixels."""
    _, labels, facts, _ = cv2.connectedComponentsWithStats(ink.astype("uint8"), connectivity=8)
    keep = facts[:, cv2.CC_STAT_AREA] >= pixels
    keep[0] = False  # the paper
    return keep[labels]


def drop_spurs(thinned: np.ndarray, pixels: int) -> np.ndarray:
    """Thinned lines without the side branches of fewer pixels; lines that stand alone keep their ends."""
    ink = thinned.astype("uint8")
    joints = ink & (cv2.LUT(_codes(ink), _NEIGHBOURS) > 2)
    near_joints = cv2.dilate(joints, np.ones((3, 3), "uint8"))
    _, labels, facts, _ = cv2.connectedComponentsWithStats(ink & ~joints & 1, connectivity=8)

    ends = ink & (cv2.LUT(_codes(ink), _NEIGHBOURS) == 1)
    has_end, touches_joint = np.zeros((2, len(facts)), bool)
    has_end[labels[ends > 0]] = True
    touches_joint[labels[near_joints > 0]] = True
    goes = has_end & touches_joint & (facts[:, cv2.CC_STAT_AREA] < pixels)
    goes[0] = False
    return thin(thinned & ~goes[labels])


def draw(thinned: np.ndarray, thickness: float) -> np.ndarray:
    """float32 (h, w), 1 for paper and 0 for ink: the lines drawn by a round pen, with smooth borders."""
    if not thinned.any():
        return np.ones(thinned.shape, "float32")
    distance = cv2.distanceTransform((~thinned).astype("uint8"), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    smooth = cv2.GaussianBlur(distance, (0, 0), 1.0)  # takes away the stairs; the middle of a line rises to 0.8
    return np.clip(smooth - 0.3 - (thickness - 1) / 2, 0, 1).astype("float32")


def _codes(ink):
    return cv2.filter2D(ink, cv2.CV_8U, _BITS, borderType=cv2.BORDER_CONSTANT)
