"""Mountains: a field of heights, lit by a low sun, seen over a lake."""

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageFilter

from tests.journeys.scenes.noise import mix, octaves, step

SIDE = 1024  # of the field of heights


@dataclass(frozen=True)
class Light:
    """Where the sun stands, and the colours of its evening."""

    sun: tuple[float, float, float]
    warm: tuple[float, float, float]
    shade: tuple[float, float, float]
    haze: tuple[float, float, float]
    zenith: tuple[float, float, float]
    glow: tuple[float, float, float]


EVENING = Light(
    sun=(-0.75, 0.40, -0.42),
    warm=(1.0, 0.68, 0.42),
    shade=(0.42, 0.46, 0.66),
    haze=(0.74, 0.62, 0.66),
    zenith=(0.22, 0.38, 0.62),
    glow=(1.0, 0.74, 0.50),
)


def lake() -> np.ndarray:
    """Snowy mountains over a still lake, in the evening. 1200 × 800."""
    heights = _heights(seed=11)
    heights = heights * step(0.0, 0.3, np.linspace(0, 1, SIDE))[None, :].T  # a shore: low near the eye
    upper = _view(heights, width=1200, rows=500, horizon=452, eye=0.055, light=EVENING, seed=3, snow=0.33)
    return _with_water(upper, height=800, light=EVENING, seed=5)


def _heights(seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    crests = octaves((SIDE, SIDE), (4, 4), rng, n=8, gain=0.48, ridged=True)
    broad = octaves((SIDE, SIDE), (2, 2), rng, n=3)
    field = crests * (0.7 + 0.5 * broad) + 0.35 * broad
    field -= field.min()
    return (field / field.max()).astype("float32")


def _view(heights, *, width: int, rows: int, horizon: int, eye: float, light: Light, seed: int, snow: float = 0.46):
    """March away from the eye, column by column of the picture, and paint what rises above what is nearer."""
    colours = _ground(heights, light, snow, np.random.default_rng(seed))
    picture = _sky(width, rows, horizon, light, np.random.default_rng(seed + 1))
    row = np.arange(rows)[:, None]
    lowest_free = np.full(width, rows, "float32")
    across = np.linspace(-0.62, 0.62, width)

    distance = 0.04
    while distance < 1.35:
        x = np.clip((0.5 + across * distance) * (SIDE - 2), 0, SIDE - 2.01)
        z = distance / 1.4 * (SIDE - 2)
        here = _between(heights, z, x)
        top = horizon - (here * 0.42 - eye * 0.42) / distance * rows * 0.85
        top = np.where(here > 0.02, top, np.inf)
        new = (row >= top) & (row < lowest_free)
        if new.any():
            air = 1 - np.exp(-0.95 * distance)
            shade = mix(_between(colours, z, x), np.array(light.haze, "float32"), air)
            picture = np.where(new[..., None], shade[None], picture)
            lowest_free = np.minimum(lowest_free, top)
        distance *= 1.0025
    return picture


def _between(field, z: float, x) -> np.ndarray:
    """The field's values at places between its points, for one row of places."""
    z0, x0 = int(z), x.astype(int)
    dx = x - x0 if field.ndim == 2 else (x - x0)[:, None]
    two_rows = (
        field[z0, x0] * (1 - dx) + field[z0, x0 + 1] * dx,
        field[z0 + 1, x0] * (1 - dx) + field[z0 + 1, x0 + 1] * dx,
    )
    return two_rows[0] + (two_rows[1] - two_rows[0]) * (z - z0)


def _ground(heights, light: Light, snow: float, rng) -> np.ndarray:
    """The colour of every place: forest, rock or snow, in sun or shade."""
    dz, dx = np.gradient(heights * SIDE * 0.30)
    normal = np.stack([-dx, np.ones_like(dx), -dz], -1)
    normal /= np.linalg.norm(normal, axis=-1, keepdims=True)
    sun = np.array(light.sun) / np.linalg.norm(light.sun)
    lit = np.clip(normal @ sun, 0, 1)[..., None]

    speckle = octaves(heights.shape, (64, 64), rng, n=4)
    forest = mix(np.array([0.10, 0.17, 0.09]), np.array([0.24, 0.30, 0.13]), step(-0.5, 0.7, speckle))
    rock = mix(np.array([0.26, 0.23, 0.22]), np.array([0.42, 0.38, 0.35]), step(-0.6, 0.8, speckle))
    base = mix(forest, rock, step(0.30, 0.44, heights + 0.07 * speckle))
    is_snow = step(snow, snow + 0.08, heights + 0.08 * speckle) * step(0.42, 0.62, normal[..., 1])
    base = mix(base, np.array([0.93, 0.94, 0.97]), is_snow)
    return (base * (np.array(light.shade) * 0.75 + 1.35 * lit * np.array(light.warm))).astype("float32")


def _sky(width: int, rows: int, horizon: int, light: Light, rng) -> np.ndarray:
    y = np.linspace(0, rows / horizon, rows)[:, None] * np.ones((1, width))
    x = np.linspace(0, 1, width)[None] * np.ones((rows, 1))
    sky = mix(np.array(light.zenith), np.array(light.glow), step(0.15, 1.05, y))
    near_sun = np.exp(-(((x - 0.24) / 0.30) ** 2 + ((y - 0.82) / 0.35) ** 2))
    sky = mix(sky, np.array([1.0, 0.90, 0.70]), 0.75 * near_sun)
    clouds = octaves((rows, width), (5, 3), rng, n=7, gain=0.55)
    cover = step(0.05, 0.75, clouds) * step(1.1, 0.35, y)
    underside = mix(np.array(light.warm), np.array([1.0, 0.98, 0.96]), step(0.2, 1.0, clouds))
    return mix(sky, underside, 0.8 * cover).astype("float32")


def _with_water(upper, *, height: int, light: Light, seed: int) -> np.ndarray:
    """The land above, mirrored below in ripples that grow towards the eye."""
    shore, width = 470, upper.shape[1]
    rng = np.random.default_rng(seed)
    depth = height - shore
    near = np.linspace(0, 1, depth)[:, None]
    waves = octaves((depth, width), (70, 6), rng, n=3) * near**1.2
    row = np.clip(shore - 1 - near * depth * 0.95 - 26 * waves, 0, shore - 1).astype(int)
    column = np.clip(np.arange(width)[None] + 5 * waves, 0, width - 1).astype(int)
    water = upper[row, column] * np.array([0.74, 0.80, 0.86]) * (1 - 0.28 * near[..., None])
    water = water + 0.05 * step(0.4, 1.2, waves)[..., None] * np.array(light.glow)
    picture = np.concatenate([upper[:shore], water])
    smooth = Image.fromarray((np.clip(picture, 0, 1) * 255).astype("uint8")).filter(ImageFilter.GaussianBlur(0.6))
    return np.asarray(smooth).astype("float32") / 255
