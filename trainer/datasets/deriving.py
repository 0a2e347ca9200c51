"""A dataset of pairs, drawings and pictures, made of a dataset of plain pictures that is in the studio already."""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from trainer.datasets import archives, checking, drawing, edge_options, edges, pictures, reading, reporting

SPLITS = ("train", "val", "test")


def draw_edges(
    origin: Path, folder: Path, *, options: dict, tell: Callable[[float], None] = lambda share: None
) -> dict:
    """Leave `pictures/` and `report.json` in a folder that exists; the report. Taken up where it was broken off.

    `options` as `edge_options.read` takes them: a ValueError for others, and where there is nothing to draw.
    """
    folder, origin = Path(folder), Path(origin)
    if (folder / checking.PICTURES).is_dir() and (folder / checking.REPORT).is_file():
        return json.loads((folder / checking.REPORT).read_text())
    chosen, frame = edge_options.read(options)
    splits = {split: pictures.find(origin / split) for split in SPLITS if pictures.holds_any(origin / split)}
    paths = [path for found in splits.values() for path in found]
    if not paths:
        raise ValueError("There are no pictures to draw.")

    def tell_count(count):
        if count % 10 == 0 or count == len(paths):
            tell(reading.READ_SHARE * count / len(paths))
            reading.tell(folder, reading.READ_SHARE * count / len(paths))

    part = folder / reading.PART
    part.mkdir(exist_ok=True)
    try:
        unreadable = drawing.write_pairs(
            paths,
            part,
            draw=lambda picture: edges.extract(picture, chosen),
            frame=frame,
            choose_split=(lambda path: path.parent.name) if len(splits) > 1 else None,
            tell=tell_count,
        )
        bad = [(name, archives.DAMAGED) for name in unreadable]
        report = reporting.make(part, _take_notes(part), "pairs", bad)
        checking.settle(folder, report)
    except OSError as error:
        if error.errno not in reading.FULL:
            raise
        shutil.rmtree(part, ignore_errors=True)
        raise checking.NoRoom(reading.NO_ROOM) from error
    return report


def _take_notes(part) -> Iterator[dict]:
    """On each pair, as the reader of archives takes them."""
    for path in sorted(part.rglob("*.png")):
        stored = path.relative_to(part).as_posix()
        yield {"key": stored, "name": path.name, **reading.take_note(pictures.read(path), stored, n_beside=2)}
