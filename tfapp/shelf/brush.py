"""A brush with bristles and thick paint: strokes are laid one over another, in colour and in height."""

from dataclasses import dataclass

import numpy as np

from tfapp.shelf import canvas

VARIANTS, ACROSS, ALONG = 8, 48, 160  # each brush is a few pre-drawn prints of it


@dataclass(frozen=True)
class Brush:
    """Prints of a brush, each (VARIANTS, ACROSS, ALONG): where it covers, how high paint lies, how its tint varies."""

    cover: np.ndarray
    height: np.ndarray
    tint: np.ndarray


@dataclass
class Strokes:
    """Many strokes: arrays of one length. `bend` is how far the ends leave the line, as a share of the length."""

    y: np.ndarray
    x: np.ndarray
    angle: np.ndarray  # radians, 0 to the right, growing clockwise
    length: np.ndarray
    width: np.ndarray
    colour: np.ndarray
    bend: np.ndarray


class Painting:
    """A ground that takes paint."""

    def __init__(self, ground: np.ndarray):
        self.colour = np.array(ground, "float32")
        self.height = np.zeros(ground.shape[:2], "float32")
        self.n = ground.shape[0]

    def paint(self, brush: Brush, strokes: Strokes, *, opacity=1.0, tint=0.12, tooth=None, seed=0) -> None:
        """Lay the strokes in their order. `tooth` (n, n) keeps paint out of the hollows of the paper."""
        rng = np.random.default_rng(seed)
        prints = rng.integers(VARIANTS, size=len(strokes.y))
        flips = rng.choice([-1, 1], size=len(strokes.y))
        for i, (number, flip) in enumerate(zip(prints, flips, strict=True)):
            spot = self._spot(brush, strokes, i, number, flip)
            if spot is None:
                continue
            window, rows, columns = spot
            cover = brush.cover[number, rows, columns] * opacity
            if tooth is not None:
                cover = cover * canvas.step(cover * 1.15, tooth[window] - 0.12, tooth[window] + 0.12)
            colour = strokes.colour[i] + tint * brush.tint[number, rows, columns][..., None]
            self.colour[window] += (colour - self.colour[window]) * cover[..., None]
            self.height[window] += (brush.height[number, rows, columns] - 0.65 * self.height[window]) * cover

    def _spot(self, brush, strokes, i, number, flip):
        """The window that stroke i touches, and for its pixels the row and column of the print."""
        n = self.n
        y, x, length, width = (float(v[i]) * n for v in (strokes.y, strokes.x, strokes.length, strokes.width))
        cos, sin, bend = np.cos(strokes.angle[i]), np.sin(strokes.angle[i]), float(strokes.bend[i]) * 4 / length
        half = length / 2 + width
        reach_x = abs(cos) * half + abs(sin) * (width / 2 + abs(strokes.bend[i]) * length) + 1
        reach_y = abs(sin) * half + abs(cos) * (width / 2 + abs(strokes.bend[i]) * length) + 1
        top, left = max(0, int(y - reach_y)), max(0, int(x - reach_x))
        bottom, right = min(n, int(y + reach_y) + 1), min(n, int(x + reach_x) + 1)
        if top >= bottom or left >= right:
            return None

        dy = np.arange(top, bottom, dtype="float32")[:, None] - y
        dx = np.arange(left, right, dtype="float32")[None] - x
        along = dx * cos + dy * sin
        across = dy * cos - dx * sin - bend * along * along
        rows = np.clip(((across / width) * flip + 0.5) * ACROSS, 0, ACROSS - 1).astype("int32")
        columns = np.clip((along / length + 0.5) * ALONG, 0, ALONG - 1).astype("int32")
        return np.s_[top:bottom, left:right], rows, columns

    def finish(self, size: int, *, depth=0.005, gloss=0.12) -> np.ndarray:
        """The painting under light, at `size`."""
        height = canvas.smooth(self.height, 0.0007)
        return canvas.shrink(canvas.light(np.clip(self.colour, 0, 1), height, depth=depth, gloss=gloss), size)


def make_brush(seed: int, *, ragged=0.16, gaps=0.25, taper=0.0, ridge=0.5) -> Brush:
    """`ragged`: how uneven the ends are; `gaps`: how much the bristles part; `taper`: how pointed; `ridge`: paint
    pushed up at the sides."""
    rng = np.random.default_rng(seed)
    u = (np.arange(ALONG) + 0.5) / ALONG
    v = np.abs((np.arange(ACROSS) + 0.5) / ACROSS * 2 - 1)[:, None]
    cover, height, tint = (np.empty((VARIANTS, ACROSS, ALONG), "float32") for _ in range(3))
    for k in range(VARIANTS):
        bristles = _streaks(rng)
        start, end = (ragged * np.abs(_row_noise(rng)) for _ in range(2))
        inside = canvas.step(u[None] - start[:, None], 0, 0.06) * canvas.step(1 - u[None] - end[:, None], 0, 0.06)
        waist = 1 - taper * np.abs(2 * u[None] - 1) ** 1.5
        side = canvas.step(v / np.maximum(waist, 0.02) + 0.1 * bristles, 1.0, 0.8)
        parted = canvas.step(bristles + 2.2 - gaps * 4 * u[None] ** 2, -0.3, 0.5)
        cover[k] = inside * side * parted
        edge = np.exp(-(((v - 0.8) / 0.15) ** 2)) + np.exp(-(((u[None] - 0.93) / 0.05) ** 2))
        height[k] = (0.5 + 0.2 * bristles + ridge * 0.5 * edge) * np.sqrt(inside * side)
        tint[k] = 0.6 * bristles + 0.5 * _streaks(rng)
    cover[..., [0, -1]] = 0
    cover[:, [0, -1]] = 0
    return Brush(cover, height, tint)


def follow(
    picture: np.ndarray,
    field: np.ndarray,
    count: int,
    seed: int,
    *,
    length,
    width,
    wobble=0.15,
    spread=0.05,
    where=None,
) -> Strokes:
    """Strokes strewn by chance that follow the field and take the picture's colours, each a little off by `spread`.
    `where` (n, n) in 0..1 is how likely a place is to be painted."""
    rng = np.random.default_rng(seed)
    y, x = rng.uniform(-0.02, 1.02, (2, count))
    if where is not None:
        kept = rng.random(count) < canvas.look_up(where, y, x)
        y, x = y[kept], x[kept]
    count = len(y)
    angle = canvas.look_up(field, y, x)
    length = length * rng.uniform(0.65, 1.35, count)
    dy, dx = np.sin(angle) * length / 2, np.cos(angle) * length / 2
    turn = canvas.look_up(field, y + dy, x + dx) - canvas.look_up(field, y - dy, x - dx)
    turn = (turn + np.pi / 2) % np.pi - np.pi / 2  # a stroke has no front and back
    colour = canvas.look_up(picture, y, x) + spread * (
        0.8 * rng.standard_normal((count, 1)) + rng.standard_normal((count, 3))
    )
    return Strokes(
        y=y,
        x=x,
        angle=angle + wobble * rng.standard_normal(count),
        length=length,
        width=width * rng.uniform(0.7, 1.3, count),
        colour=colour.astype("float32"),
        bend=np.clip(turn, -1.2, 1.2) / 8,
    )


def field_of(stream: np.ndarray) -> np.ndarray:
    """The angle along the level lines of `stream`."""
    slope_y, slope_x = np.gradient(stream)
    return np.arctan2(-slope_x, slope_y)


def _streaks(rng) -> np.ndarray:
    """Lines along the stroke that change slowly; mean 0, deviation 1."""
    fixed = _row_noise(rng)[:, None]
    moving = canvas.resize(rng.standard_normal((ACROSS // 2, 5)), ALONG)[:ACROSS]
    total = fixed + 0.6 * moving
    return (total - total.mean()) / total.std()


def _row_noise(rng) -> np.ndarray:
    return rng.standard_normal(ACROSS)
