"""Chalk on a blackboard, wax crayons on rough paper."""

import numpy as np

from tfapp.shelf import brush, canvas


def chalk_town(size: int) -> np.ndarray:
    """A town by the sea at night, drawn with coloured chalk on a wiped blackboard."""
    n = 2 * size
    y, x = canvas.grid(n)
    tooth = np.clip(canvas.grain(n, 531) + 0.12 * canvas.noise(n, 200, 532, octaves=2), 0, 1)
    wiped = canvas.noise(n, 3, 533, octaves=5, stretch=(2.4, 0.7)) + 0.5 * canvas.noise(n, 20, 534, stretch=(4, 0.4))
    board = canvas.palette(np.clip(0.4 + 0.17 * wiped, 0, 1), "14201e 1c2b28 2a3b37 43544f")
    painting = brush.Painting(board * (0.9 + 0.2 * tooth)[..., None])
    moon = np.hypot(y - 0.19, x - 0.74)
    sky = canvas.palette(np.clip(moon * 1.5, 0, 1), "fff6d0 f2e3a0 7fb0d8 4a6fc0 5a4fa8")
    field = np.arctan2(y - 0.19, x - 0.74) + np.pi / 2
    sea = y > 0.78
    scene = np.where(sea[..., None], canvas.palette((y - 0.78) * 4 + 0.2 * np.sin(50 * x), "8fd0d8 3f8fb0 5a6fd0"), sky)
    field = np.where(sea, 0.12 * np.sin(30 * x), field)
    loud = np.where(sea, 0.85, 0.85 * np.exp(-np.abs(np.sin(moon * 24)) * 1.3) + 0.15)
    scene, field, loud = _houses(scene, field, loud, y, x)
    stick = brush.make_brush(535, ragged=0.12, gaps=0.3, ridge=0)
    point = brush.make_brush(536, ragged=0.1, gaps=0.2, ridge=0)
    scene = scene.astype("float32")
    for brush_used, count, length, width, opacity in (
        (stick, 3200, 0.06, 0.013, 0.62),
        (point, 9000, 0.035, 0.0052, 0.85),
    ):
        strokes = brush.follow(scene, field, count, 537 + count, length=length, width=width, spread=0.05, where=loud)
        painting.paint(brush_used, strokes, opacity=opacity, tooth=tooth, tint=0.06, seed=count)
    stars = canvas.scatter(60, 538)
    stars = stars[stars[:, 0] < 0.42].repeat(3, 0)
    count = len(stars)
    painting.paint(
        point,
        brush.Strokes(
            y=stars[:, 0],
            x=stars[:, 1],
            angle=np.arange(count) * 1.047,
            length=np.full(count, 0.022),
            width=np.full(count, 0.005),
            colour=canvas.colours("fffbe8").repeat(count, 0),
            bend=np.zeros(count),
        ),  # fmt: skip
        tooth=tooth,
        seed=539,
    )
    dust = 0.05 * canvas.smooth(painting.colour - board, 0.012) * 6
    return canvas.shrink(np.clip(painting.colour + np.clip(dust, 0, 0.2), 0, 1), size)


def _houses(scene, field, loud, y, x):
    rng = np.random.default_rng(540)
    walls = canvas.colours("e8705a f0b04a f4e4b8 7fc0a8 d88ab0 8fb8e8 f29a6a c8d878")
    left = -0.03
    while left < 1.0:
        width, top = rng.uniform(0.075, 0.14), rng.uniform(0.46, 0.6)
        roof = top - 0.55 * width * (1 - np.abs(2 * (x - left) / width - 1))
        inside = (x > left) & (x < left + width - 0.006) & (y < 0.775)
        wall, tiles = inside & (y > top + 0.006), inside & (y <= top) & (y > roof)
        u, v = ((x - left) / width * 3) % 1, ((y - top) / 0.075) % 1
        pane = wall & (np.abs(u - 0.5) < 0.2) & (np.abs(v - 0.5) < 0.27) & (y < 0.745)
        colour = walls[rng.integers(8)]
        scene = np.where(wall[..., None], colour, scene)
        scene = np.where(tiles[..., None], colour * np.array((0.95, 0.5, 0.45)), scene)
        scene = np.where(pane[..., None], canvas.colours("fff0a0"), scene)
        field = np.where(wall, np.pi / 2 + 0.25, np.where(tiles, 0.9 if rng.random() < 0.5 else -0.9, field))
        field = np.where(pane, 0.0, field)
        loud = np.where(inside & (y > roof), 0.0, loud)
        loud = np.where(wall, 0.62, np.where(tiles, 1.0, loud))
        loud = np.where(pane, 1.0, loud)
        left += width
    return scene, field, loud


def crayon_garden(size: int) -> np.ndarray:
    """Wax crayons on rough paper: rainbow hills, a sun, big flowers, pressed hard."""
    n = 2 * size
    y, x = canvas.grid(n)
    tooth = canvas.grain(n, 551)
    painting = brush.Painting(canvas.palette(tooth, "e6ddc6 f6f0e0 fffdf6"))
    r = np.hypot(y - 0.2, x - 0.24)
    scene = canvas.palette(np.clip(0.2 + y * 1.4 + 0.1 * canvas.noise(n, 4, 552), 0, 1), "3f8fe0 6fc0f0 bfe6f2 fbe3c0")
    field = 0.5 + 0.5 * canvas.noise(n, 2, 553)
    for outer, words in ((0.21, "ffd03a"), (0.15, "ffa92a"), (0.09, "ff7a3a")):
        rays = outer * (1 + 0.18 * np.sin(13 * np.arctan2(y - 0.2, x - 0.24)))
        scene = np.where((r < rays)[..., None], canvas.colours(words), scene)
        field = np.where(r < rays, np.arctan2(y - 0.2, x - 0.24) + 0.3, field)
    bow = np.hypot((y - 0.78) * 0.9, x - 0.68)
    for k, colour in enumerate(canvas.colours("e8382f f58a2a f9d52f 5fc04a 3f8fe0 7a4fc0")):
        ring = np.abs(bow - 0.52 + 0.032 * k) < 0.016
        scene = np.where(ring[..., None], colour, scene)
        field = np.where(ring, np.arctan2(y - 0.78, x - 0.68) + np.pi / 2, field)
    for k, colour in enumerate(canvas.colours("8fd05a 4fae5a 2f8f6a b8d84a")):
        hill = 0.52 + 0.11 * k + 0.07 * np.sin(5 * x + 2.3 * k) - 0.03 * np.sin(11 * x + k)
        scene = np.where(
            (y > hill)[..., None],
            colour * (0.85 + 0.3 * np.sin((y - hill) * 60)[..., None] * 0.5),
            scene,
        )
        field = np.where(y > hill, -0.35 + 0.7 * (k % 2) + 0.35 * np.cos(5 * x + 2.3 * k), field)
    scene = scene.astype("float32")
    for count, length, width, opacity, seed in ((3800, 0.07, 0.016, 0.8, 554), (9000, 0.055, 0.0075, 0.9, 555)):
        wax = brush.make_brush(seed, ragged=0.1, gaps=0.1, ridge=0.2)
        strokes = brush.follow(scene, field, count, seed, length=length, width=width, wobble=0.14, spread=0.075)
        painting.paint(wax, strokes, opacity=opacity, tooth=tooth, tint=0.05, seed=seed)
    _crayon_flowers(painting, tooth)
    return painting.finish(size, depth=0.0022, gloss=0.12)


def _crayon_flowers(painting: brush.Painting, tooth: np.ndarray) -> None:
    rng = np.random.default_rng(556)
    wax = brush.make_brush(557, ragged=0.06, gaps=0.05, ridge=0.25)
    kinds = canvas.colours("e8382f f56fa0 7a4fc0 ffffff f58a2a 3f5fd0 e83a8f")
    for x in np.linspace(0.05, 0.95, 11) + rng.normal(0, 0.02, 11):
        y, radius = rng.uniform(0.62, 0.86), rng.uniform(0.04, 0.068)
        loops = int(130 * radius / 0.05)
        turn = np.linspace(0, 6.283 * 3, loops) + rng.normal(0, 0.1, loops)
        reach = radius * rng.uniform(0.45, 0.85, loops)
        parts = [
            (np.linspace(y, 1.02, 14), np.full(14, x), np.full(14, 1.57), 0.05, 0.009, canvas.colours("1f6f3a")[0])
        ]
        parts.append(
            (y + reach * np.sin(turn), x + reach * np.cos(turn), turn, radius * 0.75, 0.009, kinds[rng.integers(7)])
        )
        spot = rng.normal(0, radius * 0.17, (2, 26))
        parts.append(
            (y + spot[0], x + spot[1], rng.uniform(0, 3.1, 26), radius * 0.42, 0.008, canvas.colours("ffd02a")[0])
        )
        for py, px, angle, length, width, colour in parts:
            count = len(py)
            shade = colour + 0.09 * rng.standard_normal((count, 1))
            strokes = brush.Strokes(
                py,
                px,
                angle,
                np.full(count, length),
                np.full(count, width),
                shade.astype("float32"),
                rng.normal(0, 0.08, count),
            )
            painting.paint(wax, strokes, opacity=0.95, tooth=tooth, tint=0.06, seed=int(rng.integers(2**31)))
