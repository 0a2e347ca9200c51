"""Threads and dyes: a kilim, batik, a patchwork of ramie, and the painted ornament of Korean eaves."""

import numpy as np

from tfapp.shelf import canvas


def woven_kilim(size: int) -> np.ndarray:
    """A flat-woven rug: stepped diamonds in madder, indigo and wool."""
    n = 2 * size
    y, x = canvas.grid(n)
    across, down = 112, 84
    bend = 0.0016 * canvas.noise(n, 6, 301)
    column, row = (x + bend) * across, (y + 0.0016 * canvas.noise(n, 6, 302)) * down
    i, j = np.floor(column).astype(int), np.floor(row).astype(int)
    number = _kilim_design(i, j, across, down)
    shades = canvas.colours("efe3c8 8f1f24 b8352b 1d2f55 2f5a7c d08a2c 3a2418 4f7a5c")
    rng = np.random.default_rng(303)
    abrash = 0.05 * rng.standard_normal((down + 1, 1)).cumsum(0) * 0.35 + 0.05 * rng.standard_normal((down + 1, 1))
    knots = rng.standard_normal((down + 2, across + 2)).astype("float32")
    tint = abrash[np.clip(j, 0, down)][..., 0] + 0.045 * knots[np.clip(j, -1, down), np.clip(i, -1, across)]

    u, v = column - i - 0.5, row - j - 0.5
    v = v + 0.17 * np.where(i % 2, 1, -1) * np.cos(np.pi * u)
    thread = np.sqrt(np.clip(1 - (1.05 * u) ** 2 * 1.6, 0, 1)) * np.sqrt(np.clip(1 - (1.75 * v) ** 2, 0, 1))
    twist = 0.5 + 0.5 * np.sin((u * 1.6 + v * 2.2) * 9 + 2 * knots[np.clip(j, -1, down), np.clip(i, -1, across)])
    fuzz = canvas.noise(n, 260, 304, octaves=2, gain=0.9)
    wool = shades[number] * (1 + tint + 0.05 * fuzz - 0.10 * (1 - twist))[..., None]
    deep = canvas.step(thread, 0.02, 0.5)
    picture = wool * (0.28 + 0.72 * deep)[..., None]
    height = thread + 0.10 * twist * deep + 0.05 * fuzz
    folds = 0.05 * canvas.noise(n, 2, 305, octaves=2)
    picture = np.clip(picture * (1.04 + folds)[..., None], 0, 1)
    return canvas.shrink(canvas.light(picture, height, depth=0.0035, gloss=0.03), size)


def _kilim_design(i: np.ndarray, j: np.ndarray, across: int, down: int) -> np.ndarray:
    """The colour of every knot: borders round a field of medallions."""
    a = np.minimum(i, across - 1 - i)
    b = np.minimum(j, down - 1 - j)
    edge = np.minimum(a, np.floor(b * 1.25)).astype(int)
    # the field: medallions with hooks, three colours by turns
    cx, cy = (i - across // 2) % 38 - 19, (j - down // 2 + 14) % 28 - 14
    which = ((i - across // 2) // 38 + (j - down // 2 + 14) // 28) % 3
    d = (np.abs(cx) // 2 * 2 * 0.75 + np.abs(cy) // 2 * 2).astype(int)
    field = np.select(
        [d < 2, d < 5, d < 7, d < 10, d < 12, d < 15],
        [5, np.choose(which, [1, 0, 3]), 0, np.choose(which, [3, 2, 4]), 6, np.choose(which, [5, 4, 0])],
        np.where((np.abs(cx) + 2 * np.abs(cy)) % 9 < 2, 1, 2),
    )
    hook = (np.abs(np.abs(cx) - 11) < 2) & (np.abs(np.abs(cy) - 7) < 2) | (np.abs(cx) < 2) & (np.abs(cy) == 11)
    field = np.where(hook, 0, field)
    # borders, from outside in
    zig = np.abs((i + j) % 12 - 6)
    tooth = (np.where(a < np.floor(b * 1.25), j, i) % 6) < 3
    star = np.abs((np.where(a < np.floor(b * 1.25), j, i) + 4) % 16 - 8) * 0.8 + np.abs(edge - 9) * 1.2
    border = np.select(
        [edge < 2, edge < 4, edge < 5, edge < 14, edge < 15, edge < 17],
        [6, np.where(tooth, 0, 3), 5, np.select([star < 2, star < 4, star < 5], [5, 0, 1], np.where(zig < 1, 4, 3)),
         5, np.where(tooth, 6, 0)],
    )  # fmt: skip
    return np.where(edge < 17, border, field)


def batik_indigo(size: int) -> np.ndarray:
    """Wax and indigo: flowers and leaves on cracked blue, with a second bath of brown."""
    n = 2 * size
    y, x = canvas.grid(n)
    y, x = y + 0.004 * canvas.noise(n, 7, 311), x + 0.004 * canvas.noise(n, 7, 312)
    rng = np.random.default_rng(313)
    wax = np.zeros((n, n), "float32")  # 1 where wax kept the cloth white in every bath
    brown = np.zeros((n, n), "float32")
    for cy, cx in canvas.scatter(58, 314, margin=0.05):
        radius, petals, turn = rng.uniform(0.045, 0.115), int(rng.integers(5, 10)), rng.uniform(0, 6.28)
        r, angle = np.hypot(y - cy, x - cx) / radius, np.arctan2(y - cy, x - cx) * petals / 2 + turn
        petal = r / (0.35 + 0.65 * np.abs(np.cos(angle)) ** 0.6)
        flower = canvas.step(petal, 1.0, 0.93)
        lines = canvas.step(np.abs(petal - 0.72), 0.05, 0.025) + canvas.step(np.abs(r - 0.33), 0.035, 0.02)
        veins = canvas.step(np.abs(np.sin(angle * 5)) * r, 0.13, 0.05) * (petal < 0.66) * (r > 0.36)
        seeds = canvas.step(np.cos(r * 40) * np.cos(angle * 4), 0.2, 0.6) * (r < 0.28)
        halo = canvas.step(petal, 1.2, 1.14)
        wax = wax * (1 - halo) + flower * np.clip(1 - lines - veins - seeds, 0, 1)
        brown = brown * (1 - halo) + flower * ((petal < 0.72) if rng.random() < 0.6 else (r < 0.33))
    busy = canvas.smooth((wax > 0.2).astype("float32"), 0.012)
    dots = _dots(n, y, x) * canvas.step(busy, 0.16, 0.05)
    scroll = np.abs(np.sin(34 * (y + 0.05 * np.sin(13 * x)) + 3 * canvas.noise(n, 4, 315, octaves=1)))
    wax = np.maximum(wax, np.maximum(dots, 0.9 * canvas.step(scroll, 0.12, 0.05) * canvas.step(busy, 0.10, 0.02)))

    _, _, border = canvas.nearest(canvas.scatter(420, 316), y + 0.012 * canvas.noise(n, 12, 317), x)
    crack = canvas.step(border, 0.0016, 0.0002) * canvas.step(canvas.noise(n, 9, 318), -0.6, 1.2)
    wax_kept = wax * (1 - 0.85 * crack)
    weave = canvas.noise(n, 330, 319, octaves=1, stretch=(1, 0.4)) + canvas.noise(
        n, 330, 320, octaves=1, stretch=(0.4, 1)
    )
    bath = np.clip(0.5 + 0.2 * canvas.noise(n, 4, 321, octaves=5) + 0.06 * weave, 0, 1)
    blue = canvas.palette(bath, "0a1738 132a5e 1f4488 3566a8 6a94c4")
    white = canvas.palette(0.5 + 0.16 * canvas.noise(n, 9, 322) + 0.07 * weave, "d9c9a4 efe4c8 faf4e2")
    rust = canvas.palette(bath, "5a2412 93471d c0722f dca052")
    cloth = np.where((brown > 0.5)[..., None], canvas.mix(white, rust, 0.92 + 0 * bath), white)
    bleed = canvas.smooth(wax_kept, 0.0012)
    picture = canvas.mix(blue, cloth, canvas.step(bleed + 0.05 * weave, 0.25, 0.75))
    return canvas.shrink(canvas.light(picture, 0.5 + 0.2 * weave, depth=0.0011), size)


def _dots(n: int, y: np.ndarray, x: np.ndarray) -> np.ndarray:
    places = canvas.scatter(1500, 323)
    _, away, _ = canvas.nearest(places, y, x)
    return canvas.step(away, 0.0052, 0.0038)


def bojagi(size: int) -> np.ndarray:
    """A wrapping cloth of ramie patches, light falling through it, seams folded double."""
    n = 2 * size
    y, x = canvas.grid(n)
    y, x = y + 0.0035 * canvas.noise(n, 3, 331), x + 0.0035 * canvas.noise(n, 3, 332)
    rng = np.random.default_rng(333)
    words = (
        "f2e6d0 e8d9b8 f7efe0 d94f4a e8837a f0b4a0 2f6f7c 5fa0a0 a9cfc4 e8b84a f3d98a 7a4a7c b48ab0 2f4a7a 6a8cb8 "
        "93a85a c9d39a f2e6d0 f7efe0 c94f7a"
    )
    shades = canvas.colours(words)
    picture, border = np.zeros((n, n, 3), "float32"), np.full((n, n), 1, "float32")
    layers = np.ones((n, n), "float32")

    def sew(top, left, bottom, right, depth):
        height, width = bottom - top, right - left
        if max(height, width) < rng.uniform(0.09, 0.27) or depth > 8:
            inside = (y >= top) & (y < bottom) & (x >= left) & (x < right)
            away = np.minimum(np.minimum(y - top, bottom - y), np.minimum(x - left, right - x))[inside]
            picture[inside] = shades[rng.integers(len(shades))] + 0.03 * rng.standard_normal(3)
            border[inside] = away
            layers[inside] = rng.uniform(0.9, 1.15)
            return
        cut = rng.uniform(0.28, 0.72)
        slant = height > width * rng.uniform(0.75, 1.3)
        if slant:
            sew(top, left, top + cut * height, right, depth + 1)
            sew(top + cut * height, left, bottom, right, depth + 1)
        else:
            sew(top, left, bottom, left + cut * width, depth + 1)
            sew(top, left + cut * width, bottom, right, depth + 1)

    sew(-0.03, -0.03, 1.03, 1.03, 0)
    warp = canvas.noise(n, 230, 334, octaves=1, stretch=(0.05, 1)) + 0.5 * np.sin(x * 6.283 * 150)
    weft = canvas.noise(n, 230, 335, octaves=1, stretch=(1, 0.05)) + 0.5 * np.sin(y * 6.283 * 150)
    slub = canvas.noise(n, 40, 336, octaves=3, stretch=(3, 0.12)) + canvas.noise(
        n, 40, 337, octaves=3, stretch=(0.12, 3)
    )
    seam = canvas.step(border, 0.0085, 0.0075)
    stitch = canvas.step(np.abs(border - 0.0105), 0.0013, 0.0006) * (np.sin((x + y) * 6.283 * 62) > -0.1)
    window = 1.12 - 0.5 * np.hypot(y - 0.35, x - 0.6) + 0.10 * canvas.noise(n, 2, 338, octaves=2)
    takes = -np.log(np.clip(picture, 0.04, 0.98)) * layers[..., None]
    takes = takes * (1 + 0.75 * seam + 0.09 * (warp + weft) * 0.8 + 0.06 * slub)[..., None] + 0.05 * seam[..., None]
    lit = np.exp(-takes) * window[..., None]
    lit = canvas.mix(lit, 0.25 * lit + 0.72, 0.75 * stitch)
    height = 0.5 * seam + 0.18 * (warp * 0.3 + weft * 0.3) + 0.25 * canvas.noise(n, 5, 339) + 0.5 * stitch
    return canvas.shrink(canvas.light(np.clip(lit, 0, 1), height, depth=0.0028), size)


def dancheong(size: int) -> np.ndarray:
    """Lotus and flame ornament in the five colours, painted on old wood."""
    n = 2 * size
    y, x = canvas.grid(n)
    wood = canvas.noise(n, 5, 341, octaves=6, stretch=(6, 0.5), gain=0.6)
    y, x = y + 0.0016 * canvas.noise(n, 20, 342), x + 0.0016 * canvas.noise(n, 20, 343)
    picture = canvas.palette(0.45 + 0.12 * wood, "17624f 1f7f63 2f9a78")
    cloud = np.sin(38 * y + 5 * np.sin(14 * x)) * np.sin(38 * x + 5 * np.sin(14 * y))
    picture = canvas.mix(picture, canvas.palette(0.5 + 0.1 * wood, "0d3f4c 17586a"), canvas.step(cloud, 0.15, 0.22))
    picture = _outlined(picture, np.abs(cloud - 0.185), 0.03)
    for cy, cx, radius, turn in (
        (0.30, 0.30, 0.25, 0.1), (0.30, 0.82, 0.16, 0.3), (0.72, 0.74, 0.25, 0.5), (0.76, 0.22, 0.18, 0.0),
        (0.05, 0.56, 0.10, 0.0), (0.53, 0.50, 0.075, 0.2), (0.50, 0.04, 0.09, 0.0), (0.98, 0.47, 0.09, 0.4),
        (0.51, 0.985, 0.10, 0.0), (0.04, 0.03, 0.07, 0.0),
    ):  # fmt: skip
        picture = _lotus(picture, np.hypot(y - cy, x - cx) / radius, np.arctan2(y - cy, x - cx) + turn, wood)
    for middle, half in ((0.0, 0.045), (1.0, 0.045)):
        picture = _band(picture, x, y, middle, half, wood)
        picture = _band(picture, y, x, middle, half, wood)
    worn = canvas.step(canvas.noise(n, 9, 344, octaves=6, gain=0.65) + 0.5 * wood, 1.5, 2.1)
    bare = canvas.palette(0.45 + 0.18 * wood, "3a2414 7a5432 b08a5c")
    picture = canvas.mix(picture * (1 + 0.045 * wood)[..., None], bare, 0.85 * worn)
    height = 0.15 * wood + 0.5 * (1 - worn) + 0.10 * canvas.noise(n, 90, 345)
    return canvas.shrink(canvas.light(np.clip(picture, 0, 1), height, depth=0.0035, gloss=0.05), size)


def _outlined(picture: np.ndarray, away: np.ndarray, half: float) -> np.ndarray:
    """A white line with a black one beside it, as the brush of the eaves leaves them."""
    picture = canvas.mix(picture, 0 * picture + canvas.colours("14100e")[0], canvas.step(away, 2.0 * half, 1.7 * half))
    return canvas.mix(picture, 0 * picture + canvas.colours("f6efdc")[0], canvas.step(away, half, 0.8 * half))


def _lotus(picture: np.ndarray, r: np.ndarray, angle: np.ndarray, wood: np.ndarray) -> np.ndarray:
    """A flower of four rows of petals, each shaded from its root."""
    rows = (
        (1.00, 16, "0f2f6a 2f5fae 8fb8dc", 0.0), (0.80, 12, "7a1414 c8322a f2a08a", 0.5),
        (0.60, 12, "8a4a0c e08a1f f7d98a", 0.0),
        (0.42, 8, "0d4a34 2f9a5c b8dca0", 0.5),
    )  # fmt: skip
    for reach, count, words, offset in rows:
        a = (angle * count / (2 * np.pi) + offset) % 1 - 0.5
        shape = reach * (
            0.80 + 0.20 * np.sqrt(np.clip(1 - (2 * a) ** 2, 0, 1)) + 0.05 * np.clip(1 - 7 * np.abs(a), 0, 1)
        )
        t = np.clip((r / reach - 0.55) / 0.45, 0, 1) + 0.25 * np.abs(a)
        shade = canvas.palette(np.round(np.clip(t + 0.03 * wood, 0, 1) * 5) / 5, words)
        picture = canvas.mix(picture, shade, canvas.step(r - shape, 0.012, -0.004))
        picture = _outlined(picture, np.abs(r - shape), 0.014)
        fold = (
            canvas.step(np.abs(np.abs(a) - 0.5) * reach * 6.283 / count, 0.012, 0.008)
            * (r < reach * 0.84)
            * (r > reach * 0.3)
        )
        picture = canvas.mix(picture, 0 * picture + canvas.colours("f6efdc")[0], 0.9 * fold)
    heart = canvas.palette(np.clip(r / 0.24, 0, 1), "f7d24a e8a01f a8481a")
    picture = canvas.mix(picture, heart, canvas.step(r, 0.24, 0.225))
    picture = _outlined(picture, np.abs(r - 0.235), 0.012)
    seeds = canvas.step(np.hypot((r - 0.14) / 0.03, ((angle * 8 / 6.283) % 1 - 0.5) * 3.4), 1.0, 0.8)
    return canvas.mix(picture, 0 * picture + canvas.colours("8a1a14")[0], seeds)


def _band(picture, place, along, middle: float, half: float, wood) -> np.ndarray:
    """Stripes of the five colours beside a row of half circles."""
    away = np.abs(place - middle)
    t = away / half
    stripes = canvas.colours("b3241c f6efdc 1f3f8a f6efdc e8a82a 14100e")
    number = np.clip((t - 0.45) / 0.55 * 6, 0, 5).astype(int)
    scale = np.hypot((along / 0.045) % 1 - 0.5, t * 0.55) * 2
    lobes = canvas.palette(np.round(np.clip(scale, 0, 1) * 4) / 4 + 0.02 * wood, "f7d24a c8322a 7a1414 f6efdc 17624f")
    band = np.where((t < 0.45)[..., None], lobes, stripes[number])
    return np.where((t < 1)[..., None], band, picture).astype("float32")
