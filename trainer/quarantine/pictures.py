"""A child: one picture in, the same picture out, made of its pixels alone."""

import pillow_heif
from PIL import AvifImagePlugin, Image, ImageOps

from trainer.quarantine import cage
from trainer.quarantine.cage import gettext_noop

FORMATS = ("PNG", "JPEG", "WEBP", "AVIF", "GIF", "HEIF")
N_THREADS = 1
MOST_PIXELS, LEAST_SIDE = 40_000_000, 16
NO_PICTURE = gettext_noop("This is not a picture that we can open. JPEG, PNG, WebP, AVIF, GIF and HEIC are fine.")
TOO_LARGE = gettext_noop("This picture has too many pixels.")
TOO_SMALL = gettext_noop("This picture is too small.")
DAMAGED = gettext_noop("This picture is damaged or incomplete.")


def clean(source: str, target: str, longest_side: str) -> dict:
    """Upright, in colours, on white, and no larger than asked."""
    _register()
    try:
        image = Image.open(source, formats=FORMATS)
    except Exception as error:  # noqa: BLE001 - decoders raise what they like
        raise cage.Bad(NO_PICTURE) from error
    if image.width * image.height > MOST_PIXELS:
        raise cage.Bad(TOO_LARGE)
    if min(image.size) < LEAST_SIDE:
        raise cage.Bad(TOO_SMALL)
    try:
        image.load()
        image = _on_white(ImageOps.exif_transpose(image))
    except Exception as error:  # noqa: BLE001
        raise cage.Bad(DAMAGED) from error
    image.thumbnail((int(longest_side), int(longest_side)), Image.Resampling.LANCZOS)
    fresh = Image.frombytes("RGB", image.size, image.tobytes())
    fresh.save(target, "PNG")
    return {"width": fresh.width, "height": fresh.height}


def _register():
    """HEIC is read too, and no decoder starts many threads."""
    AvifImagePlugin.DEFAULT_MAX_THREADS = pillow_heif.options.DECODE_THREADS = N_THREADS
    pillow_heif.register_heif_opener(thumbnails=False)


def _on_white(image):
    if image.mode.startswith("I"):  # 16 bits of grey: a conversion would make it white
        return image.point(lambda value: value / 256).convert("L").convert("RGB")
    if image.has_transparency_data:
        image = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")
    return image.convert("RGB")


if __name__ == "__main__":
    cage.run(clean)
