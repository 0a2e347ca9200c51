"""A great wave, printed in Prussian blue from cherry wood."""

import numpy as np
from PIL import Image, ImageDraw

from tfapp.shelf import canvas

INK, CREAM = canvas.colours("16233f")[0], canvas.colours("f5edda")[0]
BACK = (
    (1.05, -0.06),
    (0.72, -0.02),
    (0.46, 0.05),
    (0.27, 0.15),
    (0.155, 0.29),
    (0.135, 0.43),
    (0.20, 0.555),
    (0.33, 0.615),
)
FACE = (
    (0.33, 0.615),
    (0.285, 0.545),
    (0.262, 0.46),
    (0.30, 0.375),
    (0.40, 0.325),
    (0.53, 0.33),
    (0.66, 0.40),
    (0.77, 0.56),
    (0.83, 0.78),
    (0.87, 1.05),
)


def great_wave(size: int) -> np.ndarray:
    """Claws of foam over a small mountain."""
    n = 2 * size
    y, x = canvas.grid(n)
    wood = canvas.noise(n, 3, 401, octaves=5, stretch=(14, 0.6))
    sky = canvas.palette(np.clip(y * 1.5 + 0.02 * wood, 0, 1), "3f5f80 9aa8a0 e0cfa6 f0dfba f3e6c8")
    picture = _mountain(sky, y, x)
    picture = _swell(picture, y, x, level=0.74, height=0.035, pace=6.0, seed=404)
    picture = _breaker(picture, np.array(BACK), np.array(FACE), thick=0.026, seed=410)
    picture = _swell(picture, y, x, level=0.86, height=0.050, pace=3.6, seed=405)
    small = np.array((0.42, 0.46)), np.array((0.60, 0.62))
    picture = _breaker(picture, BACK * small[0] + small[1], FACE * small[0] + small[1], thick=0.0125, seed=420)
    picture = _swell(picture, y, x, level=0.955, height=0.042, pace=3.1, seed=406)
    paper = canvas.grain(n, 407)
    worn = 0.025 * canvas.noise(n, 200, 402, octaves=2) + 0.035 * wood
    return canvas.shrink(
        canvas.light(np.clip(picture * (0.97 + 0.06 * paper + worn)[..., None], 0, 1), paper, depth=0.0005), size
    )


def _line(picture: np.ndarray, away: np.ndarray, half: float) -> np.ndarray:
    return canvas.mix(picture, 0 * picture + INK, canvas.step(away, half, 0.5 * half))


def _mountain(sky, y, x):
    peak = 0.55 + 0.52 * np.abs(x - 0.73) ** 1.12 + 0.004 * np.sin(60 * x)
    snow = canvas.palette(
        np.clip((y - peak) * 11 - 0.5 * np.abs(np.sin(x * 75)), 0, 1), "f8f1e0 eee6d4 6f8ba0 3a5a7c 27486a"
    )
    return _line(canvas.mix(sky, snow, canvas.step(y - peak, 0, 0.002)), np.abs(y - peak), 0.002)


def _swell(picture, y, x, *, level, height, pace, seed):
    """A row of pointed waves: white crests, stripes that run along them."""
    n = y.shape[0]
    lean = x + 0.03 * np.sin(6.283 * pace * x) + 0.02 * np.sin(5 * x + seed)
    crest = (
        level
        - height * (1 - 2 * np.abs(np.sin(np.pi * pace * lean + seed)) ** 0.8)
        - 0.4 * height * np.sin(7 * x + seed)
    )
    depth = y - crest + 0.0015 * canvas.noise(n, 16, seed)
    bands = 0.5 + 0.5 * np.sin(depth / height * 6.5 + 0.7 * canvas.noise(n, 4, seed + 1))
    shade = canvas.palette(np.clip(bands, 0, 1), "12265a 18356e 23558c 4f8fb0 b4cfcc e9e5d3")
    shade = canvas.mix(shade, canvas.palette(y, "16305f 0f1f48"), 0.85 * canvas.step(depth, height * 1.0, height * 3.2))
    lace = 0.007 + 0.006 * np.abs(np.sin(lean * 3.1416 * pace * 9))
    shade = canvas.mix(shade, 0 * shade + CREAM, canvas.step(depth - lace, 0.001, -0.001))
    shade = _line(shade, np.abs(depth - lace), 0.0018)
    return _line(canvas.mix(picture, shade, canvas.step(depth, -0.001, 0.001)), np.abs(depth), 0.0024)


def _breaker(picture, back, face, *, thick, seed):
    """A wave about to fall: stripes between its back and its face, foam along the lip."""
    n = picture.shape[0]
    back, face = _spline(back), _spline(face)
    body = _filled(n, np.concatenate([back, face]))
    to_back, to_face = (canvas.resize(canvas.distance(_drawn(n // 2, line), 1.0), n) for line in (back, face))
    share = to_back / np.maximum(to_back + to_face, 1e-4)
    bands = 0.5 + 0.5 * np.sin(share * 6.283 * 5.5 + 0.5 * canvas.noise(n, 4, seed) + 1)
    shade = canvas.palette(np.clip(bands**1.4, 0, 1), "101f50 14306a 1b4684 2b659c 5b95b5 b9d2cf f0ead6")
    edge = canvas.distance(canvas.edges(body > 0.5), 0.004)
    picture = _line(canvas.mix(picture, shade, body), edge, 0.0026)

    foam = _foam(n, back, face, thick, np.random.default_rng(seed))
    white = canvas.palette(np.clip(-foam * 55 + 0.12 * canvas.noise(n, 40, seed + 2), 0, 1), "c9d9dc f0ede0 fbf6ea")
    picture = canvas.mix(picture, white, canvas.step(foam, 0.0005, -0.0005))
    picture = _line(picture, np.abs(foam), 0.0022)
    picture = _line(picture, np.abs(foam + 0.5 * thick), 0.0010)
    spray = _spray(n, back, thick, np.random.default_rng(seed + 3))
    return canvas.mix(picture, 0 * picture + CREAM, canvas.step(spray, 0.0006, -0.0006))


def _foam(n, back, face, thick, rng):
    """Distance to the rim of the foam, negative inside: balls along the crest, claws that reach down over the face."""
    foam = np.full((n, n), 9, "float32")
    crest = back[round(0.36 * len(back)) :]
    lip = face[: round(0.34 * len(face))]
    for t in np.linspace(0, 1, 110):
        cy, cx = crest[min(int(t * len(crest)), len(crest) - 1)]
        _ball(foam, cy, cx, thick * (0.30 + 0.8 * t) * rng.uniform(0.55, 1.25))
    for t in np.linspace(0, 1, 44):
        cy, cx = crest[min(int((0.45 + 0.55 * t) * len(crest)), len(crest) - 1)]
        ty, tx = lip[min(int((1 - t) * len(lip)), len(lip) - 1)]
        heading = np.arctan2(ty - cy, tx - cx) + rng.normal(0, 0.6)
        _claw(foam, cy, cx, heading, thick * rng.uniform(0.5, 0.85) * (0.6 + 0.5 * t), rng)
    return foam


def _spray(n, back, thick, rng):
    """Drops thrown up from the crest."""
    spray = np.full((n, n), 9, "float32")
    for _ in range(240):
        cy, cx = back[rng.integers(len(back) // 2, len(back))]
        angle, far = rng.uniform(-2.6, 0.7), thick * (1.2 + abs(rng.normal(0, 3.5)))
        _ball(spray, cy + far * np.sin(angle), cx + far * np.cos(angle), thick * rng.uniform(0.04, 0.15))
    return spray


def _claw(foam, y, x, heading, radius, rng):
    turn = rng.choice([-0.28, 0.28])
    for _ in range(12):
        _ball(foam, y, x, radius)
        y, x = y + 0.95 * radius * np.sin(heading), x + 0.95 * radius * np.cos(heading)
        heading += turn + rng.normal(0, 0.12)
        radius *= 0.86


def _ball(foam, y, x, radius):
    n = foam.shape[0]
    reach = radius + 0.012
    rows, columns = (slice(max(0, int((c - reach) * n)), max(0, int((c + reach) * n) + 1)) for c in (y, x))
    window = foam[rows, columns]
    dy = (rows.start + np.arange(window.shape[0])[:, None] + 0.5) / n - y
    dx = (columns.start + np.arange(window.shape[1])[None] + 0.5) / n - x
    np.minimum(window, np.hypot(dy, dx) - radius, out=window)


def _spline(points: np.ndarray) -> np.ndarray:
    """A smooth line (y, x) through the points (Catmull-Rom)."""
    padded = np.concatenate([points[:1] * 2 - points[1:2], points, points[-1:] * 2 - points[-2:-1]])
    t = np.linspace(0, 1, 40, endpoint=False)[:, None]
    parts = []
    for a, b, c, d in zip(padded, padded[1:], padded[2:], padded[3:], strict=False):
        parts.append(0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3))
    return np.concatenate(parts)


def _filled(n: int, line: np.ndarray) -> np.ndarray:
    image = Image.new("L", (n, n))
    ImageDraw.Draw(image).polygon([(x * n, y * n) for y, x in line], fill=255)
    return np.asarray(image, "float32") / 255


def _drawn(n: int, line: np.ndarray) -> np.ndarray:
    image = Image.new("L", (n, n))
    ImageDraw.Draw(image).line([(x * n, y * n) for y, x in line], fill=255, width=2)
    return np.asarray(image) > 0
