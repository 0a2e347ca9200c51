"""What is hostile about JPEG."""

import io
import struct

from PIL import Image

from tests import pictures
from tests.hostile.corpus import CLEAN, EITHER, HTML, Made, kind


def segment(marker: int, body: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body


def with_segment(data: bytes, *segments: bytes) -> bytes:
    """The JPEG with more segments behind its first two bytes."""
    return data[:2] + b"".join(segments) + data[2:]


def start_of_frame(data: bytes) -> int:
    return next(at for at in (data.find(bytes([0xFF, marker])) for marker in (0xC0, 0xC2)) if at > 0)


def with_size_of_jpeg(data: bytes, width: int, height: int) -> bytes:
    at = start_of_frame(data) + 5
    return data[:at] + struct.pack(">HH", height, width) + data[at + 4 :]


@kind
def jpeg_with_a_gigantic_header() -> Made:
    good = pictures.file("jpeg")
    yield "65535 squared", with_size_of_jpeg(good, 65535, 65535), 422
    yield "65535 wide", with_size_of_jpeg(good, 65535, 64), 422
    yield "no width", with_size_of_jpeg(good, 0, 64), 422
    yield "no height", with_size_of_jpeg(good, 96, 0), 422
    yield "higher than its data", with_size_of_jpeg(good, 96, 1000), EITHER
    yield "lower than its data", with_size_of_jpeg(good, 96, 32), EITHER
    yield "wider than its data", with_size_of_jpeg(good, 1000, 640), EITHER


@kind
def jpeg_with_thousands_of_scans() -> Made:
    progressive = pictures.encoded(Image.new("L", (2000, 1500), 99), "jpeg", progressive=True)
    last = progressive.rindex(b"\xff\xda")
    yield "5000 scans", progressive[:-2] + progressive[last:-2] * 5000 + b"\xff\xd9", 422
    yield "101 scans", progressive[:-2] + progressive[last:-2] * 101 + b"\xff\xd9", 422
    yield "20 scans more", progressive[:-2] + progressive[last:-2] * 20 + b"\xff\xd9", EITHER


@kind
def jpeg_of_a_rare_coding() -> Made:
    good = pictures.file("jpeg")
    at = start_of_frame(good) + 1
    for name, marker in (("lossless", 0xC3), ("arithmetic", 0xC9), ("hierarchical", 0xC5), ("extended", 0xC1)):
        yield name, good[:at] + bytes([marker]) + good[at + 1 :], EITHER
    yield "12 bits", good[: at + 3] + b"\x0c" + good[at + 4 :], 422
    yield "five components", good[: at + 8] + b"\x05" + good[at + 9 :], 422
    yield "no components", good[: at + 8] + b"\x00" + good[at + 9 :], 422
    yield "wild sampling", good[: at + 10] + b"\x4f" + good[at + 11 :], EITHER


@kind
def jpeg_with_broken_segments() -> Made:
    good = pictures.file("jpeg")
    tables = {"quantisation": 0xDB, "huffman": 0xC4}
    for name, marker in tables.items():
        at = good.index(bytes([0xFF, marker]))
        length = 2 + int.from_bytes(good[at + 2 : at + 4])
        yield f"no {name} table", good[:at] + good[at + length :], EITHER
        yield f"noise for {name} table", good[: at + 5] + b"\xee" * (length - 5) + good[at + length :], EITHER
    yield "length of nought", with_segment(good, b"\xff\xe1\0\0"), EITHER
    yield "length of one", with_segment(good, b"\xff\xfe\0\1"), EITHER
    yield "length beyond the end", with_segment(good, b"\xff\xe5\xff\xff"), EITHER
    yield "end at once", good[:2] + b"\xff\xd9" + good[2:], 422
    yield "two beginnings", good[:2] + good, EITHER
    yield "a thousand segments", with_segment(good, segment(0xE7, b"x" * 100) * 1000), EITHER
    yield "megabytes of segments", with_segment(good, segment(0xE7, bytes(60000)) * 100), EITHER
    yield "filling bytes", with_segment(good, b"\xff" * 5000), EITHER
    yield "restart every block", with_segment(good, segment(0xDD, b"\0\1")), EITHER
    yield "wrong adobe marker", with_segment(good, segment(0xEE, b"Adobe\0d\0\0\0\0\x07")), EITHER
    yield "profile in wrong pieces", with_segment(good, segment(0xE2, b"ICC_PROFILE\0\x09\x02abc")), CLEAN
    yield (
        "photoshop block",
        with_segment(good, segment(0xED, b"Photoshop 3.0\x008BIM\x04\x04\0\0\xff\xff\xff\xff")),
        CLEAN,
    )
    yield "page in a comment", with_segment(good, segment(0xFE, HTML), segment(0xFE, b"<?php system($_GET[0]);")), CLEAN
    yield (
        "xmp of many megabytes",
        with_segment(good, segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + b"<a>" * 9000)),
        CLEAN,
    )


@kind
def jpeg_of_several_pictures() -> Made:
    stream = io.BytesIO()
    others = [Image.new("RGB", (96, 64), "red")] * 20
    pictures.photo(96, 64).save(stream, "MPO", save_all=True, append_images=others, quality=95)
    good = stream.getvalue()
    at = good.index(b"MPF\0") + 4
    yield "twenty", good, CLEAN
    yield "lying index", good[: at + 60] + b"\xff" * 40 + good[at + 100 :], EITHER
    yield "index of noise", good[:at] + b"\x99" * 200 + good[at + 200 :], EITHER
    yield "endless index", good[: at + 4] + b"\0\0\0\x00" + good[at + 8 :], EITHER
