"""What is hostile about PNG."""

import math
import struct
import zlib

from django.conf import settings

from tests import pictures
from tests.hostile.corpus import CLEAN, EITHER, HTML, Made, kind


def png_of(*chunks: bytes) -> bytes:
    return pictures.PNG_SIGNATURE + b"".join(chunks)


def header(width: int, height: int, *rest: int) -> bytes:
    return pictures.chunk("IHDR", struct.pack(">IIBBBBB", width, height, *(rest or (8, 2, 0, 0, 0))))


def png_parts() -> tuple[bytes, bytes, bytes]:
    """Signature with header, data, end, of the good one."""
    good = pictures.file("png")
    return good[:33], good[33:-12], good[-12:]


END = pictures.chunk("IEND")
GREY_ROWS = zlib.compress(bytes(97 * 64), 9)


@kind
def png_with_a_wrong_checksum() -> Made:
    good = pictures.file("png")
    yield "of the header", good[:29] + b"\0\0\0\0" + good[33:], 422
    yield "of the data", good[:-16] + b"\0\0\0\0" + good[-12:], 422
    yield "of the end", good[:-4] + b"\0\0\0\0", 422
    yield "of a text", good[:33] + pictures.chunk("tEXt", b"a\0b")[:-4] + b"\0\0\0\0" + good[33:], 422


@kind
def png_with_corrupt_data() -> Made:
    head, data, _ = png_parts()
    body = bytearray(data[8:-4])
    body[len(body) // 2] ^= 0xFF
    yield "flipped", head + pictures.chunk("IDAT", bytes(body)) + END, 422
    yield "cut short", head + pictures.chunk("IDAT", bytes(body[: len(body) // 2])) + END, 422
    yield "empty", head + pictures.chunk("IDAT") + END, 422
    yield "none", head + END, 422
    yield "not deflated", head + pictures.chunk("IDAT", b"hello" * 100) + END, 422
    yield "wrong filters", head + pictures.chunk("IDAT", zlib.compress(b"\x09" * (64 * (96 * 3 + 1)))) + END, EITHER
    yield "too few rows", head + pictures.chunk("IDAT", zlib.compress(bytes(1000))) + END, 422


@kind
def png_bomb() -> Made:
    side = math.isqrt(settings.UPLOAD_MAX_PIXELS)
    for name, size in {
        "50000 squared": (50_000, 50_000),
        "2 to the 31": (2**31 - 1, 2**31 - 1),
        "2 to the 32": (2**32 - 1, 2**32 - 1),
        "one row": (2**31 - 1, 64),
        "one column": (96, 2**31 - 1),
        "no width": (0, 64),
        "no height": (96, 0),
        "just over the limit": (side + 1, side),
    }.items():
        yield name, png_of(header(*size), pictures.chunk("IDAT", GREY_ROWS), END), 422
        yield f"{name}, interlaced", png_of(header(*size, 8, 2, 0, 0, 1), pictures.chunk("IDAT", GREY_ROWS), END), 422
    yield "within limits, without data", png_of(header(side, side), pictures.chunk("IDAT", GREY_ROWS), END), 422
    zeros = zlib.compressobj(9)
    deep = b"".join(zeros.compress(bytes(2**20)) for _ in range(200)) + zeros.flush()
    yield "data for a hundred times its rows", png_of(header(96, 64), pictures.chunk("IDAT", deep), END), EITHER


@kind
def png_with_a_bomb_in_its_luggage() -> Made:
    head, data, _ = png_parts()
    bomb = zlib.compress(bytes(100 * 2**20), 9)
    twice = zlib.compress(bomb, 9)
    for name, body in {"bomb": bomb, "bomb in a bomb": twice}.items():
        verdict = 422 if name == "bomb" else EITHER
        yield f"{name}, zTXt", head + pictures.chunk("zTXt", b"a\0\0" + body) + data + END, verdict
        yield f"{name}, iCCP", head + pictures.chunk("iCCP", b"a\0\0" + body) + data + END, verdict
        yield f"{name}, iTXt", head + pictures.chunk("iTXt", b"a\0\x01\0\0\0" + body) + data + END, verdict
    text = pictures.chunk("zTXt", b"a\0\0" + zlib.compress(bytes(2**20), 9))
    yield "many bombs, each small", head + text * 200 + data + END, 422
    yield "a hundred thousand texts", head + pictures.chunk("tEXt", b"a\0b") * 100_000 + data + END, EITHER
    yield "a page in a text", head + pictures.chunk("tEXt", b"Comment\0" + HTML) + data + END, CLEAN
    yield "texts behind the data", head + data + pictures.chunk("zTXt", b"a\0\0" + bomb) + END, EITHER


@kind
def png_with_senseless_chunks() -> Made:
    head, data, _ = png_parts()
    pixels = pictures.chunk("IDAT", GREY_ROWS)
    yield "data before header", png_of(data, header(96, 64), END), 422
    yield "no end", head + data, 422
    yield "two headers", head + header(50_000, 50_000) + data + END, EITHER
    yield "header in the middle", head + data + header(50_000, 50_000) + END, EITHER
    yield "length beyond the end", head + b"\x7f\xff\xff\xffIDAT" + data, 422
    yield "length below nought", head + b"\xff\xff\xff\xffIDAT" + data, 422
    yield "an unknown critical chunk", head + pictures.chunk("EVIL", HTML) + data + END, EITHER
    yield "palette picture without a palette", png_of(header(96, 64, 8, 3, 0, 0, 0), pixels, END), EITHER
    palette = pictures.chunk("PLTE", b"\xff\0\0")
    wild = pictures.chunk("IDAT", zlib.compress((b"\0" + b"\xc8" * 96) * 64))
    yield "colours outside the palette", png_of(header(96, 64, 8, 3, 0, 0, 0), palette, wild, END), EITHER
    transparency = pictures.chunk("tRNS", bytes(5000))
    yield "too much transparency", png_of(header(96, 64, 8, 3, 0, 0, 0), palette, transparency, pixels, END), EITHER
    for name, rest in {
        "depth of 3": (3, 2, 0, 0, 0),
        "colour type of 5": (8, 5, 0, 0, 0),
        "compression of 9": (8, 0, 9, 0, 0),
        "filter of 9": (8, 0, 0, 9, 0),
        "interlace of 9": (8, 0, 0, 0, 9),
    }.items():
        yield name, png_of(header(96, 64, *rest), pixels, END), EITHER


@kind
def png_with_a_lying_animation() -> Made:
    head, data, _ = png_parts()
    control = pictures.chunk("acTL", struct.pack(">II", 2**31 - 1, 0))
    frame = pictures.chunk("fcTL", struct.pack(">IIIIIHHBB", 0, 96, 64, 0, 0, 1, 10, 0, 0))
    outside = pictures.chunk("fcTL", struct.pack(">IIIIIHHBB", 0, 50_000, 50_000, 9, 9, 1, 10, 0, 0))
    yield "two thousand million frames", head + control + frame + data + END, EITHER
    yield "a frame outside", head + control + outside + data + END, EITHER
    yield "no frames", head + pictures.chunk("acTL", bytes(8)) + data + END, EITHER
    yield "cut control", head + pictures.chunk("acTL", b"\0\0") + data + END, EITHER
