"""`manage.py edges FOLDER OUT`: plain pictures made into pairs of a line drawing and the picture, side by side."""

import shutil
import tempfile
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from trainer.datasets import drawing, edges, hed, pictures
from trainer.datasets.edge_options import EdgeOptions, Frame

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
        for field in fields(EdgeOptions):
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
    edge_options, frame = (
        kind(**{field.name: options[field.name] for field in fields(kind)}) for kind in (EdgeOptions, Frame)
    )
    draw = hed.load(options["hed"]).extract if options["hed"] else edges.extract

    out.parent.mkdir(parents=True, exist_ok=True)
    beside = Path(tempfile.mkdtemp(prefix=f".{out.name}.", dir=out.parent))
    try:
        unreadable = drawing.write_pairs(
            paths,
            beside,
            draw=lambda picture: draw(picture, edge_options),
            frame=frame,
            tell=lambda count: _tell(count, len(paths), write),
        )
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


def _tell(count, n_paths, write):
    if count % EVERY == 0 or count == n_paths:
        write(f"{count} of {n_paths} pictures")
