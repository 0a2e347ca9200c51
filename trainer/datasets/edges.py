"""Pictures made into line drawings: where colour changes, one line per change, as somebody would draw it.

The gradient of all Lab channels at once (Di Zenzo 1986), thinned and linked as in Canny 1986; texture is held
back by what surrounds it (Grigorescu, Petkov & Westenberg 2003). Two borders of one thin thing become one line.
"""

import math
from dataclasses import replace

import cv2
import numpy as np

from trainer.datasets import lines
from trainer.datasets.edge_options import EdgeOptions

USUAL = EdgeOptions()


def extract(picture: np.ndarray, options: EdgeOptions = USUAL) -> np.ndarray:
    """A drawing, float32 (h, w), white paper 1, black lines 0, of a picture, float32 (h, w, 3 or 4) 0..1.

    A fourth channel is the picture's opacity: the border of what is opaque is drawn too, so that a white thing
    on white paper keeps its outline.
    """
    if picture.ndim != 3 or picture.shape[2] not in (3, 4):
        raise ValueError(f"A picture is (height, width, 3 or 4), not {picture.shape}.")
    if options.fineness > 1:
        return _extract_finely(picture, options)
    return finish(_find(picture, options)[1], options)


def explain(picture: np.ndarray, options: EdgeOptions = USUAL) -> list[np.ndarray]:
    """Each step as float32 (h, w): differences (black is 100), the lines found, and what `extract` makes of them."""
    height, width = picture.shape[:2]
    large, fine = _enlarge(picture, options) if options.fineness > 1 else (picture, options)
    strength, found = _find(large, fine)
    pen = np.ones((options.fineness, options.fineness), "uint8")  # lines as wide as a pixel of the result
    steps = [1 - np.clip(strength / 100, 0, 1), 1 - cv2.dilate(found.astype("float32"), pen)]
    steps = [cv2.resize(step.astype("float32"), (width, height), interpolation=cv2.INTER_AREA) for step in steps]
    return [*steps, extract(picture, options)]


def finish(found: np.ndarray, options: EdgeOptions) -> np.ndarray:
    """Bool lines of any width, made into a drawing: merged, thinned, cleaned and inked."""
    if options.merge > 0:
        found = _close(found, options.merge)
    thinned = lines.drop_spurs(lines.thin(found), options.spur)
    return lines.draw(lines.drop_small(thinned, options.shortest), options.thickness)


def _extract_finely(picture, options):
    height, width = picture.shape[:2]
    drawing = extract(*_enlarge(picture, options))
    return cv2.resize(drawing, (width, height), interpolation=cv2.INTER_AREA)


def _enlarge(picture, options):
    """The picture as many times as large as `fineness` says, and the options that fit it."""
    times = options.fineness
    lengths = {name: getattr(options, name) * times for name in ("sigma", "merge", "shortest", "spur", "thickness")}
    large = cv2.resize(picture.astype("float32"), None, fx=times, fy=times, interpolation=cv2.INTER_CUBIC)
    return np.clip(large, 0, 1), replace(options, fineness=1, **lengths)


def _find(picture, options):
    """The calmed strength of differences, and bool lines where it is greatest."""
    strength, direction = _differences(_channels(picture), options.sigma)
    calmed = _calmed(strength, options)
    return calmed, _link(_crests(calmed, strength, direction), options)


def _channels(picture):
    rgb = np.ascontiguousarray(picture[..., :3], dtype="float32")
    lab = cv2.cvtColor(rgb, cv2.COLOR_RGB2Lab)
    if picture.shape[2] == 4:
        lab = np.dstack([lab, picture[..., 3].astype("float32") * 100])
    return lab


def _differences(channels, sigma):
    """The greatest difference across each pixel, and the unit vector (x, y) it lies along.

    Multiplied so that a blurred step of height d has the strength d at its middle.
    """
    blurred = cv2.GaussianBlur(channels, (0, 0), sigma, borderType=cv2.BORDER_REPLICATE)
    dx, dy = (cv2.Sobel(blurred, cv2.CV_32F, *order, ksize=3, scale=1 / 8) for order in ((1, 0), (0, 1)))
    xx, yy, xy = (dx * dx).sum(2), (dy * dy).sum(2), (dx * dy).sum(2)
    angle = 0.5 * np.arctan2(2 * xy, xx - yy)
    strength = np.sqrt((xx + yy) / 2 + np.sqrt(((xx - yy) / 2) ** 2 + xy * xy))
    return strength * (sigma * math.sqrt(2 * math.pi)), np.dstack([np.cos(angle), np.sin(angle)])


def _calmed(strength, options):
    """Less of what is like its surroundings: grass and fur go, outlines stay.

    The mean is taken of logarithms: a single outline hardly raises it, many small differences do.
    """
    if options.calm <= 0:
        return strength
    around = np.expm1(cv2.GaussianBlur(np.log1p(strength), (0, 0), options.sigma * 6))
    return strength - options.calm * around


def _crests(calmed, strength, direction):
    """The strength where it is greatest along its direction, 0 elsewhere."""
    height, width = strength.shape
    y, x = np.mgrid[:height, :width].astype("float32")
    step_x, step_y = direction[..., 0], direction[..., 1]
    before, after = (
        cv2.remap(strength, x + sign * step_x, y + sign * step_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        for sign in (np.float32(-1), np.float32(1))
    )
    return np.where((strength > before) & (strength >= after), np.maximum(calmed, 0), 0)


def _link(crests, options):
    """Weak crests that hang together with a strong one."""
    _, labels = cv2.connectedComponents((crests > options.weak).astype("uint8"), connectivity=8)
    keep = np.zeros(labels.max() + 1, bool)
    keep[labels[crests > options.strong]] = True
    keep[0] = False
    return keep[labels]


def _close(found, width):
    size = 2 * math.ceil(width / 2) + 1
    pen = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))
    padded = np.pad(found.astype("uint8"), size)
    return cv2.morphologyEx(padded, cv2.MORPH_CLOSE, pen)[size:-size, size:-size] > 0
