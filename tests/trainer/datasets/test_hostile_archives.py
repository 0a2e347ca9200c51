"""Whatever is in an archive: a sentence or a list, nothing outside the dataset's folder, and nothing left behind."""

import time

import pytest
from PIL import Image

from tests.hostile import archives as hostile
from tests.hostile import lying_archives  # noqa: F401  they fill the register
from trainer.datasets import archives, checking, reading

LIMITS = archives.Limits(
    entries=hostile.ENTRIES, bytes_in_all=hostile.IN_ALL, bytes_each=hostile.EACH, pixels=1_000_000
)
SECONDS = 60  # generous: most take half a second, and half of that is the child's start


@pytest.fixture
def folder(tmp_path):
    """Of the dataset, beside something that must stay as it is."""
    (tmp_path / "secret.txt").write_text("mine")
    (tmp_path / "dataset").mkdir()
    return tmp_path / "dataset"


def files_below(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if not path.is_dir())


@pytest.mark.parametrize("name", hostile.ARCHIVES)
def test_a_hostile_archive_is_refused_with_a_sentence_or_its_bad_members_are_listed(name, folder):
    data, verdict = hostile.make(name)
    (folder / "archive.zip").write_bytes(data)
    start = time.monotonic()

    try:
        report = checking.check(folder / "archive.zip", "pictures", folder, limits=LIMITS)
    except archives.Refused as refusal:
        outcome, sentence = hostile.REFUSED, str(refusal)
    else:
        outcome = hostile.LISTED if report["unreadable"]["n"] else hostile.TAKEN

    assert outcome == verdict or verdict == hostile.EITHER
    assert time.monotonic() - start < SECONDS
    assert files_below(folder.parent)[-1] == "secret.txt"
    assert all(path.startswith("dataset/") for path in files_below(folder.parent)[:-1])
    if outcome == hostile.REFUSED:
        assert sentence.endswith(".") and sentence[0].isupper()
        assert files_below(folder) == ["archive.zip"]  # which the command deletes
        return
    assert all(each["name"] and each["reason"] for each in report["unreadable"]["files"])
    assert (folder / "pictures" / "train" / hostile.GOOD).exists()
    assert report["n_pictures"] == len(list((folder / "pictures" / "train").iterdir()))
    for path in (folder / "pictures" / "train").iterdir():
        assert path.name.isprintable() and len(path.name.encode()) < 200 and not path.is_symlink()
        Image.open(path).load()


def test_there_are_as_many_as_promised():
    assert len(hostile.ARCHIVES) >= 60


def test_names_that_are_shown_are_clean(folder):
    data = hostile.packed([("\u202e../\x1b[31mevil.png", b"x"), ("x" * 9000 + ".png", b"x")])
    (folder / "archive.zip").write_bytes(data)

    report = checking.check(folder / "archive.zip", "pictures", folder, limits=LIMITS)

    names = [each["name"] for each in report["unreadable"]["files"]]
    assert all(name.isprintable() and len(name) <= 200 for name in names), names


def test_an_archive_with_many_bad_members_says_how_many_and_why(folder, monkeypatch):
    members = [(f"{i}.png", b"no picture") for i in range(300)]
    (folder / "archive.zip").write_bytes(hostile.packed(members))

    report = checking.check(folder / "archive.zip", "pictures", folder, limits=LIMITS)

    assert report["unreadable"]["n"] == 300
    assert list(report["unreadable"]["reasons"].values()) == [300]
    assert len(report["unreadable"]["files"]) == 300
    assert not (folder / reading.JOURNAL).exists()
