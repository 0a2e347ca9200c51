"""What is alike is found; what only resembles is not; and tens of thousands take seconds."""

import io
import time

import numpy as np
import pytest
from PIL import Image, ImageDraw

from tests import pictures
from tests.trainer.datasets.archived import draw
from trainer.datasets import likeness


def group(*images):
    prints = [likeness.fingerprint(image) for image in images]
    hashes = np.array([hashed for hashed, _ in prints], "uint64")
    thumbnails = np.array([np.frombuffer(thumbnail, "uint8") for _, thumbnail in prints])
    return [found.tolist() for found in likeness.find_groups(hashes, thumbnails)]


def saved_anew(image, quality):
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=quality)
    return Image.open(stream).convert("RGB")


@pytest.mark.parametrize(
    "change",
    [
        lambda image: saved_anew(image, 40),
        lambda image: image.resize((image.width // 2, image.height // 2)),
        lambda image: image.point(lambda value: int(value * 0.96)),
        lambda image: image.copy(),
    ],
    ids=["saved anew", "made smaller", "a little darker", "copied"],
)
def test_a_picture_is_found_again(change):
    photo, portrait = pictures.photo(200, 200), pictures.portrait(200, 200)

    assert group(photo, portrait, change(photo), draw(1)) == [[0, 2]]


def test_clocks_that_tell_other_hours_are_different_pictures():
    clocks = []
    for hand in ((64, 20), (100, 40), (108, 64), (64, 108)):
        clock = Image.new("RGB", (128, 128), "white")
        painter = ImageDraw.Draw(clock)
        painter.ellipse((8, 8, 120, 120), outline="black", width=6)
        painter.line(((64, 64), hand), fill="black", width=6)
        clocks.append(clock)

    assert group(*clocks) == []


def test_plain_pictures_of_other_colours_are_different():
    colours = ("red", "lime", "blue", "white", "black")

    assert group(*(Image.new("RGB", (32, 32), colour) for colour in colours)) == []


def test_groups_grow_over_many_members():
    photo = pictures.photo(96, 96)
    images = [draw(n) for n in range(60)] + [saved_anew(photo, 30 + n) for n in range(60)]

    assert group(*images) == [list(range(60, 120))]


def test_nothing_and_one_are_no_groups():
    assert likeness.find_groups(np.zeros(0, "uint64"), np.zeros((0, 8), "uint8")) == []
    assert group(draw(1)) == []


def test_the_time_does_not_grow_with_the_square_even_where_all_are_nearly_alike():
    rng = np.random.default_rng(0)
    n = 30_000
    hashes = rng.integers(0, 2**8, n, dtype="uint64")  # all within eight bits of each other
    thumbnails = rng.integers(0, 256, (n, 16), dtype="uint8")
    start = time.process_time()

    likeness.find_groups(hashes, thumbnails)

    assert time.process_time() - start < 30


def test_colours_can_be_read_back():
    both = Image.new("RGB", (64, 32), "red")
    both.paste("blue", (32, 0, 64, 32))

    colours = likeness.read_colours(likeness.fingerprint(both, n_beside=2)[1])

    assert colours.shape == (2, 16, 3)
    assert (colours[0] == (255, 0, 0)).all() and (colours[1] == (0, 0, 255)).all()
