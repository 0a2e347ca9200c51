"""Pairs of pictures, a condition and what belongs to it, and crops of both that depend on (seed, step) alone.

Three layouts, told apart by looking: pictures side by side (A|B) in a folder; its folders A/ and B/; or, beside
each other, two folders that bear its name with A and B at the end (train/ is then trainA/ and trainB/).
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from trainer.datasets import hand_drawn, pictures

DIRECTIONS = ("AtoB", "BtoA")
MODES = {1: "L", 3: "RGB"}  # channels of a condition, and what Pillow calls them
HELD_PIXELS = 1_200_000_000  # of all pairs together: up to this many are decoded once and held, about 4 GB
NAMED = 5  # pictures that a refusal names


@dataclass(frozen=True)
class PairCrops:
    """How a square is cut from both pictures of a pair, at the same place."""

    size: int = 256  # pixels of the square that comes out
    enlarge: float = 1.12  # how much larger the whole would be: room for the cut to move in, as in the paper
    flip: float = 0.5  # share of pairs seen in a mirror
    hand_drawn: float = 0.0  # share of conditions that look drawn by hand; one-channel conditions only


def find_split(data: Path | str, split: str) -> Path | None:
    """The folder of a split, to be opened with `open_pairs`; `val` may be called `test`.

    None where there is none, or only folders without pictures.
    """
    for name in (split, "test") if split == "val" else (split,):
        folder = Path(data) / name
        halves = find_halves(folder)
        if any(pictures.holds_any(each) for each in halves or [folder]):
            return folder
    return None


def open_pairs(
    folder: Path | str,
    *,
    direction: str = "AtoB",
    condition_channels: int = 1,
    choose: Callable[[str], bool] = lambda name: True,
) -> "Pairs":
    """The pairs of a folder whose names `choose` likes; that may be none.

    Raises ValueError, with names, for what is missing, unreadable or no pair.
    """
    if direction not in DIRECTIONS:
        raise ValueError(f"direction is {' or '.join(DIRECTIONS)}, not {direction!r}.")
    if condition_channels not in MODES:
        raise ValueError(f"A condition has 1 or 3 channels, not {condition_channels}.")
    folder = Path(folder)
    if apart := find_halves(folder):
        halves = _match(*apart)
    elif folder.is_dir():
        halves = {path.name: (path, path) for path in pictures.find(folder)}
    else:
        raise ValueError(f"There is no folder {folder}, nor {' and '.join(str(half) for half in _beside(folder))}.")
    halves = {name: paths for name, paths in halves.items() if choose(name)}
    return Pairs(halves, direction=direction, condition_channels=condition_channels)


class Pairs:
    """Pairs by name; both pictures the same file where they stand side by side. Decoded once if they fit."""

    def __init__(self, halves: dict[str, tuple[Path, Path]], *, direction: str, condition_channels: int):
        self.names = sorted(halves)
        self.condition_channels = condition_channels
        sizes = [_measure(*halves[name]) for name in self.names]
        self.is_held = sum(width * height for width, height in sizes) <= HELD_PIXELS
        self._halves = [halves[name] for name in self.names]
        self._swapped = direction == "BtoA"
        self._held = [self._read(i) for i in range(len(self))] if self.is_held else []

    def __len__(self) -> int:
        return len(self.names)

    def batch(self, rng: np.random.Generator, count: int, crops: PairCrops) -> tuple[np.ndarray, np.ndarray]:
        """Conditions uint8 (count, size, size, channels) and pictures uint8 (count, size, size, 3), as `rng` says."""
        if crops.hand_drawn and self.condition_channels != 1:
            raise ValueError("Only one-channel conditions can be made to look hand-drawn.")
        seeds = rng.integers(2**63, size=count)
        chosen = rng.integers(len(self), size=count)
        return _stack(
            [self._crop(i, np.random.default_rng(seed), crops) for i, seed in zip(chosen, seeds, strict=True)]
        )

    def fixed(self, count: int, size: int) -> tuple[np.ndarray, np.ndarray]:
        """The centre squares of the first `count` pairs by name, for looking and measuring: nothing is random."""
        return _stack([self._centre(i, size) for i in range(min(count, len(self)))])

    def _crop(self, index, rng, crops):
        condition, picture = self._pair(index)
        shorter = min(picture.size)
        side = min(shorter, max(1, round(shorter / crops.enlarge)))
        x, y = (int(rng.integers(length - side + 1)) for length in picture.size)
        flipped, drawn = rng.random(2) < (crops.flip, crops.hand_drawn)
        condition, picture = _cut(condition, picture, (x, y, x + side, y + side), crops.size)
        if flipped:
            condition, picture = condition[:, ::-1], picture[:, ::-1]
        if drawn:
            condition = hand_drawn.roughen(np.ascontiguousarray(condition[..., 0]), rng)[..., None]
        return condition, picture

    def _centre(self, index, size):
        condition, picture = self._pair(index)
        side = min(picture.size)
        x, y = ((length - side) // 2 for length in picture.size)
        return _cut(condition, picture, (x, y, x + side, y + side), size)

    def _pair(self, index):
        return self._held[index] if self.is_held else self._read(index)

    def _read(self, index):
        path_a, path_b = self._halves[index]
        if path_a == path_b:
            both = pictures.read(path_a)
            middle = both.width // 2
            a, b = both.crop((0, 0, middle, both.height)), both.crop((middle, 0, both.width, both.height))
        else:
            a, b = pictures.read(path_a), pictures.read(path_b)
        condition, picture = (b, a) if self._swapped else (a, b)
        return condition.convert(MODES[self.condition_channels]), picture


def find_halves(folder):
    """The folders A and B of a split; None where its pictures stand side by side, or nowhere."""
    for halves in (_beside(folder), (folder / "A", folder / "B")):
        if all(half.is_dir() for half in halves):
            return halves
    return None


def _beside(folder):
    return folder.with_name(folder.name + "A"), folder.with_name(folder.name + "B")


def _match(folder_a, folder_b):
    """The pictures of both folders by their stems. Raises ValueError, naming those without a partner."""
    a, b = ({path.stem: path for path in pictures.find(folder)} for folder in (folder_a, folder_b))
    alone = [path for stem, path in sorted((a | b).items()) if stem not in a or stem not in b]
    if alone:
        more = f" and {len(alone) - NAMED} more" if len(alone) > NAMED else ""
        names = ", ".join(f"{path.parent.name}/{path.name}" for path in alone[:NAMED])
        raise ValueError(f"{folder_a.parent}: without a partner of the same name: {names}{more}.")
    return {stem: (a[stem], b[stem]) for stem in a}


def _measure(path_a, path_b):
    """Width and height of all that belongs to a pair, from the file's head. Raises ValueError for what is no pair."""
    try:
        with Image.open(path_a) as image:
            width, height = image.size
    except pictures.BROKEN as error:
        raise ValueError(f"{path_a} cannot be read as a picture: {error}.") from error
    if path_a == path_b and width % 2:
        raise ValueError(f"{path_a} is {width} pixels wide: two pictures side by side have an even width.")
    return (width, height) if path_a == path_b else (2 * width, height)


def _cut(condition, picture, box, size):
    """The same box of both as arrays; it is given for the picture, and the condition may be of another size."""
    across, down = condition.width / picture.width, condition.height / picture.height
    box_there = (box[0] * across, box[1] * down, box[2] * across, box[3] * down)
    squares = (_resize(condition, box_there, size), _resize(picture, box, size))
    return tuple(array if array.ndim == 3 else array[..., None] for array in map(np.asarray, squares))


def _resize(image, box, size):
    if (box[2] - box[0], box[3] - box[1]) == (size, size) and all(edge == int(edge) for edge in box):
        return image.crop(tuple(map(int, box)))
    return image.resize((size, size), Image.Resampling.BICUBIC, box=box)


def _stack(made):
    return tuple(np.stack(arrays) for arrays in zip(*made, strict=True))
