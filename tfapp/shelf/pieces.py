"""Pictures put together from pieces: tesserae, coloured glass, facets, torn paper."""

import numpy as np

from tfapp.shelf import brush, canvas


def mosaic_sun(size: int) -> np.ndarray:
    """Tesserae of glass and stone that follow a sun, its rays and the waves below."""
    n = 2 * size
    y, x = canvas.grid(n)
    r, turn = np.hypot(y - 0.36, x - 0.5), np.arctan2(y - 0.36, x - 0.5)
    sea = 0.71 + 0.024 * np.sin(12 * x) + 0.006 * np.sin(31 * x + 1)
    ray = np.cos(turn * 16 + 14 * r)
    disc, sky = r < 0.15, (r >= 0.15) & (y < sea)
    wave = y - sea
    # the rows of tesserae are level lines of this
    rows = np.where(disc | sky, r, 2 + wave)
    jitter = 0.18 * canvas.noise(n, 8, 201) + 0.05 * canvas.noise(n, 50, 202)

    sun = canvas.palette(np.clip(1 - r / 0.15 + 0.6 * jitter, 0, 1), "b8421f e0752a f3b03c f9d977 fff2c4")
    warm = canvas.palette(np.clip(1.15 - (r - 0.15) / 0.34 + jitter, 0, 1), "b5532a d98032 eab54d f3dc92 fbf0c8")
    cool = canvas.palette(np.clip(0.3 + (r - 0.15) / 0.6 + jitter, 0, 1), "bfd8d2 6fb0bd 3a7ea3 23568a 1a3566 141f45")
    water = canvas.palette(
        np.clip(0.5 + 0.42 * np.sin(wave * 62 + 2.2 * np.sin(11 * x + 20 * wave)) + jitter, 0, 1),
        "0e2a4a 134a6e 1c7f8c 4fb3a3 a8dcc0 eef3dc",
    )
    scene = np.where((ray > 0.15 + 0.9 * r)[..., None], warm, cool)
    scene = np.where(disc[..., None], sun, scene)
    scene = np.where((y > sea)[..., None], water, scene)
    seam = canvas.distance(canvas.edges(disc + 2 * (y > sea)), 0.008) < 0.006
    scene = np.where(seam[..., None], canvas.palette(jitter + 0.5, "5a1f1c 7d2a22"), scene).astype("float32")
    return _lay_tesserae(size, scene, rows.astype("float32"), pace=0.0175, seed=203)


def _lay_tesserae(size: int, scene: np.ndarray, rows: np.ndarray, *, pace: float, seed: int) -> np.ndarray:
    n = rows.shape[0]
    rng = np.random.default_rng(seed)
    slope_y, slope_x = np.gradient(rows * n)
    angle = np.arctan2(-slope_x, slope_y)
    places = _places_in_rows(rows, angle, pace, rng)
    tint = rng.standard_normal((len(places), 1)) * 0.045 + rng.standard_normal((len(places), 3)) * 0.02
    tilt = rng.standard_normal((len(places), 2)) * 0.35

    grout = canvas.palette(0.5 + 0.2 * canvas.noise(n, 150, seed + 1), "4a4038 6b5f52 8a7d6c")
    picture, height = np.array(grout), np.zeros((n, n), "float32")
    wear = 0.06 * canvas.noise(n, 120, seed + 2, octaves=2) + 0.05 * canvas.noise(n, 30, seed + 3)
    for i, (cy, cx) in enumerate(places):
        half_u, half_v = pace * rng.uniform(0.40, 0.52), pace * rng.uniform(0.40, 0.46)
        top, left = (max(0, int((c - pace) * n)) for c in (cy, cx))
        window = np.s_[top : int((cy + pace) * n) + 1, left : int((cx + pace) * n) + 1]
        shape = height[window].shape
        dy = (top + np.arange(shape[0])[:, None] + 0.5) / n - cy
        dx = (left + np.arange(shape[1])[None] + 0.5) / n - cx
        a = canvas.look_up(angle, cy, cx) + rng.normal(0, 0.05)
        u, v = dx * np.cos(a) + dy * np.sin(a), dy * np.cos(a) - dx * np.sin(a)
        skew = 1 + rng.normal(0, 0.10) * v / half_v
        away = np.minimum(half_u * skew - np.abs(u), half_v * (1 + rng.normal(0, 0.07) * u / half_u) - np.abs(v)) / pace
        rise = canvas.step(away + 0.5 * wear[window] * 0.25, 0.0, 0.10)
        slant = 1 + 0.5 * (tilt[i, 0] * u + tilt[i, 1] * v) / pace
        top_of = rise * (0.75 + 0.15 * slant)
        colour = canvas.look_up(scene, cy, cx) + tint[i]
        over = (top_of > height[window]) & (away > 0)
        picture[window] = np.where(
            over[..., None], colour * (1 + 1.2 * wear[window][..., None]) * slant[..., None], picture[window]
        )
        height[window] = np.maximum(height[window], top_of)
    return canvas.shrink(canvas.light(np.clip(picture, 0, 1), height, depth=0.0045, gloss=0.35), size)


def _places_in_rows(rows: np.ndarray, angle: np.ndarray, pace: float, rng) -> np.ndarray:
    """Centres of tesserae: along the middle of each row, one pace apart, by walking the level lines."""
    taken = np.zeros((round(3 / pace),) * 2, bool)
    cells = len(taken)
    phase = rows / pace
    middle = np.abs(phase - np.floor(phase) - 0.5) < 0.1
    starts = np.argwhere(middle) / rows.shape[0]
    found = []

    def is_free(cy, cx):
        row, column = int(cy * cells), int(cx * cells)
        return (
            0 <= cy < 1 and 0 <= cx < 1 and not taken[max(0, row - 1) : row + 2, max(0, column - 1) : column + 2].any()
        )

    for cy, cx in starts[rng.permutation(len(starts))[:60000]]:
        while is_free(cy, cx):
            taken[int(cy * cells), int(cx * cells)] = True
            found.append((cy, cx))
            a = canvas.look_up(angle, cy, cx)
            cy, cx = cy + pace * 1.04 * np.sin(a), cx + pace * 1.04 * np.cos(a)
            if 0 <= cy < 1 and 0 <= cx < 1:  # back to the middle of the row
                off = canvas.look_up(phase, cy, cx) % 1 - 0.5
                a = canvas.look_up(angle, cy, cx)
                if abs(off) < 0.4:
                    cy, cx = cy - off * pace * np.cos(a), cx + off * pace * np.sin(a)
    return np.array(found)


def stained_glass(size: int) -> np.ndarray:
    """A tree of coloured glass between a low sun and blue hills, in lead."""
    n = 2 * size
    y, x = canvas.grid(n)
    bent_y, bent_x = y + 0.006 * canvas.noise(n, 5, 211, octaves=2), x + 0.006 * canvas.noise(n, 5, 212, octaves=2)
    r = np.hypot(y - 0.42, x - 0.62)
    trunk = np.abs(x - 0.36 - 0.05 * np.sin(5 * y + 1)) < 0.028 + 0.13 * np.clip(y - 0.75, 0, 1) ** 1.3
    crown = np.hypot((x - 0.36) / 0.33, (y - 0.27) / 0.25) + 0.07 * np.sin(9 * np.arctan2(y - 0.27, x - 0.36)) < 1
    hills = [y > 0.66 + 0.07 * np.sin(5 * x + 2), y > 0.77 + 0.06 * np.sin(6 * x), y > 0.9 + 0.03 * np.sin(9 * x + 1)]
    region = np.select(
        [crown, trunk & (y < 0.95), hills[2], hills[1], hills[0], r < 0.12, r < 0.2, r < 0.3], range(8), 8
    )
    places = canvas.scatter(330, 213)
    # in the sky the glass is cut along rings and rays around the sun
    number, _, _ = canvas.nearest(places, bent_y, bent_x)
    ring = np.where(region >= 5, 1 + np.floor(r / 0.1) * 40 + np.floor((np.arctan2(y - 0.42, x - 0.62) + 4) * 3.2), 0)
    number = np.where(region >= 6, 400 + ring * (1 + 0 * number), np.where(region == 5, 0, number))
    labels = region * 100000 + number.astype(int)
    _, labels = np.unique(labels, return_inverse=True)
    labels = labels.reshape(n, n)

    words = [
        "1d7a3c 5aa832 b9cf3a e8b824 d9651f 2f8f5b", "5a3216 7c4a1e 8f3f1c", "173a6e 1f5a7e 3a2a6e",
        "1f7f6a 2f9f7a 187a8a", "3f6fc0 5a55b8 2f8fc0", "fff0a0 ffe27a", "ffb52e ff9a2a", "ff7a3c f2564a ff9a5a",
        "2a6fd0 4a9ae0 7ab8ea 8a6ad0 c07ad0 2f55b0",
    ]  # fmt: skip
    rng = np.random.default_rng(214)
    regions = np.zeros(labels.max() + 1, int)
    regions[labels] = region
    shades = np.array([rng.choice(canvas.colours(words[k])) for k in regions]) + rng.normal(0, 0.04, (len(regions), 1))
    streaks = canvas.noise(n, 6, 215, stretch=(0.8, 3)) * 0.09 + canvas.noise(n, 26, 216) * 0.05
    # each piece is cut from another place of the sheet, which is mirrored where it ends
    cut = (1 - np.abs(1 - (place + share) % 2) for place, share in ((y, 0.26 * (labels % 7)), (x, 0.34 * (labels % 5))))
    swirl = canvas.look_up(streaks, *cut)
    border = canvas.distance(canvas.edges(labels), 0.05)
    glow = 0.62 + 0.42 * np.exp(-r / 0.45) + 0.25 * canvas.step(border, 0.0, 0.03)
    picture = np.clip(shades[labels], 0.03, 1) ** 1.15 * (glow + swirl)[..., None]
    picture = picture + 0.5 * canvas.smooth(np.clip(picture - 0.6, 0, 1), 0.012)
    lead = canvas.step(border + 0.0006 * canvas.noise(n, 40, 217), 0.0062, 0.0048)
    metal = canvas.palette(0.4 + 0.15 * canvas.noise(n, 60, 218), "14141a 2c2c34 4a4a52")
    picture = canvas.mix(np.clip(picture, 0, 1), metal, lead)
    height = lead * np.sqrt(np.clip(1 - (border / 0.0075) ** 2, 0, 1)) + 0.12 * swirl
    return canvas.shrink(canvas.light(picture, height, depth=0.006, gloss=0.3), size)


def cubist_guitar(size: int) -> np.ndarray:
    """A still life broken into facets of ochre, grey and blue, dabbed with a dry brush."""
    n = 2 * size
    y, x = canvas.grid(n)
    rng = np.random.default_rng(221)
    body = np.minimum(np.hypot((y - 0.66) / 1.1, x - 0.5) - 0.2, np.hypot((y - 0.42) / 0.9, x - 0.52) - 0.145)
    labels = 1 * (body < 0)
    shift = np.zeros((n, n), "float32")
    field, shade = np.zeros((n, n), "float32"), np.zeros((n, n), "float32")
    for k in range(13):
        turn = rng.choice([0.5, 1.1, 1.9, 2.5, 0.0, 1.57]) + rng.normal(0, 0.14)
        side = (x - rng.uniform(0.12, 0.88)) * np.cos(turn) + (y - rng.uniform(0.12, 0.88)) * np.sin(turn)
        if k % 4 == 3:
            side = np.hypot(y - rng.uniform(0, 1), x - rng.uniform(0, 1)) - rng.uniform(0.12, 0.3)
        near = np.exp(-np.abs(side) / 0.13) * rng.uniform(0.4, 1)
        shade += np.where(side > 0, near, -0.7 * near)
        field = np.where(side > 0, turn + np.pi / 2, field)
        shift = shift + np.where(side > 0, rng.normal(0, 0.016), 0)
        labels = labels * 2 + (side > 0)
    # every facet sees the guitar from a place of its own
    seen_y, seen_x = y + shift, x + 0.8 * shift.T
    body = np.minimum(
        np.hypot((seen_y - 0.66) / 1.1, seen_x - 0.5) - 0.2, np.hypot((seen_y - 0.42) / 0.9, seen_x - 0.52) - 0.145
    )
    hole = np.hypot(seen_y - 0.52, seen_x - 0.51) - 0.062
    neck = np.maximum(np.abs(seen_x - 0.52) - 0.032, np.maximum(seen_y - 0.45, 0.02 - seen_y))
    _, labels = np.unique(labels, return_inverse=True)
    labels = labels.reshape(n, n)
    tone = np.clip(0.5 + 0.32 * shade + 0.2 * rng.standard_normal(labels.max() + 1)[labels], 0, 1)
    earth = canvas.palette(tone, "1e1a18 4a3a2c 8a6f4e b59a70 d9c7a2 f3ead3")
    cool = canvas.palette(tone, "17202a 2f4250 5d7380 94a6a8 c5cdc6 f0efe6")
    wood = canvas.palette(tone, "2a140c 6b3418 a8602a cf8f45 e8bd78 f7e3b4")
    picture = np.where((rng.random(labels.max() + 1) < 0.42)[labels][..., None], cool, earth)
    picture = np.where((body < 0)[..., None], wood, picture)
    picture = np.where((hole < 0)[..., None], canvas.palette(tone, "0c0a0a 2a1c16 5a3a26"), picture)
    picture = np.where((neck < 0)[..., None], canvas.palette(tone, "120e0c 3a281c 7a583a b08a5c"), picture)
    strings = (np.abs((seen_x - 0.52) % 0.011 - 0.0055) < 0.0012) & (np.abs(seen_x - 0.52) < 0.03) & (seen_y < 0.78)
    lines = np.minimum.reduce([np.abs(body), np.abs(hole), np.abs(np.where(seen_y < 0.45, neck, 1))])
    seams = canvas.edges(labels)
    dark = canvas.step(np.minimum(lines, canvas.distance(seams, 0.01)), 0.0036, 0.0018)

    painting = brush.Painting(canvas.palette(tone, "3a2f26 8a7a60 cdbd98"))
    dry = brush.make_brush(222, ragged=0.2, gaps=0.6, ridge=0.3)
    painting.paint(
        dry, brush.follow(picture, field, 4200, 223, length=0.055, width=0.020, spread=0.02, wobble=0.12), seed=1
    )
    painting.paint(
        dry, brush.follow(picture, field, 9500, 224, length=0.030, width=0.010, spread=0.025, wobble=0.2), seed=2
    )
    tooth = canvas.grain(n, 225)
    painting.colour = canvas.mix(painting.colour, 0 * picture + 0.07, 0.82 * dark * canvas.step(tooth, 0.25, 0.5))
    painting.colour = canvas.mix(painting.colour, 0 * picture + 0.93, 0.6 * strings * canvas.step(tooth, 0.3, 0.6))
    return painting.finish(size, depth=0.004, gloss=0.05)


def torn_paper(size: int) -> np.ndarray:
    """Mountains and a moon of torn hanji, its long fibres showing."""
    n = 2 * size
    y, x = canvas.grid(n)
    rng = np.random.default_rng(231)
    picture = _hanji(n, "dfeae4 eef0e2", 232)
    sheets = [("moon", "f3c14b f7d98a", 0.30)]
    for words in (
        "bcd8d2 d3e6da", "f0a89a f6c8b4", "7fb5b0 a6cfc0", "e2704e ee9468", "3f8793 64a6a6", "c43f46 dc6a5c",
        "2b5f7c 4a8496", "f0b94f f6d382", "1f3d5c 345c78", "13233c 24405c",
    ):  # fmt: skip
        sheets.append(("range", words, 0.36 + 0.068 * (len(sheets) - 1)))
    for i, (kind, words, top) in enumerate(sheets):
        tear = 0.0055 * canvas.noise(n, 26, 240 + i, octaves=5, gain=0.62)
        if kind == "moon":
            inside = 0.135 - np.hypot(y - top, x - 0.66) + tear
        else:
            bumps = sum(
                rng.uniform(0.02, 0.075) / k * np.sin(6.283 * (k * rng.uniform(0.5, 0.9) * x + rng.random()))
                for k in (1, 2, 3, 5)
            )
            inside = y - top - bumps + tear
        core = inside - 0.010 - 0.006 * canvas.noise(n, 18, 260 + i, octaves=5, gain=0.65)
        shadow = canvas.look_up(canvas.smooth((inside > 0).astype("float32"), 0.006), y - 0.004, x - 0.005)
        picture = picture * (1 - 0.42 * shadow * (inside <= 0))[..., None]
        sheet = _hanji(n, words, 280 + i)
        sheet = canvas.mix(sheet, sheet * 0.35 + 0.62, canvas.step(core, 0.004, -0.004))
        picture = canvas.mix(picture, sheet, canvas.step(inside, -0.0008, 0.0008))
    bumps = canvas.noise(n, 40, 299, octaves=4, gain=0.7)
    return canvas.shrink(canvas.light(np.clip(picture, 0, 1), bumps * 0.16, depth=0.004), size)


def _hanji(n: int, words: str, seed: int) -> np.ndarray:
    """Mulberry paper: cloudy colour, and fibres lying every way."""
    rng = np.random.default_rng(seed)
    cloud = 0.5 + 0.22 * canvas.noise(n, 6, seed, octaves=5)
    sheet = canvas.palette(cloud, words)
    field = 2.5 * canvas.noise(n, 3, seed + 1, octaves=2)
    fibre = brush.make_brush(seed + 2, ragged=0.1, gaps=0.0, taper=0.9, ridge=0)
    painting = brush.Painting(sheet)
    pale, deep = sheet * 0.5 + 0.48, sheet * 0.72
    for shade, count in ((pale, 420), (deep, 160)):
        strokes = brush.follow(shade, field, count, int(rng.integers(2**31)), length=0.06, width=0.0022, wobble=0.9)
        painting.paint(fibre, strokes, opacity=0.55, tint=0.0)
    return painting.colour
