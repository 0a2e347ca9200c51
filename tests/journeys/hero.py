"""The pictures at the top of the first page: our lake, a style of the shelf, and the lake painted in that style.

`python -m tests.journeys.hero` paints them anew with the shipped network and puts them into static/img.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image

from tests.journeys import scenes
from tests.sources import ROOT

STYLE = "starry-swirls"
SIZE = (1080, 720)


def main(style: str = STYLE) -> None:
    shelf, target = ROOT / "static" / "shelf", ROOT / "static" / "img"
    with tempfile.TemporaryDirectory() as folder:
        photo, painting = Path(folder) / "lake.png", Path(folder) / "painting.png"
        Image.fromarray(scenes.draw("lake")).save(photo)
        command = [sys.executable, "manage.py", "stylize", photo, shelf / f"{style}.jpg", painting]
        subprocess.run(command, cwd=ROOT, env={**os.environ, "STYLESITE_DATA": folder}, check=True)
        save(photo, target / "hero-before.webp", SIZE)
        save(painting, target / "hero-after.webp", SIZE)
        save(shelf / f"{style}.jpg", target / "hero-style.webp", (240, 240))


def save(source: Path, target: Path, size: tuple[int, int]) -> None:
    with Image.open(source) as image:
        image.convert("RGB").resize(size, Image.Resampling.LANCZOS).save(target, "WEBP", quality=70, method=6)
    print(f"{target.relative_to(ROOT)}: {target.stat().st_size // 1000} kB")


if __name__ == "__main__":
    main(*sys.argv[1:])
