"""What is hostile about AVIF and HEIC, which are made of boxes."""

import struct

from tests import pictures
from tests.hostile.corpus import EITHER, Made, kind


def with_size_of_boxes(data: bytes, width: int, height: int) -> bytes:
    """The file with another size in its `ispe` boxes."""
    at = data.find(b"ispe")
    while at >= 0:
        data = data[: at + 8] + struct.pack(">II", width, height) + data[at + 16 :]
        at = data.find(b"ispe", at + 4)
    return data


def box(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body) + 8) + name + body


def with_bytes(data: bytes, at: int, new: bytes) -> bytes:
    return data[:at] + new + data[at + len(new) :]


@kind
def boxes_that_lie() -> Made:
    for name in ("avif", "heic"):
        good = pictures.file(name)
        meta, data = good.index(b"meta") - 4, good.index(b"mdat") - 4
        yield f"{name}, 65535 squared", with_size_of_boxes(good, 65535, 65535), 422
        yield f"{name}, 2 to the 32", with_size_of_boxes(good, 2**32 - 1, 2**32 - 1), 422
        yield f"{name}, no width", with_size_of_boxes(good, 0, 64), 422
        yield f"{name}, larger than its data", with_size_of_boxes(good, 3000, 2000), EITHER
        yield f"{name}, smaller than its data", with_size_of_boxes(good, 48, 32), EITHER
        yield f"{name}, long first box", with_bytes(good, 0, b"\x7f\xff\xff\xff"), 422
        yield f"{name}, long meta", with_bytes(good, meta, b"\x7f\xff\xff\xff"), 422
        yield f"{name}, short meta", with_bytes(good, meta, b"\0\0\0\x10"), EITHER
        yield f"{name}, empty meta", with_bytes(good, meta, b"\0\0\0\x08"), EITHER
        yield f"{name}, long data", with_bytes(good, data, b"\x7f\xff\xff\xff"), 422
        yield f"{name}, length of one", with_bytes(good, data, b"\0\0\0\x01"), 422
        yield f"{name}, length of two", with_bytes(good, data, b"\0\0\0\x02"), 422
        yield f"{name}, no data", good[:data], 422
        yield f"{name}, data of zeros", good[: data + 8] + bytes(len(good) - data - 8), EITHER
        for part in (b"iloc", b"iinf", b"iprp", b"ipco", b"ipma", b"pitm", b"hdlr"):
            at = good.index(part)
            yield f"{name}, long {part.decode()}", with_bytes(good, at - 4, b"\x7f\xff\xff\xff"), EITHER
            yield f"{name}, no {part.decode()}", with_bytes(good, at, b"free"), EITHER
            yield f"{name}, noise in {part.decode()}", with_bytes(good, at + 8, b"\xff" * 12), EITHER


@kind
def boxes_in_boxes() -> Made:
    for name in ("avif", "heic"):
        good = pictures.file(name)
        head = good[: good.index(b"meta") - 4]
        deep = b""
        for _ in range(5000):
            deep = box(b"dinf", deep)
        yield f"{name}, 5000 deep", head + box(b"meta", bytes(4) + deep), 422
        yield f"{name}, a million empty", head + box(b"meta", bytes(4) + box(b"free", b"") * 1_000_000), 422
        yield f"{name}, nothing else", head, 422


@kind
def brand_of_another() -> Made:
    avif, heic = pictures.file("avif"), pictures.file("heic")
    yield "avif called heic", avif.replace(b"avif", b"heic", 2), EITHER
    yield "heic called avif", heic.replace(b"heic", b"avif", 2), EITHER
