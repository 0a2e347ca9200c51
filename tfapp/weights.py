"""How much of each style where: a row of numbers for the ground, then one for each region that was painted."""

import json

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

MAX_REGIONS = 3
DIGITS = 4
LARGEST = 1e6

Rows = list[list[float]]


def read(text: str, *, n_styles: int, n_regions: int) -> Rows:
    """The rows in a JSON text; none where nothing was sent. Raises ValidationError."""
    rows = read_any(text, n_styles=n_styles) if text else []
    if rows and len(rows) != n_regions + 1:
        raise ValidationError(
            _("The weights need %(n)d rows: one for the background, and one for each mask.") % {"n": n_regions + 1}
        )
    return rows


def read_any(text: str, *, n_styles: int) -> Rows:
    """However many rows there are, each made to sum up to one. Raises ValidationError."""
    try:
        rows = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValidationError(_("The weights must be JSON: a list of lists of numbers.")) from error
    if not isinstance(rows, list) or not rows or not all(isinstance(row, list) for row in rows):
        raise ValidationError(_("The weights must be JSON: a list of lists of numbers."))
    return [_share(row, n_styles) for row in rows]


def equal(n_styles: int) -> list[float]:
    """As much of each."""
    return [round(1 / n_styles, DIGITS)] * n_styles


def fit(rows: Rows, *, n_styles: int, n_regions: int) -> Rows:
    """As many rows as there are regions now; where the styles are others, all begin anew."""
    rows = rows if all(len(row) == n_styles for row in rows) else []
    return [*rows, *([equal(n_styles)] * (n_regions + 1))][: n_regions + 1]


def at(x: float, y: float, n_styles: int) -> list[float]:
    """The shares at a point of the pad, 0 to 1 from the top left: styles lie in its corners.

    Two lie left and right; of three, the last one is the whole lower edge. static/js/pad.js does the same.
    """
    if n_styles == 1:
        return [1.0]
    if n_styles == 2:
        row = [1 - x, x]
    elif n_styles == 3:
        row = [(1 - x) * (1 - y), x * (1 - y), y]
    else:
        row = [(1 - x) * (1 - y), x * (1 - y), (1 - x) * y, x * y]
    return [round(share, DIGITS) for share in row]


def schema(file: dict) -> dict[str, dict]:
    """OpenAPI properties: masks, each described as that kind of file is, and the rows."""
    return {
        "mask": {
            "type": "array",
            "items": file,
            "maxItems": MAX_REGIONS,
            "description": "Where other shares of the styles hold, white on black, in the shape of the photo: a region "
            "each. For engines that mix styles; others overlook it, and `weights` too.",
        },
        "weights": {
            "type": "string",
            "description": "The share of each style, as JSON: a row for the background, then one for each `mask`, such "
            "as `[[1, 0], [0.3, 0.7]]` for two styles and one mask.",
        },
    }


def _share(row: list, n_styles: int) -> list[float]:
    if len(row) != n_styles:
        raise ValidationError(_("Each row of weights needs %(n)d numbers, one for each style.") % {"n": n_styles})
    if not all(isinstance(one, int | float) and not isinstance(one, bool) for one in row):
        raise ValidationError(_("Weights must be numbers."))
    if not all(0 <= one <= LARGEST for one in row) or not sum(row):  # which no NaN is
        raise ValidationError(_("Weights must be 0 or more, and in each row one must be more than 0."))
    return [round(one / sum(row), DIGITS) for one in row]
