"""What can be wrong with a file of any format."""

import io
import math
import struct
import zipfile
import zlib

from django.conf import settings
from PIL import Image

from tests import pictures
from tests.hostile import boxes, webp
from tests.hostile.corpus import CLEAN, EITHER, MEGABYTE, Made, good_files, kind

# Nothing, or too little


@kind
def empty() -> Made:
    yield "", b"", 400


@kind
def one_byte() -> Made:
    for name, data in good_files().items():
        yield name, data[:1], 415


@kind
def signature_only() -> Made:
    for name, data in good_files().items():
        yield name, data[: 24 if name in ("avif", "heic") else 12], 422


@kind
def header_only() -> Made:
    for name, data in good_files().items():
        yield name, data[: {"jpeg": 180, "png": 33, "webp": 30, "gif": 13}.get(name, 120)], 422


@kind
def truncated() -> Made:
    for name, data in good_files().items():
        for share in (0.25, 0.5, 0.75, 0.9, 0.99):
            yield f"{name} at {share:.0%}", data[: int(len(data) * share)], 422
        yield f"{name} by two bytes", data[:-2], 422
        yield f"{name} by one byte", data[:-1], 422


@kind
def truncated_and_filled_with_zeros() -> Made:
    for name, data in good_files().items():
        half = len(data) // 2
        verdict = 422 if name in ("png", "jpeg") else EITHER
        yield name, data[:half] + bytes(len(data) - half), verdict


# Not pictures, or not ours, renamed

FOREIGN = {
    "text": b"Dear reader, this is a text and not a picture.\n" * 20,
    "html": b"<!doctype html><html><script>alert(1)</script><img src=x onerror=alert(1)></html>",
    "svg": b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
    "svg with entities": b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><svg><text>&b;</text></svg>',
    "postscript": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 96 64\n(/etc/passwd) (r) file\nshowpage\n%%EOF\n",
    "eps with preview": b"\xc5\xd0\xd3\xc6\x1e\0\0\0" + bytes(22) + b"%!PS-Adobe-3.0 EPSF-3.0\n",
    "pdf": b"%PDF-1.7\n1 0 obj<</Type/Catalog/OpenAction<</S/JavaScript/JS(app.alert(1))>>>>endobj\n%%EOF",
    "elf": b"\x7fELF\x02\x01\x01" + bytes(200),
    "windows program": b"MZ\x90\x00" + bytes(56) + b"\x80\0\0\0" + bytes(60) + b"PE\0\0" + bytes(100),
    "mach-o": b"\xcf\xfa\xed\xfe" + bytes(200),
    "shell script": b"#!/bin/sh\nrm -rf ~\n",
    "java class": b"\xca\xfe\xba\xbe\0\0\0\x34" + bytes(100),
    "webassembly": b"\0asm\x01\0\0\0" + bytes(100),
    "pickle": b"\x80\x04\x95\x1b\0\0\0\0\0\0\0\x8c\x05posix\x94\x8c\x06system\x94\x93\x94\x8c\x02id\x94\x85\x94R\x94.",
    "gzip": b"\x1f\x8b\x08\0\0\0\0\0\0\x03" + zlib.compress(bytes(1000)),
    "sqlite": b"SQLite format 3\0" + bytes(200),
    "hdf5": b"\x89HDF\r\n\x1a\n" + bytes(200),
    "psd": b"8BPS\0\x01" + bytes(6) + struct.pack(">HIIHH", 3, 64, 96, 8, 3) + bytes(400),
    "jpeg xl": b"\0\0\0\x0cJXL \r\n\x87\n" + bytes(100),
    "mp4": b"\0\0\0\x18ftypisom\0\0\x02\0isommp41" + b"\0\0\0\x08mdat",
    "quicktime": b"\0\0\0\x14ftypqt  \0\0\0\0qt  " + b"\0\0\0\x08mdat",
    "heif brand of a film": b"\0\0\0\x14ftypmp42\0\0\0\0mp42" + b"\0\0\0\x08moov",
    "wmf": b"\xd7\xcd\xc6\x9a" + bytes(100),
    "camera raw": b"II*\0\x10\0\0\0CR\x02\0" + bytes(100),
    "wave sound": b"RIFF\x24\0\0\0WAVEfmt " + bytes(40),
    "avi film": b"RIFF\x24\0\0\0AVI LIST" + bytes(40),
    "pnm plain": b"P3 2 2 255 " + b"255 0 0 " * 4,
    "xpm": b'/* XPM */ static char *a[]={"1 1 1 1","a c red","a"};',
    "null bytes": bytes(5000),
}
OTHER_FORMATS = ("TIFF", "BMP", "ICO", "JPEG2000", "TGA", "PPM", "PCX", "DDS", "SGI", "ICNS", "QOI", "PDF", "EPS")


@kind
def foreign_file_renamed() -> Made:
    for name, data in FOREIGN.items():
        yield name, data, 415


@kind
def picture_of_a_format_we_do_not_take() -> Made:
    for name in OTHER_FORMATS:
        stream = io.BytesIO()
        pictures.photo(64, 64).save(stream, name)
        yield name, stream.getvalue(), 415


@kind
def archive_renamed() -> Made:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("photo.jpg", bytes(5 * MEGABYTE))
    yield "zip", stream.getvalue(), 415


# The right signature, the wrong rest


@kind
def signature_of_one_and_body_of_another() -> Made:
    whole = good_files()
    for name, data in whole.items():
        for other, body in whole.items():
            if other != name:
                yield f"{name} on {other}", data[:32] + body[32:], EITHER if name == "webp" else 422


@kind
def signature_and_noise() -> Made:
    noise = bytes((n * n * 31 + n * 7) % 251 for n in range(4000))
    for name, data in good_files().items():
        yield name, data[:32] + noise, 422


@kind
def signature_and_a_program() -> Made:
    for name, data in good_files().items():
        yield name, data[:16] + FOREIGN["elf"] + FOREIGN["html"], 422


@kind
def middle_overwritten() -> Made:
    for name, data in good_files().items():
        low, high = int(len(data) * 0.45), int(len(data) * 0.55)
        yield name, data[:low] + b"\xa5" * (high - low) + data[high:], 422 if name == "png" else EITHER


@kind
def every_byte_after_the_header_inverted() -> Made:
    for name, data in good_files().items():
        start = 200 if name in ("avif", "heic", "jpeg") else 40
        yield name, data[:start] + bytes(255 - v for v in data[start:]), EITHER


# Sizes


@kind
def too_small() -> Made:
    for name in pictures.FORMATS:
        yield name, pictures.encoded(Image.new("RGB", (15, 64)), name), 422


@kind
def one_pixel() -> Made:
    for name in pictures.FORMATS:
        yield name, pictures.encoded(Image.new("RGB", (1, 1)), name), 422


@kind
def extreme_ratio() -> Made:
    for name in pictures.FORMATS:
        yield name, pictures.encoded(Image.new("RGB", (260, 20)), name), 422


@kind
def too_long_side() -> Made:
    for name in ("jpeg", "png", "gif", "webp"):
        yield name, pictures.encoded(Image.new("L", (16_001, 1340)), name), 422
    for name in ("avif", "heic"):
        yield name, boxes.with_size_of_boxes(pictures.file(name), 16_001, 1340), 422


@kind
def more_pixels_than_allowed() -> Made:
    """All zeros, so that the file is small: the classic bomb."""
    side = math.isqrt(settings.UPLOAD_MAX_PIXELS) + 1
    flat = Image.new("L", (side, side))
    for name in ("jpeg", "png", "gif"):
        yield name, pictures.encoded(flat, name), 422
    yield "png of one bit", pictures.encoded(flat.convert("1"), "png"), 422
    yield "jpeg progressive", pictures.encoded(flat, "jpeg", progressive=True), 422
    yield "webp", webp.webp_extended(16_000, 16_000), 422
    for name in ("avif", "heic"):
        yield name, boxes.with_size_of_boxes(pictures.file(name), side, side), 422


@kind
def more_bytes_than_allowed() -> Made:
    for name, data in good_files().items():
        yield name, data + bytes(settings.UPLOAD_MAX_BYTES), 413


# Good pictures with something in their luggage


@kind
def archive_behind_the_picture() -> Made:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("index.html", FOREIGN["html"])
    for name, data in good_files().items():
        yield name, data + stream.getvalue(), EITHER if name in ("avif", "heic", "webp") else CLEAN


@kind
def page_behind_the_picture() -> Made:
    for name, data in good_files().items():
        yield name, data + FOREIGN["html"], EITHER if name in ("avif", "heic", "webp") else CLEAN


@kind
def second_picture_behind_the_first() -> Made:
    for name, data in good_files().items():
        yield name, data + pictures.encoded(Image.new("RGB", (96, 64), "red"), name), EITHER


def with_exif(name: str, exif: bytes) -> bytes:
    """A file with these bytes where EXIF should be; AVIF and HEIC are patched, for their encoders look at it."""
    if name not in ("avif", "heic"):
        return pictures.encoded(pictures.photo(96, 64), name, exif=exif)
    tags = Image.Exif()
    tags[0x010E] = "x" * len(exif)
    good = tags.tobytes()[6:]
    return pictures.encoded(pictures.photo(96, 64), name, exif=tags.tobytes()).replace(good, exif[6:].ljust(len(good)))


BROKEN_EXIF = {
    "noise": b"Exif\0\0" + bytes(range(1, 250)) * 3,
    "cut off": pictures.exif(gps=True)[:40],
    "empty": b"Exif\0\0",
    "endless": b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x87\x69\0\x04\0\0\0\x01\0\0\0\x08\0\0\0\x08",
    "huge count": b"Exif\0\0II*\0\x08\0\0\0\x01\0\x0f\x01\x02\0\xff\xff\xff\xff\x08\0\0\0\0\0\0\0",
    "far offset": b"Exif\0\0II*\0\xff\xff\xff\x7f",
    "many tags": b"Exif\0\0II*\0\x08\0\0\0\xff\xff" + b"\x12\x01\x03\0\x01\0\0\0\x03\0\0\0" * 3,
}


@kind
def broken_exif() -> Made:
    for name in pictures.CAN_HAVE_EXIF:
        for flaw, exif in BROKEN_EXIF.items():
            verdict = EITHER if name in ("avif", "heic") or flaw == "many tags" else CLEAN
            yield f"{name}, {flaw}", with_exif(name, exif), verdict


def orientation_tag(kind_of_value: int, count: int, value: bytes) -> bytes:
    return b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01" + struct.pack("<HI", kind_of_value, count) + value + bytes(4)


ORIENTATIONS = {
    "0": orientation_tag(3, 1, b"\0\0\0\0"),
    "9": orientation_tag(3, 1, b"\x09\0\0\0"),
    "65535": orientation_tag(3, 1, b"\xff\xff\0\0"),
    "a text": orientation_tag(2, 4, b"six\0"),
    "a fraction by zero": orientation_tag(5, 1, b"\x1a\0\0\0") + bytes(8),
    "many": orientation_tag(3, 2, b"\x06\0\x06\0"),
    "not a number": orientation_tag(11, 1, b"\0\0\xc0\x7f"),
    "bytes": orientation_tag(7, 4, b"\xff\xfe\xfd\xfc"),
}


@kind
def senseless_orientation() -> Made:
    for name in pictures.CAN_HAVE_EXIF:
        for flaw, exif in ORIENTATIONS.items():
            verdict = EITHER if name in ("avif", "heic") or flaw == "many" else CLEAN
            yield f"{name}, {flaw}", with_exif(name, exif), verdict


def broken_profiles() -> dict[str, bytes]:
    good = pictures.display_p3()
    return {
        "noise": bytes(range(1, 250)) * 3,
        "cut off": good[:200],
        "lying length": b"\x7f\xff\xff\xff" + good[4:],
        "too many tags": good[:128] + b"\xff\xff\xff\xff" + good[132:],
        "tags far away": good[:136] + b"\x7f\xff\xff\x00" + good[140:],
        "for grey": pictures.linear_grey(),
        "for ink": good[:16] + b"CMYK" + good[20:],
        "of a link": good[:12] + b"link" + good[16:],
        "of nothing": b"\0" * 128,
    }


@kind
def hostile_profile() -> Made:
    for name in pictures.CAN_HAVE_ICC:
        for flaw, profile in broken_profiles().items():
            data = pictures.encoded(pictures.photo(96, 64), name, icc_profile=profile)
            yield f"{name}, {flaw}", data, EITHER if name in ("avif", "heic") else CLEAN
