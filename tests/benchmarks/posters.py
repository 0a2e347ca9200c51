"""A poster from an upload's bytes to its master, in the processes that a site has: how long, and how large each is."""

import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

import numpy as np
import psutil
from django.core.files.base import File
from PIL import Image

from tests.benchmarks.engine import STYLE_SIDE, smooth_noise
from tests.benchmarks.tables import Figure, megabytes, peak_memory
from tests.sources import ROOT
from tfapp import engines, files, images, posters
from tfapp.engines.base import Inputs

AIMS = {"4000x3000": "under 1.5 GB", "12000x8000": "under 2 GB"}


def measure(argument: str) -> list[Figure]:
    """The upload, as the web process does it; the painting, as a worker does; the downloads."""
    width, height = map(int, argument.split("x"))
    images.warm()
    name, figures = f"poster {width}×{height}", []
    with tempfile.TemporaryDirectory(prefix="stylesite-bench-") as folder:
        source = Path(folder) / "photo.jpg"
        # Apart, for it holds the photo whole.
        subprocess.run([sys.executable, "-c", DRAW, str(source), str(width), str(height)], cwd=ROOT, check=True)
        before, started = own_memory(), time.perf_counter()
        with source.open("rb") as file:
            photo = images.open_upload(File(file, name="photo.jpg"), longest_side=max(width, height))
        seconds = time.perf_counter() - started
        how = f"{source.stat().st_size / 2**20:.0f} MB; this side of it grew by {megabytes(own_memory() - before)}"
        figures.append(Figure(f"{name}: upload, decoded and stored anew", f"{seconds:.1f} s", "", how))
        figures.append(Figure(f"{name}: decoding process", megabytes(peak_of_children()), "its limit", "peak"))

        figures += paint(name, photo, AIMS.get(argument, ""))
    return figures


def paint(name: str, photo: images.Picture, aim: str) -> list[Figure]:
    """The default engine, the style code included, to the master and all thumbnails."""
    engine = engines.load("adain")
    loaded, started, clock = peak_memory(), time.perf_counter(), posters.Clock()
    with posters.open_photo(photo.part) as content:
        inputs = Inputs(content, (smooth_noise(1, STYLE_SIDE),))
        with closing(engine.render_rows(inputs, lambda share: None, files.incoming())) as rows:
            stored = posters.store(clock.time(rows), content.shape)
    seconds, worker = time.perf_counter() - started, peak_memory()

    figures = [
        Figure(f"{name}: painted and stored", f"{seconds:.0f} s", "", f"{clock.seconds:.0f} s inside the engine"),
        Figure(f"{name}: a megapixel", f"{clock.seconds / (photo.width * photo.height / 1e6):.2f} s", "", "of engine"),
        Figure(f"{name}: peak memory of the worker", megabytes(worker), aim, f"{megabytes(loaded)} before"),
    ]
    for wanted in images.downloads(photo.width, photo.height):
        started, before = time.perf_counter(), own_memory()
        download, _, _ = images.encode(stored.part / "master.png", format=wanted, provenance=None)
        with download:
            size = download.seek(0, 2)
        how = f"{megabytes(size)}; this side of it grew by {megabytes(max(0, own_memory() - before))}"
        figures.append(
            Figure(f"{name}: download as {wanted.upper()}", f"{time.perf_counter() - started:.1f} s", "", how)
        )
    figures.append(Figure(f"{name}: decoding process, after it", megabytes(peak_of_children()), "its limit", "peak"))
    shutil.rmtree(stored.part)
    images.discard([photo])
    return figures


def own_memory() -> int:
    return psutil.Process().memory_info().rss


def peak_of_children() -> int:
    """The most that any decoding process ever held."""
    peaks = []
    for child in psutil.Process().children():
        lines = Path(f"/proc/{child.pid}/status").read_text().splitlines()
        peaks += [int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:")]
    return max(peaks)


def draw(path: str, width: str, height: str) -> None:
    """Something with large forms, edges and fine noise, as a photo has."""
    width, height = int(width), int(height)
    rng = np.random.default_rng(0)
    picture = Image.fromarray(rng.integers(0, 256, (9, 12, 3), np.uint8)).resize((width, height), Image.BICUBIC)
    edges = Image.fromarray((rng.random((height // 40, width // 40)) > 0.5).astype(np.uint8) * 60)
    noise = Image.fromarray(rng.integers(0, 40, (height // 2, width // 2), np.uint8))
    picture.paste((20, 30, 40), mask=edges.resize((width, height), Image.BILINEAR))
    picture.paste((250, 240, 230), mask=noise.resize((width, height), Image.BILINEAR))
    picture.save(path, quality=90)


DRAW = "import sys, django; django.setup(); from tests.benchmarks.posters import draw; draw(*sys.argv[1:])"
