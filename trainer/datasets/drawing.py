"""Plain pictures made into pairs of a line drawing and the picture, one after the other."""

from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from trainer.datasets import pictures
from trainer.datasets.edge_options import Frame

Draw = Callable[[np.ndarray], np.ndarray]  # a picture with its opacity to a drawing: see edges.extract
UNFINISHED = ".part"  # a pair that is being written


def write_pairs(
    paths: Iterable[Path],
    folder: Path,
    *,
    draw: Draw,
    frame: Frame,
    choose_split: Callable[[Path], str] | None = None,
    tell: Callable[[int], None] = lambda count: None,
) -> list[str]:
    """Pairs in folder/train and folder/val, made when there are some; the names of the files that are no pictures.

    Pairs that are there already are not drawn again. `choose_split` says where a picture belongs; without, one in
    twenty is kept out by its name. `tell` is told how many are done.
    """
    unreadable = []
    for i, path in enumerate(paths, start=1):
        split = choose_split(path) if choose_split else _choose_split(path.name, frame)
        name = path.name if path.suffix == ".png" else path.name + ".png"  # a.jpg and a.png are two pictures
        place = folder / split / name
        if not place.exists() and not _write_pair(path, place, draw, frame):
            unreadable.append(path.name)
        tell(i)
    return unreadable


def is_kept_out(name: str, *, by_prefix: bool) -> bool:
    """Whether a picture is for validation, by its name or by what stands before the first hyphen or dot."""
    return pictures.is_kept_out(name.partition(".")[0].partition("-")[0] if by_prefix else name)


def read(path: Path, frame: Frame) -> np.ndarray:
    """float32 (h, w, 4): on white, and its opacity."""
    with Image.open(path) as image:
        image = pictures.set_upright(image).convert("RGBA")
    if frame.size:
        image = ImageOps.fit(image, (frame.size, frame.size), Image.Resampling.LANCZOS)
    pixels = np.asarray(image, "float32") / 255
    opacity = pixels[..., 3:]
    on_white = np.concatenate([pixels[..., :3] * opacity + (1 - opacity), opacity], axis=2)
    around = ((frame.margin, frame.margin), (frame.margin, frame.margin), (0, 0))
    padded = np.pad(on_white, around, constant_values=1)
    padded[..., 3] = np.pad(opacity[..., 0], frame.margin)
    return padded


def _choose_split(name, frame):
    return "val" if is_kept_out(name, by_prefix=frame.split_by_prefix) else "train"


def _write_pair(path, place, draw, frame) -> bool:
    """Whole or not at all; False where the picture cannot be read."""
    try:
        picture = read(path, frame)
    except pictures.BROKEN:
        return False
    drawing = np.repeat(draw(picture)[..., None], 3, axis=2)
    both = np.concatenate([drawing, picture[..., :3]], axis=1)
    place.parent.mkdir(exist_ok=True)
    beside = place.with_name(UNFINISHED)
    Image.fromarray(np.round(both * 255).astype("uint8")).save(beside, "PNG")
    beside.replace(place)
    return True
