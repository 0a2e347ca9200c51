"""What every drawing needs: noise, distances, colours, light.

A picture is float32 (n, n, 3) in 0..1. Lengths and places are shares of its side, x to the right and y down,
so that a drawing looks the same at every size.
"""

import numpy as np
from PIL import Image

BLOCK = 32  # pixels; the side of the squares in which `nearest` looks for its candidates


def grid(n: int) -> tuple[np.ndarray, np.ndarray]:
    """y and x of every pixel's centre, each (n, n)."""
    line = (np.arange(n, dtype="float32") + 0.5) / n
    return tuple(np.meshgrid(line, line, indexing="ij"))


def resize(values: np.ndarray, n: int, box=None) -> np.ndarray:
    """A (h, w) array as (n, n), smoothly."""
    image = Image.fromarray(np.ascontiguousarray(values, dtype="float32"))
    return np.asarray(image.resize((n, n), Image.Resampling.BICUBIC, box=box))


def shrink(picture: np.ndarray, size: int) -> np.ndarray:
    """A picture at `size`, clean at the edges: the end of every drawing."""
    channels = [Image.fromarray(np.ascontiguousarray(picture[..., c], dtype="float32")) for c in range(3)]
    small = [np.asarray(c.resize((size, size), Image.Resampling.LANCZOS)) for c in channels]
    return np.clip(np.stack(small, -1), 0, 1)


def noise(n: int, cells: float, seed: int, *, octaves: int = 4, gain: float = 0.5, stretch=(1, 1)) -> np.ndarray:
    """Clouds with `cells` bumps on a side, finer ones over them; mean 0, deviation 1. `stretch` is (y, x)."""
    rng = np.random.default_rng(seed)
    total = np.zeros((n, n), "float32")
    for octave in range(octaves):
        rows, columns = (max(1, round(cells * factor * 2**octave)) for factor in stretch)
        values = rng.standard_normal((rows + 3, columns + 3))
        total += gain**octave * resize(values, n, (1.5, 1.5, 1.5 + columns, 1.5 + rows))
    return (total - total.mean()) / total.std()


def smooth(values: np.ndarray, radius: float) -> np.ndarray:
    """Blur, nearly Gaussian, with a deviation of `radius`; edges are continued."""
    n = values.shape[0]
    half = round(radius * n)
    for axis in (0, 1) if half else ():
        for _ in range(3):
            pad = [(half + 1, half) if a == axis else (0, 0) for a in range(values.ndim)]
            sums = np.cumsum(np.pad(values, pad, mode="edge"), axis, dtype="float64")
            take = [slice(None)] * values.ndim
            later, earlier = list(take), list(take)
            later[axis], earlier[axis] = slice(2 * half + 1, None), slice(None, -2 * half - 1)
            values = ((sums[tuple(later)] - sums[tuple(earlier)]) / (2 * half + 1)).astype("float32")
    return values


def step(values: np.ndarray, low: float, high: float) -> np.ndarray:
    """0 below `low`, 1 above `high`, smooth between; low > high turns it round."""
    t = np.clip((values - low) / (high - low), 0, 1)
    return t * t * (3 - 2 * t)


def colours(words: str) -> np.ndarray:
    """ "1a2b3c ffffff" as (k, 3) in 0..1."""
    return np.array([[int(word[i : i + 2], 16) / 255 for i in (0, 2, 4)] for word in words.split()], "float32")


def palette(values: np.ndarray, words: str) -> np.ndarray:
    """Colours along a ramp: values 0..1 → (…, 3)."""
    stops = colours(words)
    places = np.linspace(0, 1, len(stops))
    return np.stack([np.interp(values, places, stops[:, c]) for c in range(3)], -1).astype("float32")


def mix(below: np.ndarray, above: np.ndarray, share: np.ndarray) -> np.ndarray:
    """`above` laid over `below` where `share` is 1."""
    return below + (above - below) * share[..., None]


def look_up(values: np.ndarray, y: np.ndarray, x: np.ndarray) -> np.ndarray:
    """The values at places given as shares; outside, those of the edge."""
    n = values.shape[0]
    rows, columns = (np.clip((np.asarray(place) * n).astype(int), 0, n - 1) for place in (y, x))
    return values[rows, columns]


def scatter(count: int, seed: int, margin: float = 0.03) -> np.ndarray:
    """`count` places (y, x), evenly strewn: each is the loneliest of a few tries."""
    rng = np.random.default_rng(seed)
    places = np.empty((count, 2), "float32")
    for i in range(count):
        tries = rng.uniform(-margin, 1 + margin, (10, 2))
        apart = ((tries[:, None] - places[None, :i]) ** 2).sum(-1).min(1, initial=9)
        places[i] = tries[apart.argmax()]
    return places


def window(n: int, y: float, x: float, reach: float) -> tuple[slice, slice]:
    """The pixels within `reach` of a place, as slices; at least one."""
    (top, bottom), (left, right) = (
        (int(np.clip((c - reach) * n, 0, n - 1)), int(np.clip((c + reach) * n + 1, 1, n))) for c in (y, x)
    )
    return np.s_[top:bottom, left:right]


def nearest(places: np.ndarray, y: np.ndarray, x: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """For each pixel at (y, x): the number of the nearest place, the distance to it, and how far the border
    with the second nearest is."""
    n = y.shape[0]
    label, first, border = np.empty((n, n), int), np.empty((n, n), "float32"), np.empty((n, n), "float32")
    for top in range(0, n, BLOCK):
        for left in range(0, n, BLOCK):
            block = np.s_[top : top + BLOCK, left : left + BLOCK]
            by, bx = y[block], x[block]
            cy, cx = by.mean(), bx.mean()
            reach = np.hypot(by - cy, bx - cx).max()
            away = np.hypot(places[:, 0] - cy, places[:, 1] - cx)
            near = np.flatnonzero(away <= np.partition(away, 1)[1] + 2 * reach)
            d = np.hypot(by[..., None] - places[near, 0], bx[..., None] - places[near, 1])
            two = np.argpartition(d, 1, -1)[..., :2]
            d1, d2 = (np.take_along_axis(d, two[..., i : i + 1], -1)[..., 0] for i in (0, 1))
            a, b = places[near[two[..., 0]]], places[near[two[..., 1]]]
            apart = np.hypot(*np.moveaxis(a - b, -1, 0)) + 1e-9
            label[block], first[block] = near[two[..., 0]], d1
            border[block] = (d2**2 - d1**2) / (2 * apart)
    return label, first, border


def distance(mask: np.ndarray, reach: float) -> np.ndarray:
    """How far each pixel is from the nearest pixel of the mask, true up to `reach` (jump flooding)."""
    n = mask.shape[0]
    rows, columns = np.indices((n, n), dtype="float32")
    far = np.float32(4 * n)
    near_y, near_x = np.where(mask, rows, far), np.where(mask, columns, far)
    best = np.where(mask, np.float32(0), far**2)
    jump = 2 ** int(np.log2(np.clip(2 * reach * n, 2, n - 1)))
    while jump >= 1:
        for dy in (-jump, 0, jump):
            for dx in (-jump, 0, jump):
                here = np.s_[max(0, -dy) : n - max(0, dy), max(0, -dx) : n - max(0, dx)]
                there = np.s_[max(0, dy) : n - max(0, -dy), max(0, dx) : n - max(0, -dx)]
                y, x = near_y[there], near_x[there]
                d = (rows[here] - y) ** 2 + (columns[here] - x) ** 2
                better = d < best[here]
                best[here][better], near_y[here][better], near_x[here][better] = d[better], y[better], x[better]
        jump //= 2
    return np.minimum(np.sqrt(best) / n, reach)


def edges(labels: np.ndarray) -> np.ndarray:
    """True where a pixel's label is not that of its right or lower neighbour."""
    mask = np.zeros(labels.shape, bool)
    mask[:, :-1] |= labels[:, :-1] != labels[:, 1:]
    mask[:-1] |= labels[:-1] != labels[1:]
    return mask


def light(picture: np.ndarray, height: np.ndarray, *, depth: float = 0.004, gloss: float = 0.0) -> np.ndarray:
    """The picture as a relief lit from the upper left. `height` 0..1 stands `depth` high; `gloss` adds shine."""
    n = height.shape[0]
    slope_y, slope_x = np.gradient(height * depth * n)
    length = np.sqrt(slope_x**2 + slope_y**2 + 1)
    facing = (0.5 * slope_x + 0.62 * slope_y + 0.6) / length
    lit = picture * (0.45 + 0.92 * np.clip(facing, 0, None))[..., None]
    shine = np.clip((0.33 * slope_x + 0.4 * slope_y + 0.86) / length, 0, 1) ** 40 - 0.86**40
    return np.clip(lit + gloss * np.clip(shine, 0, None)[..., None], 0, 1)


def grain(n: int, seed: int) -> np.ndarray:
    """The tooth of paper: fine, a little fibrous; about 0..1 with mean 0.5."""
    fine = noise(n, 300, seed, octaves=2, gain=0.8)
    fibres = noise(n, 60, seed + 1, octaves=2, stretch=(4, 0.6)) + noise(n, 60, seed + 2, octaves=2, stretch=(0.6, 4))
    return np.clip(0.5 + 0.14 * fine + 0.06 * fibres, 0, 1)
