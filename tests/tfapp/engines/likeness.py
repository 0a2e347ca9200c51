"""How like two pictures are, by perceptual hashes of their channels, 768 bits in all."""

import imagehash
import numpy as np
from PIL import Image

TOLERANCE = 40  # bits; other precision and other processors stay under it, other weights do not


def hash_picture(picture: np.ndarray) -> str:
    """Of float32 (h, w, 3) in 0..1."""
    channels = (Image.fromarray((255 * picture[..., i] + 0.5).astype("uint8")) for i in range(3))
    return "".join(str(imagehash.phash(channel, hash_size=16)) for channel in channels)


def count_different_bits(one: str, other: str) -> int:
    return (int(one, 16) ^ int(other, 16)).bit_count()
