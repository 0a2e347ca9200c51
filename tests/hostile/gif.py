"""What is hostile about GIF."""

import struct

from PIL import Image

from tests import pictures
from tests.hostile.corpus import CLEAN, EITHER, HTML, Made, kind


def gif_with_screen(width: int, height: int, data: bytes | None = None) -> bytes:
    data = data or pictures.file("gif")
    return data[:6] + struct.pack("<HH", width, height) + data[10:]


@kind
def gif_bomb() -> Made:
    good = pictures.file("gif")
    frame = good.index(b"\x2c\0\0\0\0") + 5
    yield "huge screen", gif_with_screen(65535, 65535), 422
    yield "no screen", gif_with_screen(0, 0), EITHER
    yield "frame outside the screen", good[:frame] + struct.pack("<HH", 65535, 65535) + good[frame + 4 :], 422
    yield "frame without size", good[:frame] + bytes(4) + good[frame + 4 :], EITHER
    dots = [Image.new("L", (96, 64), n % 256) for n in range(600)]
    many = pictures.encoded(pictures.photo(96, 64), "gif", save_all=True, append_images=dots)
    yield "hundreds of frames", many, CLEAN
    tiny = b"\x2c" + bytes(4) + b"\x01\0\x01\0\0\x02\x02\x4c\x01\0"
    yield "a hundred thousand frames", good[:-1] + tiny * 100_000 + b";", CLEAN
    yield "a million tiny blocks", good[:-1] + b"\x21\xfe" + b"\x01a" * 1_000_000 + b"\0;", CLEAN


@kind
def gif_with_corrupt_data() -> Made:
    good = pictures.file("gif")
    at = good.index(b"\x2c\0\0\0\0") + 10
    yield "impossible code size", good[:at] + b"\x0d" + good[at + 1 :], EITHER
    yield "code size of nought", good[:at] + b"\0" + good[at + 1 :], EITHER
    yield "wild codes", good[: at + 2] + b"\xff" * 200 + good[at + 202 :], EITHER
    yield "no frames", good[:13] + bytes(768) + b";", 422
    yield "unknown block", good[:-1] + b"\x99" + good[-1:], 422
    yield "page in a comment", good[:-1] + b"\x21\xfe\x19" + HTML + b"\0;", CLEAN
