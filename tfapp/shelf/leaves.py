"""Leaves of autumn."""

import numpy as np

from tfapp.shelf import canvas


def autumn_leaves(size: int) -> np.ndarray:
    """Maple, oak and ginkgo leaves lying wet on each other."""
    n = 2 * size
    y, x = canvas.grid(n)
    rng = np.random.default_rng(561)
    mottle, fine = canvas.noise(n, 22, 562, octaves=5), canvas.noise(n, 120, 563, octaves=3)
    picture = canvas.palette(np.clip(0.45 + 0.2 * mottle, 0, 1), "140c0a 2a1710 4a2a16 6a3f1f")
    height = 0.1 * mottle
    places = np.concatenate([canvas.scatter(120, 564 + k, margin=0.08) for k in range(2)])
    for k, (cy, cx) in enumerate(places):
        scale = rng.uniform(0.085, 0.15) * (1.1 if k < 120 else 0.85)
        window = canvas.window(n, cy, cx, 1.35 * scale)
        turn = rng.uniform(0, 6.283)
        dy, dx = (y[window] - cy) / scale, (x[window] - cx) / scale
        u, v = dx * np.cos(turn) + dy * np.sin(turn), dy * np.cos(turn) - dx * np.sin(turn)
        v = v + 0.1 * rng.standard_normal() * u * u
        rim, vein = (_maple, _oak, _ginkgo)[rng.choice(3, p=(0.5, 0.25, 0.25))](u, v)
        rim = rim + 0.04 * mottle[window]
        words = (
            "5a0f12 a81f1c d8402a f07a3a", "7a3a0c d07a1c f0ab2f f9d765", "4a2a12 8a4f1f bf8a3f e3bd6f",
            "3a4a14 7f8f2a c9bf45 f0df7a", "6a1410 c8361f ee8a2a f9cf4f",
        )[rng.integers(5)]  # fmt: skip
        tone = 0.55 - 0.35 * np.hypot(u, v) * rng.uniform(-0.6, 1) + 0.20 * mottle[window] + 0.06 * fine[window]
        shade = canvas.palette(np.clip(tone, 0, 1), words)
        shade = canvas.mix(
            shade, shade * 0.45 + canvas.colours("f7e3a0")[0] * 0.5, 0.75 * canvas.step(vein, 0.045, 0.012)
        )
        spots = canvas.step(mottle[window] + 0.7 * fine[window], 1.6, 2.3)
        shade = canvas.mix(shade, shade * 0.35, 0.8 * spots)
        inside = canvas.step(rim, 0.02, -0.02)
        shadow = canvas.step(rim, 0.28, -0.05) * (1 - inside)
        picture[window] = canvas.mix(picture[window] * (1 - 0.55 * shadow)[..., None], shade, inside)
        bulge = 0.5 + 0.5 * np.clip(-rim, 0, 0.4) + 0.1 * fine[window] - 0.25 * canvas.step(vein, 0.05, 0.0)
        height[window] = height[window] * (1 - inside) + inside * bulge
    return canvas.shrink(canvas.light(np.clip(picture, 0, 1), height, depth=0.006, gloss=0.35), size)


def _maple(u, v):
    """Distance to the rim (negative inside) and to the nearest vein, in shares of the leaf."""
    r, turn = np.hypot(u, v), np.arctan2(v, u)
    lobes = np.abs((turn * 7 / 6.6 + 0.5) % 1 - 0.5) * 2  # 0 at the tip of a lobe
    teeth = 0.07 * np.abs(np.sin(turn * 24))
    rim = r - (0.42 + 0.6 * (1 - lobes) ** 1.25 * (0.75 + 0.25 * np.cos(turn)) + teeth)
    stalk = np.maximum(np.abs(v) - 0.02, np.maximum(-u - 1.2, u))
    vein = np.minimum(lobes * r * 0.45 + 0.02 * r, np.abs(np.sin(r * 14 + 3 * lobes)) * 0.12 + 0.02)
    return np.minimum(rim, stalk), vein


def _oak(u, v):
    along = np.clip((u + 1) / 2, 0, 1)
    half = 0.50 * np.sin(np.pi * along) ** 0.7 * (0.78 + 0.28 * np.sin(along * 27))
    rim = np.maximum(np.abs(v) - half, np.abs(u) - 1)
    stalk = np.maximum(np.abs(v) - 0.02, np.maximum(-u - 1.3, u))
    vein = np.minimum(np.abs(v) * 0.7, np.abs(np.sin((u - 0.7 * np.abs(v)) * 13.5)) * 0.10)
    return np.minimum(rim, stalk), vein


def _ginkgo(u, v):
    r, turn = np.hypot(u + 0.75, v), np.arctan2(v, u + 0.75)
    rim = np.maximum(
        r - 1.45 - 0.06 * np.sin(turn * 17) + 0.5 * np.exp(-np.abs(turn) / 0.05), (np.abs(turn) - 0.85) * r
    )
    stalk = np.maximum(np.abs(v) - 0.022, np.maximum(-u - 1.3, u + 0.6))
    vein = np.abs(np.sin(turn * 34)) * 0.11 + 0.012
    return np.minimum(rim, stalk), vein
