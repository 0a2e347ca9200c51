"""From a stranger's file to clean pixels: upright, sRGB, 8 bits, on white, and nothing but pixels."""

import struct
from io import BytesIO

from PIL import AvifImagePlugin, Image, ImageChops, ImageCms

from tfapp.decoding import Refusal, sizes, structure, turns

N_THREADS = 2  # of one decoder: many threads would use up the address space on a large machine
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
# What Pillow's parsers raise on broken metadata, which we can do without.
BROKEN_METADATA = (ArithmeticError, AttributeError, EOFError, LookupError, OSError, SyntaxError, TypeError, ValueError)
BROKEN_METADATA += (struct.error, ImageCms.PyCMSError)
SAME_COLOURS = 2  # of 255: a profile that changes no colour by more is sRGB under another name

AvifImagePlugin.DEFAULT_MAX_THREADS = N_THREADS


def decode(data: bytes, *, kind: str, budget: sizes.Budget, longest_side: int) -> Image.Image:
    """The picture in a file's bytes: RGB, upright, not larger than `longest_side`, made anew from pixels."""
    if claimed := structure.check(data, kind):
        budget.check(claimed)
        turns.take(claimed)

    Image.MAX_IMAGE_PIXELS = budget.max_pixels
    try:
        image = Image.open(BytesIO(data), formats=(kind,))
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise Refusal("pixels") from error
    budget.check(image.size)
    if kind == "JPEG" and max(image.size) > longest_side:
        image.draft(None, sizes.fit(image.size, longest_side))  # skips detail that would be thrown away
    turns.take(image.size)
    image.load()
    if kind != "JPEG":
        budget.check(image.size)  # some decoders find another size than the header's

    turn, picture = orientation(image), to_rgb(image)
    del image  # of the largest pictures a few copies are all that the memory holds
    if max(picture.size) > longest_side:
        picture = picture.resize(sizes.fit(picture.size, longest_side), Image.Resampling.LANCZOS, reducing_gap=3)
    if turn in UPRIGHT:
        picture = picture.transpose(UPRIGHT[turn])
    clean = Image.new("RGB", picture.size)
    clean.paste(picture)
    return clean


def orientation(image: Image.Image) -> int:
    """The EXIF orientation, 1 where there is none that makes sense."""
    try:
        return int(image.getexif().get(ORIENTATION, 1))
    except BROKEN_METADATA:
        return 1


def to_rgb(image: Image.Image) -> Image.Image:
    """Any mode to 8-bit sRGB, transparent parts on white."""
    image, alpha = split_alpha(to_8_bits(image))
    picture = to_srgb(image)
    if alpha is None or alpha.getextrema() == (255, 255):
        return picture
    canvas = Image.new("RGB", picture.size, "white")
    canvas.paste(picture, mask=alpha)
    return canvas


def to_8_bits(image: Image.Image) -> Image.Image:
    """Scale 16-bit and floating-point grey, which `convert` would cut off at white."""
    if image.mode.startswith("I;16"):
        scaled = Image.frombytes("L", image.size, image.tobytes("raw", "I;16B")[::2])
    elif image.mode in ("I", "F"):
        high = image.getextrema()[1]
        whole = 255 if high > 255 else high > 1 or image.mode == "I"
        factor = {255: 1 / 257, True: 1.0, False: 255.0}[whole]
        scaled = image.point(lambda value: value * factor + 0).convert("L")
    else:
        return image
    if profile := image.info.get("icc_profile"):
        scaled.info["icc_profile"] = profile
    return scaled


def split_alpha(image: Image.Image) -> tuple[Image.Image, Image.Image | None]:
    """The colours and, where there is one, the transparency, of a picture in any mode."""
    profile = image.info.get("icc_profile")
    has_alpha = image.mode in ("LA", "La", "PA", "RGBA", "RGBa", "RGBX") or "transparency" in image.info
    if has_alpha and image.mode != "RGBX":
        image = image.convert("LA" if image.mode in ("LA", "La") else "RGBA")
        colours, alpha = image.convert(image.mode.removesuffix("A")), image.getchannel("A")
    else:
        colours, alpha = image, None
        if image.mode not in ("L", "CMYK", "RGB"):
            colours = image.convert("L" if image.mode == "1" else "RGB")
    if profile:
        colours.info["icc_profile"] = profile
    return colours, alpha


def to_srgb(image: Image.Image) -> Image.Image:
    """Convert through the embedded profile; one that is broken, or for another kind of picture, is ignored."""
    profile = image.info.get("icc_profile")
    try:
        transform = profile and ImageCms.buildTransform(
            ImageCms.ImageCmsProfile(BytesIO(profile)),
            ImageCms.createProfile("sRGB"),
            image.mode,
            "RGB",
            renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
            flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
        )
        if transform and not (image.mode == "RGB" and changes_nothing(transform)):
            return ImageCms.applyTransform(image, transform)
    except BROKEN_METADATA:
        pass
    return image.convert("RGB")


def changes_nothing(transform: ImageCms.ImageCmsTransform) -> bool:
    """Whether a transform leaves a cube of colours as it is: most photos carry sRGB, and skipping it saves time."""
    steps = bytes(range(0, 256, 51))
    probe = Image.frombytes("RGB", (36, 6), bytes(v for r in steps for g in steps for b in steps for v in (r, g, b)))
    difference = ImageChops.difference(probe, ImageCms.applyTransform(probe, transform))
    return max(high for _, high in difference.getextrema()) <= SAME_COLOURS
