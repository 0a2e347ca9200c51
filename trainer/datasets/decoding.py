"""A stranger's bytes made into clean pixels: upright, sRGB, eight bits, and nothing but pixels.

Only ever run in the child process that `checking` starts, which has limits on memory and processor time.
"""

import io
from dataclasses import dataclass

import pillow_heif
from django.utils.translation.trans_null import gettext_noop
from PIL import Image, ImageCms

from trainer.datasets import archives

NO_PICTURE = gettext_noop("is no picture of a kind that we read: JPEG, PNG, WebP, GIF, AVIF or HEIC")
NESTED = gettext_noop("is an archive inside the archive")
EMPTY = gettext_noop("is empty")
TOO_MANY_PIXELS = gettext_noop("has more pixels than allowed")
TOO_SMALL = gettext_noop("is smaller than 8 pixels")
TOO_MUCH_MEMORY = gettext_noop("needs more memory than allowed")

LEAST_SIDE = 8
N_THREADS = 1  # of one decoder: more would use up the address space on a large machine
ORIENTATION = 0x0112
UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
HEIF_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"}
AVIF_BRANDS = {b"avif", b"avis"}
PNG_OPTIONS = {"compress_level": 4}
JPEG_OPTIONS = {"quality": 95, "subsampling": 0}


class Unreadable(archives.BadMember):
    """No picture comes of these bytes; the reason follows the file's name in a list."""


@dataclass(frozen=True)
class Picture:
    """RGB, or RGBA where something is transparent; `is_exact` if its source lost nothing, as PNG does."""

    image: Image.Image
    is_exact: bool

    @property
    def suffix(self) -> str:
        return ".png" if self.is_exact or self.image.mode == "RGBA" else ".jpg"

    def encode(self) -> bytes:
        """The bytes of a new file: nothing lost where nothing was lost before, and no metadata."""
        data = io.BytesIO()
        if self.suffix == ".png":
            self.image.save(data, "PNG", **PNG_OPTIONS)
        else:
            self.image.save(data, "JPEG", **JPEG_OPTIONS)
        return data.getvalue()


def register() -> None:
    """Once a process: let Pillow read HEIC, and no decoder start many threads."""
    pillow_heif.options.DECODE_THREADS = N_THREADS
    pillow_heif.register_heif_opener(thumbnails=False)
    Image.MAX_IMAGE_PIXELS = None  # the header's size is checked below, for every format


def decode(data: bytes, *, max_pixels: int) -> Picture:
    """The picture in these bytes, its first where there are several. Raises Unreadable, with a reason."""
    kind = sniff(data[:64])
    if not data:
        raise Unreadable(EMPTY)
    if kind is None:
        raise Unreadable(NESTED if archives.is_archive(data[:512]) else NO_PICTURE)
    try:
        with Image.open(io.BytesIO(data), formats=(kind,)) as image:
            _check_size(image.size, max_pixels)
            image.load()
            _check_size(image.size, max_pixels)  # some decoders find another size than the header's
            picture = _turn_upright(_clean(image), image)  # a new image: the opened one knows its file's texts
    except Unreadable:
        raise
    except MemoryError as error:
        raise Unreadable(TOO_MUCH_MEMORY) from error
    except Exception as error:  # noqa: BLE001  decoders raise nearly everything
        raise Unreadable(archives.DAMAGED) from error
    picture.info = {}  # profiles, comments and the like: encoders would write them again
    exact = kind in ("PNG", "GIF") or (kind == "WEBP" and b"VP8L" in data[:64])
    return Picture(picture, exact)


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
        return "AVIF" if brands & AVIF_BRANDS else "HEIF" if brands & HEIF_BRANDS else None
    return None


def _check_size(size, max_pixels):
    if size[0] * size[1] > max_pixels:
        raise Unreadable(TOO_MANY_PIXELS)
    if min(size) < LEAST_SIDE:
        raise Unreadable(TOO_SMALL)


def _clean(image):
    """RGB in sRGB, or RGBA where something is transparent."""
    profile = image.info.get("icc_profile")
    image = _to_8_bits(image)
    alpha = None
    if image.has_transparency_data:
        image = image.convert("LA" if image.mode in ("LA", "La") else "RGBA")
        alpha = image.getchannel("A")
        image = image.convert(image.mode.removesuffix("A"))
        alpha = None if alpha.getextrema() == (255, 255) else alpha
    if image.mode not in ("L", "CMYK", "RGB"):
        image = image.convert("L" if image.mode == "1" else "RGB")
    image = _to_srgb(image, profile)
    if alpha is not None:
        image.putalpha(alpha)
    return image


def _to_8_bits(image):
    """Scale grey of 16 bits and of fractions, which `convert` would cut off at white."""
    if image.mode.startswith("I;16"):
        return Image.frombytes("L", image.size, image.tobytes("raw", "I;16B")[::2])
    if image.mode in ("I", "F"):
        high = image.getextrema()[1]
        factor = 1 / 257 if high > 255 else 1.0 if high > 1 or image.mode == "I" else 255.0
        return image.point(lambda value: value * factor + 0).convert("L")
    return image


def _to_srgb(image, profile):
    """Through the embedded profile; one that is broken, or for another kind of picture, is ignored."""
    try:
        if profile:
            return ImageCms.profileToProfile(
                image,
                ImageCms.ImageCmsProfile(io.BytesIO(profile)),
                ImageCms.createProfile("sRGB"),
                renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
                outputMode="RGB",
                flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
            )
    except (ImageCms.PyCMSError, OSError, TypeError, ValueError):
        pass
    return image.convert("RGB")


def _turn_upright(picture, opened):
    """As the camera was held. Senseless metadata are none."""
    try:
        turn = UPRIGHT.get(int(opened.getexif().get(ORIENTATION, 1)))
    except Exception:  # noqa: BLE001  parsers of metadata raise nearly everything, and we can do without
        return picture
    return picture if turn is None else picture.transpose(turn)
