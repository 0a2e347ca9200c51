import io
import zipfile

import numpy as np
import pytest
from PIL import Image

from tests.trainer import factories
from trainer import collections, reports
from trainer.management.commands import dataset as command

pytestmark = pytest.mark.django_db


def make_archive(n=4) -> bytes:
    """Pairs, one of them twice, one that is no picture."""
    rng = np.random.default_rng(0)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for i in range(n):
            picture = io.BytesIO()
            cells = rng.integers(0, 255, (4, 8, 3), dtype="uint8").repeat(20, axis=0).repeat(20, axis=1)
            Image.fromarray(cells).save(picture, "PNG")
            archive.writestr(f"train/{i}.png", picture.getvalue())
        archive.writestr("train/again.png", picture.getvalue())
        archive.writestr("train/letter.png", b"Dear all")
    return buffer.getvalue()


def test_the_report_of_a_real_dataset_is_told():
    content = make_archive()
    words = {"title": "Cells", "kind": "pairs", "licence": "CC0", "source": "made by the tests"}
    dataset = collections.begin(**words, n_bytes=len(content))
    collections.receive(dataset, content, 0)
    command.check(dataset)

    report = reports.read(dataset.take_over()["report"])

    assert report.n_pictures == 5
    assert report.counts == [("train", "to learn from", 5)]
    assert (report.smallest, report.largest) == ("80 × 80", "80 × 80")
    assert [(bar.label, bar.n, bar.percent) for bar in report.sides] == [("64 to 127 pixels", 5, 100.0)]
    assert [(bar.label, bar.n) for bar in report.aspects] == [("square (0.9–1.12)", 5)]
    assert report.unreadable.n == 1
    assert report.unreadable.files[0][0].endswith("letter.png")
    assert report.n_duplicates == 1
    assert not report.is_clean
    assert report.validation


def test_there_is_no_report_before_there_is_one():
    assert reports.read({}) is None


@pytest.mark.parametrize(
    ("folder", "purpose"),
    [
        ("train", "to learn from"),
        ("val/B", "to look at, side B"),
        ("testA", "kept aside, side A"),
        ("elsewhere", ""),
    ],
)
def test_folders_are_explained(folder, purpose):
    assert reports.read({"n_pictures": 1, "counts": {folder: 1}}).counts == [(folder, purpose, 1)]


def test_bars_run_from_the_first_to_the_last_that_is_not_empty():
    sides = [
        {"from": 0, "to": 64, "n": 0},
        {"from": 64, "to": 128, "n": 4},
        {"from": 128, "to": 256, "n": 0},
        {"from": 256, "to": None, "n": 8},
    ]

    report = reports.read({"n_pictures": 12, "sizes": {"sides": sides}})

    assert [(bar.label, bar.percent) for bar in report.sides] == [
        ("64 to 127 pixels", 50.0),
        ("128 to 255 pixels", 0.0),
        ("256 pixels and more", 100.0),
    ]


def test_a_long_list_is_cut_and_says_so():
    files = [{"name": f"{i}.png", "reason": "is damaged"} for i in range(150)]

    trouble = reports.read({"n_pictures": 1, "unreadable": {"n": 400, "reasons": {}, "files": files}}).unreadable

    assert (len(trouble.files), trouble.n_more) == (100, 300)


def test_a_report_without_trouble_is_clean():
    assert reports.read({"n_pictures": 3}).is_clean


def test_factories_make_a_dataset_without_a_report():
    assert reports.read(factories.make_dataset(with_files=False).report) is None
