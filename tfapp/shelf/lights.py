"""Things that shine: glowing contours, a slice of agate, gold ornament."""

import numpy as np

from tfapp.shelf import canvas


def neon_contours(size: int) -> np.ndarray:
    """Level lines of an unknown country, glowing on black."""
    n = 2 * size
    y, x = canvas.grid(n)
    land = canvas.noise(n, 3, 501, octaves=3, gain=0.45) + 0.5 * np.sin(4 * x + 3 * y)
    warp = 0.03 * canvas.noise(n, 5, 502, octaves=2)
    slope = np.hypot(*np.gradient(land)) * n
    level = land * 4.2
    away = np.abs(level - np.round(level)) / (4.2 * slope + 1.0)  # about the distance to the line
    number = np.round(level)
    strong = np.where(number % 3 == 0, 1.0, 0.45)
    hue = np.clip(0.5 + 0.26 * land + 0.25 * (x - y) + warp, 0, 1)
    colour = canvas.palette(hue, "2a1aff 7a2aff ff2ad0 ff4a5a ffb02a 4affc0 1ac8ff")
    core = np.exp(-((away / (0.0011 + 0.0009 * strong)) ** 2)) * strong
    halo = np.exp(-away / 0.012) * strong * 0.55
    dash = np.where(number % 3 == 1, canvas.step(np.sin(70 * (x + y) + 9 * land), -0.2, 0.2), 1)
    glow = colour * (core * dash + halo)[..., None]
    bright = glow + 0.9 * canvas.smooth(glow, 0.010) + 0.7 * canvas.smooth(glow, 0.035)
    bright += (core * dash * strong)[..., None] ** 2 * 0.65
    ground = canvas.palette(
        np.clip(0.5 + 0.25 * canvas.noise(n, 4, 503, octaves=5), 0, 1), "05040f 0a0a24 140a30 06142a"
    )
    dust = canvas.step(canvas.noise(n, 200, 504, octaves=1), 2.4, 3.2)[..., None] * colour * 0.8
    picture = 1 - np.exp(-1.25 * (ground + bright + dust))
    return canvas.shrink(picture * (1 + 0.03 * canvas.noise(n, 300, 505, octaves=1))[..., None], size)


def agate_slice(size: int) -> np.ndarray:
    """Bands of a cut and polished agate around a hollow of crystals."""
    n = 2 * size
    y, x = canvas.grid(n)
    wobble = 0.075 * canvas.noise(n, 3, 511, octaves=4, gain=0.45) + 0.010 * canvas.noise(n, 30, 512, octaves=3)
    r = np.hypot((y - 0.52) * 1.12, x - 0.47) + wobble
    second = np.hypot(y - 0.12, (x - 0.94) * 1.1) + 0.8 * wobble
    depth = -np.log(np.exp(-r / 0.08) + 0.5 * np.exp(-second / 0.08)) * 0.08  # two hollows, melted into each other
    t = depth / 0.62
    rng = np.random.default_rng(513)
    ramp = np.cumsum(rng.uniform(0.2, 1, 90))
    shades = canvas.colours("0d2a3f 14506e 2a8aa0 7ac0c4 e3efe6 f5e6c8 e8b06a c9663a 8a2f3a 4a1a3a")
    order = np.clip(4.5 + np.cumsum(rng.normal(0, 1.7, 90)) % 9 - 4.5, 0, 9)
    stops = np.stack([np.interp(order, np.arange(10), shades[:, c]) for c in range(3)], -1)
    place = t * ramp[-1]
    bands = np.stack([np.interp(place, ramp, stops[:, c]) for c in range(3)], -1)
    fine = 0.5 + 0.5 * np.sin(t * 420 + 2 * canvas.noise(n, 6, 514))
    bands = bands * (0.86 + 0.18 * fine * canvas.step(np.sin(t * 37), -0.5, 0.7))[..., None]
    bands += 0.09 * canvas.noise(n, 40, 515, octaves=3, stretch=(1, 1))[..., None] * canvas.step(t, 0.1, 0.5)[..., None]

    number, away, border = canvas.nearest(canvas.scatter(900, 516), y + 0.2 * wobble, x - 0.2 * wobble)
    facet = np.random.default_rng(517).uniform(-1, 1, (900, 3)).astype("float32")
    sparkle = 0.5 + 0.32 * facet[number, 0] + 9 * (facet[number, 1] * (x % 0.05) + facet[number, 2] * (y % 0.05))
    crystal = canvas.palette(np.clip(sparkle, 0, 1), "1a1030 4a2f7a 8a6ac0 cbb8ec ffffff")
    crystal = crystal * (0.6 + 0.4 * canvas.step(border, 0, 0.004))[..., None]
    picture = canvas.mix(crystal, bands, canvas.step(t + 0.02 * facet[number, 0], 0.235, 0.265))
    rim = np.exp(-(((t - 0.26) / 0.010) ** 2))
    picture = canvas.mix(picture, canvas.palette(x, "f7d68a fff2c4 e0a84a"), 0.9 * rim)
    height = np.where(t < 0.24, 0.5 * sparkle, 0.5 + 0.04 * fine)
    return canvas.shrink(canvas.light(np.clip(picture, 0, 1), height, depth=0.003, gloss=0.25), size)


def golden_ornament(size: int) -> np.ndarray:
    """Gold leaf with spirals, eggs and small coloured fields, after Vienna about 1905."""
    n = 2 * size
    y, x = canvas.grid(n)
    rng = np.random.default_rng(521)
    patina = 0.5 + 0.15 * canvas.noise(n, 8, 522, octaves=7, gain=0.7)
    leaf_u, leaf_v = x * 9 + 0.04 * canvas.noise(n, 20, 523), y * 9 + 0.04 * canvas.noise(n, 20, 524)
    sheet = rng.uniform(-0.08, 0.08, (12, 12))[np.clip(leaf_v, 0, 11).astype(int), np.clip(leaf_u, 0, 11).astype(int)]
    gold = canvas.palette(np.clip(patina + sheet, 0, 1), "5a3408 9a6418 cf9a30 eabf55 f6dd8a fff6cf")
    picture, height = gold, 0.4 * patina
    scroll = np.abs(np.sin(9 * canvas.noise(n, 4, 528, octaves=2) + 30 * (x + 0.5 * y)))
    picture = canvas.mix(picture, 0.35 * picture, 0.8 * canvas.step(scroll, 0.13, 0.06))
    height = height - 0.3 * canvas.step(scroll, 0.13, 0.06)
    for i, (cy, cx) in enumerate(canvas.scatter(250, 525, margin=0.02)):
        r0 = rng.uniform(0.045, 0.085) if i < 70 else rng.uniform(0.018, 0.045)
        dy, dx = y - cy, x - cx
        window = canvas.window(n, cy, cx, 1.15 * r0)
        turn = rng.uniform(0, 6.28)
        u = (dx[window] * np.cos(turn) + dy[window] * np.sin(turn)) / r0
        v = (dy[window] * np.cos(turn) - dx[window] * np.sin(turn)) / r0
        draw = (_spiral, _egg, _checks, _spiral, _triangles, _egg)[i % 6]
        shape, shade = draw(u, v, rng)
        soft = canvas.step(shape, 0.06, -0.02)
        picture[window] = canvas.mix(picture[window], shade, soft)
        height[window] += 0.35 * soft * canvas.step(shape, 0.0, -0.25) - 0.25 * np.exp(-((shape / 0.05) ** 2))
    ground = canvas.step(canvas.noise(n, 2, 526, octaves=2), 0.9, 0.98)
    dots = canvas.step(np.hypot((x * 60) % 1 - 0.5, (y * 60) % 1 - 0.5), 0.32, 0.24)
    dark = canvas.mix(canvas.palette(patina, "120c14 2a1a20"), gold, dots)
    picture = canvas.mix(picture, 0.55 * picture + 0.45 * dark, 0.8 * ground)
    scratch = canvas.step(canvas.noise(n, 24, 527, octaves=5, gain=0.75), 1.9, 2.5)
    picture = canvas.mix(picture, canvas.palette(patina, "4a2412 8a4a22"), 0.7 * scratch)
    return canvas.shrink(canvas.light(np.clip(picture, 0, 1), height, depth=0.006, gloss=0.4), size)


def _spiral(u, v, rng):
    r, turn = np.hypot(u, v), np.arctan2(v, u)
    line = np.abs((r * 3.2 - turn / 6.283 + rng.random()) % 1 - 0.5) * 2
    words = ("1a1014 e8c060", "f7ecd0 3a1a10", "7a1a14 f0d080", "14304a e8c878")[rng.integers(4)]
    return r - 1, canvas.palette(canvas.step(line, 0.42, 0.58), words)


def _egg(u, v, rng):
    r = np.hypot(u * 0.95, v * (1.5 - 0.35 * u))
    petals = 0.06 * np.abs(np.sin(np.arctan2(v, u) * 6)) * (r > 0.5)
    words = (
        "c8402a f7ecd0 7a1a14 e8b84a 2a1410", "2f6fa8 f4f0e0 14304a e8c060 14100e",
        "4a8a5a f4e8c0 c8402a f0d080 1a2a1a",
        "7a3a8a f0d0e0 e8a0b8 4a1a4a e8c060",
    )  # fmt: skip
    number = np.clip(((r + petals) * 5).astype(int), 0, 4)
    return r - 1, canvas.colours(words[rng.integers(4)])[number]


def _checks(u, v, rng):
    number = (np.floor(u * 2.4).astype(int) * 7 + np.floor(v * 3.6).astype(int) * 3) % 5
    words = (
        "14100e f4f0e0 8a8a86 14100e e8c060",
        "1f3f7a e8c060 c8402a f4f0e0 14100e",
        "2f7a5a f0d080 14100e c86a9a f4f0e0",
    )
    shade = canvas.colours(words[rng.integers(3)])[number]
    return np.maximum(np.abs(u) - 0.95, np.abs(v) - 0.62), shade


def _triangles(u, v, rng):
    p, q = (u * 1.8) % 1 - 0.5, (v * 1.8) % 1
    inside = np.abs(p) * 2 < q
    words = ("c8402a f0d080", "14100e f4f0e0", "1f5a7a f7d98a", "7a3a8a e8c060")[rng.integers(4)].split()
    shade = np.where(inside[..., None], canvas.colours(words[0])[0], canvas.colours(words[1])[0])
    return np.maximum(np.hypot(u, v) - 1, -v - 0.7), shade
