"""What a run was started with: kept, read back, and settled with what is given when it goes on."""

from dataclasses import replace

import pytest

from trainer import options

SAVED = options.RunOptions("toy", "/data", {"size": 8, "steps": 9}, steps=9, seed=4)
LIST_FOR_CONFIG = '{"recipe": "toy", "data": "d", "config": [], "steps": 1, "seed": 0, "init": null}'
NOTHING = {"recipe": None, "data": None, "config": {}, "steps": None, "seed": None, "init": None}


def test_options_come_back_from_their_folder(tmp_path):
    assert options.read(tmp_path) is None

    options.write(tmp_path, SAVED)

    assert options.read(tmp_path) == SAVED


def test_a_resumed_run_needs_nothing_repeated():
    assert options.settle(SAVED, **NOTHING) == SAVED


def test_what_is_given_again_counts(tmp_path):
    given = NOTHING | {"data": tmp_path, "config": {"size": 16}, "steps": 20, "seed": 4, "recipe": "toy"}

    settled = options.settle(SAVED, **given)

    assert settled == replace(SAVED, data=str(tmp_path), config={"size": 16, "steps": 9}, steps=20)
    assert options.settle(SAVED, **NOTHING | {"config": {"steps": 30}}).steps == 30
    assert options.settle(SAVED, **NOTHING | {"steps": 0}).steps == 0  # for the config to refuse


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"recipe": "adain"}, "trains toy, not adain"),
        ({"seed": 5}, "has the seed 4"),
        ({"init": "weights"}, "its own weights"),
    ],
)
def test_what_cannot_change_is_refused(given, sentence):
    with pytest.raises(ValueError, match=sentence):
        options.settle(SAVED, **NOTHING | given)


def test_a_new_run_says_what_it_lacks():
    with pytest.raises(ValueError, match="a recipe, --data and --out"):
        options.settle(None, **NOTHING | {"recipe": "toy"})


@pytest.mark.parametrize("text", ["{", "[]", '{"recipe": "toy"}', LIST_FOR_CONFIG])
def test_nonsense_is_refused(tmp_path, text):
    (tmp_path / options.FILE).write_text(text)

    with pytest.raises(ValueError, match="does not hold the options"):
        options.read(tmp_path)
