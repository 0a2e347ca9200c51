"""Two kinds of pictures, each with its own folder."""

import numpy as np
import pytest
from PIL import Image

from trainer.datasets import pictures, unpaired


def make_folder(folder, n, colour):
    folder.mkdir(parents=True)
    for i in range(n):
        Image.new("RGB", (40, 30), colour).save(folder / f"{i}.png")


def test_both_kinds_are_opened_whole(tmp_path):
    make_folder(tmp_path / "trainA", 41, "red")
    make_folder(tmp_path / "trainB", 3, "blue")

    a, b = unpaired.open_unpaired(tmp_path, "train")

    assert any(pictures.is_kept_out(name) for name in a.names)
    assert (len(a), len(b)) == (41, 3)
    rng = np.random.default_rng(0)
    assert (a.crop_batch(rng, 2, pictures.Crops(16))[..., 0] == 255).all()
    assert (b.crop_batch(rng, 2, pictures.Crops(16))[..., 2] == 255).all()
    assert b.fixed(9, 16).shape == (3, 16, 16, 3)


def test_pictures_for_validation_may_be_called_test(tmp_path):
    make_folder(tmp_path / "testA", 1, "red")
    make_folder(tmp_path / "testB", 1, "blue")

    assert [len(folder) for folder in unpaired.open_unpaired(tmp_path, "val")] == [1, 1]


def test_both_kinds_may_lie_in_the_folder_of_their_split(tmp_path):
    make_folder(tmp_path / "train" / "A", 1, "red")
    make_folder(tmp_path / "train" / "B", 2, "blue")

    assert [len(folder) for folder in unpaired.open_unpaired(tmp_path, "train")] == [1, 2]


def test_a_split_is_there_only_with_pictures_of_both_kinds(tmp_path):
    make_folder(tmp_path / "test", 1, "red")
    for name in ("val", "valA", "valB"):
        (tmp_path / name).mkdir()

    assert unpaired.find_split(tmp_path, "val") is None


def test_missing_folders_are_named(tmp_path):
    make_folder(tmp_path / "trainA", 1, "red")

    with pytest.raises(ValueError, match="no folders trainA/ and trainB/"):
        unpaired.open_unpaired(tmp_path, "train")


def test_an_unreadable_file_is_named(tmp_path):
    make_folder(tmp_path / "trainA", 1, "red")
    make_folder(tmp_path / "trainB", 1, "blue")
    (tmp_path / "trainB" / "0.png").write_bytes(b"no picture")

    with pytest.raises(ValueError, match=r"0\.png cannot be read"):
        unpaired.open_unpaired(tmp_path, "train")
