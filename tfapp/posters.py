"""Pictures larger than memory should hold: a photo read a few rows at a time, a result written as it comes.

Like `images`, it turns files into numbers and back. But for a photo that is being unpacked, nothing here is larger than
what the site shows of a picture.
"""

import hashlib
import shutil
import struct
import time
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import chain, islice
from pathlib import Path
from tempfile import TemporaryFile

import numpy as np
from PIL import Image

from tfapp import files, images
from tfapp.decoding import sizes
from tfapp.engines.base import Engine

BYTES_AT_ONCE = 24 * 2**20
PNG_LEVEL = 2  # as of smaller masters: higher ones take four times as long for 7 %
SUB, UP = 1, 2  # of PNG's filters: a pixel less the one before it, or above it


class Photo:
    """A stored photo as rows, from a file without a name. A slice is float32 (so many rows, width, 3), 0 to 1."""

    def __init__(self, file, width: int, height: int):
        self._file, self.shape = file, (height, width, 3)

    def __getitem__(self, rows: slice) -> np.ndarray:
        top, bottom, _ = rows.indices(self.shape[0])
        row_bytes = 3 * self.shape[1]
        self._file.seek(top * row_bytes)
        data = self._file.read((bottom - top) * row_bytes)
        pixels = np.frombuffer(data, np.uint8).reshape(bottom - top, self.shape[1], 3)
        return np.multiply(pixels, np.float32(1 / 255), dtype=np.float32)


class Clock:
    """How long an iterator took, without what was done with what it gave."""

    def __init__(self):
        self.seconds = 0.0

    def time(self, rows: Iterator[np.ndarray]) -> Iterator[np.ndarray]:
        started = time.perf_counter()
        for some in rows:
            self.seconds += time.perf_counter() - started
            yield some
            started = time.perf_counter()
        self.seconds += time.perf_counter() - started


def is_one(engine: Engine, size: tuple[int, int], longest_side: int | None) -> bool:
    """Whether this engine paints a photo of that size (width, height), so limited, a few rows at a time."""
    width, height = sizes.fit(size, longest_side or max(size))
    return hasattr(engine, "render_rows") and width * height > engine.most_pixels


@contextmanager
def open_photo(path: Path, longest_side: int | None = None) -> Iterator[Photo]:
    """A stored picture as rows, its longest side limited, its ratio kept."""
    with TemporaryFile(dir=files.incoming()) as file:
        yield Photo(file, *_unpack(path, longest_side, file))


def store(rows: Iterable[np.ndarray], shape: tuple[int, int, int], *, name: str = "") -> images.StoredArtwork:
    """`images.store_artwork` for a picture that comes from top to bottom, a few rows at a time."""
    height, width, _ = shape
    rows = iter(rows)
    first = list(islice(rows, 1))  # all layers are made before it comes: a folder that lay there since would be swept
    part = files.begin(name=name)
    part.mkdir()
    try:
        reduced = _Reduced(width, height)
        with Master(part / "master.png", width, height) as master:
            for some in chain(first, rows):
                for piece in np.array_split(some, max(1, some.nbytes // BYTES_AT_ONCE)):
                    pixels = images.to_bytes(piece)
                    master.write(pixels)
                    reduced.add(pixels)
        small = {side: reduced.resize(side) for side in images.thumbnail_widths(width, height)}
        images.write_thumbnails(part, small)
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)  # what went wrong is what is told
        raise
    return images.StoredArtwork(
        part=part,
        width=width,
        height=height,
        n_bytes=master.n_bytes,
        sha256=master.sha256,
        thumbnails={side: image.height for side, image in small.items()},
    )


class Master:
    """A PNG that is written as its rows come: uint8, from top to bottom."""

    def __init__(self, path: Path, width: int, height: int):
        self._path, self._size = path, (width, height)
        self._packer = zlib.compressobj(PNG_LEVEL, strategy=zlib.Z_FILTERED)
        self._above = np.zeros((1, 3 * width), np.uint8)
        self._digest, self.n_bytes, self._n_rows = hashlib.sha256(), 0, 0

    def __enter__(self) -> "Master":
        self._file = self._path.open("xb")
        self._put(b"\x89PNG\r\n\x1a\n")
        self._chunk(b"IHDR", struct.pack(">IIBBBBB", *self._size, 8, 2, 0, 0, 0))
        return self

    def __exit__(self, kind, *_exception) -> None:
        try:
            if kind is None:
                if self._n_rows != self._size[1]:
                    raise ValueError(f"{self._n_rows} rows came, not {self._size[1]}.")
                self._chunk(b"IDAT", self._packer.flush())
                self._chunk(b"IEND", b"")
        finally:
            self._file.close()

    @property
    def sha256(self) -> str:
        return self._digest.hexdigest()

    def write(self, pixels: np.ndarray) -> None:
        """Some rows more, (n, width, 3)."""
        if data := self._packer.compress(self._filter(pixels.reshape(len(pixels), -1))):
            self._chunk(b"IDAT", data)
        self._n_rows += len(pixels)

    def _filter(self, rows: np.ndarray) -> bytes:
        """Each row as what is left of it by the better of two filters, the filter's number before it."""
        up = rows - np.concatenate([self._above, rows[:-1]])
        sub = rows.copy()
        sub[:, 3:] -= rows[:, :-3]
        self._above = rows[-1:].copy()
        is_sub = _size_of(sub) < _size_of(up)
        kinds = np.where(is_sub, SUB, UP).astype(np.uint8)
        return np.concatenate([kinds[:, None], np.where(is_sub[:, None], sub, up)], 1).tobytes()

    def _chunk(self, kind: bytes, data: bytes) -> None:
        self._put(struct.pack(">I", len(data)) + kind)
        self._put(data)
        self._put(struct.pack(">I", zlib.crc32(data, zlib.crc32(kind))))

    def _put(self, data: bytes) -> None:
        self._file.write(data)
        self._digest.update(data)
        self.n_bytes += len(data)


class _Reduced:
    """The same picture, each pixel the mean of a square of them: small enough to make all that is shown of it."""

    def __init__(self, width: int, height: int):
        self.width, self.height = width, height
        self.factor = max(1, max(width, height) // images.VIEW_SIDE)
        self._rows: list[np.ndarray] = []
        self._left = np.zeros((0, width, 3), np.uint8)

    def add(self, pixels: np.ndarray) -> None:
        rows = np.concatenate([self._left, pixels])
        n_whole = len(rows) // self.factor * self.factor
        self._left = rows[n_whole:]
        if n_whole:
            self._rows.append(self._mean(rows[:n_whole]))

    def resize(self, width: int) -> Image.Image:
        """The whole picture at that width."""
        if len(self._left):
            missing = self.factor - len(self._left)
            self._rows.append(self._mean(np.pad(self._left, ((0, missing), (0, 0), (0, 0)), mode="edge")))
            self._left = self._left[:0]
        if len(self._rows) > 1:
            self._rows = [np.concatenate(self._rows)]
        size = (width, max(1, round(self.height * width / self.width)))
        inside = (0, 0, self.width / self.factor, self.height / self.factor)
        picture = Image.fromarray(self._rows[0])
        return picture.resize(size, Image.Resampling.LANCZOS, box=inside, reducing_gap=3)

    def _mean(self, rows: np.ndarray) -> np.ndarray:
        if self.factor == 1:
            return rows
        f = self.factor
        rows = np.pad(rows, ((0, 0), (0, -self.width % f), (0, 0)), mode="edge")
        squares = rows.reshape(len(rows) // f, f, -1, f, 3).sum((1, 3), dtype=np.uint32)
        return ((squares + f * f // 2) // (f * f)).astype(np.uint8)


def _unpack(path: Path, longest_side: int | None, file) -> tuple[int, int]:
    """Write the pixels of a stored picture, row after row; width and height.

    Pillow decodes it in one piece, 4 bytes a pixel, unless half the size or less is wanted of a JPEG.
    """
    with Image.open(path, formats=images.OWN_FORMATS) as image:
        width, height = sizes.fit(image.size, longest_side or max(image.size))
        image.draft("RGB", (width, height))
        picture = image if image.mode == "RGB" else image.convert("RGB")
        picture.load()
    scale = picture.height / height
    n_rows = max(1, BYTES_AT_ONCE // (3 * width))
    for top in range(0, height, n_rows):
        bottom = min(height, top + n_rows)
        if picture.size == (width, height):
            strip = picture.crop((0, top, width, bottom))
        else:  # Pillow looks beyond the box, where a pixel wants to know what is there: strips meet without a seam
            box = (0, top * scale, picture.width, bottom * scale)
            strip = picture.resize((width, bottom - top), Image.Resampling.LANCZOS, box=box)
        file.write(strip.tobytes())
    return width, height


def _size_of(rows: np.ndarray) -> np.ndarray:
    """How much is left in each row, by the sum of what it is away from nothing."""
    return np.abs(rows.view(np.int8).astype(np.int16)).sum(1, dtype=np.int64)
