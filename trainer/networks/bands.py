"""What is known of a plane whose rows are never in memory all at once: its rows in a file, and its moments."""

import errno
import os
from pathlib import Path
from tempfile import TemporaryFile

import numpy as np
from keras import ops


class StoredRows:
    """Rows of one length in a file without a name: when this process ends, however it ends, the file is gone.

    Read and written, not mapped: what lies here is never memory of this process.
    """

    def __init__(self, folder: Path, row_bytes: int):
        self._file = TemporaryFile(dir=folder, buffering=0)  # noqa: SIM115 - `close` is called when nobody reads on
        self._row_bytes, self._dtype = row_bytes, None

    def write(self, top: int, rows: np.ndarray) -> None:
        """From this row on. Raises OSError where the disk is full."""
        self._dtype = rows.dtype
        left, at = memoryview(np.ascontiguousarray(rows).reshape(-1).view("uint8")), top * self._row_bytes
        while left:
            n_written = os.pwrite(self._file.fileno(), left, at)
            left, at = left[n_written:], at + n_written

    def read(self, top: int, bottom: int) -> np.ndarray:
        """These rows, one after the other, of the type that was written."""
        found = np.empty((bottom - top) * self._row_bytes, "uint8")
        left, at = memoryview(found), top * self._row_bytes
        while left:
            n_read = os.preadv(self._file.fileno(), [left], at)
            if not n_read:
                raise OSError(errno.EIO, "Rows are missing that were written")
            left, at = left[n_read:], at + n_read
        return found.view(self._dtype)

    def close(self) -> None:
        self._file.close()


class Moments:
    """Mean and variance of every channel over all positions, gathered a band at a time, in float64.

    Chan, Golub & LeVeque 1979: sums of squares alone would lose what a small deviation around a large mean is.
    """

    def __init__(self):
        self.n, self.mean, self.squares = 0, 0.0, 0.0

    def add(self, mean, variance, *, n: int) -> None:
        """The moments of n positions more, each (1, c)."""
        mean, variance = (ops.convert_to_numpy(one)[0].astype("float64") for one in (mean, variance))
        away, in_all = mean - self.mean, self.n + n
        self.mean = self.mean + away * (n / in_all)
        self.squares = self.squares + n * variance + away**2 * (self.n * n / in_all)
        self.n = in_all

    def as_tensors(self):
        """Mean and variance, (c,) float32."""
        return tuple(ops.convert_to_tensor(one.astype("float32")) for one in (self.mean, self.squares / self.n))
