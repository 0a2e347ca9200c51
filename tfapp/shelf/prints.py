"""Prints: a linocut, dots of a comic, fans in gold."""

import numpy as np

from tfapp.shelf import canvas


def linocut_forest(size: int) -> np.ndarray:
    """Black and two colours: a sun behind firs, hills and a stream, everything cut with a gouge."""
    n = 2 * size
    y, x = canvas.grid(n)
    shake = 0.003 * canvas.noise(n, 14, 431, octaves=4)
    y, x = y + shake, x + 0.003 * canvas.noise(n, 14, 432, octaves=4)
    r = np.hypot(y - 0.33, x - 0.5)
    turn = np.arctan2(y - 0.33, x - 0.5)
    hills = [0.50 + 0.06 * np.sin(6 * x + 1), 0.60 + 0.05 * np.sin(7 * x + 4), 0.73 + 0.06 * np.sin(4.5 * x)]
    ground = sum((y > hill).astype(int) for hill in hills)
    stream = np.abs(x - 0.52 - 0.10 * np.sin(9 * (y - 0.6)) * (1.4 - y)) < 0.015 + 0.33 * np.clip(y - 0.64, 0, 1) ** 1.4
    stream &= y > 0.64
    # white is what the gouge took: lines whose width is the light of the place
    rays = np.sin(turn * 56 + 5 * np.sin(9 * r))
    sky_light = 0.9 - 1.35 * r
    slope = np.sin(6.283 * 34 * (y - 0.25 * np.sin(4 * x + 2 * ground)) + 30 * x * np.where(ground % 2, 1, -0.7))
    wave = np.sin(6.283 * 46 * (y + 0.012 * np.sin(40 * x + 60 * y)))
    gouge = np.where(ground > 0, slope, rays)
    light = np.where(
        ground > 0, 0.62 - 2.4 * np.choose(ground, [0 * y, y - hills[0], y - hills[1], y - hills[2]]), sky_light
    )
    gouge, light = np.where(stream, wave, gouge), np.where(stream, 0.62, light)
    rough = 0.30 * canvas.noise(n, 60, 433, octaves=2) + 0.22 * canvas.noise(n, 24, 434, stretch=(1, 2))
    white = canvas.step(gouge + 1.7 * light - 0.7 + rough, -0.06, 0.06)
    white = np.where((r < 0.145), canvas.step(np.sin(r * 6.283 * 46) + rough, -0.95, -0.8), white)
    for k in range(3):
        white = np.where(np.abs(y - hills[k] - 0.004) < 0.004, 0, white)
        white = np.where(np.abs(y - hills[k] + 0.003) < 0.003, 1, white)
    white = _firs(white, y, x, rough)
    frame = np.minimum(np.minimum(x, 1 - x), np.minimum(y, 1 - y)) + 0.004 * rough
    white = np.where(frame < 0.028, 1, np.where(frame < 0.036, 0, white))

    paper = canvas.palette(0.5 + 0.9 * (canvas.grain(n, 435) - 0.5), "e9dfc6 f6efdc")
    second = canvas.palette(np.clip(1.5 * r + 0.05 * rough, 0, 1), "e0452a ee7a2e f3b04a 8fb7a4 4f8f94")
    second = np.where(stream[..., None], canvas.colours("6fb0b4"), second)
    second = np.where(
        ((ground > 0) & ~stream)[..., None], canvas.palette(y * 1.1, "c9a64a 9fb05a 5f9a70 2f7a70"), second
    )
    speckle = canvas.step(canvas.noise(n, 230, 436, octaves=2) + 0.6 * canvas.noise(n, 12, 437), -2.3, -1.7)
    picture = canvas.mix(paper, paper * second, 0.93 * speckle * (frame > 0.036))
    black = canvas.palette(0.5 + 0.2 * canvas.noise(n, 90, 438), "15151c 24242c")
    inked = (1 - white) * canvas.step(canvas.noise(n, 260, 439, octaves=2) + 0.8 * canvas.noise(n, 10, 440), -2.6, -1.9)
    return canvas.shrink(canvas.mix(picture, black, inked), size)


def _firs(white, y, x, rough):
    rng = np.random.default_rng(441)
    trees = [(rng.uniform(0.02, 0.98), rng.uniform(0, 1)) for _ in range(26)]
    for foot_x, depth in sorted(trees, key=lambda tree: tree[1]):
        if abs(foot_x - 0.52) < 0.06 + 0.22 * depth:
            continue
        foot, height = 0.60 + 0.36 * depth, 0.15 + 0.30 * depth
        t = (y - foot + height) / height  # 0 at the top, 1 at the foot
        tiers = 0.16 * height * 1.8 * t * (0.6 + 0.4 * ((t * 7 - 0.6 * np.abs(x - foot_x) / height * 4) % 1))
        inside = (np.abs(x - foot_x) < np.maximum(tiers, 0.0035) * (1 + 0.25 * rough)) & (t > 0) & (t < 1)
        cuts = (
            np.sin(t * 6.283 * 7 * 2 + 40 * (x - foot_x) * np.sign(x - foot_x))
            + 0.9 * (foot_x - x) / height * 8
            + rough
        )
        white = np.where(inside, canvas.step(cuts, 0.75, 0.95), white)
        rim = (np.abs(np.abs(x - foot_x) - tiers) < 0.0032) & (t > 0) & (t < 1)
        white = np.where(rim, 1, white)
    return white


def comic_burst(size: int) -> np.ndarray:
    """An explosion in four inks whose dots don't quite meet."""
    n = 2 * size
    y, x = canvas.grid(n)
    r, turn = np.hypot(y - 0.48, x - 0.5), np.arctan2(y - 0.48, x - 0.5)
    rng = np.random.default_rng(451)
    spikes = np.interp((turn / 6.283) % 1 * 44, np.arange(45), np.tile([1, 0], 23)[:45] * rng.uniform(0.5, 1.3, 45))
    outer, middle, inner = 0.27 + 0.16 * spikes, 0.19 + 0.12 * spikes, 0.12 + 0.075 * spikes
    fans = np.sin(turn * 13 + 0.3) > 0
    sky = np.where(
        fans[..., None],
        canvas.palette(r * 1.5, "7ad0f0 2f8fe0 1f3fa0"),
        canvas.palette(r * 1.5, "c9f0f5 6fc0ee 3a6fd0"),
    )
    picture = np.where((r < outer)[..., None], canvas.palette((r - 0.12) * 3.4, "ffd23a f2452a b81f4a"), sky)
    picture = np.where((r < middle)[..., None], canvas.palette(r * 4, "fff6b0 ffe04a ff9a2a"), picture)
    picture = np.where((r < inner)[..., None], canvas.palette(r * 7, "ffffff fffbe0 ffe88a"), picture)
    for cy, cx, size_of in (
        (0.84, 0.2, 0.13),
        (0.9, 0.38, 0.10),
        (0.86, 0.84, 0.14),
        (0.93, 0.64, 0.11),
        (0.14, 0.1, 0.11),
        (0.1, 0.9, 0.12),
    ):
        puff = np.hypot(y - cy, x - cx) / size_of + 0.10 * np.abs(np.sin(4 * np.arctan2(y - cy, x - cx) + cx * 9))
        shade = canvas.palette(np.clip((y - cy) / size_of * 0.6 + 0.5, 0, 1), "ffffff f2e9f7 c9a4e0 8a5fc0")
        picture = np.where((puff < 1)[..., None], shade, picture)
    ink = _comic_ink(y, x, r, turn, outer, middle, rng)

    paper = canvas.palette(0.5 + 0.9 * (canvas.grain(n, 452) - 0.5), "eadfc4 f7efdc fbf6e8")
    printed = np.array(paper)
    worn = 0.10 * canvas.noise(n, 120, 453, octaves=2) + 0.06 * canvas.noise(n, 8, 454)
    for channel, (angle, dye, off) in enumerate(
        ((0.26, "1fb4e8", (0.0025, -0.0015)), (1.31, "ec2f86", (-0.002, 0.002)), (0.0, "ffe01f", (0.001, 0.0025)))
    ):
        amount = np.clip(1.06 - canvas.look_up(picture[..., channel], y + off[0], x + off[1]), 0, 1)
        u, v = (x * np.cos(angle) + y * np.sin(angle)) * 82, (y * np.cos(angle) - x * np.sin(angle)) * 82
        dot = 0.5 + 0.25 * (np.cos(6.283 * u) + np.cos(6.283 * v))
        cover = canvas.step(dot + worn, 1.02 - amount, 1.10 - amount)
        printed *= 1 - cover[..., None] * (1 - canvas.colours(dye)[0]) * 0.93
    black = canvas.colours("17141c")[0] + 0 * printed
    return canvas.shrink(canvas.mix(printed, black, ink * (0.94 + 0.2 * np.clip(worn, -0.3, 0))), size)


def _comic_ink(y, x, r, turn, outer, middle, rng):
    """The black drawing: rims of the burst, flying specks, lines of speed that swell and end in a point."""
    n = y.shape[0]
    ink = np.maximum(canvas.step(np.abs(r - outer), 0.009, 0.0065), canvas.step(np.abs(r - middle), 0.005, 0.0035))
    for _ in range(110):
        a, start, length = rng.uniform(-3.1416, 3.1416), rng.uniform(0.44, 0.6), rng.uniform(0.08, 0.35)
        near = np.abs((turn - a + np.pi) % (2 * np.pi) - np.pi) * r
        t = (r - start) / length
        half = 0.006 * np.clip(t, 0, 1) ** 0.7 * rng.uniform(0.4, 1.2)
        ink = np.maximum(ink, (near < half) * (t > 0) * (r > outer + 0.02))
    for _ in range(150):
        a, far, s = rng.uniform(-3.1416, 3.1416), rng.uniform(0.3, 0.62), rng.uniform(0.002, 0.011)
        cy, cx = 0.48 + far * np.sin(a), 0.5 + far * np.cos(a)
        spot = canvas.window(n, cy, cx, s)
        ink[spot] = np.maximum(ink[spot], canvas.step(np.hypot(y[spot] - cy, x[spot] - cx), s, 0.85 * s))
    return canvas.step(canvas.smooth(ink.astype("float32"), 0.0012) + 0.03 * canvas.noise(n, 50, 455), 0.42, 0.58)


def deco_fans(size: int) -> np.ndarray:
    """Fans of gold leaf on lacquer in teal, wine and night blue."""
    n = 2 * size
    y, x = canvas.grid(n)
    y, x = y + 0.0007 * canvas.noise(n, 30, 461), x + 0.0007 * canvas.noise(n, 30, 462)
    width, rise = 1 / 4, 1 / 8
    shade, line, relief = np.zeros((n, n, 3), "float32"), np.zeros((n, n), "float32"), np.zeros((n, n), "float32")
    lacquers = (
        "041c24 0b4a52 2f8f8a",
        "1a0612 5a1230 a83a4a",
        "060a24 142a5f 3f68a8",
        "071a10 0f4a34 4f8f5a",
        "1c120a 5a3312 b8742f",
    )
    rng = np.random.default_rng(463)
    for row in range(-1, 12):
        for column in range(-1, 6):
            cy, cx = row * rise + rise, (column + 0.5 * (row % 2)) * width
            words = lacquers[(column * 2 + row * 3 + int(rng.integers(0, 2))) % 5]
            spot = canvas.window(n, cy, cx, 0.52 * width)
            r, base, gold = _fan((y[spot] - cy) / (width / 2), (x[spot] - cx) / (width / 2), words)
            inside = r < 1
            shade[spot][inside], line[spot][inside] = base[inside], gold[inside]
            relief[spot][inside] = (0.3 * (1 - r) + 0.5 * gold)[inside]
    patina = 0.5 + 0.17 * canvas.noise(n, 10, 464, octaves=6, gain=0.65) + 0.05 * canvas.noise(n, 120, 465)
    leaf = canvas.palette(np.clip(patina, 0, 1), "6a3f12 a8722a d8a94a f2d58a fff3c4")
    worn = canvas.step(canvas.noise(n, 26, 466, octaves=5, gain=0.7), -1.7, -1.1)
    cloud = 1 + 0.10 * canvas.noise(n, 4, 467, octaves=5)
    picture = canvas.mix(shade * cloud[..., None], leaf, line * (0.2 + 0.8 * worn))
    relief = relief + 0.05 * canvas.noise(n, 90, 468, octaves=3)
    return canvas.shrink(canvas.light(np.clip(picture, 0, 1), relief, depth=0.0055, gloss=0.45), size)


def _fan(v, u, words):
    """One fan: distance from its foot (1 is the rim), lacquer, and where the gold is."""
    r, turn = np.hypot(v, u), np.arctan2(u, -v)
    base = canvas.palette(np.clip(1.15 - r + 0.12 * np.cos(turn * 22), 0, 1), words)
    rings = [
        canvas.step(np.abs(r - at), half, 0.6 * half)
        for at, half in ((0.965, 0.030), (0.87, 0.012), (0.80, 0.016), (0.34, 0.020), (0.24, 0.012))
    ]
    rays = canvas.step(np.abs(np.sin(turn * 11)) * np.clip(r, 0.1, 1), 0.10, 0.05) * (r > 0.34) * (r < 0.80)
    beads = canvas.step(np.hypot(r - 0.835, ((turn * 24 / 6.283) % 1 - 0.5) * 0.20), 0.024, 0.016)
    petals = canvas.step(np.abs(r - 0.55 - 0.22 * np.abs(np.cos(turn * 5.5))), 0.020, 0.012)
    heart = canvas.step(r, 0.13, 0.115)
    return r, base, np.maximum.reduce([*rings, 0.9 * rays, beads, petals, heart])
