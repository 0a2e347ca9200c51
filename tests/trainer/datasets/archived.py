"""Archives for tests: a few small pictures, packed as people pack them."""

import io
import zipfile
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from PIL import Image

from trainer.datasets import archives

LIMITS = archives.Limits(entries=10_000, bytes_in_all=200_000_000, pixels=4_000_000)


def draw(seed: int, *, width: int = 24, height: int = 24) -> Image.Image:
    """A picture of a few coloured patches, unlike those of other seeds."""
    patches = np.random.default_rng(seed).integers(0, 256, (4, 4, 3), dtype="uint8")
    return Image.fromarray(patches).resize((width, height), Image.Resampling.NEAREST)


def encode(image: Image.Image, kind: str = "PNG", **options) -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def png(seed: int, **size) -> bytes:
    return encode(draw(seed, **size))


def pack(path: Path, members: dict[str, bytes] | Iterable[tuple[str, bytes]]) -> Path:
    """A ZIP of names and bytes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as file:
        for name, data in dict(members).items():
            file.writestr(name, data)
    return path


def spread(folder: Path, members: dict[str, bytes]) -> Path:
    """The same as files in a folder."""
    for name, data in members.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return folder


def names_below(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir())
