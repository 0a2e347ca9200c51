"""Pictures for tests, drawn without noise, and the bytes of files in every format that the site takes."""

import io
import struct
import zlib
from functools import cache

import numpy as np
import pillow_heif
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image, ImageCms, ImageDraw

pillow_heif.register_heif_opener()

FORMATS = ("jpeg", "png", "webp", "gif", "avif", "heic")
PILLOW_NAMES = {"heic": "HEIF"}
TYPES = {"jpeg": "image/jpeg"}
BEST = {
    "jpeg": {"quality": 95, "subsampling": 0},
    "webp": {"quality": 95},
    "avif": {"quality": 90, "subsampling": "4:4:4", "speed": 9},
    "heic": {"quality": 95, "chroma": 444},
}
CAN_HAVE_EXIF = ("jpeg", "png", "webp", "avif", "heic")
CAN_HAVE_ICC = ("jpeg", "png", "webp", "avif", "heic")


# What is on them


def photo(width: int = 320, height: int = 240) -> Image.Image:
    """A landscape of smooth gradients: sky, sun, hills and a lake. No two corners look alike."""
    x = np.linspace(0, 1, width, dtype="float32")[None, :]
    y = np.linspace(0, 1, height, dtype="float32")[:, None]
    hill = 0.55 + 0.12 * np.sin(5 * x + 0.6) + 0.05 * np.sin(13 * x)
    land = 1 / (1 + np.exp((hill - y) * 40))
    sun = np.exp(-(((x - 0.75) / 0.12) ** 2) - ((y - 0.22) / 0.16) ** 2)
    lake = np.exp(-(((x - 0.3) / 0.2) ** 2) - ((y - 0.88) / 0.08) ** 2)
    red = (1 - land) * (0.35 + 0.4 * y) + land * (0.25 + 0.2 * x) + 0.45 * sun - 0.1 * lake
    green = (1 - land) * (0.5 + 0.3 * y) + land * (0.45 - 0.2 * (y - 0.5)) + 0.3 * sun + 0.1 * lake
    blue = (1 - land) * (0.9 - 0.2 * y) + land * 0.18 - 0.1 * sun + 0.5 * lake
    pixels = np.clip(np.stack([red, green, blue], -1), 0, 1)
    return Image.fromarray((pixels * 255 + 0.5).astype("uint8"))


def portrait(width: int = 240, height: int = 320) -> Image.Image:
    """A face in front of a plain wall, higher than wide."""
    picture = Image.linear_gradient("L").resize((width, height)).convert("RGB")
    picture = Image.blend(picture, Image.new("RGB", picture.size, (90, 120, 150)), 0.7)
    draw = ImageDraw.Draw(picture)

    def oval(x: float, y: float, wide: float, high: float, colour: tuple[int, int, int]) -> None:
        draw.ellipse([(x - wide) * width, (y - high) * height, (x + wide) * width, (y + high) * height], fill=colour)

    oval(0.5, 0.38, 0.33, 0.3, (70, 45, 30))
    oval(0.5, 1.0, 0.42, 0.3, (40, 70, 120))
    oval(0.5, 0.45, 0.25, 0.26, (225, 180, 150))
    for x in (0.4, 0.6):
        oval(x, 0.42, 0.05, 0.025, (250, 250, 250))
        oval(x, 0.42, 0.022, 0.022, (50, 90, 60))
    oval(0.5, 0.58, 0.09, 0.025, (180, 70, 70))
    return picture


def painting(width: int = 256, height: int = 256) -> Image.Image:
    """A style picture: bold rings and stripes in few colours."""
    x, y = np.meshgrid(np.linspace(-1, 1, width), np.linspace(-1, 1, height))
    bands = ((np.hypot(x + 0.3, y) * 7 + np.sin(5 * y)) % 4).astype(int)
    colours = np.array([(230, 60, 40), (250, 200, 60), (30, 60, 120), (240, 235, 220)], "uint8")
    return Image.fromarray(colours[bands])


def sketch(side: int = 256) -> Image.Image:
    """A face in a few black lines on white paper."""
    picture = Image.new("L", (side, side), 255)
    draw = ImageDraw.Draw(picture)
    line = max(1, side // 50)
    draw.ellipse([side * 0.1, side * 0.1, side * 0.9, side * 0.9], outline=0, width=line)
    draw.arc([side * 0.3, side * 0.35, side * 0.7, side * 0.75], 20, 160, fill=0, width=line)
    for x in (0.36, 0.64):
        draw.ellipse([side * (x - 0.04), side * 0.36, side * (x + 0.04), side * 0.44], outline=0, width=line)
    return picture.convert("RGB")


# Files


def encoded(image: Image.Image, kind: str = "jpeg", **options) -> bytes:
    """The bytes of a file of that kind: jpeg, png, webp, gif, avif or heic."""
    stream = io.BytesIO()
    image.save(stream, PILLOW_NAMES.get(kind, kind.upper()), **{**BEST.get(kind, {}), **options})
    return stream.getvalue()


@cache
def file(kind: str = "jpeg", width: int = 96, height: int = 64) -> bytes:
    """A good file of the photo, small and made once."""
    return encoded(photo(width, height), kind)


def upload(data: bytes | Image.Image | None = None, name: str = "photo.jpg") -> SimpleUploadedFile:
    """What a form or the API gets: of bytes, of an image, or of the photo."""
    if data is None:
        data = file(width=320, height=240)
    if isinstance(data, Image.Image):
        data = encoded(data)
    extension = name.rsplit(".", 1)[-1].lower().replace("jpg", "jpeg")
    return SimpleUploadedFile(name, data, content_type=TYPES.get(extension, f"image/{extension}"))


def png(
    rows: list[bytes], *, width: int, depth: int = 8, colour: int = 2, interlace: int = 0, extra: bytes = b""
) -> bytes:
    """A PNG written by hand, for what Pillow does not write. `extra` are chunks in front of the pixels."""
    body = b"".join(b"\0" + row for row in rows)
    header = struct.pack(">IIBBBBB", width, len(rows), depth, colour, 0, 0, interlace)
    return PNG_SIGNATURE + chunk("IHDR", header) + extra + chunk("IDAT", zlib.compress(body)) + chunk("IEND")


PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"


def chunk(kind: str, body: bytes = b"") -> bytes:
    """One chunk of a PNG."""
    content = kind.encode() + body
    return struct.pack(">I", len(body)) + content + struct.pack(">I", zlib.crc32(content))


def png_16_bits(image: Image.Image) -> bytes:
    """A PNG of 16 bits a channel, of mode L, LA, RGB or RGBA."""
    colour = {"L": 0, "RGB": 2, "LA": 4, "RGBA": 6}[image.mode]
    values = np.asarray(image).astype(">u2") * 257
    return png([row.astype(">u2").tobytes() for row in values], width=image.width, depth=16, colour=colour)


def png_interlaced(image: Image.Image) -> bytes:
    """A PNG in the seven passes of Adam7."""
    pixels, body = np.asarray(image.convert("RGB")), b""
    passes = ((0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1))
    for top, left, down, right in passes:
        part = pixels[top::down, left::right]
        body += b"".join(b"\0" + row.tobytes() for row in part) if part.size else b""
    header = struct.pack(">IIBBBBB", image.width, image.height, 8, 2, 0, 0, 1)
    return PNG_SIGNATURE + chunk("IHDR", header) + chunk("IDAT", zlib.compress(body)) + chunk("IEND")


# Metadata


def exif(*, orientation: int | None = None, gps: bool = False) -> bytes:
    """EXIF as a camera writes it."""
    tags = Image.Exif()
    tags[0x010F] = "SECRET CAMERA"
    if orientation is not None:
        tags[0x0112] = orientation
    if gps:
        tags.get_ifd(0x8825).update({1: "N", 2: (37.0, 33.0, 59.0), 3: "E", 4: (126.0, 58.0, 40.0), 29: "2026:11:20"})
    return tags.tobytes()


def turned(image: Image.Image, orientation: int) -> Image.Image:
    """The picture as a camera would store it, so that this orientation brings it upright again."""
    steps = Image.Transpose
    undo = {
        2: steps.FLIP_LEFT_RIGHT,
        3: steps.ROTATE_180,
        4: steps.FLIP_TOP_BOTTOM,
        5: steps.TRANSPOSE,
        6: steps.ROTATE_90,
        7: steps.TRANSVERSE,
        8: steps.ROTATE_270,
    }
    return image.transpose(undo[orientation]) if orientation in undo else image


def display_p3() -> bytes:
    """A profile with wide primaries and the sRGB curve, written by hand."""
    columns = ((0.51512, 0.2412, -0.00105), (0.29198, 0.69225, 0.04189), (0.1571, 0.06657, 0.78407))
    curve = struct.pack(">4s4xHHiiiii", b"para", 3, 0, *(round(v * 65536) for v in SRGB_CURVE))
    tags = [(b"desc", icc_text("A wide profile")), (b"wtpt", icc_xyz(D50))]
    tags += [(name, icc_xyz(column)) for name, column in zip((b"rXYZ", b"gXYZ", b"bXYZ"), columns, strict=True)]
    tags += [(name, curve) for name in (b"rTRC", b"gTRC", b"bTRC")]
    return icc_profile(b"RGB ", tags)


def linear_grey() -> bytes:
    """A grey profile without a gamma curve: its 128 is far lighter than sRGB's."""
    curve = struct.pack(">4s4xI", b"curv", 0)
    return icc_profile(b"GRAY", [(b"desc", icc_text("Linear grey")), (b"wtpt", icc_xyz(D50)), (b"kTRC", curve)])


def inks(colours: dict[int, tuple[float, float, float]]) -> bytes:
    """A profile for CMYK: what full inks (bits: C, M, Y, K) look like in Lab; those not told are black."""
    corners = [colours.get(bits, (0, 0, 0)) for bits in range(16)]
    table = bytes(round(v) for light, a, b in corners for v in (light * 2.55, a + 128, b + 128))
    straight = bytes(range(256))
    matrix = struct.pack(">9i", *(65536 * (n % 4 == 0) for n in range(9)))
    body = struct.pack(">4s4xBBBx", b"mft1", 4, 3, 2) + matrix + straight * 4 + table + straight * 3
    tags = [(b"desc", icc_text("Inks")), (b"wtpt", icc_xyz(D50)), (b"A2B0", body), (b"A2B1", body)]
    profile = icc_profile(b"CMYK", tags)
    return profile[:12] + b"prtr" + profile[16:20] + b"Lab " + profile[24:]


SRGB_CURVE = (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
D50 = (0.9642, 1.0, 0.8249)


def icc_xyz(value: tuple[float, float, float]) -> bytes:
    return struct.pack(">4s4xiii", b"XYZ ", *(round(v * 65536) for v in value))


def icc_text(text: str) -> bytes:
    words = text.encode("utf-16-be")
    return struct.pack(">4s4xII4sII", b"mluc", 1, 12, b"enUS", len(words), 28) + words


def icc_profile(space: bytes, tags: list[tuple[bytes, bytes]]) -> bytes:
    """A version 4 display profile."""
    at, table, body = 128 + 4 + 12 * len(tags), b"", b""
    for name, content in tags:
        content += b"\0" * (-len(content) % 4)
        table += struct.pack(">4sII", name, at + len(body), len(content))
        body += content
    head = struct.pack(">I4xI4s4s4s12x4s24xI", 0, 0x04200000, b"mntr", space, b"XYZ ", b"acsp", 0)
    head = head.ljust(68, b"\0") + struct.pack(">iii", *(round(v * 65536) for v in D50))
    profile = head.ljust(128, b"\0") + struct.pack(">I", len(tags)) + table + body
    return struct.pack(">I", len(profile)) + profile[4:]


def srgb() -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


# Measures


def distance(array: np.ndarray, expected: Image.Image) -> float:
    """Mean difference in steps of 256."""
    assert array.shape[:2] == (expected.height, expected.width)
    return float(np.abs(array * 255 - np.asarray(expected.convert("RGB"), dtype="float32")).mean())


def jpeg_segments(data: bytes) -> list[int]:
    """The markers in front of the pixels."""
    at, markers = 2, []
    while data[at + 1] != 0xDA:
        markers.append(data[at + 1])
        at += 2 + int.from_bytes(data[at + 2 : at + 4])
    return markers
