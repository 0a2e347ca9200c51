"""Round things in soft light: a moon jar with persimmons, a cat. Rays are marched through distance fields."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from tests.journeys.scenes.noise import mix, octaves, step

vector = partial(np.array, dtype="float32")
Field = Callable[[np.ndarray], np.ndarray]  # points (n, 3) to distances (n,)
Paint = Callable[[np.ndarray, np.ndarray], np.ndarray]  # points, normals to colours (n, 3)


@dataclass(frozen=True)
class Stage:
    """A thing to look at, from where, and in which light."""

    field: Field
    paint: Paint
    eye: tuple[float, float, float]
    target: tuple[float, float, float]
    lens: float
    lamp: tuple[float, float, float]
    warm: tuple[float, float, float] = (1.0, 0.90, 0.76)
    shade: tuple[float, float, float] = (0.30, 0.34, 0.42)


def jar() -> np.ndarray:
    """A white moon jar and three persimmons by a window. 768 × 768."""
    stage = Stage(_jar_field, _jar_paint, (0.75, 1.75, -5.6), (0.62, 0.92, 0), 1.85, (-0.75, 0.85, -0.55))
    return _render(stage, width=768, height=768)


def cat() -> np.ndarray:
    """A ginger cat on a wall, with a garden out of focus behind it. 720 × 900."""
    stage = Stage(_cat_field, _cat_paint, (0.5, 1.7, -6.2), (0.08, 1.28, 0), 2.35, (-0.6, 0.8, -0.7))
    return _render(stage, width=720, height=900, background=_garden(720, 900))


def _ellipsoid(p, centre, radii):
    q = (p - vector(centre)) / vector(radii)
    k0 = np.linalg.norm(q, axis=-1)
    k1 = np.linalg.norm(q / vector(radii), axis=-1)
    return k0 * (k0 - 1) / np.maximum(k1, 1e-6)


def _capsule(p, a, b, radius):
    a, b = vector(a), vector(b)
    along = np.clip(((p - a) @ (b - a)) / ((b - a) @ (b - a)), 0, 1)
    return np.linalg.norm(p - a - along[:, None] * (b - a), axis=-1) - radius


def _blend(a, b, k):
    h = np.clip(0.5 + 0.5 * (b - a) / k, 0, 1)
    return b + (a - b) * h - k * h * (1 - h)


PERSIMMONS = (((1.45, 0.42, -0.55), 0.50), ((0.98, 0.36, -1.30), 0.43), ((2.05, 0.36, -1.15), 0.42))


def _jar_field(p):
    body = _ellipsoid(p, (-0.35, 1.12, 0.35), (1.22, 1.10, 1.22))
    ring = np.stack([np.hypot(p[:, 0] + 0.35, p[:, 2] - 0.35) - 0.50, p[:, 1] - 2.20], -1)
    body = _blend(body, np.linalg.norm(ring, axis=-1) - 0.09, 0.16)
    return np.minimum.reduce([body, p[:, 1], 2.6 - p[:, 2], *(_fruit(p, c, r) for c, r in PERSIMMONS)])


def _fruit(p, centre, radius):
    q = p - vector(centre)
    lobes = 1 + 0.035 * np.cos(4 * np.arctan2(q[:, 2], q[:, 0]))
    flat = _ellipsoid(p, centre, (radius * 1.08, radius * 0.84, radius * 1.08)) / lobes
    leaf_reach = radius * (0.42 + 0.22 * np.cos(4 * np.arctan2(q[:, 2], q[:, 0]) + 0.6))
    leaf = np.maximum(np.abs(q[:, 1] - radius * 0.84) - 0.022, np.hypot(q[:, 0], q[:, 2]) - leaf_reach)
    return np.minimum(flat, 0.7 * leaf)


def _jar_paint(p, normal):
    colour = np.tile(vector([0.43, 0.27, 0.17]), (len(p), 1))  # the table
    grain = np.sin(p[:, 2] * 9 + 2.2 * np.sin(p[:, 0] * 1.3)) * 0.5 + 0.5
    colour = mix(colour, vector([0.30, 0.18, 0.11]), 0.55 * grain[:, None])
    wall = p[:, 2] > 2.5
    pane = (np.sin((p[:, 0] - 0.55 * p[:, 1]) * 2.1) > -0.72) & (np.sin(p[:, 1] * 2.6 - 0.4) > -0.80)
    from_window = pane & (np.abs(p[:, 0] - 0.4 * p[:, 1] - 0.5) < 2.4) & (p[:, 1] > 0.7)
    colour[wall] = mix(
        vector([0.30, 0.38, 0.38]), vector([0.66, 0.66, 0.56]), from_window[wall, None].astype("float32")
    )
    in_jar = _ellipsoid(p, (-0.35, 1.18, 0.35), (1.35, 1.35, 1.35)) < 0.02
    glaze = 0.04 * np.sin(p[:, 0] * 3 + 1.7 * p[:, 1])[:, None]
    colour = np.where((in_jar & ~wall & (p[:, 1] > 0.01))[:, None], vector([0.90, 0.88, 0.83]) + glaze, colour)
    for centre, radius in PERSIMMONS:
        q = p - vector(centre)
        here = np.linalg.norm(q, axis=-1) < radius * 1.2
        skin = mix(vector([0.86, 0.30, 0.05]), vector([0.95, 0.50, 0.10]), np.clip(q[:, 1:2] / radius + 0.3, 0, 1))
        colour = np.where((here & (p[:, 1] > 0.01))[:, None], skin, colour)
        is_leaf = here & (q[:, 1] > radius * 0.80) & (np.hypot(q[:, 0], q[:, 2]) < radius * 0.66)
        colour[is_leaf & (q[:, 1] > radius * 0.835)] = (0.28, 0.36, 0.12)
    return colour


def _cat_field(p):
    side = np.stack([np.abs(p[:, 0]), p[:, 1], p[:, 2]], -1)
    body = _blend(
        _ellipsoid(p, (0, 0.75, 0.25), (0.78, 0.82, 0.85)), _ellipsoid(p, (0, 1.25, -0.12), (0.56, 0.62, 0.55)), 0.35
    )
    legs = _capsule(side, (0.24, 0.12, -0.62), (0.27, 0.95, -0.40), 0.165)
    haunch = _ellipsoid(side, (0.62, 0.42, 0.05), (0.38, 0.44, 0.58))
    paws = _ellipsoid(side, (0.24, 0.11, -0.76), (0.19, 0.13, 0.24))
    tail = np.minimum(
        _capsule(p, (0.6, 0.16, 0.5), (1.25, 0.15, -0.15), 0.15),
        _capsule(p, (1.25, 0.15, -0.15), (1.02, 0.14, -0.72), 0.14),
    )
    head = _ellipsoid(p, (0, 1.98, -0.35), (0.62, 0.53, 0.52))
    cheeks = _ellipsoid(side, (0.20, 1.80, -0.78), (0.21, 0.16, 0.17))
    ear = np.maximum(
        _ellipsoid(side, (0.36, 2.40, -0.30), (0.25, 0.44, 0.13)),
        -_ellipsoid(side, (0.36, 2.36, -0.44), (0.15, 0.30, 0.09)),
    )
    cat_shape = _blend(_blend(_blend(body, legs, 0.14), haunch, 0.12), paws, 0.08)
    cat_shape = _blend(_blend(cat_shape, tail, 0.15), head, 0.16)
    cat_shape = _blend(_blend(cat_shape, cheeks, 0.10), ear, 0.07)
    nose = _ellipsoid(p, (0, 1.90, -0.93), (0.07, 0.045, 0.05))
    eyes = _ellipsoid(side, (0.235, 2.06, -0.765), (0.135, 0.125, 0.10))
    fur = 0.004 * np.sin(p[:, 0] * 61 + 5 * p[:, 1]) * np.sin(p[:, 1] * 47 + 9 * p[:, 0]) * np.sin(p[:, 2] * 53)
    wall = np.maximum(np.abs(p[:, 1] + 0.5) - 0.5, np.abs(p[:, 2]) - 1.25)
    return np.minimum.reduce([cat_shape + fur, nose, eyes, wall])


def _cat_paint(p, normal):
    side = np.stack([np.abs(p[:, 0]), p[:, 1], p[:, 2]], -1)
    stripes = np.sin(p[:, 1] * 13 + 3.2 * np.abs(p[:, 0]) + 1.6 * np.sin(p[:, 2] * 4) + 1.2 * np.sin(p[:, 0] * 5))
    colour = mix(vector([0.86, 0.50, 0.20]), vector([0.60, 0.27, 0.08]), step(0.15, 0.75, stripes)[:, None])
    white = np.minimum.reduce(
        [
            _ellipsoid(p, (0, 1.15, -0.62), (0.30, 0.50, 0.34)),
            _ellipsoid(side, (0.16, 1.80, -0.86), (0.27, 0.19, 0.22)),
            _ellipsoid(side, (0.24, 0.10, -0.80), (0.24, 0.20, 0.24)),
        ]
    )
    colour = mix(colour, vector([0.96, 0.92, 0.86]), step(0.05, -0.04, white)[:, None])
    inner_ear = _ellipsoid(side, (0.36, 2.36, -0.44), (0.16, 0.31, 0.10)) < 0.012
    colour[inner_ear] = (0.90, 0.62, 0.55)
    eyes = _ellipsoid(side, (0.235, 2.06, -0.765), (0.135, 0.125, 0.10)) < 0.012
    colour[eyes] = (0.50, 0.62, 0.16)
    colour[eyes & (np.hypot((side[:, 0] - 0.225) * 1.8, p[:, 1] - 2.06) < 0.085)] = (0.02, 0.02, 0.02)
    colour[_ellipsoid(p, (0, 1.90, -0.93), (0.07, 0.045, 0.05)) < 0.012] = (0.80, 0.42, 0.40)
    stone = p[:, 1] < 0.004
    rough = np.sin(p[:, 0] * 23) * np.sin(p[:, 2] * 19 + p[:, 1] * 31) * np.sin(p[:, 1] * 27)
    return np.where(stone[:, None], vector([0.52, 0.50, 0.47]) + 0.05 * rough[:, None], colour)


def _garden(width: int, height: int) -> np.ndarray:
    """Leaves and lights, far out of focus."""
    rng = np.random.default_rng(4)
    base = mix(
        vector([0.13, 0.24, 0.12]),
        vector([0.42, 0.54, 0.24]),
        step(-0.7, 0.9, octaves((height, width), (3, 3), rng, n=3)),
    )
    y, x = np.mgrid[0:height, 0:width]
    for _ in range(70):
        cx, cy, radius = rng.uniform(0, width), rng.uniform(0, height * 0.75), rng.uniform(18, 60)
        disc = step(radius + 2.5, radius - 2.5, np.hypot(x - cx, y - cy))
        tint = vector([[0.86, 0.90, 0.52], [0.98, 0.86, 0.62], [0.66, 0.80, 0.46], [0.95, 0.70, 0.72]][rng.integers(4)])
        base = mix(base, tint, 0.22 * disc)
    return base


def _render(stage: Stage, *, width: int, height: int, background: np.ndarray | None = None) -> np.ndarray:
    """March a ray a pixel."""
    eye = vector(stage.eye)
    forward = vector(stage.target) - eye
    forward /= np.linalg.norm(forward)
    right = np.cross([0, 1, 0], forward)
    right /= np.linalg.norm(right)
    up = np.cross(forward, right)
    v, u = np.mgrid[0:height, 0:width].astype("float32")
    u, v = (u + 0.5 - width / 2) / height * 2, (height / 2 - v - 0.5) / height * 2
    rays = u[..., None] * right + v[..., None] * up + stage.lens * forward
    rays = (rays / np.linalg.norm(rays, axis=-1, keepdims=True)).reshape(-1, 3)

    reach = _march(stage.field, np.tile(eye, (len(rays), 1)), rays, far=11.0, n_steps=70)
    hit = reach < 11.0
    points = eye + rays[hit] * reach[hit, None]
    normal = _normal(stage.field, points)
    lamp = vector(stage.lamp) / np.linalg.norm(stage.lamp)
    lit = np.clip(normal @ lamp, 0, 1) * _shadow(stage.field, points + 0.012 * normal, lamp)
    closed = np.clip(stage.field(points + 0.22 * normal) / 0.22, 0, 1) * 0.75 + 0.25
    shine = (normal * _half(lamp, -rays[hit])).sum(-1).clip(0, 1)

    colour = stage.paint(points, normal)
    light = vector(stage.shade) * closed[:, None] * (0.75 + 0.25 * normal[:, 1:2]) + 1.05 * lit[:, None] * vector(
        stage.warm
    )
    shaded = colour * light + 0.22 * (shine**48 * (lit > 0))[:, None]

    picture = np.zeros((height * width, 3)) if background is None else background.reshape(-1, 3).copy()
    picture[hit] = shaded
    return (np.clip(picture, 0, None) ** 0.85).reshape(height, width, 3).astype("float32")


def _half(lamp, view):
    h = lamp + view
    return h / np.linalg.norm(h, axis=-1, keepdims=True)


def _march(field: Field, origin, rays, *, far: float, n_steps: int) -> np.ndarray:
    reach = np.full(len(rays), 3.0, "float32")
    active = np.arange(len(rays))
    for _ in range(n_steps):
        distance = field(origin[active] + rays[active] * reach[active, None])
        reach[active] += 0.9 * distance
        active = active[(distance > 0.0015) & (reach[active] < far)]
        if not len(active):
            break
    return reach


def _normal(field: Field, points) -> np.ndarray:
    offsets = 0.002 * vector([[1, -1, -1], [-1, -1, 1], [-1, 1, -1], [1, 1, 1]])
    normal = sum(sign * field(points + sign)[:, None] for sign in offsets)
    return normal / np.maximum(np.linalg.norm(normal, axis=-1, keepdims=True), 1e-9)


def _shadow(field: Field, points, lamp) -> np.ndarray:
    """1 in full light, 0 in full shadow, soft between."""
    light = np.ones(len(points))
    reach = np.full(len(points), 0.03, "float32")
    for _ in range(28):
        distance = field(points + lamp * reach[:, None])
        light = np.minimum(light, np.clip(9 * distance / reach, 0, 1))
        reach += np.clip(distance, 0.03, 0.35)
    return light
