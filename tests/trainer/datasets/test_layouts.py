"""Where files belong, told from their names alone."""

import pytest

from trainer.datasets import archives, layouts


def plan(names, kind):
    members = [archives.Member(str(i), name, archives.clean_parts(name), 1) for i, name in enumerate(names)]
    found = layouts.plan(members, kind)
    placed = {names[int(key)]: f"{place.folder}/{place.stem}" for key, place in found.places.items()}
    return placed, dict(found.misplaced)


@pytest.mark.parametrize(
    ("kind", "name", "place"),
    [
        ("pictures", "a.png", "train/a"),
        ("pictures", "Training/a.png", "train/a"),
        ("pictures", "cats/a.png", "train/cats-a"),
        ("pictures", "a/a.png", "train/a-a"),  # sides mean nothing here
        ("pictures", "v1.5 final", "train/v1.5 final"),
        ("pairs", "train/x/1.jpg", "train/x-1"),
        ("folders", "A/1.png", "train/A/1"),
        ("folders", "b/val/1.png", "val/B/1"),
        ("folders", "Valid_B/1.png", "val/B/1"),
        ("unpaired", "train-a/1.png", "trainA/1"),
        ("unpaired", "validation/b/1.png", "testB/1"),
        ("captioned", "images/a.jpg", "train/a"),
        ("captioned", "text/a.txt", "train/a"),
    ],
)
def test_a_name_says_where_a_file_belongs(kind, name, place):
    other = {"folders": "trainA/other.png", "unpaired": "trainA/other.png"}.get(kind, "train/other.png")

    assert plan([other, name], kind)[0][name] == place


def test_folders_around_everything_are_left_off():
    placed, _ = plan(["data/v2/cats/a.png", "data/v2/dogs/a.png"], "pictures")

    assert sorted(placed.values()) == ["train/cats-a", "train/dogs-a"]


def test_a_top_folder_that_is_called_like_a_split_does_not_hide_those_inside():
    placed, _ = plan(["test/trainA/1.png", "test/trainB/1.png", "test/testA/1.png"], "unpaired")

    assert sorted(placed.values()) == ["testA/1", "trainA/1", "trainB/1"]


def test_test_is_validation_unless_there_is_one():
    assert plan(["train/1.png", "test/2.png"], "pairs")[0]["test/2.png"] == "val/2"
    both = plan(["train/1.png", "val/2.png", "test/3.png"], "pairs")[0]
    assert (both["val/2.png"], both["test/3.png"]) == ("val/2", "test/3")


def test_what_has_no_side_is_misplaced():
    assert plan(["A/1.png", "B/1.png", "readme.png"], "folders")[1] == {"readme.png": layouts.SIDELESS}


def test_what_must_have_one_name_has_only_one():
    placed, misplaced = plan(["A/1.png", "A/1.jpg", "B/1.png"], "folders")

    assert sorted(placed) == ["A/1.png", "B/1.png"] and misplaced == {"A/1.jpg": layouts.DOUBLE}


def test_long_names_are_cut_but_partners_stay_partners_and_strangers_strangers():
    long = "x" * 300
    placed, _ = plan([f"A/{long}1.png", f"B/{long}1.jpg", f"A/{long}2.png", f"B/{long}2.jpg"], "folders")

    stems = {name: place.split("/")[-1] for name, place in placed.items()}
    assert stems[f"A/{long}1.png"] == stems[f"B/{long}1.jpg"] != stems[f"A/{long}2.png"]
    assert all(len(stem.encode()) <= layouts.NAME_BYTES for stem in stems.values())


def test_many_files_of_one_name_are_told_apart_without_counting_anew_for_each():
    members = [archives.Member(str(i), "a", (f"{i}", "a.png"), 1) for i in range(3)]
    members += [archives.Member(f"x{i}", "a", (f"a.{i:05d}",), 1) for i in range(30_000)]  # endings, all of them

    found = layouts.plan(members, "pictures")

    assert len({(place.folder, place.stem.casefold()) for place in found.places.values()}) == 30_003
