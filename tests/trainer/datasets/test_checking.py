"""Archives and folders made into datasets of every kind, and what the report says of them."""

import json
import os

import numpy as np
import pytest
from PIL import Image

from tests import pictures as good
from tests.trainer.datasets.archived import LIMITS, draw, encode, names_below, pack, png, spread
from trainer.datasets import archives, checking, decoding, pairs, pictures, reading, unpaired


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "dataset").mkdir()
    return tmp_path / "dataset"


def check(folder, members, kind, **kwargs):
    source = pack(folder.parent / "archive.zip", members) if isinstance(members, dict) else members
    return checking.check(source, kind, folder, limits=LIMITS, **kwargs)


def stored(folder):
    return names_below(folder / "pictures")


def read(folder, name):
    return np.asarray(Image.open(folder / "pictures" / name).convert("RGB"))


# Layouts


def test_pictures_come_out_as_they_were(folder):
    report = check(folder, {"my pictures/a.png": png(1), "my pictures/b.PNG": png(2)}, "pictures")

    assert stored(folder) == ["train/a.png", "train/b.png"]
    assert (read(folder, "train/a.png") == np.asarray(draw(1))).all()
    assert report["counts"] == {"train": 2} and report["n_pictures"] == 2
    assert report["unreadable"]["n"] == 0
    assert names_below(folder)[-2:] == ["progress", "report.json"]
    assert json.loads((folder / "report.json").read_text()) == report


def test_a_folder_on_the_server_is_read_by_the_same_checks_and_links_are_not_followed(folder, tmp_path):
    source = spread(tmp_path / "mine", {"train/a.png": png(1), "val/b.png": png(2), ".DS_Store": b"x"})
    (tmp_path / "secret.png").write_bytes(png(3))
    (source / "train" / "link.png").symlink_to(tmp_path / "secret.png")
    (source / "elsewhere").symlink_to(tmp_path)
    os.mkfifo(source / "pipe.png")

    report = check(folder, source, "pictures")

    assert stored(folder) == ["train/a.png", "val/b.png"]
    reasons = {each["name"]: each["reason"] for each in report["unreadable"]["files"]}
    assert reasons == {
        "train/link.png": archives.LINK,
        "elsewhere": archives.LINK,
        "pipe.png": archives.DEVICE,
    }


def test_pairs_side_by_side_can_be_trained_on(folder):
    members = {f"Facades/TRAIN/{i}.png": png(i, width=48) for i in range(3)}

    report = check(folder, members | {"Facades/Test/9.png": png(9, width=48)}, "pairs")

    assert stored(folder) == ["train/0.png", "train/1.png", "train/2.png", "val/9.png"]
    assert len(pairs.open_pairs(folder / "pictures" / "train")) == 3
    assert report["sizes"]["largest"] == [24, 24]
    assert report["direction"]["choices"] == ["AtoB", "BtoA"]


def test_pairs_of_odd_width_are_mismatched(folder):
    report = check(folder, {"a.png": png(1, width=48), "b.png": png(2, width=47)}, "pairs")

    assert stored(folder) == ["train/a.png"]
    assert report["mismatched"]["files"] == [{"name": "b.png", "reason": reading.ODD}]


@pytest.mark.parametrize(
    "layout",
    [
        "{side}/{n}.png",
        "train{side}/{n}.png",
        "train/{side}/{n}.png",
        "{side}/train/{n}.png",
        "whole thing/Train_{side}/{n}.png",
    ],
)
def test_pairs_in_folders_are_found_however_they_are_packed(folder, layout):
    members = {layout.format(side=side, n=n): png(n) for side in "AB" for n in range(2)}

    report = check(folder, members, "folders")

    assert stored(folder) == ["train/A/0.png", "train/A/1.png", "train/B/0.png", "train/B/1.png"]
    assert report["counts"] == {"train/A": 2, "train/B": 2}
    assert len(pairs.open_pairs(folder / "pictures" / "train")) == 2


def test_pairs_in_folders_without_partners_or_of_other_shape_are_left_out_and_listed(folder):
    members = {f"{side}/{name}.png": png(7) for side in "AB" for name in ("good", "larger", "wide", "broken")}
    members |= {"A/alone.png": png(1), "B/larger.png": png(2, width=48, height=48), "A/wide.png": png(3, width=60)}
    members |= {"B/broken.png": b"no picture", "C/stray.png": png(4)}

    report = check(folder, members, "folders")

    assert stored(folder) == ["train/A/good.png", "train/A/larger.png", "train/B/good.png", "train/B/larger.png"]
    assert len(pairs.open_pairs(folder / "pictures" / "train")) == 2
    assert {each["name"]: each["reason"] for each in report["mismatched"]["files"]} == {
        "A/alone.png": "has no partner of the same name",
        "A/broken.png": "has no partner of the same name",
        "A/larger.png": "has another size than its partner, and is scaled to it",
        "A/wide.png": "has another shape than its partner",
        "B/wide.png": "has another shape than its partner",
    }
    assert [each["name"] for each in report["unreadable"]["files"]] == ["B/broken.png", "C/stray.png"]


def test_two_collections_keep_their_sides_and_validation_is_called_test(folder):
    members = {f"{part}/{n}.png": png(n) for part in ("trainA", "trainB", "valA", "TESTB") for n in range(2)}

    report = check(folder, members, "unpaired")

    assert report["counts"] == {"testA": 2, "testB": 2, "trainA": 2, "trainB": 2}
    assert [len(side) for side in unpaired.open_unpaired(folder / "pictures", "val")] == [2, 2]


def test_captions_come_with_their_pictures(folder):
    members = {f"birds/images/{name}.png": png(n) for n, name in enumerate("abcd")}
    members |= {"birds/text/a.txt": "\ufeffA red bird.\r\n\r\n  A small\x07 bird \n".encode()}
    members |= {"birds/text/b.txt": b" \n", "birds/text/c.txt": b"\xff\xfe\xff", "birds/text/e.txt": b"Nothing."}

    report = check(folder, members, "captioned")

    assert stored(folder) == ["train/a.png", "train/a.txt"]
    assert (folder / "pictures/train/a.txt").read_text() == "A red bird.\nA small bird\n"
    assert report["n_captions"] == 2
    assert {each["name"]: each["reason"] for each in report["mismatched"]["files"]} == {
        "birds/images/b.png": "has an empty caption",
        "birds/images/c.png": "has no caption",
        "birds/images/d.png": "has no caption",
        "birds/text/e.txt": "belongs to no picture",
    }
    assert report["unreadable"]["files"] == [{"name": "birds/text/c.txt", "reason": reading.NO_TEXT}]


def test_one_split_alone_is_what_there_is_to_learn_from(folder):
    check(folder, {"test/a.png": png(1)}, "pictures")

    assert stored(folder) == ["train/a.png"]


def test_pictures_of_equal_names_are_all_kept(folder):
    members = {"a.png": png(1), "A.PNG": png(2), "a.jpg": encode(draw(3), "JPEG"), "x/a.png": png(4)}

    check(folder, members, "pictures")

    assert stored(folder) == ["train/A~2.png", "train/a.png", "train/a~3.jpg", "train/x-a.png"]


# What recipes cannot use


@pytest.mark.parametrize(
    ("kind", "members", "word"),
    [
        ("pictures", {"a.txt": b"x"}, "No file in it"),
        ("folders", {"a.png": png(1)}, "folders A and B"),
        ("folders", {"A/a.png": png(1), "B/b.png": png(1)}, "No picture in A has a partner"),
        ("unpaired", {"trainA/a.png": png(1)}, "nothing to train on"),
        ("pairs", {"a.png": png(1, width=25)}, "odd width"),
        ("captioned", {"a.png": png(1)}, "No picture has a text file"),
        ("pictures", {"a.zip": b"PK\3\4" + bytes(100)}, "archives instead of pictures"),
    ],
)
def test_what_can_be_no_dataset_is_refused_with_a_sentence(folder, kind, members, word):
    with pytest.raises(archives.Refused, match=word):
        check(folder, members, kind)
    assert names_below(folder) == []


def test_a_source_that_is_gone_is_refused(folder):
    with pytest.raises(archives.Refused, match="not there"):
        check(folder, folder / "nowhere", "pictures")


def test_more_files_than_allowed_are_refused(folder, tmp_path):
    source = spread(tmp_path / "many", {f"{i}.png": b"" for i in range(5)})

    with pytest.raises(archives.Refused, match="more files than allowed"):
        checking.check(source, "pictures", folder, limits=archives.Limits(entries=4, bytes_in_all=10**6))


# Pixels


@pytest.mark.parametrize("kind", good.FORMATS)
def test_every_format_is_stored_anew_without_metadata(folder, kind):
    options = {"exif": good.exif(orientation=6, gps=True)} if kind in good.CAN_HAVE_EXIF else {}
    image = good.photo(48, 32)

    check(folder, {f"a.{kind}": good.encoded(image, kind, **options)}, "pictures")

    (name,) = stored(folder)
    assert name.endswith(".png" if kind in ("png", "gif") else ".jpg")
    data = (folder / "pictures" / name).read_bytes()
    assert b"SECRET CAMERA" not in data and b"Exif" not in data
    expected = image.transpose(Image.Transpose.ROTATE_270) if options else image
    difference = np.abs(read(folder, name).astype(int) - np.asarray(expected)).mean()
    assert difference < (12 if kind == "gif" else 4)


def test_what_is_transparent_stays_so(folder):
    image = draw(1).convert("RGBA")
    image.putpixel((0, 0), (0, 0, 0, 0))

    check(folder, {"a.png": encode(image), "b.webp": encode(image, "WEBP")}, "pictures")

    assert stored(folder) == ["train/a.png", "train/b.png"]
    assert Image.open(folder / "pictures/train/a.png").getpixel((0, 0))[3] == 0
    assert pictures.read(folder / "pictures/train/a.png").getpixel((0, 0)) == (255, 255, 255)


def test_wide_colours_and_sixteen_bits_become_plain_ones(folder):
    grey = Image.fromarray(np.full((16, 16), 32896, "uint16"))
    wide = encode(Image.new("RGB", (16, 16), (200, 60, 60)), icc_profile=good.display_p3())

    check(folder, {"grey.png": encode(grey), "wide.png": wide}, "pictures")

    assert (read(folder, "train/grey.png") == 128).all()
    assert read(folder, "train/wide.png")[0, 0, 0] > 212  # the same red has a larger number in sRGB


def test_a_picture_with_more_pixels_than_allowed_is_not_even_decoded():
    with pytest.raises(decoding.Unreadable) as found:
        decoding.decode(png(1), max_pixels=100)

    assert found.value.reason == decoding.TOO_MANY_PIXELS


# What is there twice


def test_duplicates_and_leaks_are_told(folder):
    image = good.photo(96, 96)
    members = {f"train/{n}.png": png(n) for n in range(5)} | {f"val/{n}.png": png(n + 50) for n in range(2)}
    members |= {"train/photo.png": encode(image), "train/small.jpg": encode(image.resize((64, 64)), "JPEG")}
    members |= {"val/again.jpg": encode(image, "JPEG", quality=50), "val/copy.png": png(3)}

    report = check(folder, members, "pictures")

    groups = [set(group) for group in report["duplicates"]["groups"]]
    assert groups == [{"train/photo.png", "train/small.jpg", "val/again.jpg"}, {"train/3.png", "val/copy.png"}]
    assert report["duplicates"]["n"] == 3
    assert report["leaks"]["validation"] == "folder"
    assert {(each["train"], each["validation"]) for each in report["leaks"]["pairs"]} == {
        ("train/photo.png", "val/again.jpg"),
        ("train/3.png", "val/copy.png"),
    }


def test_without_a_folder_for_validation_leaks_go_by_the_names_that_training_keeps_out(folder):
    kept_out = next(f"{n}.png" for n in range(1000) if pictures.is_kept_out(f"{n}.png"))
    members = {f"{name}.png": png(ord(name)) for name in "abc"} | {kept_out: png(ord("a"))}

    report = check(folder, members, "pictures")

    assert report["leaks"]["validation"] == "names"
    assert report["leaks"]["pairs"] == [{"train": "train/a.png", "validation": f"train/{kept_out}"}]


def test_the_paler_side_is_suggested_as_the_condition(folder):
    def side_by_side(n):
        both = Image.new("RGB", (48, 24), "white")
        both.paste(draw(n), (0, 0))
        return encode(both)

    report = check(folder, {f"{n}.png": side_by_side(n) for n in range(4)}, "pairs")

    assert report["direction"]["suggested"] == "BtoA"
