"""Folders of pictures: what is kept out, and that crops depend on their seed alone."""

import os
import resource

import numpy as np
import pytest
from PIL import Image

from tests.trainer.worlds import make_data
from trainer.datasets import pictures


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    return make_data(tmp_path_factory.mktemp("data")) / "photos"


def test_one_name_in_twenty_is_kept_out():
    share = np.mean([pictures.is_kept_out(f"{i}.jpg") for i in range(4000)])

    assert 0.04 < share < 0.06


def test_kept_out_pictures_are_not_in_the_folder_that_is_trained_on(photos):
    n_kept_out = sum(pictures.is_kept_out(path.name) for path in pictures.find(photos))

    assert n_kept_out > 0
    assert len(pictures.PictureFolder(photos)) == 30 - n_kept_out


@pytest.mark.parametrize("crops", [pictures.Crops(32), pictures.Crops(32, turn=20, permute=0.5, darken=0.5)])
def test_the_same_seed_cuts_the_same_batch(photos, crops):
    folder = pictures.PictureFolder(photos)

    first, again, other = (folder.crop_batch(np.random.default_rng((7, step)), 3, crops) for step in (1, 1, 2))

    assert first.shape == (3, 32, 32, 3)
    assert first.dtype == np.uint8
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_more_pictures_than_fit_are_read_when_they_are_wanted_and_make_the_same_batches(photos, monkeypatch):
    held = pictures.PictureFolder(photos)
    n_pixels = sum(image.width * image.height for image in held._held)
    monkeypatch.setattr(pictures, "HELD_PIXELS", n_pixels - 1)

    read = pictures.PictureFolder(photos)

    assert (held.is_held, read.is_held) == (True, False)
    assert (len(read._held), len(read), read.names) == (0, len(held), held.names)
    crops = pictures.Crops(32, turn=20, permute=0.5)
    batches = [folder.crop_batch(np.random.default_rng(3), 4, crops) for folder in (held, read)]
    assert np.array_equal(*batches)
    assert np.array_equal(held.fixed(50, 16), read.fixed(50, 16))


def test_twenty_thousand_pictures_are_more_than_are_held(tmp_path):
    Image.new("RGB", (256, 256)).save(tmp_path / "0.png")
    for i in range(1, 20_000):
        os.link(tmp_path / "0.png", tmp_path / f"{i}.png")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    folder = pictures.PictureFolder(tmp_path)
    folder.crop_batch(np.random.default_rng(0), 8, pictures.Crops(32))

    assert not folder.is_held
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000  # kilobytes; held, five millions


def test_a_file_that_is_no_picture_is_named(tmp_path):
    (tmp_path / "letter.png").write_bytes(b"Dear all")

    with pytest.raises(ValueError, match=r"letter\.png cannot be read"):
        pictures.PictureFolder(tmp_path, keep_out=False)


def test_a_turned_crop_never_shows_what_is_outside_the_picture():
    white = Image.new("RGB", (60, 40), "white")
    rng = np.random.default_rng(0)

    darkest = min(pictures.crop(white, rng, pictures.Crops(24, turn=45)).min() for _ in range(60))

    assert darkest >= 254


def test_an_empty_folder_is_refused(tmp_path):
    with pytest.raises(ValueError, match="no pictures"):
        pictures.PictureFolder(tmp_path)


def test_what_is_transparent_is_white_and_what_is_opaque_stays_as_it_is(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (4, 6, 4), "uint8")
    pixels[..., 3] = (0, 0, 0, 255, 255, 255)
    Image.fromarray(pixels).save(tmp_path / "alpha.png")
    Image.fromarray(pixels).quantize(8).save(tmp_path / "palette.png")
    Image.fromarray(pixels[..., :3]).save(tmp_path / "opaque.png")

    read = {path.stem: np.asarray(pictures.read(path)) for path in pictures.find(tmp_path)}

    assert (read["alpha"][:, :3] == 255).all()
    assert (read["palette"][:, :3] == 255).all()
    assert np.array_equal(read["alpha"][:, 3:], pixels[:, 3:, :3])
    assert np.array_equal(read["opaque"], pixels[..., :3])


def test_sixteen_bits_become_eight(tmp_path):
    ramp = np.repeat(np.arange(256, dtype="uint16")[None], 2, axis=0)
    Image.fromarray(ramp * 257).save(tmp_path / "ramp.png")

    assert np.array_equal(np.asarray(pictures.read(tmp_path / "ramp.png"))[..., 0], ramp)
