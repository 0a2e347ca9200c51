"""Clean edges made to look drawn by hand: broken, wobbly, of varied width, some strokes missing or drawn twice.

People draw less precisely than an edge detector; a generator that only saw clean edges fails on their sketches.
"""

import math
from dataclasses import dataclass

import cv2
import numpy as np

from trainer.datasets import lines

DARK = 160  # of 255; what is darker is ink
AWAY = 20.0  # pixels; a stroke this far off is not seen
DESIGNED_AT = 128  # pixels of the side for which the lengths below are given; they grow with the picture


@dataclass(frozen=True)
class HandDrawn:
    """How far a drawing may be from its edges. Lengths are pixels of a drawing 128 wide."""

    thinnest: float = 1.2  # pixels of a stroke
    thickest: float = 4.0  # drawn on a small canvas with a thick pen
    uneven: float = 0.35  # pixels by which the width changes along a stroke
    wobble: float = 1.1  # pixels, in long waves
    tremble: float = 0.35  # pixels, in short waves
    turn: float = 2.0  # degrees to either side
    offset: float = 1.2  # pixels to either side
    stroke: float = 45.0  # pixels of line from one lift of the pen to the next
    gaps: float = 0.3  # share of the lifts that leave a gap
    missing: float = 0.15  # share of short strokes that are not drawn; long ones stay
    twice: float = 0.15  # share of drawings in which some strokes are drawn twice
    filled: float = 0.3  # share of drawings whose small shapes (eyes, mouths) are filled with ink
    single: float = 0.4  # share of drawings whose narrow shapes are one line
    specks: float = 0.2  # share of drawings with a few dots and ticks


def roughen(edges: np.ndarray, rng: np.random.Generator, options: HandDrawn = HandDrawn()) -> np.ndarray:
    """A drawing by hand, uint8 (h, w), of edges, uint8 (h, w), both black on white; it depends on `rng` alone."""
    scale = max(1.0, min(edges.shape) / DESIGNED_AT)
    ink = edges < DARK
    if not ink.any():
        return edges.copy()
    blots = _blots(ink, rng, scale, options)
    ink = _collapse(ink, scale) if rng.random() < options.single else ink
    away, strokes, n_strokes = _lift_pen(lines.thin(ink), rng, scale, options)

    widths = rng.uniform(options.thinnest, options.thickest, n_strokes + 1)  # one number a stroke
    widths = np.sqrt(widths * rng.uniform(options.thinnest, options.thickest))  # and one pen a drawing
    waves = _waves(edges.shape, rng, scale, options)
    distance = away - np.maximum(widths.astype("float32")[strokes] / 2 + waves[..., 2], 0.45) * scale
    if blots is not None:
        distance = np.minimum(distance, blots)
    drawn = _warp(distance, waves, rng, scale, options)
    if rng.random() < options.twice:
        again = (rng.random(n_strokes + 1) < 0.4)[strokes]
        other = _waves(edges.shape, rng, scale, options)
        drawn = np.minimum(drawn, _warp(np.where(again, distance, AWAY), other, rng, scale, options))
    return _specked(np.clip(127.5 + 255 * drawn, 0, 255).astype("uint8"), rng, scale, options)


def _lift_pen(thinned, rng, scale, options):
    """Cut lines into strokes: distance to the nearest, its number, how many there are."""
    y, x = np.nonzero(thinned)
    n_cuts = rng.poisson(len(x) / (options.stroke * scale))
    at = rng.integers(len(x), size=n_cuts)
    is_gap = rng.random(n_cuts) < options.gaps
    reach = rng.uniform(1.0, 3.5, n_cuts) * scale
    cut, seen = (~thinned).astype("uint8"), (~thinned).astype("uint8")
    for i, gap, radius in zip(at, is_gap, reach, strict=True):
        centre = (int(x[i]), int(y[i]))
        cv2.circle(cut, centre, max(2, round(radius)), 1, -1)
        if gap:
            cv2.circle(seen, centre, round(radius), 1, -1)
    if cut.all() or seen.all():
        cut = seen = (~thinned).astype("uint8")

    _, strokes = cv2.distanceTransformWithLabels(cut, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_CCOMP)
    away = cv2.distanceTransform(seen, cv2.DIST_L2, 5)
    lengths = np.bincount(strokes[cut == 0])
    goes = rng.random(len(lengths)) < options.missing * np.minimum(1, 25 * scale / np.maximum(lengths, 1))
    goes[lengths.argmax()] = False
    return np.where(goes[strokes], AWAY, away), strokes, len(lengths)


def _blots(ink, rng, scale, options):
    """The signed distance to small shapes filled with ink, or None."""
    chosen, eagerness = rng.random(2)
    if chosen >= options.filled:
        return None
    n_areas, areas, facts, _ = cv2.connectedComponentsWithStats((~ink).astype("uint8"), connectivity=4)
    small = facts[:, cv2.CC_STAT_AREA] < 130 * scale * scale
    small[0] = False
    small &= rng.random(n_areas) < 0.4 + 0.6 * eagerness
    filled = cv2.dilate(small[areas].astype("uint8"), np.ones((3, 3), "uint8"))
    if not filled.any():
        return None
    inside, outside = (cv2.distanceTransform(mask, cv2.DIST_L2, 5) for mask in (filled, 1 - filled))
    return np.where(filled > 0, 0.5 - inside, outside - 0.5)


def _collapse(ink, scale):
    """Narrow closed shapes filled, so that thinning leaves one line of them."""
    n_areas, areas, facts, _ = cv2.connectedComponentsWithStats((~ink).astype("uint8"), connectivity=4)
    inside = cv2.distanceTransform((~ink).astype("uint8"), cv2.DIST_L2, 3)
    # The middle of a band of width w is w / 2 from its borders, everywhere along it: the mean is a quarter.
    breadth = 4 * np.bincount(areas.ravel(), inside.ravel(), n_areas) / np.maximum(facts[:, cv2.CC_STAT_AREA], 1)
    extent = facts[:, [cv2.CC_STAT_WIDTH, cv2.CC_STAT_HEIGHT]].max(1)
    narrow = (breadth < 8 * scale) & (extent > 2.0 * breadth)
    narrow[0] = False
    return ink | narrow[areas]


def _waves(shape, rng, scale, options):
    """Three smooth fields, float32 (h, w, 3): pixels across, pixels down, and the unevenness of the width."""
    height, width = (math.ceil(side / (8 * scale)) + 1 for side in shape)
    long_waves = rng.standard_normal((max(2, height // 4 + 1), max(2, width // 4 + 1), 3), "float32")
    short_waves = rng.standard_normal((height, width, 3), "float32")
    strength = options.wobble * rng.uniform(0.3, 1.3)
    coarse = cv2.resize(long_waves, (width, height), interpolation=cv2.INTER_CUBIC)
    coarse *= np.float32((strength * scale, strength * scale, 0))
    coarse += short_waves * np.float32((options.tremble * scale, options.tremble * scale, options.uneven / 2))
    return cv2.resize(coarse, shape[::-1], interpolation=cv2.INTER_CUBIC)


def _warp(distance, waves, rng, scale, options):
    """The distances, seen through a field of small displacements, a turn and an offset."""
    angle = math.radians(rng.uniform(-options.turn, options.turn))
    shift_x, shift_y = rng.uniform(-options.offset, options.offset, 2) * scale
    y, x = (np.arange(length, dtype="float32") - np.float32((length - 1) / 2) for length in distance.shape)
    middle_y, middle_x = -y[0], -x[0]
    cos, sin = np.float32(math.cos(angle)), np.float32(math.sin(angle))
    across = waves[..., 0] + (cos * x + np.float32(middle_x + shift_x)) - (sin * y)[:, None]
    down = waves[..., 1] + (sin * x + np.float32(middle_y + shift_y)) + (cos * y)[:, None]
    return cv2.remap(
        distance.astype("float32"), across, down, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=AWAY
    )


def _specked(drawing, rng, scale, options):
    if rng.random() >= options.specks:
        return drawing
    height, width = drawing.shape
    for _ in range(rng.integers(1, 5)):
        x, y = rng.integers(width), rng.integers(height)
        dx, dy = (round(step) for step in rng.normal(0, 2 * scale, 2))
        cv2.line(drawing, (int(x), int(y)), (int(x) + dx, int(y) + dy), 0, 1, cv2.LINE_AA)
    return drawing
