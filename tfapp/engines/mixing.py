"""How a photo and its styles are to be mixed: an engine's parameters, read and checked."""

from dataclasses import dataclass

import numpy as np
from django.utils.translation import gettext_noop

from tfapp.engines import pictures
from tfapp.engines.base import EngineError, Inputs

MOST_STRENGTH = 1.5
LEAST_SCALE, MOST_SCALE = 0.5, 2.0
LIGHT, STATISTICS = "light", "statistics"  # whose colours: the photo's over the painting's light, or the style's moved

WRONG_WEIGHTS = gettext_noop("The weights of the styles do not fit the styles.")
WRONG_MASKS = gettext_noop("The masks of this picture do not fit the photo.")


@dataclass(frozen=True)
class Mix:
    """`weights` (k, n) say how much of each of n styles, in each of k regions; rows add up to one."""

    strength: float
    weights: np.ndarray
    style_scale: float
    colours: str | None  # LIGHT or STATISTICS where the photo's are kept
    sharpness: float
    second_look: bool  # not of the photo itself, which needs none
    masks: np.ndarray | None  # (h, w, k) float32, adding up to one everywhere; None where there is one region


def read(inputs: Inputs, *, n_styles: int, size: tuple[int, int] | None) -> Mix:
    """What the parameters of a photo of that size say; None: its masks may have any. EngineError for nonsense."""
    given = inputs.parameters
    masks = _read_masks(inputs.masks, size)
    keeps = bool(given.get("keep_colours"))
    strength = pictures.number(given, "strength", 1.0, 0, MOST_STRENGTH)
    return Mix(
        strength=strength,
        weights=_read_weights(given.get("weights"), n_styles, 1 if masks is None else masks.shape[-1]),
        style_scale=pictures.number(given, "style_scale", 1.0, LEAST_SCALE, MOST_SCALE),
        colours=(STATISTICS if given.get("colours") == STATISTICS else LIGHT) if keeps else None,
        sharpness=pictures.number(given, "sharpness", 0.0, 0, 1),
        second_look=bool(given.get("second_look")) and strength > 0,
        masks=masks,
    )


def _read_weights(rows, n_styles, n_regions):
    if not rows:
        return np.full((n_regions, n_styles), 1 / n_styles, "float32")
    try:
        weights = np.array(rows, "float32")
    except (TypeError, ValueError) as error:
        raise EngineError(WRONG_WEIGHTS) from error
    if weights.shape != (n_regions, n_styles) or not np.isfinite(weights).all() or (weights < 0).any():
        raise EngineError(WRONG_WEIGHTS)
    sums = weights.sum(1, keepdims=True)
    if not (sums > 0).all():
        raise EngineError(WRONG_WEIGHTS)
    return weights / sums


def _read_masks(regions, size):
    """The background before the regions; where they lie over each other they share."""
    if regions is None:
        return None
    regions = np.asarray(regions)
    if (
        regions.ndim != 3
        or size not in (None, regions.shape[:2])
        or regions.dtype.kind != "f"
        or not np.isfinite(regions).all()
    ):
        raise EngineError(WRONG_MASKS)
    regions = np.clip(regions.astype("float32"), 0, 1)
    regions = regions / np.maximum(regions.sum(-1, keepdims=True), 1)
    return np.concatenate([1 - regions.sum(-1, keepdims=True), regions], -1)
