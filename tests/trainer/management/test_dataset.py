"""`manage.py dataset` as people and the training worker call it."""

import threading

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from PIL import Image

from stylesite.lifecycle import stopping
from tests.trainer import factories
from tests.trainer.datasets import archived
from trainer import attempts, collections, supervising
from trainer.datasets import checking
from trainer.models import Dataset
from trainer.models.labour import State

pytestmark = pytest.mark.django_db(transaction=True)
READER_THAT_BREAKS = """
import runpy
from trainer.datasets import archives
def look(*_): raise IndexError("string index out of range")
archives.Archive._list = look
runpy.run_module("trainer.datasets.reading", run_name="__main__")
"""
FACTS = {"title": "Cats", "licence": "CC0", "source": "my camera"}


def upload(members, kind="pictures", tmp_path=None):
    data = archived.pack(tmp_path / "a.zip", members).read_bytes()
    dataset = collections.begin(**FACTS, kind=kind, n_bytes=len(data))
    collections.receive(dataset, data, 0)
    return dataset


def test_an_upload_becomes_a_dataset(tmp_path):
    dataset = upload({f"{n}.png": archived.png(n) for n in range(3)} | {"bad.png": b"x"}, tmp_path=tmp_path)

    call_command("dataset", check=str(dataset.pk))

    assert archived.names_below(dataset.pictures) == ["train/0.png", "train/1.png", "train/2.png"]
    assert archived.names_below(dataset.folder / "previews") == ["cover.png", "pictures.png"]
    assert not dataset.archive.exists() and not dataset.arriving.exists()
    assert dataset.has_all()
    assert dataset.take_over()["report"]["unreadable"]["n"] == 1
    assert dataset.read_progress() == 1.0
    call_command("dataset", check=str(dataset.pk))  # once more does no harm, though the archive is gone


def test_pairs_are_previewed_in_the_direction_that_the_report_suggests(tmp_path):
    members = {}
    for n in range(3):
        both = Image.new("RGB", (64, 32), "white")
        both.paste((250, 20, 20), (0, 0, 32, 32))
        both.putpixel((40, 10 + n), (0, 0, 0))
        members[f"{n}.png"] = archived.encode(both)
    dataset = upload(members, "pairs", tmp_path)

    call_command("dataset", check=str(dataset.pk))

    with Image.open(dataset.folder / "previews" / "pix2pix.png") as sheet:
        condition, picture = sheet.getpixel((100, 100)), sheet.getpixel((200, 100))
    assert condition == (255, 255, 255)
    assert picture[0] > 240 and picture[1] < 40


def test_a_refused_archive_is_a_sentence_and_nothing_is_left(tmp_path):
    dataset = upload({"a.txt": b"Hello."}, tmp_path=tmp_path)

    with pytest.raises(CommandError, match="No file in it"):
        call_command("dataset", check=str(dataset.pk))
    assert archived.names_below(dataset.folder) == []


def test_an_archive_that_breaks_its_reader_in_a_way_that_nobody_foresaw_is_a_sentence(tmp_path, monkeypatch):
    dataset = upload({"a.png": archived.png(1)}, tmp_path=tmp_path)
    monkeypatch.setattr(checking, "READER", ("-c", READER_THAT_BREAKS))

    with pytest.raises(CommandError, match="could not read this archive"):
        call_command("dataset", check=str(dataset.pk))
    assert archived.names_below(dataset.folder) == []


def test_trouble_of_the_machine_costs_no_archive(tmp_path, monkeypatch):
    dataset = upload({"a.png": archived.png(1)}, tmp_path=tmp_path)
    monkeypatch.setattr(checking, "READER", ("-c", READER_THAT_BREAKS.replace("IndexError", "OSError")))

    with pytest.raises(RuntimeError, match="OSError"):
        call_command("dataset", check=str(dataset.pk))
    assert dataset.archive.exists()


def test_a_folder_is_taken_in_and_stays_as_it_was(tmp_path, capsys):
    folder = archived.spread(tmp_path / "cats", {"train/a.png": archived.png(1)})
    (folder / "train" / "link.png").symlink_to("/etc/passwd")

    call_command("dataset", "add", str(folder), kind="pictures", licence="CC0", source="my camera")
    pk = capsys.readouterr().out.strip()
    call_command("dataset", check=pk)

    dataset = Dataset.objects.get(pk=pk)
    assert (dataset.title, dataset.state) == ("cats", State.QUEUED)
    assert archived.names_below(dataset.pictures) == ["train/a.png"]
    assert archived.names_below(folder) == ["train/a.png", "train/link.png"]


def test_edges_are_drawn_of_another_dataset():
    origin = factories.make_dataset(kind="pictures")
    made = collections.derive_edges(origin, title="Drawn", options={"margin": 2})

    call_command("dataset", check=str(made.pk))

    assert made.take_over()["report"]["counts"] == {"train": 4, "val": 4}
    with Image.open(made.pictures / "train" / "0.png") as pair:
        assert pair.size == (48, 24)


def test_edges_of_a_dataset_that_is_gone_are_a_sentence():
    made = collections.derive_edges(factories.make_dataset(kind="pictures"), title="Drawn", options={})
    Dataset.objects.filter(pk=made.pk).update(origin=None)

    with pytest.raises(CommandError, match="is gone"):
        call_command("dataset", check=str(made.pk))


def test_all_are_listed(capsys):
    dataset = factories.make_dataset(title="Cats", report={"n_pictures": 12})

    call_command("dataset", "list")

    line = capsys.readouterr().out
    assert all(word in line for word in (str(dataset.pk), "Cats", "12 pictures", "done"))


@pytest.mark.parametrize(
    ("arguments", "options", "sentence"),
    [
        (("add",), {}, "Say what to add"),
        (("add", "/nowhere"), {"kind": "pictures", "licence": "x", "source": "y"}, "no folder or file"),
        (("add", "/tmp"), {"kind": "pictures"}, "needs a title, a licence and a source"),
        ((), {"check": "nonsense"}, "no dataset nonsense"),
        ((), {"check": "11111111-1111-1111-1111-111111111111"}, "There is no dataset"),
        ((), {"preview_edges": "/nowhere"}, "needs --out"),
    ],
)
def test_what_makes_no_sense_is_a_sentence(arguments, options, sentence):
    with pytest.raises(CommandError, match=sentence):
        call_command("dataset", *arguments, **options)


def test_the_training_worker_brings_a_dataset_from_the_archive_to_its_report(tmp_path, monkeypatch, settings):
    """The real worker and a real child; only its database is told by a small program, for it is the tests' own."""
    settings.DATA_FOLDER = tmp_path
    monkeypatch.setattr(supervising, "LOOK_SECONDS", 0.05)
    monkeypatch.setattr(attempts, "LOOK_SECONDS", 0.05)
    program = tmp_path / "manage_tests.py"
    program.write_text(
        "import sys, django\n"
        "from django.conf import settings\n"
        "settings.DATABASES['default']['NAME'] = sys.argv[1]\n"
        "settings.TRAINING_ROOT = sys.argv[2]\n"
        "django.setup()\n"
        "from django.core.management import execute_from_command_line\n"
        "execute_from_command_line(['manage.py', *sys.argv[3:]])\n"
    )
    names = [str(settings.DATABASES["default"]["NAME"]), str(settings.TRAINING_ROOT)]
    real = Dataset.command

    def command(self):
        python, _, *rest = real(self)
        return [python, str(program), *names, *rest]

    monkeypatch.setattr(Dataset, "command", command)
    monkeypatch.setenv("PYTHONPATH", str(settings.BASE_FOLDER))

    def work():
        try:
            supervising.work()
        finally:
            connection.close()

    good = upload({"a.png": archived.png(1)}, tmp_path=tmp_path)
    bad = upload({"a.txt": b"Hello."}, tmp_path=tmp_path)

    worker = threading.Thread(target=work)
    worker.start()
    worker.join(240)
    is_late = worker.is_alive()
    stopping.ask()
    worker.join()  # it ends its children, and meets no other test
    stopping.forget()
    assert not is_late

    good.refresh_from_db()
    bad.refresh_from_db()
    assert (good.state, good.report["n_pictures"], good.progress) == (State.DONE, 1, 1.0)
    assert bad.state == State.FAILED
    assert bad.error.startswith("No file in it")
