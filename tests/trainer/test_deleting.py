"""A row and its folder go together, or stay together: whatever breaks, whenever a process is killed."""

from pathlib import Path

import pytest
from django.db import DatabaseError

from tests.trainer import factories
from trainer import collections, runs
from trainer.models import Dataset, Run

pytestmark = pytest.mark.django_db
REFUSED = (collections.Refused, runs.Refused)
STORIES = pytest.mark.parametrize(
    ("make", "stories", "mark"),
    [
        (factories.make_dataset, collections, "gone-"),
        (lambda: factories.make_run(state="stopped"), runs, ".deleted-"),
    ],
    ids=["dataset", "run"],
)


def make_with_folder(make):
    row = make()
    row.folder.mkdir(parents=True, exist_ok=True)
    (row.folder / "work").write_text("of hours")
    return row


def names_beside(row):
    return {path.name for path in row.folder.parent.iterdir()}


@pytest.fixture
def much_later(monkeypatch):
    now = runs.time.time()
    monkeypatch.setattr(runs.time, "time", lambda: now + runs.LEFT_SECONDS + 60)


@STORIES
@pytest.mark.parametrize(
    ("kind", "method", "trouble", "told"),
    [
        (Path, "rename", PermissionError("not ours"), REFUSED),
        (None, "delete", DatabaseError("gone"), DatabaseError),
        (None, "delete", KeyboardInterrupt(), KeyboardInterrupt),
    ],
)
def test_what_cannot_be_deleted_keeps_its_row_and_its_folder(
    make, stories, mark, kind, method, trouble, told, monkeypatch
):
    row = make_with_folder(make)

    def fail(*_):
        raise trouble

    with monkeypatch.context() as patch, pytest.raises(told):
        patch.setattr(kind or type(row), method, fail)
        stories.delete(row)

    assert type(row).objects.filter(pk=row.pk).exists()
    assert (row.folder / "work").is_file() and names_beside(row) == {row.folder.name}


@STORIES
@pytest.mark.django_db(transaction=True)
def test_a_database_that_breaks_at_the_end_brings_the_folder_back(make, stories, mark, monkeypatch):
    row = make_with_folder(make)

    def break_it(*_, **__):
        raise DatabaseError("gone")

    with monkeypatch.context() as patch, pytest.raises(DatabaseError):
        patch.setattr(stories.transaction, "on_commit", break_it)
        stories.delete(row)

    assert (row.folder / "work").is_file() and type(row).objects.filter(pk=row.pk).exists()


@STORIES
@pytest.mark.usefixtures("much_later")
def test_who_is_killed_before_the_row_is_gone_leaves_a_folder_that_comes_back(make, stories, mark):
    row = make_with_folder(make)
    row.folder.rename(row.folder.with_name(f"{mark}{row.pk}"))

    assert stories.sweep() == 0

    assert (row.folder / "work").is_file() and names_beside(row) == {row.folder.name}


@STORIES
@pytest.mark.usefixtures("much_later")
@pytest.mark.django_db(transaction=True)
def test_who_is_killed_after_the_row_is_gone_leaves_a_folder_that_is_swept(make, stories, mark, monkeypatch):
    row = make_with_folder(make)
    monkeypatch.setattr(stories, "_remove", lambda *_: None)
    stories.delete(row)
    assert names_beside(row) == {f"{mark}{row.pk}"}

    assert stories.sweep() == 1

    assert names_beside(row) == set()


@STORIES
@pytest.mark.usefixtures("much_later")
def test_a_folder_that_was_made_anew_meanwhile_stays_and_the_old_one_goes(make, stories, mark):
    row = make_with_folder(make)
    row.folder.rename(row.folder.with_name(f"{mark}{row.pk}"))
    (row.folder / "anew").mkdir(parents=True)

    assert stories.sweep() == 1

    assert names_beside(row) == {row.folder.name} and (row.folder / "anew").is_dir()


def test_rows_without_a_folder_are_deleted_too():
    dataset, run = factories.make_dataset(with_files=False), factories.make_run(data="/elsewhere", state="stopped")

    collections.delete(dataset)
    runs.delete(run)

    assert not Dataset.objects.exists() and not Run.objects.exists()
