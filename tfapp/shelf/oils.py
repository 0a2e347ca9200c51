"""Thick paint: a night of swirls, a meadow, points of colour at a lake, autumn leaves."""

import numpy as np

from tfapp.shelf import brush, canvas


def starry_swirls(size: int) -> np.ndarray:
    """A blue night that turns around its stars."""
    n = 2 * size
    y, x = canvas.grid(n)
    stars = np.array(
        [
            (0.17, 0.80, 0.105), (0.30, 0.43, 0.10), (0.12, 0.17, 0.06), (0.45, 0.70, 0.05), (0.08, 0.52, 0.045),
            (0.42, 0.13, 0.05), (0.56, 0.40, 0.04), (0.35, 0.92, 0.04), (0.60, 0.88, 0.045), (0.22, 0.61, 0.032),
        ]
    )  # fmt: skip
    stream = 1.1 * y + 0.07 * np.sin(9 * x + 2 * np.sin(6 * y)) + 0.035 * canvas.noise(n, 4, 1, octaves=2)
    glow = np.zeros((n, n), "float32")
    rings = np.zeros((n, n), "float32")
    for i, (sy, sx, radius) in enumerate(stars):
        r = np.hypot(y - sy, x - sx)
        stream += (0.9 if i % 2 else -0.9) * radius * 2.2 * np.exp(-((r / (1.7 * radius)) ** 2))
        glow = np.maximum(glow, np.exp(-((r / (1.25 * radius)) ** 2) * 1.1))
        rings += np.exp(-((r / (2.2 * radius)) ** 2)) * (0.5 + 0.5 * np.cos(r / radius * 7.5))
    field = brush.field_of(stream)

    bands = 0.5 + 0.5 * np.sin(stream * 34 + 1.5 * canvas.noise(n, 5, 2, octaves=2))
    sky = canvas.palette(
        np.clip(0.72 * bands + 0.3 * (0.7 - y) + 0.05, 0, 1), "0b1846 12307a 1d55a8 3f86c4 7cb8d2 bfd9cf"
    )
    sky = canvas.mix(sky, canvas.palette(np.clip(rings, 0, 1), "4f93b8 a9cfae f0e0a0"), np.clip(0.75 * rings, 0, 0.8))
    sky = canvas.mix(sky, canvas.palette(glow, "d98a2c e9a93c f6cf57 fbe48c fffbe6"), canvas.step(glow, 0.5, 0.85))
    scene, field = _hills_and_cypress(sky, field, y, x)

    painting = brush.Painting(canvas.palette(canvas.noise(n, 30, 3) * 0.2 + 0.5, "0c1640 1d3a74 3b5f83"))
    flat = brush.make_brush(4, ragged=0.14, gaps=0.3)
    lean = brush.make_brush(5, ragged=0.2, gaps=0.35, taper=0.4)
    painting.paint(flat, brush.follow(scene, field, 2600, 6, length=0.11, width=0.026, spread=0.05), seed=7)
    painting.paint(flat, brush.follow(scene, field, 7000, 8, length=0.065, width=0.0125, spread=0.06), seed=9)
    busy = np.clip(0.35 + glow + 0.5 * rings, 0, 1)
    painting.paint(lean, brush.follow(scene, field, 9000, 10, length=0.045, width=0.0085, spread=0.075, where=busy))
    return painting.finish(size, depth=0.0045, gloss=0.15)


def _hills_and_cypress(sky, field, y, x):
    n = y.shape[0]
    ridge = 0.79 + 0.05 * np.sin(5 * x + 0.6) + 0.025 * np.sin(13 * x) - 0.05 * x
    depth = y - ridge
    hill = canvas.palette(
        np.clip(0.5 + 0.28 * np.sin(depth * 55 + 7 * x) + 0.22 * canvas.noise(n, 7, 11), 0, 1),
        "081a2c 0f3444 1c5a5e 3c7f62 8fae62 d8c063",
    )
    scene = canvas.mix(sky, hill, canvas.step(depth, 0, 0.008))
    field = np.where(depth > 0, np.arctan(0.3 * np.cos(5 * x + 0.6) + 0.5 * np.sin(depth * 20)), field)

    middle = 0.155 + 0.022 * np.sin(14 * y + 1)
    half = 0.088 * np.clip((y - 0.24) / 0.76, 0, 1) ** 0.55 * (1 + 0.2 * np.sin(31 * y) * np.sin(47 * x))
    inside = canvas.step(np.abs(x - middle), half, half - 0.012)
    flame = canvas.palette(
        np.clip(0.45 + 0.3 * np.sin(x * 120 + 12 * y) + 0.2 * canvas.noise(n, 9, 12), 0, 1),
        "060b14 10231c 24402a 4c5a2c 86682f",
    )
    upward = np.pi / 2 + 0.35 * np.sin(26 * y + 30 * x)
    return canvas.mix(scene, flame, inside), np.where(inside > 0.5, upward, field)


def impasto_meadow(size: int) -> np.ndarray:
    """Poppies and daisies laid on with a knife, under a pale sky."""
    n = 2 * size
    y, x = canvas.grid(n)
    horizon = 0.27 + 0.02 * np.sin(6 * x + 1)
    sky = canvas.palette(
        np.clip(y / 0.3 + 0.16 * canvas.noise(n, 4, 21, stretch=(2, 1)), 0, 1), "5aa6c4 8cc6cf cfe3d6 f6e9cf fbd9b4"
    )
    trees = canvas.palette(0.5 + 0.3 * canvas.noise(n, 14, 22), "1c3f4a 2c6357 5d8a55 9db065")
    crown = horizon - 0.045 - 0.03 * canvas.noise(n, 9, 23, stretch=(0.02, 1))
    grass = canvas.palette(
        np.clip(0.45 + 0.25 * canvas.noise(n, 7, 24, stretch=(2, 1)) + 0.35 * (0.6 - y), 0, 1),
        "12362c 1f5a36 4c8a3a 8db043 d5cf63 f0dc8a",
    )
    scene = canvas.mix(sky, trees, canvas.step(y - crown, 0, 0.01))
    scene = canvas.mix(scene, grass, canvas.step(y - horizon, 0, 0.012))
    down = canvas.step(y - horizon, 0, 0.05)
    field = (1 - down) * 0.25 * canvas.noise(n, 3, 25) + down * (np.pi / 2 + 0.35 * canvas.noise(n, 5, 26))

    painting = brush.Painting(canvas.mix(scene, canvas.palette(x * 0, "b5532f"), 0.5 + 0 * x))
    knife = brush.make_brush(27, ragged=0.1, gaps=0.12, ridge=0.9)
    painting.paint(knife, brush.follow(scene, field, 1500, 28, length=0.10, width=0.034, spread=0.05), seed=29)
    painting.paint(knife, brush.follow(scene, field, 3800, 30, length=0.055, width=0.014, spread=0.07), seed=31)
    blade = brush.make_brush(32, ragged=0.2, taper=0.8, gaps=0.2)
    blades = brush.follow(grass * 1.15, field, 4200, 33, length=0.07, width=0.006, spread=0.08, where=down)
    painting.paint(blade, blades, seed=34)
    _paint_flowers(painting, horizon=0.3)
    return painting.finish(size, depth=0.0055, gloss=0.14)


def _paint_flowers(painting: brush.Painting, *, horizon: float) -> None:
    """Heads of petals, small far away and large near by."""
    rng = np.random.default_rng(35)
    petal = brush.make_brush(36, ragged=0.08, gaps=0.1, taper=0.55, ridge=1.0)
    dab = brush.make_brush(37, ragged=0.05, gaps=0.0, taper=0.9, ridge=0.6)
    kinds = [
        ("d21f26 ef4a2a ff7b3d 9c1220", "1a1220", 6), ("fff6e6 ffe9d6 f3d9e3 fffdf6", "f0b21e", 11),
        ("e2609a f39cc0 c93a7c ffc9d8", "fbe08a", 8), ("4a51b8 7a77d8 2f3795 a4a6ec", "f7e7a0", 7),
        ("f7b71d ffd84f ee8f18 fff0a0", "7a3b12", 9),
    ]  # fmt: skip
    depths = np.sort(rng.random(230) ** 1.25)
    for depth in depths:
        y, x = horizon + 0.02 + depth * (0.99 - horizon), rng.uniform(-0.02, 1.02)
        radius = (0.006 + 0.05 * depth) * rng.uniform(0.75, 1.25)
        words, heart, petals = kinds[rng.choice(5, p=(0.42, 0.2, 0.16, 0.12, 0.1))]
        count = petals * 2
        turn = rng.uniform(0, 2 * np.pi) + np.arange(count) * np.pi * 2 / petals + rng.normal(0, 0.15, count)
        reach = radius * np.where(np.arange(count) < petals, 0.62, 0.4)
        shades = canvas.colours(words)[rng.integers(4, size=count)] + 0.04 * rng.standard_normal((count, 1))
        painting.paint(
            petal,
            brush.Strokes(
                y=y + 0.75 * np.sin(turn) * reach,
                x=x + np.cos(turn) * reach,
                angle=np.arctan2(0.75 * np.sin(turn), np.cos(turn)),
                length=np.full(count, radius * 1.05),
                width=np.full(count, radius * 0.62),
                colour=shades.astype("float32"),
                bend=rng.normal(0, 0.1, count),
            ),
            tint=0.07,
            seed=int(rng.integers(2**31)),
        )
        spots = rng.normal(0, radius * 0.14, (2, 6))
        painting.paint(
            dab,
            brush.Strokes(
                y=y + spots[0],
                x=x + spots[1],
                angle=rng.uniform(0, 3, 6),
                length=np.full(6, radius * 0.34),
                width=np.full(6, radius * 0.28),
                colour=canvas.colours(heart).repeat(6, 0) + 0.06 * rng.standard_normal((6, 1)),
                bend=np.zeros(6),
            ),  # fmt: skip
            tint=0.05,
            seed=int(rng.integers(2**31)),
        )


def pointillist_lake(size: int) -> np.ndarray:
    """A sunset over a lake in pure points of colour."""
    n = 2 * size
    y, x = canvas.grid(n)
    shore = 0.5
    mirrored = np.where(y > shore, 2 * shore - y + 0.012 * canvas.noise(n, 10, 41, stretch=(4, 0.5)), y)
    sun = np.hypot(mirrored - 0.36, x - 0.64)
    sky = canvas.palette(np.clip(mirrored / 0.5, 0, 1), "3c5fa8 6f87c2 b79cc4 f0a78f fbc36a fbe08f")
    sky = canvas.mix(sky, canvas.colours("fff3b8")[0] + 0 * sky, np.exp(-((sun / 0.09) ** 2)))
    cloud = canvas.step(canvas.noise(n, 4, 42, stretch=(2.5, 0.8)) - 4 * np.abs(mirrored - 0.2), 0.0, 1.2)
    sky = canvas.mix(sky, canvas.palette(mirrored * 2.2, "f6c7cf fbd7a4 f59a6b"), 0.75 * cloud)
    far = 0.42 + 0.025 * np.sin(7 * x) + 0.012 * np.sin(23 * x + 1)
    scene = canvas.mix(sky, canvas.palette(x, "5b4b8a 7a5a94 a0658b"), canvas.step(mirrored - far, 0, 0.01))
    scene = np.where((y > shore)[..., None], scene * (0.86, 0.92, 1.02), scene)
    for middle, top, half in ((0.12, 0.10, 0.15), (0.27, 0.24, 0.10), (0.93, 0.17, 0.12)):
        crown = np.hypot((x - middle) / half, (mirrored - (top + 0.16)) / 0.17) + 0.1 * canvas.noise(n, 9, 43)
        leaves = canvas.palette(
            np.clip(0.5 + 0.9 * (x - middle) / half * 0.5 + 0.2 * canvas.noise(n, 14, 44), 0, 1),
            "16324f 1f5a4e 4a8a45 a8b545 f2c64e",
        )
        scene = canvas.mix(scene, leaves, canvas.step(crown, 1.0, 0.9))
        trunk = (np.abs(x - middle) < 0.008) & (mirrored > top + 0.25)
        scene = np.where(trunk[..., None], canvas.colours("3a2440"), scene)
    bank = canvas.step(y - 0.86 - 0.04 * np.sin(5 * x) - 0.1 * (x - 0.5), 0, 0.01)
    grass = canvas.palette(0.5 + 0.3 * canvas.noise(n, 9, 45), "1d3b5a 2a6b4a 79a044 e0c552 e88a5a")
    scene = canvas.mix(scene, grass, bank).astype("float32")

    painting = brush.Painting(canvas.palette(0.5 + 0.2 * canvas.noise(n, 20, 46), "c9a67a ddc39a ead9b8"))
    dot = brush.make_brush(47, ragged=0.05, gaps=0.0, taper=0.85, ridge=0.4)
    flat = np.where(y > shore, 0, 0.3 * canvas.noise(n, 4, 48)).astype("float32")
    for seed, count, across, spread in ((49, 9000, 0.0125, 0.06), (50, 16000, 0.0085, 0.09), (51, 9000, 0.0072, 0.15)):
        points = brush.follow(
            _divided(scene, seed), flat, count, seed, length=across * 1.35, width=across, spread=spread
        )
        painting.paint(dot, points, tint=0.03, seed=seed)
    return painting.finish(size, depth=0.003, gloss=0.08)


def _divided(scene: np.ndarray, seed: int) -> np.ndarray:
    """The scene's colours purer than they are, and here and there their opposites, as Seurat mixed them in the eye."""
    rng = np.random.default_rng(seed)
    grey = scene.mean(-1, keepdims=True)
    pure = grey + 1.45 * (scene - grey)
    opposite = np.clip(grey - 0.6 * (scene - grey) + 0.05, 0, 1)
    return np.where(rng.random(grey.shape) < 0.13, opposite, pure).astype("float32")
