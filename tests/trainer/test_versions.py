"""A checkpoint becomes a version, whole or not at all; it is taken back, put back, and never changed."""

import shutil
import threading
from dataclasses import replace
from functools import partial
from pathlib import Path

import h5py
import numpy as np
import pytest
from django.db import IntegrityError, connection
from django.utils import timezone, translation
from PIL import Image

from tests.trainer import exports
from tests.trainer.factories import make_dataset, make_run, make_version
from trainer import checkpoints, versions
from trainer.models import Version
from trainer.versions import Refused, Words

pytestmark = pytest.mark.django_db
CATS = Words(slug="cats", title="Cats", title_ko="고양이", blurb="Colours cats.", licence="CC0", card="Drawn by us.")


@pytest.fixture
def run():
    run = make_run(state="done")
    exports.give(run, 2, 4, 6, best=4)
    return run


def publish(run, checkpoint=4, **changes) -> Version:
    return versions.publish(run, checkpoint, CATS, kind="sketch", **changes)


def everything_below(settings) -> list[str]:
    root = Path(settings.TRAINING_ROOT) / "versions"
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())


def test_a_checkpoint_is_published(run):
    version = publish(run)

    assert (version.engine, version.is_live, version.step, version.trained_at) == ("cats.1", True, 4, 32)
    assert (version.recipe, version.kind, version.direction, version.run) == ("pix2pix", "sketch", "", run)
    assert version.published_at and not version.is_imported
    config = checkpoints.read_config(version.folder)
    assert config["licence"] == "CC0"
    assert config["data"] == "Shapes (CC0; made by the tests)"
    assert config["metrics"] == {"step": 2, "l1": 0.25}
    assert version.sha256 == checkpoints.hash_file(version.folder / checkpoints.WEIGHTS)
    assert version.samples() == ["0.png"]


def test_its_weights_are_the_checkpoint_s_in_float16(run):
    version = publish(run)

    with h5py.File(version.folder / checkpoints.WEIGHTS) as file:
        found = {f"{group}/{name}": file[group][name][()] for group in file for name in file[group]}
    expected = exports.arrays(seed=4)
    assert set(found) == set(expected)
    assert {array.dtype for array in found.values()} == {np.dtype("float16")}
    for name, array in expected.items():
        np.testing.assert_allclose(found[name], array, atol=1e-3)


def test_weights_too_large_for_float16_stay_as_they_are(run):
    folder = run.folder / "checkpoints" / "step-0000004"
    arrays = exports.arrays(seed=4)
    arrays["generator/000_kernel"][0, 0, 0, 0] = 1e6
    checkpoints.write_arrays(folder / checkpoints.WEIGHTS, arrays)

    version = publish(run)

    with h5py.File(version.folder / checkpoints.WEIGHTS) as file:
        assert file["generator/000_kernel"][0, 0, 0, 0] == 1e6
        assert file["generator/002_kernel"].dtype == "float16"


def test_the_card_tells_the_facts_and_the_owner_s_words(run):
    card = (publish(run).folder / "card.md").read_text()

    assert card.startswith("# Cats\n\nColours cats.\n")
    assert "| Data | Shapes (CC0; made by the tests) |" in card
    assert "| Licence | CC0 |" in card
    assert "| Measured | step 2, l1 0.25 |" in card
    assert card.endswith("Drawn by us.\n")


@pytest.mark.parametrize(("checkpoint", "step"), [("best", 4), ("last", 6), (2, 2)])
def test_the_best_and_the_last_have_names(run, checkpoint, step):
    assert publish(run, checkpoint).step == step


def test_a_run_of_before_has_a_best_and_a_last_one(run):
    shutil.rmtree(run.folder / "checkpoints")

    assert [export.step for export in checkpoints.list_exports(run.folder)] == [6, 4]
    assert publish(run, "best").step == 4


def test_painted_probes_are_its_samples(run):
    for number in range(6):
        exports.put_picture(run.folder / "painted" / "step-0000004" / f"{number}.png", (number, 0, 0))

    assert publish(run).samples() == ["0.png", "1.png", "2.png", "3.png"]


def test_the_next_one_takes_its_place(run):
    first = publish(run)

    second = publish(run, 6)

    first.refresh_from_db()
    assert (second.engine, second.is_live) == ("cats.2", True)
    assert not first.is_live and first.taken_back_at
    assert (first.folder / checkpoints.WEIGHTS).is_file()


def test_numbers_are_never_used_again(run):
    version = publish(run)
    Version.objects.all().delete()

    assert version.folder.exists()
    assert publish(run).number == 2


@pytest.mark.parametrize(
    "words",
    [{"slug": "Cats"}, {"slug": "my_cats"}, {"title": "Cats\0"}, {"blurb": "\u202estac"}, {"licence": "CC0\n"}],
    ids=str,
)
def test_words_that_nobody_can_see_are_refused(run, settings, words):
    with pytest.raises(Refused, match="short name|nobody can see"):
        versions.publish(run, 4, replace(CATS, **words), kind="sketch")

    assert everything_below(settings) == []


def test_what_nobody_can_see_is_left_out_of_the_card(run):
    version = versions.publish(run, 4, replace(CATS, card="Drawn\r\nby \u202eus.\0"), kind="sketch")

    assert (version.folder / "card.md").read_text().endswith("Drawn\nby us.\n")


def test_one_that_could_not_be_loaded_is_looked_at_again():
    version = make_version(is_live=False, reason="The disk was full.", checked_at=timezone.now())
    fine = make_version(checked_at=timezone.now())

    assert versions.look_again(version)
    assert not versions.look_again(version)
    assert not versions.look_again(fine)

    assert list(Version.objects.unknown()) == [version]
    assert versions.put_back(Version.objects.get(pk=version.pk))


def test_it_is_taken_back_and_put_back(run):
    first, second = publish(run), publish(run, 6)

    assert versions.take_back(second)
    assert not versions.take_back(second)
    assert not Version.objects.live().exists()
    assert versions.put_back(first)
    first.refresh_from_db()
    assert not versions.put_back(first)

    assert list(Version.objects.live()) == [first]
    assert first.taken_back_at is None
    assert versions.put_back(second)
    assert list(Version.objects.live()) == [second]


def test_one_that_cannot_be_loaded_is_not_put_back():
    version = make_version(is_live=False, reason="The painter's weights are missing or damaged.")

    with pytest.raises(Refused, match="missing or damaged"):
        versions.put_back(version)


@pytest.mark.parametrize("checkpoint", [3, "newest", ""])
def test_a_checkpoint_that_is_not_there_is_refused(run, settings, checkpoint):
    with pytest.raises(Refused, match="no such checkpoint"):
        publish(run, checkpoint)

    assert everything_below(settings) == []


@pytest.mark.parametrize(
    ("recipe", "changes", "kinds"),
    [
        ("pix2pix", {}, ("sketch",)),
        ("pix2pix", {"architecture": exports.RESNET | {"in_channels": 3}}, ("photo", "sketch")),
        ("pix2pix", {"architecture": exports.RESNET | {"in_channels": 4}, "hint_cells": 8}, ("sketch",)),
        ("pix2pix", {"architecture": exports.RESNET | {"in_channels": 2}}, ()),
        ("pix2pix", {"architecture": "none"}, ()),
        ("cyclegan", {}, ("photo",)),
        ("adain", {}, ("style",)),
        ("dcgan", {}, ()),
    ],
)
def test_the_config_decides_what_it_can_be(recipe, changes, kinds):
    assert checkpoints.kinds_of(exports.config(recipe) | changes) == kinds


def test_a_kind_that_no_engine_has_is_refused(run):
    with pytest.raises(Refused, match="No engine"):
        versions.publish(run, 4, CATS, kind="photo")


@pytest.mark.parametrize(("direction", "colour"), [("AtoB", (200, 80, 40)), ("BtoA", (9, 9, 200))])
def test_samples_of_a_cyclegan_are_painted_in_its_direction(direction, colour):
    run = make_run(recipe="cyclegan", data="/somewhere/horses")
    exports.give(run, 2, recipe="cyclegan")
    exports.put_picture(run.folder / "painted" / "step-0000002" / "1.png")
    exports.put_picture(run.folder / "painted" / "step-0000002" / "1-BtoA.png", (9, 9, 200))

    version = versions.publish(run, 2, CATS, kind="photo", direction=direction)

    assert version.samples() == ["0.png"]
    assert Image.open(version.folder / "samples" / "0.png").getpixel((5, 5)) == colour


def test_a_cyclegan_has_a_direction():
    run = make_run(recipe="cyclegan", data="/somewhere/horses")
    exports.give(run, 2, recipe="cyclegan")

    with pytest.raises(Refused, match="direction"):
        versions.publish(run, 2, CATS, kind="photo")
    version = versions.publish(run, 2, CATS, kind="photo", direction="BtoA")

    assert version.direction == "BtoA"
    assert checkpoints.read_config(version.folder)["data"] == "horses"


@pytest.mark.parametrize("step", ["shrink", "write_text", "hash_file"])
def test_a_full_disk_leaves_nothing(run, settings, monkeypatch, step):
    def fail(*args, **kwargs):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(versions.checkpoints, step, fail)
        with pytest.raises(Refused, match="No space left"):
            publish(run)

    assert everything_below(settings) == []
    assert not Version.objects.exists()
    assert publish(run).number == 1


def test_a_database_that_refuses_leaves_nothing(run, settings, monkeypatch):
    def fail(*args, **kwargs):
        raise RuntimeError("The database is gone.")

    with monkeypatch.context() as patch:
        patch.setattr(Version, "save", fail)
        with pytest.raises(RuntimeError):
            publish(run)

    assert everything_below(settings) == []


def test_who_is_never_the_quicker_one_is_told(run, settings, monkeypatch):
    def fail(*args, **kwargs):
        raise IntegrityError("version_one_is_live")

    monkeypatch.setattr(Version, "save", fail)

    with pytest.raises(Refused, match="Somebody else"):
        publish(run)
    assert everything_below(settings) == []


def test_weights_that_are_no_numbers_are_refused(run, settings):
    arrays = exports.arrays(seed=4)
    arrays["generator/001_kernel"][3] = np.nan
    checkpoints.write_arrays(run.folder / "checkpoints" / "step-0000004" / checkpoints.WEIGHTS, arrays)

    with pytest.raises(Refused, match="no number"):
        publish(run)

    assert everything_below(settings) == []


def test_a_checkpoint_that_changes_while_it_is_read_is_refused(run, settings, monkeypatch):
    shrink = checkpoints.shrink

    def replace_and_shrink(source, target, facts):
        exports.save(source, seed=9, step=9)
        shrink(source, target, facts)

    monkeypatch.setattr(versions.checkpoints, "shrink", replace_and_shrink)

    with pytest.raises(Refused, match="replaced by a newer one"):
        publish(run)
    assert everything_below(settings) == []


def test_what_a_killed_process_left_is_removed_after_an_hour(run, settings, monkeypatch):
    left = Path(settings.TRAINING_ROOT) / "versions" / ".writing-x"
    left.mkdir(parents=True)
    archive = left.with_name(".incoming-x")
    archive.write_bytes(b"PK")
    publish(run)
    assert left.exists() and archive.exists()

    later = left.stat().st_mtime + 3601
    monkeypatch.setattr(versions.time, "time", lambda: later)
    publish(run)

    assert not left.exists() and not archive.exists()


def test_what_another_finishes_while_it_is_looked_at_is_let_be(run, monkeypatch):
    glob = Path.glob

    def find_one_more(folder, pattern):
        yield from glob(folder, pattern)
        if pattern == ".writing-*":
            yield folder / ".writing-renamed"

    monkeypatch.setattr(Path, "glob", find_one_more)

    assert publish(run).number == 1


def test_titles_have_a_language():
    version = make_version(title="Cats", title_ko="고양이", blurb="Colours cats.")

    with translation.override("ko-kr"):
        assert (version.shown_title, str(version)) == ("고양이", "고양이 1")
        assert version.shown_blurb == "Colours cats."
    assert version.shown_title == "Cats"


def at_once(*actions) -> list[Exception]:
    """All in threads of their own, begun together; what they raised."""
    problems, start = [], threading.Barrier(len(actions))

    def go(action):
        try:
            start.wait(timeout=10)
            action()
        except Exception as error:  # noqa: BLE001 - shown by the test
            problems.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=go, args=(action,)) for action in actions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return problems


@pytest.mark.django_db(transaction=True)
def test_several_put_back_at_once_leave_one_live():
    for _ in range(5):
        rows = [make_version(is_live=False) for _ in range(4)]

        assert at_once(*(partial(versions.put_back, row) for row in rows)) == []
        assert Version.objects.live().count() == 1


@pytest.mark.django_db(transaction=True)
def test_several_who_publish_at_once_get_numbers_of_their_own():
    run = make_run(dataset=make_dataset(with_files=False), state="done")
    exports.give(run, 2, 4)

    assert at_once(*[partial(publish, run)] * 8) == []
    assert sorted(Version.objects.values_list("number", flat=True)) == [1, 2, 3, 4, 5, 6, 7, 8]
    assert Version.objects.live().count() == 1
    assert all((version.folder / checkpoints.WEIGHTS).is_file() for version in Version.objects.all())
