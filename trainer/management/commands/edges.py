"""`manage.py edges FOLDER OUT`: plain pictures made into pairs of a line drawing and the picture, side by side."""

import shutil
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import fields
from pathlib import Path

import numpy as np
from django.core.management.base import BaseCommand, CommandError
from PIL import Image, ImageOps

from trainer.datasets import edges, hed, pictures

EVERY = 100  # pictures between two lines of progress


class Command(BaseCommand):
    help = (
        "Draw the edges of a folder's pictures: leaves pairs, edges left and picture right, in OUT/train and OUT/val."
    )
    requires_system_checks = []

    def add_arguments(self, parser):
        parser.add_argument("folder", type=Path, help="folder of pictures; transparent ones are put on white")
        parser.add_argument("out", type=Path, help="folder to make; it must not exist yet")
        parser.add_argument("--size", type=int, help="cut the centre square and make it this many pixels wide")
        parser.add_argument("--margin", type=int, default=0, help="pixels of white put around each picture")
        parser.add_argument(
            "--split-by-prefix",
            action="store_true",
            help="keep out by the name up to its first hyphen or dot, so that variants stay together",
        )
        parser.add_argument(
            "--hed", type=Path, metavar="FOLDER", help=f"use HED: a folder with {' and '.join(hed.FILES)}"
        )
        for field in fields(edges.EdgeOptions):
            parser.add_argument(f"--{field.name}", type=field.type, default=field.default, help=field.metadata["help"])

    def handle(self, *args, **options):
        try:
            run(options, self.stdout.write)
        except (ValueError, OSError) as error:
            raise CommandError(str(error)) from error


def run(options: dict, write: Callable[[str], None]) -> None:
    """Make OUT whole or not at all. Raises ValueError for options and folders that make no sense."""
    out = options["out"]
    if out.exists():
        raise ValueError(f"{out} is there already; choose a folder that is not.")
    if (options["size"] is not None and options["size"] < 1) or options["margin"] < 0:
        raise ValueError("--size is at least 1, --margin at least 0.")
    paths = pictures.find(options["folder"])
    edge_options = edges.EdgeOptions(**{field.name: options[field.name] for field in fields(edges.EdgeOptions)})
    draw = hed.load(options["hed"]).extract if options["hed"] else edges.extract

    out.parent.mkdir(parents=True, exist_ok=True)
    beside = Path(tempfile.mkdtemp(prefix=f".{out.name}.", dir=out.parent))
    try:
        unreadable = _write_pairs(paths, beside, options, lambda picture: draw(picture, edge_options), write)
        counts = {split: len(list((beside / split).glob("*"))) for split in ("train", "val")}
        if not any(counts.values()):
            raise ValueError(f"None of the {len(paths)} pictures of {options['folder']} could be read.")
        beside.chmod(0o755)
        beside.rename(out)
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    write(f"{out}: {counts['train']} pairs in train/, {counts['val']} in val/.")
    if unreadable:
        write(f"Left out, because they cannot be read: {', '.join(unreadable)}.")


def is_kept_out(name: str, *, by_prefix: bool) -> bool:
    """Whether a picture is for validation, by its name or by what stands before the first hyphen or dot."""
    return pictures.is_kept_out(name.partition(".")[0].partition("-")[0] if by_prefix else name)


def _write_pairs(paths: Iterable[Path], folder, options, draw, write) -> list[str]:
    """Pairs in folder/train and folder/val, made when there are some; the names of the files that are no pictures."""
    unreadable = []
    for i, path in enumerate(paths, start=1):
        try:
            picture = _read(path, options["size"], options["margin"])
        except pictures.BROKEN:
            unreadable.append(path.name)
            continue
        drawing = np.repeat(draw(picture)[..., None], 3, axis=2)
        both = np.concatenate([drawing, picture[..., :3]], axis=1)
        split = "val" if is_kept_out(path.name, by_prefix=options["split_by_prefix"]) else "train"
        (folder / split).mkdir(exist_ok=True)
        name = path.name if path.suffix == ".png" else path.name + ".png"  # a.jpg and a.png are two pictures
        Image.fromarray(np.round(both * 255).astype("uint8")).save(folder / split / name)
        if i % EVERY == 0 or i == len(paths):
            write(f"{i} of {len(paths)} pictures")
    return unreadable


def _read(path, size, margin):
    """float32 (h, w, 4): on white, and its opacity."""
    with Image.open(path) as image:
        image = pictures.set_upright(image).convert("RGBA")
    if size:
        image = ImageOps.fit(image, (size, size), Image.Resampling.LANCZOS)
    pixels = np.asarray(image, "float32") / 255
    opacity = pixels[..., 3:]
    on_white = np.concatenate([pixels[..., :3] * opacity + (1 - opacity), opacity], axis=2)
    around = ((margin, margin), (margin, margin), (0, 0))
    padded = np.pad(on_white, around, constant_values=1)
    padded[..., 3] = np.pad(opacity[..., 0], margin)
    return padded
