"""What training will really see of a dataset, on one sheet: the very crops, flips and strokes, by the very code.

For child processes alone: the code of the recipes' data needs OpenCV.
"""

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from trainer.datasets import drawing, edge_options, edges, hand_drawn, layouts, pairs, pictures, unpaired

N_ROWS = 6
N_CROPS = 4  # of each picture, at random
CELL = 128  # pixels of a square on the sheet
LARGE_CELL = 192  # of the preview of edges, which people look at closely
GAP = 4
GAP_COLOUR = (128, 128, 128)
N_DRAWN = 3  # pictures in the preview of edges


def render(folder: Path, recipe: str, config: object = None) -> bytes:
    """A PNG for a recipe and its config, or for layouts.PLAIN: a row a picture, its centre first, then random crops.

    Raises ValueError where the recipe cannot read the folder.
    """
    if recipe not in SHEETS:
        raise ValueError(f"There are previews for {', '.join(SHEETS)}, not for {recipe!r}.")
    return _as_sheet(SHEETS[recipe](Path(folder), config), CELL)


def render_cover(folder: Path) -> bytes:
    """A PNG of four of its pictures, cut square: what the dataset looks like at a glance."""
    folder = Path(folder)
    places = [folder / "train", folder / "train" / "B", folder / "trainB"]
    found = next(pictures.find(place) for place in places if pictures.holds_any(place))
    squares = [pictures.read_square(path, CELL) for path in _spread(found, 4)]
    squares += squares[: 4 - len(squares)] * 3
    return _as_sheet([squares[:2], squares[2:4]], CELL)


def render_edges(folder: Path, options: dict) -> bytes:
    """A PNG: a row for each of a few plain pictures, a column for each of EDGE_STEPS. Raises ValueError."""
    chosen, frame = edge_options.read(options)
    rows = []
    for path in _spread(pictures.find(Path(folder, "train")), N_DRAWN):
        picture = drawing.read(path, frame)
        steps = [picture[..., :3], *edges.explain(picture, chosen)]
        steps = [np.round(step * 255).astype("uint8") for step in steps]
        by_hand = [hand_drawn.roughen(steps[-1], np.random.default_rng(seed)) for seed in range(2)]
        rows.append([_as_square(step) for step in (*steps, *by_hand)])
    return _as_sheet(rows, LARGE_CELL)


def _show_pairs(folder, config):
    """Condition and picture: the centre, then as steps of training see them."""
    split = pairs.find_split(folder, "train")
    if split is None:
        raise ValueError(f"{folder} has no train/ folder with pairs.")
    crops = pairs.PairCrops(config.size, config.enlarge, config.flip, config.hand_drawn)
    how = {"direction": config.direction, "condition_channels": config.condition_channels}
    rows = []
    for name in _spread(_names_of_pairs(split), N_ROWS):
        known = pairs.open_pairs(split, **how, choose=lambda each, name=name: each == name)
        seen = [known.fixed(1, config.size), known.batch(_rng(len(rows)), N_CROPS - 1, crops)]
        conditions, targets = (np.concatenate(arrays) for arrays in zip(*seen, strict=True))
        both = zip(conditions, targets, strict=True)
        rows.append([each for pair in both for each in pair])
    return rows


def _show_unpaired(folder, config):
    sides = _find_sides(folder)
    sides = sides if config.direction == "AtoB" else tuple(reversed(sides))
    crops = pictures.Crops(config.size, smallest=config.smallest)
    return _show_folder(sides[0], crops, N_ROWS // 2) + _show_folder(sides[1], crops, N_ROWS // 2)


def _show_photos_and_paintings(folder, config):
    photos, paintings = _find_sides(folder)
    rows = _show_folder(photos, pictures.photo_crops(config.size), N_ROWS // 2)
    return rows + _show_folder(paintings, pictures.painting_crops(config.size), N_ROWS // 2)


def _show_plain(folder, config):
    return _show_folder(folder / "train", pictures.Crops(), N_ROWS)


SHEETS: dict[str, Callable] = {
    "pix2pix": _show_pairs,
    "cyclegan": _show_unpaired,
    "adain": _show_photos_and_paintings,
    layouts.PLAIN: _show_plain,
}


def _find_sides(folder):
    sides = unpaired.find_split(folder, "train")
    if sides is None:
        raise ValueError(f"{folder} has no folders trainA/ and trainB/ with pictures.")
    return sides


def _show_folder(folder, crops, n_rows):
    """The centre square of some pictures, and random crops of each."""
    rows = []
    for path in _spread(pictures.find(folder), n_rows):
        image, rng = pictures.read(path), _rng(len(rows))
        rows.append([pictures.read_square(path, crops.size)])
        rows[-1] += [pictures.crop(image, rng, crops) for _ in range(N_CROPS)]
    return rows


def _names_of_pairs(split):
    """As `open_pairs` calls them."""
    halves = pairs.find_halves(split)
    return [path.stem if halves else path.name for path in pictures.find(halves[0] if halves else split)]


def _spread(things, count):
    """So many, evenly over the whole: neighbours by name are often alike."""
    count = min(count, len(things))
    return [things[i * len(things) // count] for i in range(count)]


def _rng(row):
    return np.random.default_rng((0, row))


def _as_square(array):
    """On a grey square, whole."""
    image = Image.fromarray(array).convert("RGB")
    square = Image.new("RGB", (max(image.size),) * 2, GAP_COLOUR)
    square.paste(image, ((square.width - image.width) // 2, (square.height - image.height) // 2))
    return np.asarray(square)


def _as_sheet(rows, cell):
    sheet = Image.new("RGB", (len(rows[0]) * (cell + GAP) - GAP, len(rows) * (cell + GAP) - GAP), GAP_COLOUR)
    for y, row in enumerate(rows):
        for x, array in enumerate(row):
            image = Image.fromarray(array.squeeze(-1) if array.shape[-1] == 1 else array).convert("RGB")
            image = image.resize((cell, cell), Image.Resampling.LANCZOS)
            sheet.paste(image, (x * (cell + GAP), y * (cell + GAP)))
    data = io.BytesIO()
    sheet.save(data, "PNG")
    return data.getvalue()
