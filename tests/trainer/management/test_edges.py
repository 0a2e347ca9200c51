"""`manage.py edges` as people call it."""

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from PIL import Image, ImageDraw

from tests.trainer.datasets import caffe
from trainer.datasets import hed, pairs
from trainer.datasets.drawing import is_kept_out


@pytest.fixture
def folder(tmp_path):
    """Forty discs, some of them white on transparent ground."""
    (tmp_path / "discs").mkdir()
    for i in range(40):
        image = Image.new("RGBA", (64, 48), (0, 0, 0, 0))
        colour = "white" if i % 2 else "orange"
        ImageDraw.Draw(image).ellipse((14, 8, 46, 40), fill=colour)
        image.save(tmp_path / "discs" / f"{i % 8}-{i}.png")
    return tmp_path / "discs"


def read(path):
    return np.asarray(Image.open(path)).astype(int)


def names_in(folder):
    return sorted(path.name for path in folder.iterdir())


def test_it_makes_pairs_that_can_be_trained_on(folder, tmp_path, capsys):
    call_command("edges", folder, tmp_path / "out")

    kept_out = [name for name in names_in(folder) if is_kept_out(name, by_prefix=False)]
    assert names_in(tmp_path / "out" / "val") == kept_out
    assert len(names_in(tmp_path / "out" / "train")) == 40 - len(kept_out)
    pair = read(next((tmp_path / "out" / "train").iterdir()))
    assert pair.shape == (48, 128, 3)
    conditions, pictures = pairs.open_pairs(tmp_path / "out" / "train").fixed(4, 48)
    assert (conditions.min((1, 2, 3)) < 60).all()  # the white discs have an outline too
    assert (pictures[:, 0, 0] == 255).all()
    assert f"{40 - len(kept_out)} pairs in train/, {len(kept_out)} in val/" in capsys.readouterr().out


def test_few_pictures_make_no_empty_folder(folder, tmp_path):
    for path in list(folder.iterdir()):
        if path.name != "0-0.png":
            path.unlink()

    call_command("edges", folder, tmp_path / "out")

    assert names_in(tmp_path / "out") == ["train"]
    assert len(pairs.open_pairs(pairs.find_split(tmp_path / "out", "train"))) == 1


def test_pictures_of_sixteen_bits_keep_their_greys(tmp_path):
    (tmp_path / "grey").mkdir()
    Image.fromarray(np.full((16, 16), 32896, "uint16")).save(tmp_path / "grey" / "a.png")

    call_command("edges", tmp_path / "grey", tmp_path / "out")

    assert (read(tmp_path / "out" / "train" / "a.png")[:, 16:] == 128).all()


def test_size_and_margin_shape_the_pictures(folder, tmp_path):
    call_command("edges", folder, tmp_path / "out", size=32, margin=4)

    pair = read(next((tmp_path / "out" / "train").iterdir()))
    assert pair.shape == (40, 80, 3)
    assert (pair[:4] == 255).all()


def test_variants_of_a_prefix_stay_together(folder, tmp_path):
    call_command("edges", folder, tmp_path / "out", split_by_prefix=True)

    prefixes = [{name.partition("-")[0] for name in names_in(tmp_path / "out" / split)} for split in ("train", "val")]
    assert not prefixes[0] & prefixes[1]


def test_a_prefix_ends_at_the_first_hyphen_or_dot():
    variants = ("1f44b.png", "1f44b-1f3fb.png", "1f44b-200d.x.png")
    assert len({is_kept_out(name, by_prefix=True) for name in variants}) == 1
    assert 3 < sum(is_kept_out(f"{i}-{i}.png", by_prefix=True) for i in range(200)) < 20


def test_options_of_the_drawing_are_passed_on(folder, tmp_path):
    ink = []
    for thickness in (1, 5):
        call_command("edges", folder, tmp_path / str(thickness), thickness=thickness)
        ink.append(sum((read(path)[:, :64] < 128).sum() for path in (tmp_path / str(thickness) / "train").iterdir()))

    assert ink[1] > 2 * ink[0]


def test_files_that_cannot_be_read_are_named_and_left_out(folder, tmp_path, capsys):
    (folder / "broken.jpg").write_bytes(b"no picture")

    call_command("edges", folder, tmp_path / "out")

    out = capsys.readouterr().out
    assert "broken.jpg" in out
    assert len(names_in(tmp_path / "out" / "train")) + len(names_in(tmp_path / "out" / "val")) == 40


def test_pictures_of_equal_stems_do_not_overwrite_each_other(tmp_path):
    (tmp_path / "two").mkdir()
    for name in ("a.jpg", "a.png"):
        Image.new("RGB", (16, 16), "red").save(tmp_path / "two" / name)

    call_command("edges", tmp_path / "two", tmp_path / "out")

    assert names_in(tmp_path / "out" / "train") == ["a.jpg.png", "a.png"]


def test_hed_can_draw_the_edges(folder, tmp_path, monkeypatch):
    monkeypatch.setattr(hed, "FAINT", 0.9)
    caffe.write_model(tmp_path / "hed", hed.FILES)

    call_command("edges", folder, tmp_path / "out", hed=tmp_path / "hed")

    pair = read(tmp_path / "out" / "train" / "0-0.png")
    assert (pair[:, :64] < 128).any()


def test_what_is_there_is_never_overwritten(folder, tmp_path):
    (tmp_path / "out").mkdir()

    with pytest.raises(CommandError, match="is there already"):
        call_command("edges", folder, tmp_path / "out")
    assert names_in(tmp_path / "out") == []


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"weak": 50.0}, "weak <= strong"),
        ({"size": 0}, "--size"),
        ({"margin": -1}, "--margin"),
        ({"hed": "."}, "HED needs"),
    ],
)
def test_options_without_sense_leave_nothing_behind(folder, tmp_path, options, sentence):
    with pytest.raises(CommandError, match=sentence):
        call_command("edges", folder, tmp_path / "out", **options)
    assert names_in(tmp_path) == ["discs"]


def test_a_folder_without_readable_pictures_leaves_nothing_behind(tmp_path):
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "a.png").write_bytes(b"no picture")

    with pytest.raises(CommandError, match="None of the 1 pictures"):
        call_command("edges", tmp_path / "bad", tmp_path / "out")
    assert names_in(tmp_path) == ["bad"]


def test_a_failure_halfway_leaves_nothing_behind(folder, tmp_path, monkeypatch):
    calls = []

    def fail_at_ten(*args, **kwargs):
        calls.append(1)
        if len(calls) == 10:
            raise OSError("no space left")
        return real(*args, **kwargs)

    real = Image.fromarray
    monkeypatch.setattr(Image, "fromarray", fail_at_ten)

    with pytest.raises(CommandError, match="no space left"):
        call_command("edges", folder, tmp_path / "out")
    assert names_in(tmp_path) == ["discs"]
