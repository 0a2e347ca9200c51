"""A city by a river at night: a tower on its hill, windows, lamps, and all of it again in the water."""

import numpy as np
from PIL import Image, ImageFilter

from tests.journeys.scenes.noise import mix, octaves, smooth, step

WIDTH, HEIGHT, SHORE = 1300, 820, 540
LAMPS = np.array([[1.0, 0.78, 0.42], [1.0, 0.88, 0.66], [0.72, 0.86, 1.0], [1.0, 0.60, 0.36]])


def night() -> np.ndarray:
    """1300 × 820."""
    rng = np.random.default_rng(21)
    picture = _sky(rng)
    _hill(picture, rng)
    for depth in (0.0, 0.5, 1.0):
        _houses(picture, rng, depth)
    _bridge(picture)
    lights = picture.copy()
    lights[SHORE:] = 0
    picture[SHORE:] = _water(picture, rng)
    glow = _blur(np.clip(picture - 0.42, 0, 1), 14) * 0.9 + _blur(np.clip(picture - 0.5, 0, 1), 4) * 0.6
    grain = 0.012 * rng.standard_normal(picture.shape)
    return np.clip(picture + glow + grain, 0, 1).astype("float32")


def _sky(rng) -> np.ndarray:
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    sky = mix(np.array([0.02, 0.04, 0.12]), np.array([0.30, 0.17, 0.30]), step(0, SHORE, y) ** 1.6)
    clouds = octaves((HEIGHT, WIDTH), (5, 2), rng, n=6, gain=0.55)
    sky = mix(sky, np.array([0.30, 0.24, 0.36]), 0.5 * step(0.1, 1.0, clouds) * step(SHORE, 60, y))
    away = np.hypot(x - 980, y - 130)
    sky = mix(sky, np.array([0.62, 0.60, 0.68]), 0.4 * np.exp(-away / 90))
    return mix(sky, np.array([1.0, 0.97, 0.86]), step(49, 46, away))


def _hill(picture, rng) -> None:
    x = np.arange(WIDTH)
    ridge = 330 + 60 * smooth((1, WIDTH), (1, 6), rng)[0] - 150 * np.exp(-(((x - 380) / 210) ** 2))
    y = np.arange(HEIGHT)[:, None]
    inside = step(-2, 3, y - ridge[None]) * (y < SHORE)
    picture[:] = mix(picture, np.array([0.035, 0.045, 0.085]), inside)
    top = int(ridge[380])
    picture[top - 118 : top + 4, 377:384] = (0.34, 0.36, 0.46)
    picture[top - 74 : top - 50, 364:397] = (0.95, 0.80, 0.52)
    picture[top - 80 : top - 74, 360:401] = (0.40, 0.42, 0.52)
    picture[top - 170 : top - 118, 379:382] = (0.85, 0.28, 0.26)


def _houses(picture, rng, depth: float) -> None:
    """A row of houses; `depth` 0 is far and dim, 1 stands at the shore."""
    x = -20
    while x < WIDTH:
        wide = int(rng.uniform(26, 74) * (0.7 + 0.6 * depth))
        high = int(rng.uniform(50, 150 + 120 * rng.random() ** 3) * (1.25 - 0.45 * depth))
        left, right, top = max(x, 0), min(x + wide, WIDTH), SHORE - high
        wall = mix(np.array([0.10, 0.09, 0.18]), np.array([0.03, 0.035, 0.07]), depth) * rng.uniform(0.8, 1.3)
        if right > left:
            picture[top:SHORE, left:right] = wall
            _windows(picture, rng, left, right, top, depth)
        x += wide + int(rng.uniform(-4, 10))


def _windows(picture, rng, left: int, right: int, top: int, depth: float) -> None:
    tint, share = LAMPS[rng.integers(len(LAMPS))], rng.uniform(0.25, 0.75)
    size, gap = (4, 8) if depth > 0.4 else (3, 6)
    for y in range(top + 6, SHORE - 8, gap + 2):
        for x in range(left + 4, right - size - 2, gap):
            if rng.random() < share:
                picture[y : y + size + 1, x : x + size] = tint * rng.uniform(0.45, 1.0) * (0.65 + 0.35 * depth)


def _bridge(picture) -> None:
    x = np.arange(560, WIDTH)
    for at in x:
        arch = abs(np.sin((at - 560) / 740 * np.pi * 3))
        picture[SHORE - 34 : SHORE - 26, at] = (0.42, 0.36, 0.36)
        picture[int(SHORE - 34 - 46 * arch) : int(SHORE - 30 - 46 * arch), at] = (0.62, 0.50, 0.42)
        if at % 30 < 3:
            picture[SHORE - 44 : SHORE - 36, at] = (1.0, 0.82, 0.50)
        if at % 246 < 12:
            picture[SHORE - 26 : SHORE, at] = (0.22, 0.20, 0.24)


def _water(picture, rng) -> np.ndarray:
    """The city upside down, drawn out by the waves."""
    depth = HEIGHT - SHORE
    near = np.linspace(0, 1, depth)[:, None]
    waves = octaves((depth, WIDTH), (60, 12), rng, n=3)
    row = np.clip(SHORE - 2 - near * depth * 1.15 - 46 * waves * (0.15 + near), 0, SHORE - 1).astype(int)
    column = np.clip(np.arange(WIDTH)[None] + 9 * waves * near, 0, WIDTH - 1).astype(int)
    mirrored = picture[row, column]
    drawn_out = sum(np.roll(mirrored, shift, axis=0) for shift in range(-18, 19, 3)) / 13
    return drawn_out * (1.05 - 0.35 * near[..., None]) + np.array([0.01, 0.02, 0.045])


def _blur(picture, radius: float) -> np.ndarray:
    image = Image.fromarray((np.clip(picture, 0, 1) * 255).astype("uint8")).filter(ImageFilter.GaussianBlur(radius))
    return np.asarray(image).astype("float32") / 255
