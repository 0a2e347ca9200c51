"""An upload from bytes to a clean stored picture, and a finished picture to its master and thumbnails."""

import time
from pathlib import Path
from statistics import median

import numpy as np
from django.core.files.uploadedfile import SimpleUploadedFile

from tests import pictures
from tests.benchmarks.tables import Figure
from tfapp import images

N_TIMES = 7
UPLOADS = (("jpeg", 1600, 1200), ("jpeg", 4000, 3000), ("png", 1600, 1200), ("webp", 1600, 1200), ("heic", 4000, 3000))


def measure(argument: str) -> list[Figure]:
    """Median time of each kind of upload, of storing a result, and of reading it back."""
    images.warm()
    figures = []
    for kind, width, height in UPLOADS:
        data = pictures.encoded(pictures.photo(width, height), kind)
        seconds = timed(lambda data=data: images.discard([images.open_upload(SimpleUploadedFile("photo", data))]))
        name = f"upload {kind.upper()} {width}×{height}"
        figures.append(
            Figure(name, f"{1000 * seconds:.0f} ms", "", f"{len(data) / 2**20:.1f} MB, decoded and stored anew")
        )

    array = np.asarray(pictures.photo(1024, 768), "float32") / 255
    stored = images.store_artwork(array)
    seconds = timed(lambda: images.store_artwork(array))
    figures.append(Figure("storing a 1024×768 result", f"{1000 * seconds:.0f} ms", "< 300 ms", "master and thumbnails"))
    seconds = timed(lambda: images.read(Path(stored.part) / "master.png"))
    figures.append(Figure("reading it back as an array", f"{1000 * seconds:.0f} ms", "", ""))
    return figures


def timed(action) -> float:
    """Median seconds of an action, after once for warmth."""
    action()
    times = []
    for _ in range(N_TIMES):
        started = time.perf_counter()
        action()
        times.append(time.perf_counter() - started)
    return median(times)
