"""Folders of pictures, held in memory where they fit, and random crops of them that depend on (seed, step) alone."""

import hashlib
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

SUFFIXES = {".jpg", ".jpeg", ".png", ".webp"}
HELD_PIXELS = 400_000_000  # of all pictures of a folder: up to this many are decoded once and held, about 1.6 GB
BROKEN = (OSError, SyntaxError, ValueError, Image.DecompressionBombError)  # what Pillow raises over damaged files


@dataclass(frozen=True)
class Crops:
    """How a random square is cut from a picture."""

    size: int = 256  # pixels of the square that comes out
    smallest: float = 0.55  # side of the cut, as a share of the picture's shorter side
    turn: float = 0.0  # degrees to either side
    permute: float = 0.0  # share of crops whose colour channels change places
    darken: float = 0.0  # share of crops turned towards night
    strengthen: float = 0.0  # share of crops given more contrast and colour


def photo_crops(size: int) -> Crops:
    """How the recipe `adain` sees photos."""
    return Crops(size, smallest=0.6, darken=0.12)


def painting_crops(size: int) -> Crops:
    """How the recipe `adain` sees paintings."""
    return Crops(size, smallest=0.4, turn=15, permute=0.1, strengthen=0.2)


def is_kept_out(name: str) -> bool:
    """Whether a picture of this file name is for validation only: one in twenty, by its hash."""
    return int(hashlib.sha256(name.encode()).hexdigest(), 16) % 100 < 5


def find(folder: Path) -> list[Path]:
    """The pictures directly in a folder, by name. Raises ValueError where there are none."""
    paths = sorted(path for path in Path(folder).iterdir() if path.suffix.lower() in SUFFIXES)
    if not paths:
        raise ValueError(f"{folder} holds no pictures ({', '.join(sorted(SUFFIXES))}).")
    return paths


def holds_any(folder: Path) -> bool:
    """Whether this is a folder with a picture directly in it."""
    return folder.is_dir() and any(path.suffix.lower() in SUFFIXES for path in folder.iterdir())


def read(path: Path) -> Image.Image:
    """An upright RGB picture in memory, on white where it is transparent. Raises ValueError, naming it, for none."""
    try:
        with Image.open(path) as image:
            image = set_upright(image)
            if not image.has_transparency_data:
                return image.convert("RGB")
            image = image.convert("RGBA")
            return Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")
    except BROKEN as error:
        raise ValueError(f"{path} cannot be read as a picture: {error}.") from error


def set_upright(image: Image.Image) -> Image.Image:
    """An opened picture, turned as its camera was held, and of eight bits: Pillow clips sixteen to the lowest eight."""
    image = ImageOps.exif_transpose(image)
    if not image.mode.startswith("I;16"):
        return image
    return Image.fromarray(np.round(np.asarray(image) / 257).astype("uint8"))


def read_square(path: Path, size: int) -> np.ndarray:
    """The centre square, uint8 (size, size, 3)."""
    return _fit(read(path), size)


class PictureFolder:
    """All pictures of a folder, without those kept out, unless the folder is a split already.

    Decoded once if they fit, else read again for each crop: the batches are the same.
    """

    def __init__(self, folder: Path | str, *, keep_out: bool = True):
        self._paths = [path for path in find(Path(folder)) if not (keep_out and is_kept_out(path.name))]
        if not self._paths:
            raise ValueError(f"{folder}: every picture is kept out of training; add more.")
        self.names = [path.name for path in self._paths]
        self.is_held = sum(map(_count_pixels, self._paths)) <= HELD_PIXELS
        self._held = [read(path) for path in self._paths] if self.is_held else []

    def __len__(self) -> int:
        return len(self._paths)

    def crop_batch(self, rng: np.random.Generator, count: int, crops: Crops) -> np.ndarray:
        """uint8 (count, size, size, 3), cut from pictures that `rng` chooses."""
        chosen = rng.integers(len(self), size=count)
        return np.stack([crop(self._picture(i), rng, crops) for i in chosen])

    def fixed(self, count: int, size: int) -> np.ndarray:
        """uint8 (count, size, size, 3): the centre squares of the first pictures by name; nothing is random."""
        return np.stack([_fit(self._picture(i), size) for i in range(min(count, len(self)))])

    def _picture(self, index):
        return self._held[index] if self.is_held else read(self._paths[index])


def crop(image: Image.Image, rng: np.random.Generator, crops: Crops) -> np.ndarray:
    """One random square of a picture, uint8 (size, size, 3)."""
    angle = math.radians(rng.uniform(-crops.turn, crops.turn)) if crops.turn and rng.random() < 0.5 else 0.0
    cos, sin = math.cos(angle), math.sin(angle)
    # The largest square that, turned by the angle, still lies inside the picture.
    side = min(image.size) / (abs(cos) + abs(sin)) * rng.uniform(crops.smallest, 1.0)
    reach = side * (abs(cos) + abs(sin)) / 2
    x, y = (rng.uniform(reach, length - reach + 1e-6) for length in image.size)

    step = side / crops.size
    flip = -1 if rng.random() < 0.5 else 1
    a, b, d, e = flip * step * cos, -step * sin, flip * step * sin, step * cos
    half = crops.size / 2
    corner = (x - half * (a + b), y - half * (d + e))
    matrix = (a, b, corner[0], d, e, corner[1])
    square = image.transform((crops.size, crops.size), Image.Transform.AFFINE, matrix, Image.Resampling.BICUBIC)
    return _recolour(np.asarray(square), rng, crops)


def _count_pixels(path):
    """From the file's head. Raises ValueError, naming it, for what is no picture."""
    try:
        with Image.open(path) as image:
            return image.width * image.height
    except BROKEN as error:
        raise ValueError(f"{path} cannot be read as a picture: {error}.") from error


def _fit(image, size):
    return np.asarray(ImageOps.fit(image, (size, size), Image.Resampling.LANCZOS))


def _recolour(pixels, rng, crops):
    permuted, darkened, strengthened = rng.random(3) < (crops.permute, crops.darken, crops.strengthen)
    if permuted:
        pixels = pixels[..., rng.permutation(3)]
    if darkened:
        light = (pixels / 255.0) ** rng.uniform(1.0, 2.2) * rng.uniform(0.25, 0.8)
        pixels = (np.clip(light + rng.normal(0, 0.01, pixels.shape), 0, 1) * 255).astype("uint8")
    if strengthened:
        mean = pixels.mean((0, 1))
        pixels = np.clip(mean + rng.uniform(1.1, 1.8) * (pixels - mean), 0, 255).astype("uint8")
    return pixels
