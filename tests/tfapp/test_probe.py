"""Every checkpoint paints every probe, by the engines that visitors get; what stands is not painted again."""

import shutil

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from PIL import Image

from stylesite.lifecycle import stopping
from tests import pictures
from tests.tfapp.engines import tiny
from tests.trainer.factories import make_run
from tfapp.management.commands import probe as command
from trainer import checkpoints, probing
from trainer.models import Run

pytestmark = pytest.mark.django_db
KINDS = {"pix2pix": "sketch", "pix2pix-photo": "photo", "cyclegan": "photo", "adain": "photo"}


@pytest.fixture(autouse=True)
def leave_no_trace(monkeypatch):
    monkeypatch.setattr(command.signal, "signal", lambda *args: None)
    yield
    stopping.forget()


def train(run: Run, *steps: int, recipe: str = "pix2pix") -> None:
    for step in steps:
        folder = run.folder / "checkpoints" / f"step-{step:07d}"
        tiny.save_recipe(folder, recipe)
        checkpoints.write_config(folder, checkpoints.read_config(folder) | {"step": step, "metrics": {"l1": 1 / step}})


def add(run: Run, kind: str = "sketch"):
    picture = pictures.sketch() if kind == "sketch" else pictures.photo(90, 60)
    return probing.add(run, [pictures.encoded(picture, "png")], kind=kind)


def paint(run: Run) -> list[str]:
    call_command("probe", str(probing.begin_round(run).pk))
    return sorted(str(path.relative_to(run.folder / "painted")) for path in run.folder.glob("painted/*/*.png"))


@pytest.mark.parametrize("recipe", KINDS)
def test_checkpoints_of_every_recipe_paint(recipe):
    run = make_run(recipe=recipe.removesuffix("-photo"), data="/nowhere")
    train(run, 2, recipe=recipe)
    probe = add(run, KINDS[recipe])

    ways = ["-BtoA", ""] if recipe == "cyclegan" else [""]
    assert paint(run) == [f"step-0000002/{probe.pk}{way}.png" for way in ways]

    picture = np.asarray(Image.open(run.folder / "painted" / "step-0000002" / f"{probe.pk}.png"))
    assert picture.shape == ((256, 256, 3) if recipe == "pix2pix" else (60, 90, 3))
    assert picture.std() > 3


def test_a_cyclegan_paints_there_and_back_and_what_one_way_lacks_is_painted_later():
    run = make_run(recipe="cyclegan", data="/nowhere")
    train(run, 2, recipe="cyclegan")
    probe = add(run, "photo")
    paint(run)
    there, back = (run.folder / "painted" / "step-0000002" / f"{probe.pk}{way}.png" for way in ("", "-BtoA"))
    first = there.read_bytes()
    assert first != back.read_bytes()
    assert not list(probing.begin_round(run).missing())

    back.unlink()  # as an older program left it

    cell = probing.grid(run, [probe])[0].cells[0]
    assert (cell.pictures, cell.is_missing) == ((("AtoB", "A to B"),), True)
    paint(run)
    assert (there.read_bytes(), back.is_file()) == (first, True)


def test_only_what_is_missing_is_painted(monkeypatch):
    run = make_run()
    train(run, 2, 4)
    first = add(run)
    paint(run)
    before = {path: path.stat().st_mtime_ns for path in run.folder.glob("painted/*/*.png")}
    second = add(run)
    train(run, 6)
    shutil.rmtree(run.folder / "checkpoints" / "step-0000002")

    found = paint(run)

    assert found == [
        f"step-0000002/{first.pk}.png",
        *(f"step-000000{step}/{probe.pk}.png" for step in (4, 6) for probe in (first, second)),
    ]
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert not probing.wants_round(run)
    assert float((run.folder / "painted" / "progress").read_text()) == 1
    rows = probing.grid(run, [first, second])
    assert [(row.step, row.is_here, row.measures) for row in rows][2] == (2, False, [("l1", 0.5)])


def test_white_paper_has_a_reason_and_is_not_tried_again():
    run = make_run()
    train(run, 2)
    probe = probing.add(run, [pictures.encoded(Image.new("RGB", (64, 64), "white"), "png")], kind="sketch")

    assert paint(run) == []

    assert "no lines" in (run.folder / "painted" / "step-0000002" / f"{probe.pk}.txt").read_text()
    assert not probing.wants_round(run)


def test_a_damaged_checkpoint_keeps_none_from_painting():
    run = make_run()
    train(run, 2, 4)
    probe = add(run)
    (run.folder / "checkpoints" / "step-0000004" / checkpoints.WEIGHTS).write_bytes(b"nothing")

    assert paint(run) == [f"step-0000002/{probe.pk}.png"]


def test_where_none_can_be_loaded_it_says_so():
    run = make_run()
    train(run, 2)
    add(run)
    (run.folder / "checkpoints" / "step-0000002" / checkpoints.WEIGHTS).write_bytes(b"nothing")

    with pytest.raises(CommandError, match="None of the checkpoints"):
        paint(run)


def test_it_ends_between_two_pictures_when_asked(monkeypatch):
    run = make_run()
    train(run, 2)
    add(run)
    add(run)
    real = command._paint_one

    def paint_and_ask(*args):
        real(*args)
        stopping.ask()

    monkeypatch.setattr(command, "_paint_one", paint_and_ask)

    assert len(paint(run)) == 1
    assert probing.wants_round(run) is False  # it is still in its hands


def test_a_round_that_is_gone_is_an_error_with_a_sentence():
    with pytest.raises(CommandError, match="not there any more"):
        call_command("probe", "00000000-0000-0000-0000-000000000000")
