"""What happens to a dataset, told by its stories: sent in pieces, taken from a folder, drawn, deleted, swept away."""

import io
import os
import shutil
import threading
import time
from datetime import timedelta

import pytest
from django.db import connection, models
from django.utils import timezone
from PIL import Image, ImageDraw

from tests.trainer import factories
from tests.trainer.datasets import archived
from trainer import collections, runs
from trainer.models import Dataset
from trainer.models.labour import State

pytestmark = pytest.mark.django_db
FACTS = {"title": "Cats", "kind": "pictures", "licence": "CC0", "source": "my camera"}
DATA = bytes(range(256)) * 40
N_BYTES = len(DATA)


@pytest.fixture
def rung(monkeypatch):
    bells = []
    monkeypatch.setattr(runs, "ring", lambda: bells.append(1))
    return bells


def begin(*, n_bytes=N_BYTES, **changes):
    return collections.begin(**(FACTS | changes), n_bytes=n_bytes, label="C:\\cats.zip")


# Sent in pieces


def test_an_archive_comes_piece_by_piece_and_then_waits_to_be_checked(rung):
    dataset = begin()
    assert (dataset.state, dataset.label, dataset.n_received) == (State.COMING, "cats.zip", 0)

    for at in range(0, len(DATA), 4000):
        assert rung == []
        assert collections.receive(dataset, DATA[at : at + 4000], at) == min(at + 4000, len(DATA))

    dataset.refresh_from_db()
    assert (dataset.state, dataset.n_received) == (State.QUEUED, len(DATA))
    assert dataset.arriving.read_bytes() == DATA
    assert rung == [1]


def test_after_a_lost_connection_the_sender_is_told_where_to_go_on(rung):
    dataset = begin()
    collections.receive(dataset, DATA[:5000], 0)

    for offset in (0, 4000, 6000):
        with pytest.raises(collections.WrongOffset) as told:
            collections.receive(dataset, DATA[offset : offset + 2000], offset)
        assert told.value.offset == 5000

    collections.receive(dataset, DATA[5000:], 5000)
    assert dataset.arriving.read_bytes() == DATA


def test_a_piece_that_was_written_and_not_counted_is_simply_sent_again(rung):
    dataset = begin()
    dataset.folder.mkdir(parents=True)
    dataset.arriving.write_bytes(DATA[:3000] + b"half a piece that never counted")

    collections.receive(dataset, DATA, 0)

    assert dataset.arriving.read_bytes() == DATA


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"n_bytes": 0}, "empty"),
        ({"n_bytes": 10**12}, "larger than 20 GB"),
        ({"title": " "}, "needs a title, a licence and a source"),
        ({"licence": ""}, "needs a title, a licence and a source"),
        ({"kind": "films"}, "one of pairs"),
    ],
)
def test_what_makes_no_sense_is_refused_before_anything_is_sent(changes, sentence):
    with pytest.raises(collections.Refused, match=sentence):
        begin(**changes)
    assert not Dataset.objects.exists()


def test_more_than_was_announced_is_refused(rung):
    dataset = begin(n_bytes=100)

    with pytest.raises(collections.Refused, match="more than was announced"):
        collections.receive(dataset, DATA, 0)

    dataset.refresh_from_db()
    assert dataset.n_received == 0


def test_what_has_come_takes_nothing_more(rung):
    dataset = begin()
    collections.receive(dataset, DATA, 0)

    with pytest.raises(collections.Refused, match="has come already"):
        collections.receive(dataset, b"x", len(DATA))


def test_a_deleted_dataset_takes_nothing_and_makes_no_folder(rung):
    dataset = begin()
    collections.delete(Dataset.objects.get(pk=dataset.pk))

    with pytest.raises(collections.Refused, match="was deleted"):
        collections.receive(dataset, b"x", 0)
    assert not dataset.folder.exists()


@pytest.mark.parametrize("is_on_its_way", [False, True])
def test_a_dataset_that_is_deleted_while_a_piece_is_written_is_a_sentence(rung, monkeypatch, is_on_its_way):
    dataset = begin()
    keep = collections._keep

    def delete_and_keep(*args):
        collections.delete(Dataset.objects.get(pk=dataset.pk))
        if is_on_its_way:  # whoever looked before makes the folder anew
            dataset.folder.mkdir()
        keep(*args)

    monkeypatch.setattr(collections, "_keep", delete_and_keep)

    with pytest.raises(collections.Refused, match="was deleted"):
        collections.receive(dataset, DATA, 0)
    assert not dataset.folder.exists()


def test_a_folder_that_is_deleted_under_the_sender_s_feet_is_a_sentence(rung, monkeypatch):
    dataset = begin()
    monkeypatch.setattr(collections.Path, "mkdir", lambda *args, **kwargs: None)

    with pytest.raises(collections.Refused, match="was deleted"):
        collections.receive(dataset, DATA, 0)


def test_without_room_nothing_is_begun(monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(10**9, 10**9, 10**8))

    with pytest.raises(collections.Refused, match="not enough room: 1.0 GB are needed, 0.1 GB are free"):
        begin()


def test_a_disk_that_fills_up_on_the_way_is_a_sentence_and_the_sender_can_go_on(rung, monkeypatch):
    dataset = begin()
    collections.receive(dataset, DATA[:1000], 0)

    def fail(*args):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "pwrite", fail)
        with pytest.raises(collections.Refused, match="no room left"):
            collections.receive(dataset, DATA[1000:], 1000)

    collections.receive(dataset, DATA[1000:], 1000)
    assert dataset.arriving.read_bytes() == DATA


@pytest.mark.django_db(transaction=True)
def test_two_senders_at_once_make_one_archive(rung):
    dataset = begin()

    def send(seed):
        mine, offset = Dataset.objects.get(pk=dataset.pk), 0
        while offset < len(DATA):
            try:
                offset = collections.receive(mine, DATA[offset : offset + 300 + seed], offset)
            except collections.WrongOffset as told:
                offset = told.offset
            except collections.Refused:
                break
        connection.close()

    senders = [threading.Thread(target=send, args=(seed,)) for seed in range(2)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join(60)

    dataset.refresh_from_db()
    assert (dataset.state, dataset.n_received) == (State.QUEUED, len(DATA))
    assert dataset.arriving.read_bytes() == DATA
    assert rung == [1]


# Taken from the server


def test_a_folder_on_the_server_waits_to_be_read(rung, tmp_path):
    folder = archived.spread(tmp_path / "cats", {"a.png": archived.png(1)})

    dataset = collections.take_folder(folder, **FACTS)

    assert (dataset.state, dataset.server_folder, dataset.label) == (State.QUEUED, str(folder), "cats")
    assert rung == [1]


def test_a_folder_that_is_not_there_or_is_our_own_is_refused(tmp_path):
    with pytest.raises(collections.Refused, match="no folder or file"):
        collections.take_folder(tmp_path / "nowhere", **FACTS)
    own = factories.make_dataset()
    with pytest.raises(collections.Refused, match="belongs to the studio"):
        collections.take_folder(own.pictures, **FACTS)


# Edges


def make_drawable(**kwargs):
    dataset = factories.make_dataset(kind="pictures", **kwargs)
    for path in (dataset.pictures / "train").iterdir():
        image = Image.new("RGB", (64, 64), "white")
        ImageDraw.Draw(image).ellipse((10, 10, 50, 50), fill="orange")
        image.save(path)
    return dataset


def test_edges_are_drawn_of_pictures_by_the_worker(rung):
    origin = factories.make_dataset(kind="pictures", licence="CC BY 4.0")

    made = collections.derive_edges(origin, title="Cats, drawn", options={"strong": 8, "weak": 4})

    assert (made.state, made.kind, made.origin, made.licence) == (State.QUEUED, "pairs", origin, "CC BY 4.0")
    assert made.recipe == {"edges": {"strong": 8, "weak": 4}}
    assert rung == [1]


@pytest.mark.parametrize(
    ("kind", "state", "options", "sentence"),
    [
        ("pairs", State.DONE, {}, "plain pictures"),
        ("pictures", State.RUNNING, {}, "not ready"),
        ("pictures", State.DONE, {"weak": 99}, "weak <= strong"),
    ],
)
def test_edges_of_what_cannot_be_drawn_are_refused(kind, state, options, sentence):
    origin = factories.make_dataset(kind=kind, state=state)

    with pytest.raises(collections.Refused, match=sentence):
        collections.derive_edges(origin, title="x", options=options)
    assert Dataset.objects.count() == 1


def test_a_preview_of_edges_is_drawn_by_a_process_of_its_own():
    sheet = Image.open(io.BytesIO(collections.preview_edges(make_drawable(), {"thickness": 3})))

    assert sheet.size == (6 * 196 - 4, 3 * 196 - 4)


def test_a_preview_that_takes_too_long_or_fails_is_a_sentence(monkeypatch):
    dataset = make_drawable()
    with pytest.raises(collections.Refused, match="took too long"):
        collections.preview_edges(dataset, {}, seconds=0.01)
    shutil.rmtree(dataset.pictures / "train")
    with pytest.raises(collections.Refused, match="could not be drawn"):
        collections.preview_edges(dataset, {})


def test_one_preview_is_drawn_at_a_time():
    collections._one_preview.acquire()
    try:
        with pytest.raises(collections.Busy, match="Another preview"):
            collections.preview_edges(make_drawable(), {}, seconds=0.05)
    finally:
        collections._one_preview.release()


def test_who_waits_for_a_preview_holds_a_thread_for_moments_only(monkeypatch):
    monkeypatch.setattr(collections, "BUSY_SECONDS", 0.05)
    dataset = make_drawable()
    collections._one_preview.acquire()
    began = time.monotonic()
    try:
        with pytest.raises(collections.Busy):
            collections.preview_edges(dataset, {})
    finally:
        collections._one_preview.release()

    assert time.monotonic() - began < 1


# Looked at


def test_previews_are_the_cover_and_a_sheet_for_each_recipe():
    dataset = factories.make_dataset(kind="unpaired")
    (dataset.folder / "previews").mkdir()
    for name in ("cover", "cyclegan", "adain", "other"):
        (dataset.folder / "previews" / f"{name}.png").write_bytes(name.encode())

    assert collections.list_previews(dataset) == ["cover", "cyclegan", "adain"]
    assert collections.preview(dataset, 1) == b"cyclegan"
    with pytest.raises(collections.Refused):
        collections.preview(dataset, 3)


# Gone


@pytest.mark.django_db(transaction=True)
def test_deleting_takes_the_row_and_the_folder():
    dataset = factories.make_dataset()

    collections.delete(dataset)

    assert not Dataset.objects.exists()
    assert list(dataset.folder.parent.iterdir()) == []
    collections.delete(dataset)  # twice does no harm


@pytest.mark.django_db(transaction=True)
def test_what_runs_learned_from_stays_and_the_sentence_names_them():
    dataset = factories.make_dataset()
    factories.make_run(dataset, title="Night shift")

    with pytest.raises(collections.Refused, match="Night shift"):
        collections.delete(dataset)
    assert dataset.pictures.is_dir()


def test_what_edges_are_being_drawn_of_stays():
    origin = factories.make_dataset(kind="pictures")
    made = collections.derive_edges(origin, title="x", options={})

    with pytest.raises(collections.Refused, match="Edges are being drawn"):
        collections.delete(origin)
    collections.delete(made)
    collections.delete(origin)


def test_one_that_failed_can_be_looked_at_again(rung):
    dataset = factories.make_dataset(state=State.FAILED, error="There is no room left on the disk.")

    assert collections.check_again(dataset)
    assert (dataset.state, dataset.error, rung) == (State.QUEUED, "", [1])
    assert not collections.check_again(dataset)


@pytest.mark.django_db(transaction=True)
def test_uploads_that_nobody_went_on_with_are_swept_away(settings):
    old, touched, fresh = begin(), begin(), begin()
    for dataset in (old, touched, fresh):
        collections.receive(dataset, b"x", 0)
    long_ago = timezone.now() - timedelta(seconds=settings.DATASET_KEEP_SECONDS + 60)
    Dataset.objects.filter(pk__in=[old.pk, touched.pk]).update(created_at=long_ago)
    Dataset.objects.filter(pk=old.pk).update(heartbeat_at=long_ago)

    assert collections.sweep() == 1

    assert set(Dataset.objects.all()) == {touched, fresh}
    assert not old.folder.exists() and touched.arriving.exists()


def test_what_deleting_left_behind_is_swept_away_and_all_else_left_alone():
    kept = factories.make_dataset()
    root = kept.folder.parent
    newer, gone = (begin().folder for _ in range(2))
    Dataset.objects.exclude(pk=kept.pk).delete()  # an older copy of the database came back: `newer` has lost its row
    gone = gone.with_name(f"gone-{gone.name}")
    stranger = root / "notes"
    for folder in (newer, gone, stranger):
        folder.mkdir(parents=True)
        os.utime(folder, (time.time() - 40_000,) * 2)

    assert collections.sweep() == 1

    assert {path.name for path in root.iterdir()} == {kept.folder.name, newer.name, "notes"}


def test_a_dataset_with_which_a_run_was_just_started_is_kept(monkeypatch):
    dataset = factories.make_dataset()
    monkeypatch.setattr(Dataset, "delete", lambda self: factories.make_run(dataset) and models.Model.delete(self))

    with pytest.raises(collections.Refused, match="just started"):
        collections.delete(dataset)

    assert dataset.pictures.is_dir() and Dataset.objects.exists()
