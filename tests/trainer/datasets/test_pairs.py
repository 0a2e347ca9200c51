"""Pairs in every layout; crops of both halves at the same place; refusals that name the file."""

import numpy as np
import pytest
from PIL import Image

from trainer.datasets import pairs
from trainer.datasets.pairs import PairCrops

SIZE = 48
CROPS = PairCrops(size=32, enlarge=1.3, flip=0.5)


def make_picture(i):
    """A picture that tells its own places: red grows to the right, green downwards, blue is its number."""
    ramp = np.linspace(0, 250, SIZE)
    red, green = np.meshgrid(ramp, ramp)
    return np.dstack([red, green, np.full_like(red, 10 * i)]).astype("uint8")


def make_side_by_side(folder, n=6):
    folder.mkdir(parents=True)
    for i in range(n):
        picture = make_picture(i)
        condition = np.repeat(picture[..., :1], 3, axis=2)  # grey: the red of its picture
        Image.fromarray(np.hstack([condition, picture])).save(folder / f"{i}.png")
    return folder


def make_halves(folder_a, folder_b, n=6):
    for folder in (folder_a, folder_b):
        folder.mkdir(parents=True)
    for i in range(n):
        picture = make_picture(i)
        Image.fromarray(picture[..., 0]).save(folder_a / f"{i}.png")
        Image.fromarray(picture).save(folder_b / f"{i}.webp", lossless=True)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return make_side_by_side(tmp_path_factory.mktemp("data") / "train")


def rng(step=1):
    return np.random.default_rng((7, step))


def test_both_halves_are_cut_at_the_same_place(folder):
    opened = pairs.open_pairs(folder)

    conditions, pictures = opened.batch(rng(), 20, CROPS)

    assert (len(opened), opened.is_held) == (6, True)
    assert conditions.shape == (20, 32, 32, 1)
    assert pictures.shape == (20, 32, 32, 3)
    assert conditions.dtype == pictures.dtype == np.uint8
    assert np.abs(conditions[..., 0].astype(int) - pictures[..., 0]).max() <= 2
    assert len(np.unique(pictures[:, 0, 0, :2], axis=0)) > 10
    assert len(np.unique(pictures[:, 16, 16, 2])) > 3


def test_some_pairs_are_seen_in_a_mirror(folder):
    opened = pairs.open_pairs(folder)

    for flip, n_mirrored in ((0.0, 0), (1.0, 8)):
        _, pictures = opened.batch(rng(), 8, PairCrops(size=32, flip=flip))
        assert (pictures[:, 0, 0, 0] > pictures[:, 0, -1, 0]).sum() == n_mirrored


def test_a_batch_depends_on_its_random_numbers_alone(folder):
    crops = PairCrops(size=32, enlarge=1.3, hand_drawn=0.5)
    opened, opened_again = (pairs.open_pairs(folder) for _ in range(2))

    first, other, again = (
        opened.batch(rng(1), 4, crops),
        opened.batch(rng(2), 4, crops),
        opened_again.batch(rng(1), 4, crops),
    )

    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert not np.array_equal(first[1], other[1])


def test_pairs_that_do_not_fit_into_memory_are_read_each_time(folder, monkeypatch):
    held = pairs.open_pairs(folder).batch(rng(), 4, CROPS)
    monkeypatch.setattr(pairs, "HELD_PIXELS", 100)

    opened = pairs.open_pairs(folder)

    assert not opened.is_held
    assert all(np.array_equal(a, b) for a, b in zip(held, opened.batch(rng(), 4, CROPS), strict=True))


def test_the_other_direction_changes_their_roles(folder):
    conditions, pictures = pairs.open_pairs(folder, direction="BtoA", condition_channels=3).fixed(1, SIZE)

    assert np.array_equal(conditions[0], make_picture(0))
    assert np.array_equal(pictures[0], np.repeat(make_picture(0)[..., :1], 3, axis=2))


def test_fixed_pairs_are_whole_and_in_the_order_of_their_names(folder):
    conditions, pictures = pairs.open_pairs(folder).fixed(4, SIZE)

    assert conditions.shape == (4, SIZE, SIZE, 1)
    assert np.array_equal(pictures, np.stack([make_picture(i) for i in range(4)]))
    assert len(pairs.open_pairs(folder).fixed(100, 8)[0]) == 6


@pytest.mark.parametrize("names", [("train/A", "train/B"), ("trainA", "trainB")])
def test_pairs_in_two_folders_are_the_same_pairs(folder, tmp_path, names):
    make_halves(*(tmp_path / name for name in names))

    apart = pairs.open_pairs(pairs.find_split(tmp_path, "train")).fixed(6, SIZE)

    assert all(np.array_equal(a, b) for a, b in zip(apart, pairs.open_pairs(folder).fixed(6, SIZE), strict=True))


def test_a_condition_may_be_smaller_than_its_picture(tmp_path):
    make_halves(tmp_path / "A", tmp_path / "B")
    for path in (tmp_path / "A").iterdir():
        Image.open(path).resize((SIZE // 2, SIZE // 2)).save(path)

    conditions, pictures = pairs.open_pairs(tmp_path).batch(rng(), 8, CROPS)

    inner = (slice(None), slice(4, -4), slice(4, -4))
    assert np.abs(conditions[..., 0].astype(int) - pictures[..., 0])[inner].max() < 12


def test_hand_drawn_conditions_differ_and_their_pictures_do_not(folder):
    opened = pairs.open_pairs(folder)
    crops = [PairCrops(size=32, hand_drawn=share) for share in (0.0, 1.0)]

    (clean, pictures), (rough, same_pictures) = (opened.batch(rng(), 4, each) for each in crops)

    assert not np.array_equal(clean, rough)
    assert np.array_equal(pictures, same_pictures)


def test_names_can_be_chosen(folder):
    assert pairs.open_pairs(folder, choose=lambda name: name < "2").names == ["0.png", "1.png"]


def test_splits_are_found_by_looking(tmp_path):
    make_side_by_side(tmp_path / "train", 1)
    assert pairs.find_split(tmp_path, "train") == tmp_path / "train"
    assert pairs.find_split(tmp_path, "val") is None

    make_halves(tmp_path / "testA", tmp_path / "testB", 2)
    assert len(pairs.open_pairs(pairs.find_split(tmp_path, "val"))) == 2

    make_side_by_side(tmp_path / "val", 3)
    assert len(pairs.open_pairs(pairs.find_split(tmp_path, "val"))) == 3


def test_a_split_without_pictures_is_none(tmp_path):
    for name in ("train", "val", "testA", "testB"):
        (tmp_path / name).mkdir()
    assert pairs.find_split(tmp_path, "train") is None
    assert pairs.find_split(tmp_path, "val") is None

    make_halves(tmp_path / "train" / "A", tmp_path / "train" / "B", 1)
    assert pairs.find_split(tmp_path, "train") == tmp_path / "train"


def test_partners_that_are_missing_are_named(tmp_path):
    make_halves(tmp_path / "A", tmp_path / "B", 9)
    (tmp_path / "A" / "3.png").unlink()
    (tmp_path / "B" / "5.webp").unlink()

    with pytest.raises(ValueError, match=r"without a partner.*B/3\.webp, A/5\.png"):
        pairs.open_pairs(tmp_path)


def test_many_missing_partners_are_counted(tmp_path):
    make_halves(tmp_path / "A", tmp_path / "B", 9)
    for path in list((tmp_path / "A").iterdir())[:8]:
        path.unlink()

    with pytest.raises(ValueError, match="and 3 more"):
        pairs.open_pairs(tmp_path)


def test_a_picture_of_odd_width_is_no_pair(tmp_path):
    Image.new("RGB", (33, 16)).save(tmp_path / "odd.png")

    with pytest.raises(ValueError, match=r"odd\.png is 33 pixels wide.*even"):
        pairs.open_pairs(tmp_path)


@pytest.mark.parametrize("content", [b"not a picture", "cut"])
def test_an_unreadable_file_is_named(tmp_path, content):
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (32, 64, 3), "uint8")).save(tmp_path / "broken.png")
    whole = (tmp_path / "broken.png").read_bytes()
    (tmp_path / "broken.png").write_bytes(whole[: len(whole) // 2] if content == "cut" else content)

    with pytest.raises(ValueError, match=r"broken\.png cannot be read"):
        pairs.open_pairs(tmp_path)


def test_an_empty_folder_and_a_missing_one_are_refused(tmp_path):
    with pytest.raises(ValueError, match="no pictures"):
        pairs.open_pairs(tmp_path)
    with pytest.raises(ValueError, match=r"no folder .*trainA and .*trainB"):
        pairs.open_pairs(tmp_path / "train")


@pytest.mark.parametrize(
    ("values", "sentence"), [({"direction": "AB"}, "AtoB or BtoA"), ({"condition_channels": 2}, "1 or 3 channels")]
)
def test_options_without_sense_are_refused(folder, values, sentence):
    with pytest.raises(ValueError, match=sentence):
        pairs.open_pairs(folder, **values)


def test_colour_conditions_are_never_hand_drawn(folder):
    with pytest.raises(ValueError, match="one-channel"):
        pairs.open_pairs(folder, condition_channels=3).batch(rng(), 2, PairCrops(size=16, hand_drawn=0.5))
