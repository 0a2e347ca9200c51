"""Poppies in a summer meadow, sharp where one looks and soft in front and behind."""

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from tests.journeys.scenes.noise import mix, octaves, step

WIDTH, HEIGHT, HORIZON = 1200, 900, 330


def poppies() -> np.ndarray:
    """1200 × 900."""
    rng = np.random.default_rng(77)
    image = Image.fromarray((np.clip(_ground(rng), 0, 1) * 255).astype("uint8"))
    for low, high, n, blur in (
        (0.02, 0.10, 900, 1.6),
        (0.10, 0.30, 420, 0.8),
        (0.30, 0.62, 130, 0.3),
        (0.62, 1.0, 34, 2.4),
    ):
        layer = Image.new("RGBA", image.size)
        pen = ImageDraw.Draw(layer)
        for nearness in np.sort(rng.uniform(low, high, n)):
            _grass(pen, rng, nearness)
            _poppy(pen, rng, nearness)
        layer = layer.filter(ImageFilter.GaussianBlur(blur))
        image.paste(layer, mask=layer.getchannel("A"))
    return np.asarray(image).astype("float32") / 255


def _ground(rng) -> np.ndarray:
    y, _x = np.mgrid[0:HEIGHT, 0:WIDTH]
    sky = mix(np.array([0.36, 0.60, 0.88]), np.array([0.86, 0.92, 0.95]), step(0, HORIZON, y))
    clouds = octaves((HEIGHT, WIDTH), (6, 3), rng, n=7, gain=0.55)
    sky = mix(sky, np.array([1.0, 0.99, 0.97]), 0.9 * step(0.1, 0.7, clouds) * step(HORIZON, 120, y))
    field = mix(np.array([0.52, 0.60, 0.26]), np.array([0.20, 0.34, 0.10]), step(HORIZON, HEIGHT, y))
    field = field * (1 + 0.25 * octaves((HEIGHT, WIDTH), (40, 14), rng, n=4)[..., None])
    picture = mix(sky, field, step(HORIZON - 2, HORIZON + 4, y))
    for base, colour, seed in ((HORIZON - 34, (0.50, 0.62, 0.66), 1), (HORIZON - 10, (0.27, 0.40, 0.26), 2)):
        wood = octaves((1, WIDTH), (1, 5 * seed), np.random.default_rng(seed), n=6, gain=0.6)[0]
        inside = step(-2, 3, y - (base - 26 * wood[None])) * (y < HORIZON + 3)
        picture = mix(picture, np.array(colour), inside)
    return picture


def _grass(pen, rng, nearness: float) -> None:
    foot = HORIZON + (HEIGHT + 60 - HORIZON) * nearness
    for _ in range(9):
        x, high = rng.uniform(-20, WIDTH + 20), rng.uniform(30, 150) * nearness + 4
        lean, green = rng.normal(0, 0.25) * high, rng.uniform(0.6, 1.25)
        colour = tuple(int(min(255, part * green)) for part in (92, 128, 44)) + (255,)
        pen.line(
            [(x, foot), (x + lean * 0.4, foot - high * 0.6), (x + lean, foot - high)], colour, max(1, int(4 * nearness))
        )


def _poppy(pen, rng, nearness: float) -> None:
    """Four petals around a dark heart, seen from the side or half from above."""
    x, foot = rng.uniform(-20, WIDTH + 20), HORIZON + (HEIGHT + 130 - HORIZON) * nearness
    high, radius = (60 + 190 * rng.random()) * nearness + 3, 64 * nearness * rng.uniform(0.8, 1.15) + 2
    top, tilt = foot - high, rng.uniform(0.5, 0.85)
    pen.line([(x + rng.normal(0, 12) * nearness, foot), (x, top)], (78, 110, 40, 255), max(1, int(5 * nearness)))
    turn = rng.uniform(0, np.pi)
    for index in range(5):
        angle = turn + index * 2 * np.pi / 5
        cx, cy = x + 0.52 * radius * np.cos(angle), top + 0.52 * radius * tilt * np.sin(angle)
        light = 0.78 + 0.22 * np.sin(angle + 2.4) + rng.uniform(-0.06, 0.06)
        colour = (int(min(255, 232 * light + 14)), int(62 * light), int(38 * light), 255)
        pen.ellipse(
            [cx - 0.62 * radius, cy - 0.56 * radius * tilt, cx + 0.62 * radius, cy + 0.56 * radius * tilt], colour
        )
    heart = 0.2 * radius
    pen.ellipse([x - heart, top - heart * tilt, x + heart, top + heart * tilt], (36, 26, 34, 255))
