"""Probes come and go, and the grid says what every checkpoint made of them, even when it is gone."""

import json
import shutil
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.utils import timezone
from PIL import Image

from tests import pictures
from tests.trainer import exports
from tests.trainer.factories import make_run
from trainer import probing
from trainer.models import Probe, ProbeRound, Run
from trainer.models.probe import FACTS
from trainer.probing import Refused

pytestmark = pytest.mark.django_db


@pytest.fixture
def run():
    run = make_run(state="done")
    exports.give(run, 2, 4, best=2)
    return run


def drawing() -> bytes:
    return pictures.encoded(pictures.sketch(), "png")


def add(run, content: bytes | None = None, **kwargs) -> Probe:
    return probing.add(run, [drawing() if content is None else content], **({"kind": "sketch"} | kwargs))


def paint(run, *names: str, reason: str = "") -> None:
    """As the child does."""
    here = {export.name: export for export in probing.checkpoints.list_exports(run.folder)}
    for name in names:
        folder = run.folder / "painted" / name
        for probe in Probe.objects.of(run):
            exports.put_picture(folder / f"{probe.pk}.png")
            if reason:
                (folder / f"{probe.pk}.png").unlink()
                (folder / f"{probe.pk}.txt").write_text(reason)
        (folder / FACTS).write_text(json.dumps({"step": 2, "metrics": {"l1": 0.5}, "stamp": here[name].stamp}))


def show(run) -> list[tuple]:
    rows = probing.grid(run, list(Probe.objects.of(run)))
    return [(row.name, row.is_here, [cell.is_painted for cell in row.cells]) for row in rows]


def test_a_drawing_is_kept_as_a_picture_of_ours(run):
    probe = add(run, label="A face")

    assert Image.open(probe.path).format == "PNG"
    assert str(probe) == "A face"
    assert list(Probe.objects.of(run)) == [probe]
    assert sorted(path.name for path in probe.path.parent.iterdir()) == [f"{probe.pk}.png"]


def test_a_probe_of_all_runs_is_seen_in_all(run):
    probe = add(run, is_for_all=True)
    add(make_run())

    assert list(Probe.objects.of(run)) == [probe]


def test_a_transparent_drawing_lies_on_white(run):
    picture = Image.new("RGBA", (64, 64), (0, 0, 0, 0))

    probe = add(run, pictures.encoded(picture, "png"))

    assert Image.open(probe.path).getpixel((5, 5)) == (255, 255, 255)


def test_a_large_picture_becomes_smaller(run):
    probe = add(run, pictures.encoded(Image.new("L", (3000, 1500), 200), "png"))

    assert Image.open(probe.path).size == (1024, 512)


@pytest.mark.parametrize("kind", pictures.FORMATS)
def test_every_format_that_its_page_takes_is_read(run, kind):
    probe = add(run, pictures.file(kind))

    assert Image.open(probe.path).size == (96, 64)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"GIF89a" + b"\0" * 99,
        b"<svg/>",
        drawing()[:300],
        b"\x89PNG\r\n\x1a\n" + b"\0" * 99,
        b"%!PS-Adobe-3.0 EPSF",
    ],
    ids=["empty", "gif", "svg", "cut off", "nonsense", "eps"],
)
def test_what_is_no_picture_is_refused_and_leaves_nothing(run, content):
    with pytest.raises(Refused) as caught:
        add(run, content)

    assert str(caught.value).endswith(".")
    assert not Probe.objects.exists()
    assert list((run.folder.parent.parent / "probes").iterdir()) == []


def test_a_picture_is_looked_at_before_the_database_is_held(run, monkeypatch):
    held = []
    clean_picture = probing.quarantine.clean_picture

    def look(*args, **kwargs):
        held.append(len(connection.savepoint_ids))
        return clean_picture(*args, **kwargs)

    monkeypatch.setattr(probing.quarantine, "clean_picture", look)
    outside = len(connection.savepoint_ids)

    add(run)

    assert held == [outside]


@pytest.mark.parametrize("place", [(Probe, "save"), (Path, "rename")], ids=["no row", "no picture"])
def test_a_row_and_its_picture_are_kept_together_or_not_at_all(run, monkeypatch, place):
    def fail(*args, **kwargs):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(*place, fail)
        with pytest.raises(Refused, match="No space left"):
            add(run)

    assert not Probe.objects.exists()
    assert list((run.folder.parent.parent / "probes").iterdir()) == []


def test_what_a_killed_process_left_is_removed_after_an_hour(run, monkeypatch):
    left = add(run).path.with_name(".incoming-x.source")
    left.write_bytes(b"half")
    add(run)
    assert left.exists()

    later = left.stat().st_mtime + 3601
    monkeypatch.setattr(probing.time, "time", lambda: later)
    add(run)

    assert not left.exists()
    assert len(list(left.parent.iterdir())) == 3


def test_a_file_that_is_too_large_is_refused(run, settings):
    settings.UPLOAD_MAX_BYTES = 1000

    with pytest.raises(Refused, match="too large"):
        add(run)


def test_a_run_of_sketches_takes_no_photos(run):
    with pytest.raises(Refused, match="cannot paint"):
        add(run, kind="photo")


def test_there_are_not_too_many(run, monkeypatch):
    monkeypatch.setattr(probing, "MOST_PROBES", 1)
    add(run)

    with pytest.raises(Refused, match="1 probes already"):
        add(run)


@pytest.mark.parametrize(
    ("recipe", "options", "kinds"),
    [
        ("pix2pix", {}, ("sketch",)),
        ("pix2pix", {"condition_channels": 3}, ("sketch", "photo")),
        ("cyclegan", {}, ("photo",)),
        ("adain", {}, ("photo",)),
    ],
)
def test_before_a_checkpoint_the_options_decide_what_a_probe_can_be(recipe, options, kinds):
    assert probing.suitable_kinds(make_run(recipe=recipe, options=options)) == kinds


def test_a_probe_is_taken_away_with_what_was_painted_of_it(run, django_capture_on_commit_callbacks):
    probe, other = add(run), add(run)
    paint(run, "step-0000002")
    exports.put_picture(run.folder / "painted" / "step-0000002" / f"{probe.pk}-BtoA.png")

    with django_capture_on_commit_callbacks(execute=True):
        probing.remove(probe)

    assert list(Probe.objects.all()) == [other]
    assert [path.name for path in run.folder.glob("painted/*/*.png")] == [f"{other.pk}.png"]
    assert [path.name for path in other.path.parent.iterdir()] == [f"{other.pk}.png"]


def test_the_grid_has_a_row_a_checkpoint_newest_first(run):
    add(run)
    paint(run, "step-0000002")

    assert show(run) == [("step-0000004", True, [False]), ("step-0000002", True, [True])]
    rows = probing.grid(run, [])
    assert [row.is_best for row in rows] == [False, True]
    assert rows[0].measures == [("l1", 0.25)]


def test_a_checkpoint_that_is_gone_stays_to_be_looked_at(run):
    add(run)
    paint(run, "step-0000002", "step-0000004")
    shutil.rmtree(run.folder / "checkpoints" / "step-0000002")
    shutil.rmtree(run.folder / "best")

    assert show(run) == [("step-0000004", True, [True]), ("step-0000002", False, [True])]
    assert probing.grid(run, [])[1].measures == [("l1", 0.5)]


def test_what_other_weights_painted_does_not_count(run):
    add(run)
    paint(run, "step-0000004")
    exports.save(run.folder / "checkpoints" / "step-0000004", seed=77, step=4)

    assert show(run)[0] == ("step-0000004", True, [False])


def test_a_probe_that_cannot_be_painted_says_why(run):
    add(run)
    paint(run, "step-0000004", reason="There are no lines in this sketch. Draw something first.")

    cell = probing.grid(run, list(Probe.objects.of(run)))[0].cells[0]

    assert not cell.is_painted
    assert "no lines" in cell.reason


def test_a_round_is_wanted_while_something_is_missing(run):
    assert not probing.wants_round(run)
    add(run)
    assert probing.wants_round(run)

    begun = probing.begin_round(run)

    assert begun.state == "queued"
    assert not probing.wants_round(run)
    assert probing.begin_round(run) == begun
    ProbeRound.objects.update(state="done")
    assert probing.wants_round(run)
    paint(run, "step-0000002", "step-0000004")
    assert not probing.wants_round(run)
    assert probing.begin_round(run) == begun
    assert ProbeRound.objects.count() == 1


def test_what_the_last_round_could_not_paint_is_not_tried_by_itself(run):
    add(run)
    begun = probing.begin_round(run)
    ProbeRound.objects.filter(pk=begun.pk).update(state="failed", started_at=timezone.now() + timedelta(seconds=9))

    assert not probing.wants_round(run)
    Probe.objects.update(created_at=timezone.now() + timedelta(seconds=60))
    assert probing.wants_round(run)


def test_the_worker_lets_new_checkpoints_paint_while_a_run_trains(run):
    add(run)
    Run.objects.update(finished_at=timezone.now() - timedelta(hours=1))
    at_work = make_run(state="running")
    exports.give(at_work, 2)
    add(at_work)

    probing.begin_wanted_rounds()

    assert [row.run for row in ProbeRound.objects.all()] == [at_work]
    Run.objects.filter(pk=run.pk).update(finished_at=timezone.now())
    probing.begin_wanted_rounds()
    assert {row.run for row in ProbeRound.objects.all()} == {at_work, run}


def test_only_probes_that_suit_the_network_are_painted(run):
    other = make_run(recipe="cyclegan")
    probing.add(other, [drawing()], kind="photo", is_for_all=True)
    sketch = add(run)

    missing = list(ProbeRound(run=run).missing())

    assert [(export.step, probes) for export, probes in missing] == [(4, [sketch]), (2, [sketch])]
