"""A child: one picture in, the same picture out, made of its pixels alone."""

from pathlib import Path

from PIL import Image

from trainer.datasets import archives, decoding
from trainer.quarantine import cage
from trainer.quarantine.cage import gettext_noop

MOST_PIXELS, LEAST_SIDE = 40_000_000, 16
NO_PICTURE = gettext_noop("This is not a picture that we can open. JPEG, PNG, WebP, AVIF, GIF and HEIC are fine.")
TOO_LARGE = gettext_noop("This picture has too many pixels.")
TOO_SMALL = gettext_noop("This picture is too small.")
DAMAGED = gettext_noop("This picture is damaged or incomplete.")
SENTENCES = {
    archives.DAMAGED: DAMAGED,
    decoding.TOO_MANY_PIXELS: TOO_LARGE,
    decoding.TOO_MUCH_MEMORY: TOO_LARGE,
    decoding.TOO_SMALL: TOO_SMALL,
}


def clean(source: str, target: str, longest_side: str) -> dict:
    """Upright, in colours, on white, and no larger than asked."""
    decoding.register()
    try:
        image = decoding.decode(Path(source).read_bytes(), max_pixels=MOST_PIXELS).image
    except decoding.Unreadable as error:
        raise cage.Bad(SENTENCES.get(str(error), NO_PICTURE)) from error
    if min(image.size) < LEAST_SIDE:
        raise cage.Bad(TOO_SMALL)
    image.thumbnail((int(longest_side), int(longest_side)), Image.Resampling.LANCZOS)
    if image.mode == "RGBA":
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")
    image.save(target, "PNG")
    return {"width": image.width, "height": image.height}


if __name__ == "__main__":
    cage.run(clean)
