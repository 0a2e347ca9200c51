"""Edge pairs made of a dataset of pictures, and taken up again where that was broken off."""

import json

import pytest
from PIL import Image, ImageDraw

from tests.trainer.datasets.archived import names_below
from trainer.datasets import checking, deriving, drawing, edge_options, pairs, reading


@pytest.fixture
def origin(tmp_path):
    """Forty discs for training and two for validation."""
    for split, n_pictures in (("train", 40), ("val", 2)):
        (tmp_path / "origin" / split).mkdir(parents=True)
        for n in range(n_pictures):
            image = Image.new("RGBA", (48, 48), (0, 0, 0, 0))
            ImageDraw.Draw(image).ellipse((6, 6 + n % 9, 40, 30 + n % 12), fill=("white", "orange")[n % 2])
            image.save(tmp_path / "origin" / split / f"{n}.png")
    return tmp_path / "origin"


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "made").mkdir()
    return tmp_path / "made"


def test_it_makes_pairs_that_can_be_trained_on_and_keeps_the_splits(origin, folder):
    shares = []

    report = deriving.draw_edges(origin, folder, options={"margin": 4}, tell=shares.append)

    assert report["counts"] == {"train": 40, "val": 2}
    assert report["direction"]["choices"] == ["AtoB", "BtoA"]
    assert Image.open(folder / "pictures" / "train" / "0.png").size == (112, 56)
    conditions, _ = pairs.open_pairs(folder / "pictures" / "train").fixed(8, 56)
    assert (conditions.min((1, 2, 3)) < 60).all()
    assert names_below(folder)[-2:] == ["progress", "report.json"]
    assert shares == sorted(shares) and shares


def test_without_a_split_one_in_twenty_is_kept_out(origin, folder):
    for path in (origin / "val").iterdir():
        path.unlink()

    report = deriving.draw_edges(origin, folder, options={})

    kept_out = [n for n in range(40) if drawing.is_kept_out(f"{n}.png", by_prefix=False)]
    assert report["counts"].get("val", 0) == len(kept_out)


def test_what_is_drawn_already_is_not_drawn_again(origin, folder, monkeypatch):
    def fail_at_twenty(picture, options):
        drawn.append(1)
        if len(drawn) == 20:
            raise KeyboardInterrupt
        return real(picture, options)

    drawn, real = [], deriving.edges.extract
    monkeypatch.setattr(deriving.edges, "extract", fail_at_twenty)
    with pytest.raises(KeyboardInterrupt):
        deriving.draw_edges(origin, folder, options={})
    assert not (folder / "pictures").exists()

    report = deriving.draw_edges(origin, folder, options={})

    assert report["n_pictures"] == 42
    assert len(drawn) == 20 + 42 - 19
    assert deriving.draw_edges(origin, folder, options={}) == report
    assert not list((folder / "pictures").rglob(".*"))


def test_a_full_disk_is_a_sentence(origin, folder, monkeypatch):
    def fail(*args, **kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Image.Image, "save", fail)

    with pytest.raises(checking.NoRoom, match="no room"):
        deriving.draw_edges(origin, folder, options={})
    assert not (folder / reading.PART).exists()


def test_damaged_pictures_are_listed(origin, folder):
    (origin / "train" / "bad.png").write_bytes(b"no picture")

    report = deriving.draw_edges(origin, folder, options={})

    assert [each["name"] for each in report["unreadable"]["files"]] == ["bad.png"]


def test_where_there_is_nothing_to_draw_a_sentence_says_so(tmp_path, folder):
    with pytest.raises(ValueError, match="no pictures to draw"):
        deriving.draw_edges(tmp_path / "nowhere", folder, options={})


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"nonsense": 1}, "no option nonsense"),
        ({"weak": 50}, "weak <= strong"),
        ({"strong": "much"}, "strong cannot be"),
        ({"size": True}, "size cannot be"),
        ({"margin": -1}, "margin 0 to 1024"),
    ],
)
def test_options_without_sense_are_refused(options, sentence):
    with pytest.raises(ValueError, match=sentence):
        edge_options.read(options)


def test_options_come_from_json_as_they_went_in():
    chosen, frame = edge_options.read(json.loads('{"strong": 8, "weak": 4, "size": 128, "split_by_prefix": true}'))

    assert (chosen.strong, chosen.weak, frame.size, frame.split_by_prefix) == (8.0, 4.0, 128, True)
    assert edge_options.read({"size": None})[1].size is None
