"""Files come whole or not at all, and go with their rows."""

import os
import threading
import time
from pathlib import Path

import pytest
from django.core.exceptions import SuspiciousFileOperation
from django.db import transaction

from tests import factories
from tfapp import files
from tfapp.models import JobInput


def make_file(name: str) -> Path:
    part = files.begin(".jpg")
    part.write_bytes(b"picture")
    return files.settle(part, name)


@pytest.fixture
def later(monkeypatch):
    """Two hours later: change times cannot be set, so the clock moves instead."""
    now = time.time() + 7200
    monkeypatch.setattr(time, "time", lambda: now)


def test_a_part_becomes_a_file_in_one_move(settings):
    part = files.begin(".jpg")
    part.write_bytes(b"picture")

    place = files.settle(part, "inputs/1/content-0.jpg")

    assert part.name.endswith(".jpg.part") and not part.exists()
    assert place == Path(settings.MEDIA_ROOT).resolve() / "inputs/1/content-0.jpg"
    assert place.read_bytes() == b"picture"


def test_a_folder_moves_whole():
    part = files.begin()
    part.mkdir()
    (part / "master.png").write_bytes(b"one")
    (part / "320.avif").write_bytes(b"two")

    files.settle(part, "artworks/ab/abcd")

    assert sorted(inner.name for inner in files.path("artworks/ab/abcd").iterdir()) == ["320.avif", "master.png"]
    assert files.leftovers() == []


def test_settling_writes_to_the_disk_before_the_move(monkeypatch):
    part = files.begin(".jpg")
    part.write_bytes(b"picture")
    events = []
    real_sync, real_replace = os.fsync, os.replace
    monkeypatch.setattr(os, "fsync", lambda handle: (events.append("fsync"), real_sync(handle))[1])
    monkeypatch.setattr(os, "replace", lambda *places: (events.append("replace"), real_replace(*places))[1])

    files.settle(part, "inputs/1/content-0.jpg")

    assert events[:2] == ["fsync", "replace"]
    assert events.count("fsync") >= 3  # the file, its folder, the folder that is new in its parent


@pytest.mark.parametrize(
    "name",
    ["../secret", "/etc/passwd", "inputs/../../secret", "", ".", "inputs/..", "inputs/\0x", "a/../../media-2/x"],
)
def test_it_refuses_names_outside_the_media_folder(name):
    with pytest.raises(SuspiciousFileOperation):
        files.path(name)


def test_it_refuses_a_link_that_leads_outside(settings, tmp_path):
    Path(settings.MEDIA_ROOT).mkdir(parents=True, exist_ok=True)
    (Path(settings.MEDIA_ROOT) / "out").symlink_to(tmp_path.parent)

    with pytest.raises(SuspiciousFileOperation):
        files.path("out/secret")


def test_a_part_outside_never_settles_outside():
    part = files.begin()
    part.write_bytes(b"picture")

    with pytest.raises(SuspiciousFileOperation):
        files.settle(part, "../elsewhere")

    assert part.exists()


@pytest.mark.django_db
def test_files_go_when_the_rows_are_gone_for_good(django_capture_on_commit_callbacks):
    place = make_file("inputs/1/content-0.jpg")

    with django_capture_on_commit_callbacks(execute=True):
        files.remove_on_commit(["inputs/1/content-0.jpg", "inputs/1/never-there.jpg"])
        assert place.exists()

    assert not place.exists() and not place.parent.exists()
    assert files.path("inputs").is_dir()


@pytest.mark.django_db(transaction=True)
def test_files_stay_when_the_transaction_fails():
    place = make_file("inputs/1/content-0.jpg")

    with pytest.raises(ZeroDivisionError), transaction.atomic():
        files.remove_on_commit(["inputs/1/content-0.jpg"])
        raise ZeroDivisionError

    assert place.exists()


def test_removing_a_folder_takes_all_of_it_and_leaves_its_neighbours():
    for name in ("artworks/ab/one/master.png", "artworks/ab/one/320.webp", "artworks/ab/two/master.png"):
        make_file(name)

    files.remove(["artworks/ab/one"])

    assert not files.path("artworks/ab/one").exists()
    assert files.path("artworks/ab/two/master.png").exists()


def test_settling_and_removing_side_by_side_loses_nothing():
    """A deletion clears the empty folder that a settling has just made sure of."""
    stop = threading.Event()

    def come_and_go() -> None:
        while not stop.is_set():
            make_file("artworks/ab/other.png")
            files.remove(["artworks/ab/other.png"])

    other = threading.Thread(target=come_and_go)
    other.start()
    try:
        for n in range(60):
            make_file(f"artworks/ab/{n}.png")
            files.remove([f"artworks/ab/{n}.png"])
    finally:
        stop.set()
        other.join()

    assert files.leftovers() == []


@pytest.mark.django_db
def test_the_sweeper_leaves_young_files_alone():
    make_file("inputs/1/content-0.jpg")
    files.begin().write_bytes(b"half")

    assert files.sweep() == 0
    assert files.path("inputs/1/content-0.jpg").exists()


@pytest.mark.django_db
def test_the_sweeper_clears_parts_and_files_that_no_row_knows(later):
    half = files.begin()
    half.write_bytes(b"half")
    half_folder = files.begin()
    half_folder.mkdir()
    (half_folder / "master.png").write_bytes(b"half")
    make_file("inputs/1/content-0.jpg")
    make_file("artworks/ab/lost/master.png")
    files.path("artworks/cd").mkdir()

    assert files.sweep() == 5

    assert not half.exists() and not half_folder.exists()
    assert not files.path("inputs/1").exists()
    assert not files.path("artworks/ab").exists() and not files.path("artworks/cd").exists()
    assert files.sweep() == 0


@pytest.mark.django_db
def test_the_sweeper_keeps_what_a_row_knows(later):
    job = factories.make_job()
    kept = [make_file("inputs/kept/content-7.jpg"), make_file("inputs/kept/style-7.jpg")]
    for position, place in enumerate(kept, start=7):
        name = f"inputs/kept/{place.name}"
        JobInput.objects.create(
            job=job, role="style", position=position, file=name, width=1, height=1, n_bytes=7, sha256="0"
        )
    make_file("inputs/kept/unknown.jpg")

    files.sweep()

    assert [place.exists() for place in kept] == [True, True]
    assert not files.path("inputs/kept/unknown.jpg").exists()


@pytest.mark.django_db
def test_the_sweeper_asks_for_many_rows_at_once(later, monkeypatch, django_assert_num_queries):
    monkeypatch.setattr(files, "ROWS_AT_ONCE", 10)
    for n in range(25):
        make_file(f"inputs/{n}/content-0.jpg")

    with django_assert_num_queries(3):
        assert len(list(files.orphans())) == 25


def test_a_folder_that_vanishes_while_it_is_looked_at_is_no_orphan(monkeypatch):
    files.path("inputs/gone").mkdir(parents=True)
    look = Path.iterdir
    monkeypatch.setattr(Path, "iterdir", lambda folder: (folder.rmdir(), look(folder))[1])

    assert list(files.orphans()) == []
