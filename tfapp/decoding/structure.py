"""Look at a file before any decoder does: what is it, by content; is all of it there; how large does it claim to be?"""

import re
import struct
import zlib

from tfapp.decoding import Refusal

HEAD_BYTES = 64  # enough for `sniff`
HEIF_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"}
AVIF_BRANDS = {b"avif", b"avis"}
MAX_JPEG_SCANS = 100  # encoders write about ten; thousands are an attack on the processor
NEXT_JPEG_MARKER = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]")
START_OF_SCAN, END_OF_IMAGE = 0xDA, 0xD9
BARE_JPEG_MARKERS = {0x01, 0xD8}  # without a length


def sniff(head: bytes) -> str | None:
    """The format by its first bytes, in Pillow's words, or None when it is none of ours."""
    if head.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if head.startswith((b"GIF87a", b"GIF89a")):
        return "GIF"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "WEBP"
    if head[4:8] == b"ftyp":
        length = int.from_bytes(head[:4])
        brands = {head[8:12]} | {head[at : at + 4] for at in range(16, min(length, len(head)) - 3, 4)}
        if brands & AVIF_BRANDS:
            return "AVIF"
        if brands & HEIF_BRANDS:
            return "HEIF"
    return None


def check(data: bytes, kind: str) -> tuple[int, int] | None:
    """Refuse what is cut off or built to harm. Returns the size where a decoder would make room for it unasked."""
    try:
        return CHECKS[kind](data)
    except (IndexError, struct.error) as error:
        raise Refusal("unreadable", "ends too early") from error


def check_jpeg(data: bytes) -> None:
    """Walk from marker to marker up to the end of the (first) picture, counting scans."""
    at, n_scans = 2, 0
    while found := NEXT_JPEG_MARKER.search(data, at):
        at, marker = found.end(), data[found.start() + 1]
        if marker == END_OF_IMAGE:
            if not n_scans:
                raise Refusal("unreadable", "no scan")
            return
        if marker in BARE_JPEG_MARKERS:
            continue
        n_scans += marker == START_OF_SCAN
        if n_scans > MAX_JPEG_SCANS:
            raise Refusal("unreadable", "too many scans")
        at += struct.unpack_from(">H", data, at)[0]
    raise Refusal("unreadable", "no end of image")


def check_png(data: bytes) -> None:
    """Every chunk up to IEND is there and has the right checksum."""
    at, view, has_data = 8, memoryview(data), False
    while True:
        length, kind = struct.unpack_from(">I4s", data, at)
        end = at + 8 + length
        if struct.unpack_from(">I", data, end)[0] != zlib.crc32(view[at + 4 : end]):
            raise Refusal("unreadable", f"wrong checksum in {kind!r}")
        has_data = has_data or kind == b"IDAT"
        if kind == b"IEND":
            break
        at = end + 4
    if not has_data:
        raise Refusal("unreadable", "no picture data")


def check_gif(data: bytes) -> None:
    """Every block up to the trailer is there."""
    at = 13 + gif_colours(data[10])
    while data[at] != 0x3B:
        if data[at] == 0x2C:
            at += 10 + gif_colours(data[at + 9]) + 1
        elif data[at] == 0x21:
            at += 2
        else:
            raise Refusal("unreadable", "an unknown block")
        while length := data[at]:
            at += length + 1
        at += 1


def gif_colours(flags: int) -> int:
    """The bytes of a colour table."""
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def check_webp(data: bytes) -> tuple[int, int]:
    """The container is as long as it says. The decoder would make room for two canvases at once: size first."""
    if struct.unpack_from("<I", data, 4)[0] + 8 > len(data):
        raise Refusal("unreadable", "ends too early")
    kind, length = struct.unpack_from("<4sI", data, 12)
    if 20 + length > len(data):
        raise Refusal("unreadable", "ends too early")
    if kind == b"VP8X":
        return int.from_bytes(data[24:27], "little") + 1, int.from_bytes(data[27:30], "little") + 1
    if kind == b"VP8L":
        bits = struct.unpack_from("<I", data, 21)[0]
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if kind == b"VP8 ":
        width, height = struct.unpack_from("<HH", data, 26)
        return width & 0x3FFF, height & 0x3FFF
    raise Refusal("unreadable", "an unknown chunk")


def check_boxes(data: bytes) -> None:
    """The boxes of an AVIF or HEIC file that hold the picture are all there."""
    at, seen = 0, set()
    while at + 8 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        if kind not in (b"ftyp", b"meta", b"mdat", b"moov") and {b"meta", b"mdat"} <= seen:
            return  # what follows the picture is not our business
        if length == 1:
            length = struct.unpack_from(">Q", data, at + 8)[0]
        elif length == 0:
            length = len(data) - at
        if length < 8 or at + length > len(data):
            raise Refusal("unreadable", f"box {kind!r} ends too early")
        seen.add(kind)
        at += length
    if b"meta" not in seen:
        raise Refusal("unreadable", "no picture inside")


CHECKS = {
    "JPEG": check_jpeg,
    "PNG": check_png,
    "GIF": check_gif,
    "WEBP": check_webp,
    "AVIF": check_boxes,
    "HEIF": check_boxes,
}
