"""Pictures of every kind that the site takes come out with the right pixels: upright, sRGB, on white."""

import io

import numpy as np
import pytest
from PIL import Image

from tests import pictures
from tfapp import images


def let_in(data: bytes, **options) -> tuple[images.Picture, np.ndarray]:
    picture = images.open_upload(pictures.upload(data), **options)
    return picture, images.read(picture.part)


def photo() -> Image.Image:
    return pictures.photo(96, 64)


def with_alpha(image: Image.Image) -> Image.Image:
    """The right half fades out."""
    alpha = np.full((image.height, image.width), 255, "uint8")
    alpha[:, image.width // 2 :] = np.linspace(255, 0, image.width - image.width // 2).astype("uint8")
    image.putalpha(Image.fromarray(alpha))
    return image


def on_white(image: Image.Image) -> Image.Image:
    return Image.alpha_composite(Image.new("RGBA", image.size, "white"), image.convert("RGBA")).convert("RGB")


HOLE = 64  # an index of the palette


def with_hole(image: Image.Image) -> tuple[Image.Image, Image.Image]:
    """A palette picture with a transparent square, and what it looks like on white."""
    square = (10, 10, 40, 30)
    palette = image.quantize(HOLE)
    expected = palette.convert("RGB")
    palette.putpalette(palette.getpalette()[: 3 * HOLE] + [0, 0, 0])
    palette.paste(HOLE, square)
    expected.paste("white", square)
    return palette, expected


def without_segment(data: bytes, marker: int) -> bytes:
    at = data.index(bytes([0xFF, marker]))
    return data[:at] + data[at + 2 + int.from_bytes(data[at + 2 : at + 4]) :]


def good_kinds() -> dict[str, tuple[bytes, Image.Image, float]]:
    """Name → bytes, how the picture should look, how far it may be off (mean steps of 256)."""
    grey, cmyk = photo().convert("L"), photo().convert("CMYK")
    bare_cmyk = without_segment(pictures.encoded(cmyk, "jpeg"), 0xEE)  # inverted too: all programs take it so
    faded, faded_grey = with_alpha(photo()), with_alpha(photo().convert("L"))
    hole, hole_on_white = with_hole(photo())
    other = Image.new("RGB", (96, 64), "red")
    more = {"save_all": True, "append_images": [other, other]}
    key = Image.new("RGB", (96, 64), (0, 0, 255))
    key.paste((200, 40, 40), (0, 0, 48, 64))
    key_on_white = Image.new("RGB", (96, 64), "white")
    key_on_white.paste((200, 40, 40), (0, 0, 48, 64))
    kinds = {
        "jpeg progressive": (pictures.encoded(photo(), "jpeg", progressive=True), photo(), 2),
        "jpeg 4:2:0": (pictures.encoded(photo(), "jpeg", subsampling=2), photo(), 3),
        "jpeg grey": (pictures.encoded(grey, "jpeg"), grey, 2),
        "jpeg cmyk adobe": (pictures.encoded(cmyk, "jpeg"), photo(), 3),
        "jpeg cmyk bare": (bare_cmyk, photo(), 3),
        "jpeg rgb, not ycc": (pictures.encoded(photo(), "jpeg", keep_rgb=True), photo(), 2),
        "jpeg mpo": (mpo(), photo(), 2),
        "png black and white": (pictures.encoded(grey.convert("1"), "png"), grey.convert("1"), 4),
        "png grey": (pictures.encoded(grey, "png"), grey, 2),
        "png grey alpha": (pictures.encoded(faded_grey, "png"), on_white(faded_grey), 2),
        "png rgba": (pictures.encoded(faded, "png"), on_white(faded), 2),
        "png colour key": (pictures.encoded(key, "png", transparency=(0, 0, 255)), key_on_white, 2),
        "png palette": (pictures.encoded(photo().quantize(64), "png"), photo().quantize(64), 3),
        "png palette hole": (pictures.encoded(hole, "png", transparency=HOLE), hole_on_white, 4),
        "png palette alphas": (pictures.encoded(faded.quantize(64), "png"), on_white(faded.quantize(64)), 4),
        "png interlaced": (pictures.png_interlaced(photo()), photo(), 2),
        "png 16-bit grey": (pictures.png_16_bits(grey), grey, 2),
        "png 16-bit grey alpha": (pictures.png_16_bits(faded_grey), on_white(faded_grey), 2),
        "png 16-bit rgb": (pictures.png_16_bits(photo()), photo(), 2),
        "png 16-bit rgba": (pictures.png_16_bits(faded), on_white(faded), 2),
        "png animated": (pictures.encoded(photo(), "png", **more), photo(), 2),
        "gif animated": (pictures.encoded(photo(), "gif", **more), photo(), 5),
        "gif hole": (pictures.encoded(hole, "gif", transparency=HOLE), hole_on_white, 5),
        "webp lossless": (pictures.encoded(photo(), "webp", lossless=True), photo(), 2),
        "webp alpha": (pictures.encoded(faded, "webp"), on_white(faded), 4),
        "webp animated": (pictures.encoded(photo(), "webp", **more), photo(), 3),
        "avif 4:2:0": (pictures.encoded(photo(), "avif", subsampling="4:2:0"), photo(), 4),
        "avif alpha": (pictures.encoded(faded, "avif"), on_white(faded), 4),
        "avif animated": (pictures.encoded(photo(), "avif", **more), photo(), 4),
        "heic 4:2:0": (pictures.encoded(photo(), "heic", chroma=420), photo(), 4),
        "heic grey": (pictures.encoded(grey, "heic"), grey, 3),
        "heic alpha": (pictures.encoded(faded, "heic"), on_white(faded), 4),
        "heic of several": (pictures.encoded(photo(), "heic", **more), photo(), 4),
    }
    for kind in pictures.FORMATS:
        kinds[f"{kind} plain"] = (pictures.file(kind), photo(), 5 if kind == "gif" else 3)
        wide = pictures.photo(960, 96)
        kinds[f"{kind} wide"] = (pictures.encoded(wide, kind), wide, 5 if kind == "gif" else 3)
    return kinds


def mpo() -> bytes:
    stream = io.BytesIO()
    photo().save(stream, "MPO", save_all=True, append_images=[Image.new("RGB", (96, 64), "red")], quality=95)
    return stream.getvalue()


GOOD_KINDS = good_kinds()


@pytest.mark.parametrize("name", GOOD_KINDS)
def test_a_good_picture_keeps_its_pixels(name):
    data, expected, tolerance = GOOD_KINDS[name]

    picture, array = let_in(data)

    assert (picture.width, picture.height) == expected.size
    assert array.dtype == np.float32 and array.min() >= 0 and array.max() <= 1
    assert pictures.distance(array, expected) < tolerance


@pytest.mark.parametrize("kind", pictures.CAN_HAVE_EXIF)
@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_turned_picture_comes_upright(kind, orientation):
    stored = pictures.turned(photo(), orientation)

    _, array = let_in(pictures.encoded(stored, kind, exif=pictures.exif(orientation=orientation)))

    assert pictures.distance(array, photo()) < 3


def test_the_test_pictures_are_really_turned():
    assert pictures.turned(photo(), 6).size == (64, 96)
    assert pictures.turned(photo(), 2).tobytes() != photo().tobytes()


# Colours


@pytest.mark.parametrize("kind", pictures.CAN_HAVE_ICC)
def test_a_wide_gamut_picture_is_converted_to_srgb(kind):
    wide = Image.new("RGB", (64, 64), (200, 100, 60))
    plain = let_in(pictures.encoded(wide, kind))[1].mean((0, 1)) * 255

    converted = let_in(pictures.encoded(wide, kind, icc_profile=pictures.display_p3()))[1].mean((0, 1)) * 255

    assert np.abs(plain - (200, 100, 60)).max() < 4
    assert np.abs(converted - display_p3_in_srgb((200, 100, 60))).max() < 5
    assert np.abs(converted - plain).max() > 8


def display_p3_in_srgb(colour: tuple[int, int, int]) -> np.ndarray:
    """By the book: linear light, through XYZ, and back."""
    p3 = [[0.4865709, 0.2656677, 0.1982173], [0.2289746, 0.6917385, 0.0792869], [0, 0.0451134, 1.0439444]]
    srgb = [[0.4123908, 0.3575843, 0.1804808], [0.212639, 0.7151687, 0.0721923], [0.0193308, 0.1191948, 0.9505322]]
    encoded = np.array(colour) / 255
    linear = np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)
    linear = np.clip(np.linalg.inv(srgb) @ np.array(p3) @ linear, 0, 1)
    return 255 * np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)


def test_a_grey_profile_is_obeyed():
    grey = Image.new("L", (64, 64), 55)  # a fifth of the light, when counted linearly

    _, array = let_in(pictures.encoded(grey, "png", icc_profile=pictures.linear_grey()))

    assert np.abs(array.mean((0, 1)) * 255 - 128).max() < 4


def test_an_embedded_srgb_profile_changes_nothing():
    _, array = let_in(pictures.encoded(photo(), "jpeg", icc_profile=pictures.srgb()))

    assert pictures.distance(array, photo()) < 2


def test_ink_is_converted_through_its_profile():
    paper = Image.new("CMYK", (64, 64), (0, 0, 0, 0))
    cyan = Image.new("CMYK", (64, 64), (255, 0, 0, 0))
    profile = pictures.inks({0b0000: (100, 0, 0), 0b1000: (60, -35, -45)})

    on_paper = let_in(pictures.encoded(paper, "jpeg", icc_profile=profile))[1].mean((0, 1)) * 255
    in_cyan = let_in(pictures.encoded(cyan, "jpeg", icc_profile=profile))[1].mean((0, 1)) * 255

    assert on_paper.min() > 250
    assert np.abs(in_cyan - (0, 163, 224)).max() < 6  # Lab 60 -35 -45 in sRGB; without a profile it would be 0 255 255


def test_a_profile_and_transparency_go_together():
    red = Image.new("RGBA", (64, 64), (200, 100, 60, 255))
    red.paste((0, 0, 0, 0), (32, 0, 64, 64))

    _, array = let_in(pictures.encoded(red, "png", icc_profile=pictures.display_p3()))

    assert np.abs(array[:, :28].mean((0, 1)) * 255 - display_p3_in_srgb((200, 100, 60))).max() < 5
    assert array[:, 36:].min() > 0.97
