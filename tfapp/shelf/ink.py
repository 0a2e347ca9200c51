"""Water and ink: mountains in mist, marbled paper, flowers in watercolour."""

import numpy as np

from tfapp.shelf import brush, canvas

WOBBLE = 0.04  # how far rough paper may carry the rim of a wash


def ink_mountains(size: int) -> np.ndarray:
    """Sumi-e: ranges of mountains in mist, bamboo in front, a red seal."""
    n = 2 * size
    y, x = canvas.grid(n)
    tooth = canvas.grain(n, 101)
    ink = 0.10 + 0.05 * canvas.noise(n, 3, 102)  # how much light the wash takes, in logarithms
    moon = np.hypot(y - 0.2, x - 0.3)
    ink += 0.16 * np.exp(-(((moon - 0.085) / 0.09) ** 2)) * (moon > 0.085)
    ink *= canvas.step(moon, 0.083, 0.088)

    for i, (top, tall, dark) in enumerate(
        ((0.40, 0.12, 0.30), (0.50, 0.19, 0.6), (0.62, 0.22, 1.0), (0.80, 0.15, 1.7))
    ):
        line = top - tall * _ridge(x[0], seed=103 + i)
        depth = y - line[None]
        below = np.maximum(depth, 0)
        folds = canvas.noise(n, 9, 110 + i, octaves=5, gain=0.6, stretch=(0.7, 1.8))
        flank = np.clip(np.gradient(canvas.smooth(np.tile(line, (2, 1)).T, 0.006)[:, 0]) * n * 0.9, -1, 1)[None]
        wash = np.exp(-below / (0.05 + 0.035 * i)) * (0.6 + 0.4 * flank + 0.35 * canvas.step(folds, -0.4, 1.2))
        dry = canvas.step(folds + 0.9 * flank + 4 * (tooth - 0.5) - below * 10, 0.5, 1.0) * np.exp(-below / 0.1)
        edge = np.exp(-((depth / 0.003) ** 2)) * canvas.step(canvas.noise(n, 22, 120 + i), -0.8, 0.8)
        inside = canvas.step(depth, -0.0015, 0.0025)
        ink = ink * (1 - 0.94 * inside) + 0.09 * inside
        ink += dark * inside * (0.75 * wash + 0.6 * dry) + dark * 0.4 * edge
    ink += 0.25 * canvas.step(y, 0.75, 1.05) * (1 + 0.5 * canvas.noise(n, 4, 130, stretch=(3, 1)))
    ink = np.clip(ink, 0, None) * (0.82 + 0.36 * tooth)

    paper = canvas.palette(0.5 + 0.25 * canvas.noise(n, 5, 131) + 0.6 * (tooth - 0.5), "e6dcc3 f1e9d6 f8f3e6")
    picture = paper * np.exp(-ink[..., None] * np.array((1.0, 0.96, 0.9), "float32"))
    painting = brush.Painting(picture)
    _paint_bamboo(painting, tooth)
    _press_seal(painting.colour, y, x, tooth)
    return canvas.shrink(painting.colour, size)


def _ridge(x: np.ndarray, *, seed: int) -> np.ndarray:
    """The line of a range, about 0..1: steep peaks of many sizes."""
    rng = np.random.default_rng(seed)
    line = np.zeros_like(x)
    for octave in range(7):
        phase, pace = rng.uniform(0, 6.28), 4.2 * 1.9**octave
        line += 0.5**octave * (1 - np.abs(np.sin(pace * x + phase))) ** (1.6 if octave < 2 else 1)
    return line


def _paint_bamboo(painting: brush.Painting, tooth: np.ndarray) -> None:
    rng = np.random.default_rng(140)
    stem = brush.make_brush(141, ragged=0.03, gaps=0.12)
    leaf = brush.make_brush(142, ragged=0.04, gaps=0.2, taper=1.0)
    for foot, lean, width, shade in ((0.86, -0.06, 0.017, 0.3), (0.95, -0.1, 0.024, 0.06), (0.78, 0.02, 0.010, 0.45)):
        y, joints = 1.04, []
        while y > -0.05:
            length = rng.uniform(0.13, 0.19)
            joints.append((y - length / 2, foot + lean * (1 - y) + rng.normal(0, 0.001), length * 0.96))
            y -= length
        joints = np.array(joints)
        count = len(joints)
        colour = np.full((count, 3), shade) + 0.03 * rng.standard_normal((count, 1))
        stems = brush.Strokes(
            joints[:, 0], joints[:, 1], np.full(count, -np.pi / 2 - lean), joints[:, 2], np.full(count, width),
            colour, rng.normal(0, 0.01, count),
        )  # fmt: skip
        painting.paint(stem, stems, opacity=0.88, tint=0.09, tooth=tooth, seed=143)
        for joint_y, joint_x, _ in joints[1:-1]:
            _paint_leaves(painting, leaf, tooth, at=(joint_y - 0.06, joint_x), shade=shade, rng=rng)


def _paint_leaves(painting, leaf, tooth, *, at, shade, rng):
    count = int(rng.integers(4, 9))
    side = rng.choice([-1, 1])
    angle = np.pi / 2 + side * rng.uniform(0.15, 1.25, count) * np.where(rng.random(count) < 0.8, 1, -1)
    length = rng.uniform(0.07, 0.14, count)
    colour = np.clip(shade + rng.uniform(-0.05, 0.35, count), 0.03, 0.7)
    leaves = brush.Strokes(
        y=at[0] + np.sin(angle) * length * 0.55 + rng.normal(0, 0.02, count),
        x=at[1] + np.cos(angle) * length * 0.55 + side * 0.02 + rng.normal(0, 0.02, count),
        angle=angle,
        length=length,
        width=length * rng.uniform(0.14, 0.2, count),
        colour=colour[:, None] * np.array((1, 1.01, 1.05)),
        bend=rng.normal(0, 0.05, count),
    )
    painting.paint(leaf, leaves, opacity=0.93, tint=0.07, tooth=tooth, seed=int(rng.integers(2**31)))


def _press_seal(picture: np.ndarray, y, x, tooth) -> None:
    """A square red seal with a few strokes left white."""
    u, v = (x - 0.085) / 0.032, (y - 0.885) / 0.042
    inside = np.maximum(np.abs(u), np.abs(v)) + 0.08 * canvas.noise(y.shape[0], 40, 150) < 1
    for bar_v, left, right in ((-0.55, -0.6, 0.6), (0.0, -0.7, 0.1), (0.55, -0.6, 0.7)):
        inside &= ~((np.abs(v - bar_v) < 0.12) & (u > left) & (u < right))
    for bar_u, top, bottom in ((0.35, -0.5, 0.5), (-0.25, 0.0, 0.6)):
        inside &= ~((np.abs(u - bar_u) < 0.11) & (v > top) & (v < bottom))
    cover = inside * canvas.step(tooth, 0.25, 0.45) * 0.92
    picture[:] = canvas.mix(picture, np.zeros_like(picture) + canvas.colours("b3241c")[0], cover)


def marbled_paper(size: int) -> np.ndarray:
    """Ebru: drops of colour on water, drawn with a comb into feathers and curls."""
    n = 2 * size
    rng = np.random.default_rng(160)
    y, x = canvas.grid(n)
    y, x = y + 0.004 * canvas.noise(n, 6, 161, octaves=3), x + 0.004 * canvas.noise(n, 6, 162, octaves=3)
    for cy, cx, radius, turn in (
        (0.3, 0.28, 0.17, 2.6),
        (0.66, 0.72, 0.2, -2.9),
        (0.82, 0.2, 0.11, 2.4),
        (0.14, 0.8, 0.1, -2.2),
    ):
        dy, dx = y - cy, x - cx
        angle = turn * np.exp(-((np.hypot(dy, dx) / radius) ** 2))
        y, x = cy + dy * np.cos(angle) + dx * np.sin(angle), cx + dx * np.cos(angle) - dy * np.sin(angle)
    teeth = 0.028
    x = x + 0.075 * _comb(y, teeth * 2.6, 0.25)
    y = y + 0.06 * _comb(x, teeth, 0.0)
    x = x - 0.05 * _comb(y, teeth * 4, 0.5)

    words = "14263f 14263f 1d6f86 e9dcc0 c8402f e8a23a f3ead6 2f8f8a 7a1f38 f0c97a"
    shades = canvas.colours(words)
    picture = np.zeros((n, n, 3), "float32") + canvas.colours("e9dcc0")[0]
    found = np.zeros((n, n), bool)
    drops = [(rng.uniform(-0.15, 1.15, 2), rng.uniform(0.03, 0.085), rng.integers(len(shades))) for _ in range(260)]
    for (cy, cx), radius, number in reversed(drops):
        dy, dx = y - cy, x - cx
        square = dy * dy + dx * dx
        inside = (square < radius**2) & ~found
        rim = 0.10 * (np.sqrt(square[inside]) / radius) ** 6
        picture[inside] = shades[number] * (1 - rim[:, None])
        found |= inside
        stretch = np.sqrt(np.clip(1 - radius**2 / (square + 1e-9), 0, 1))
        y, x = cy + dy * stretch, cx + dx * stretch

    fine = 0.035 * canvas.noise(n, 90, 163, octaves=3) + 0.03 * canvas.noise(n, 5, 164)
    specks = canvas.step(canvas.noise(n, 120, 165, octaves=1), 2.6, 2.9)
    picture = canvas.mix(picture * (1 + fine[..., None]), 0.95 + 0 * picture, 0.5 * specks)
    return canvas.shrink(canvas.smooth(picture, 0.0006), size)


def _comb(place: np.ndarray, apart: float, offset: float) -> np.ndarray:
    """How far the paint is dragged by the teeth of a comb: most at a tooth."""
    t = place / apart + offset
    away = np.abs(t - np.round(t)) * 2
    return 0.12**away - 0.3


def watercolour_blooms(size: int) -> np.ndarray:
    """Loose flowers in transparent washes, with runs, dark edges and splashes."""
    n = 2 * size
    rng = np.random.default_rng(180)
    y, x = canvas.grid(n)
    tooth = canvas.grain(n, 181)
    wobble = (0.010 * canvas.noise(n, 9, 182, octaves=4), 0.010 * canvas.noise(n, 9, 183, octaves=4))
    takes = np.zeros((n, n, 3), "float32")  # light taken, in logarithms
    for words, cells, seed in (("cfe3e6", 2.2, 184), ("f3dcc8", 2.0, 185), ("d9e6c8", 2.6, 186)):
        cloud = canvas.step(canvas.noise(n, cells, seed, octaves=5), -0.1, 1.6)
        edge = np.exp(-(((cloud - 0.25) / 0.05) ** 2)) * 0.35
        takes += (cloud + edge)[..., None] * -np.log(canvas.colours(words)[0]) * 1.5

    for kind, count in (("leaf", 24), ("flower", 10), ("bud", 13), ("drop", 90)):
        for at in canvas.scatter(count, 188 + count, margin=-0.02):
            _wash_shape(takes, kind, (y + wobble[0], x + wobble[1]), at, rng)
    takes = 2.8 * (1 - np.exp(-takes / 2.8))  # paper holds only so much paint
    granular = 1 + 0.9 * (tooth - 0.5) + 0.06 * canvas.noise(n, 40, 187)
    paper = canvas.palette(0.5 + 0.8 * (tooth - 0.5), "efe9dc faf7ef fffefb")
    picture = paper * np.exp(-takes * granular[..., None])
    return canvas.shrink(canvas.light(picture, tooth, depth=0.0012), size)


def _wash_shape(takes: np.ndarray, kind: str, place, at, rng) -> None:
    """One leaf, flower, bud or drop: petals that each dry with a darker rim and a bloom inside."""
    paints = {
        "leaf": "4f7d4a 2f6a5c 86a04a 3d5f7a 6b7f3a",
        "flower": "d8345f e8643c 8a4bb0 e79a2f c22f7c 4a62c0",
        "bud": "d8345f 8a4bb0 e79a2f e8643c",
        "drop": "d8345f 2f6a5c e79a2f 4a62c0 8a4bb0",
    }  # fmt: skip
    shade = canvas.colours(paints[kind])[rng.integers(len(paints[kind].split()))]
    cy, cx = at
    reach = {"leaf": 0.15, "flower": rng.uniform(0.11, 0.18), "bud": 0.05, "drop": rng.uniform(0.002, 0.012)}[kind]
    petals = {"leaf": 1, "flower": int(rng.integers(5, 8)), "bud": 2, "drop": 1}[kind]
    start = rng.uniform(0, 6.28)
    for petal in range(petals):
        angle = start + petal * 6.283 / petals + rng.normal(0, 0.12)
        away = reach * 0.5 if kind in ("flower", "bud") else 0
        py, px = cy + away * np.sin(angle), cx + away * np.cos(angle)
        slim = {"leaf": 0.3, "flower": 0.75, "bud": 0.6, "drop": 1.0}[kind]
        length = reach * (0.55 if away else 1.0) * rng.uniform(0.85, 1.15)
        window = canvas.window(takes.shape[0], py, px, length * 1.25 + WOBBLE)
        dy, dx = place[0][window] - py, place[1][window] - px
        u = (dx * np.cos(angle) + dy * np.sin(angle)) / length
        v = (dy * np.cos(angle) - dx * np.sin(angle)) / (length * slim)
        bulge = 1 + (0.35 * u if kind == "flower" else 0)
        r = np.hypot(u, v / bulge) if kind != "leaf" else np.abs(u) ** 2 + np.abs(v) / np.maximum(1 - u * u, 0.05)
        inside = canvas.step(r, 1.0, 0.965)
        rim = np.exp(-(((1 - r) / 0.06) ** 2)) * (r < 1.0)
        pool = 0.35 + 0.65 * np.clip(0.6 - 0.75 * u + 0.3 * np.sin(3 * v + start), 0, 1.3)
        vein = (
            0.5 * np.exp(-((v / 0.05) ** 2)) if kind == "leaf" else 0.28 * np.cos(16 * v) ** 8 * np.clip(0.5 - u, 0, 1)
        )
        amount = inside * (pool + vein) + 0.55 * rim
        other = np.clip(shade + 0.10 * rng.standard_normal(3), 0.06, 0.95)
        takes[window] += 0.85 * amount[..., None] * -np.log(other) * rng.uniform(0.55, 0.95)
    if kind == "flower":
        _wash_heart(takes, place, cy, cx, reach, rng)


def _wash_heart(takes, place, cy, cx, reach, rng):
    for _ in range(26):
        r, angle = reach * 0.24 * np.sqrt(rng.random()), rng.uniform(0, 6.28)
        window = canvas.window(takes.shape[0], cy + r * np.sin(angle), cx + r * np.cos(angle), reach * 0.09 + WOBBLE)
        away = np.hypot(
            place[0][window] - cy - r * np.sin(angle), place[1][window] - cx - r * np.cos(angle)
        ) / (reach * rng.uniform(0.02, 0.05))  # fmt: skip
        takes[window] += canvas.step(away, 1.1, 0.8)[..., None] * -np.log(np.array((0.30, 0.16, 0.16), "float32"))
