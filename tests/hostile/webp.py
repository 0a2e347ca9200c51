"""What is hostile about WebP."""

import struct

from tests import pictures
from tests.hostile.corpus import CLEAN, EITHER, HTML, Made, kind


def webp_chunk(name: bytes, body: bytes) -> bytes:
    return name + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)


def riff(*chunks: bytes) -> bytes:
    body = b"WEBP" + b"".join(chunks)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def webp_extended(width: int, height: int, *more: bytes, flags: int = 0) -> bytes:
    """An extended file whose canvas is what it says, with the good picture inside."""
    canvas = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    return riff(webp_chunk(b"VP8X", bytes([flags, 0, 0, 0]) + canvas), *more, pictures.file("webp")[12:])


@kind
def webp_with_a_lying_size() -> Made:
    good = pictures.file("webp")
    yield "container too long", good[:4] + struct.pack("<I", len(good) * 2) + good[8:], 422
    yield "container of 4 GB", good[:4] + b"\xff\xff\xff\xff" + good[8:], 422
    yield "container too short", good[:4] + struct.pack("<I", 40) + good[8:], EITHER
    yield "chunk too long", good[:16] + b"\xff\xff\xff\x7f" + good[20:], 422
    yield "chunk too short", good[:16] + b"\x10\0\0\0" + good[20:], 422
    yield "canvas of 16 million squared", webp_extended(2**24, 2**24), 422
    yield "canvas larger than the picture", webp_extended(3000, 2000), EITHER
    yield "canvas smaller than the picture", webp_extended(32, 32), EITHER
    yield "frame of 16383 squared", good[:26] + b"\xff\x3f\xff\x3f" + good[30:], 422
    yield "frame of nought", good[:26] + bytes(4) + good[30:], 422
    lossless = pictures.encoded(pictures.photo(96, 64), "webp", lossless=True)
    at = lossless.index(b"VP8L") + 9
    yield "lossless frame of 16384 squared", lossless[:at] + b"\xff\xff\xff\x0f" + lossless[at + 4 :], 422


@kind
def webp_with_a_hostile_animation() -> Made:
    picture = pictures.file("webp")[12:]
    place = bytes(6) + (95).to_bytes(3, "little") + (63).to_bytes(3, "little") + b"\x0a\0\0\0"
    frame = webp_chunk(b"ANMF", place + picture)
    outside = webp_chunk(b"ANMF", b"\xff" * 6 + place[6:] + picture)
    control = webp_chunk(b"ANIM", bytes(6))
    canvas = bytes([2, 0, 0, 0]) + place[6:12]
    yield "a thousand frames", riff(webp_chunk(b"VP8X", canvas), control, frame * 1000), CLEAN
    yield "a frame outside", riff(webp_chunk(b"VP8X", canvas), control, outside), EITHER
    yield "no frames", riff(webp_chunk(b"VP8X", canvas), control), 422
    huge = bytes([2, 0, 0, 0]) + b"\xff\x3f\0" * 2
    yield "a huge canvas", riff(webp_chunk(b"VP8X", huge), control, frame), 422


@kind
def webp_with_senseless_chunks() -> Made:
    yield "noise for transparency", webp_extended(96, 64, webp_chunk(b"ALPH", b"\x01" * 50), flags=16), EITHER
    yield "a page in its metadata", webp_extended(96, 64, webp_chunk(b"XMP ", HTML), flags=4), EITHER
    yield "unknown chunks", webp_extended(96, 64, webp_chunk(b"EVIL", HTML) * 1000), EITHER
    yield "nothing inside", riff(), 422
    yield "only metadata", riff(webp_chunk(b"EXIF", b"II*\0")), 422
