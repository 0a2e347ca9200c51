"""Checkpoint folders: whole or absent, three kept, damaged ones passed over."""

import json
import subprocess
import sys

import keras
import numpy as np
import pytest

from tests.sources import ROOT
from trainer import checkpoints

ARRAYS = {"a/000": np.arange(6, dtype="float32").reshape(2, 3), "b/000": np.array(7)}


def test_what_was_saved_is_loaded(tmp_path):
    checkpoints.save(tmp_path, 12, ARRAYS, {"seed": 3})

    arrays, manifest = checkpoints.load_newest(tmp_path)

    assert manifest["step"] == 12
    assert manifest["seed"] == 3
    assert all(np.array_equal(arrays[name], array) for name, array in ARRAYS.items())


def test_the_last_three_are_kept(tmp_path):
    for step in (2, 4, 6, 8, 10):
        checkpoints.save(tmp_path, step, ARRAYS, {})

    assert [folder.name for folder in sorted(tmp_path.iterdir())] == ["step-0000006", "step-0000008", "step-0000010"]


def test_the_best_is_kept_beside_them(tmp_path):
    for step in (2, 4, 6, 8, 10):
        checkpoints.save(tmp_path, step, ARRAYS, {}, best=4)

    assert [int(folder.name[-3:]) for folder in sorted(tmp_path.iterdir())] == [4, 6, 8, 10]


def test_what_somebody_put_beside_them_is_neither_counted_nor_touched(tmp_path):
    (tmp_path / "step-0000099-backup").mkdir()
    (tmp_path / "step-old").mkdir()
    for step in (2, 4, 6, 8):
        checkpoints.save(tmp_path, step, ARRAYS, {})

    assert [folder.name[-3:] for folder in checkpoints.list_folders(tmp_path)] == ["004", "006", "008"]
    assert checkpoints.load_newest(tmp_path)[1]["step"] == checkpoints.read_last_step(tmp_path) == 8
    assert (tmp_path / "step-0000099-backup").is_dir() and (tmp_path / "step-old").is_dir()


def test_as_many_are_kept_as_wanted(tmp_path):
    for step in (2, 4, 6):
        checkpoints.save(tmp_path, step, ARRAYS, {}, keep=1)

    assert [folder.name for folder in tmp_path.iterdir()] == ["step-0000006"]


def test_what_else_lies_in_it_is_hashed_too(tmp_path):
    checkpoints.save(tmp_path, 2, ARRAYS, {})
    newest = checkpoints.save(tmp_path, 4, ARRAYS, {}, fill=lambda folder: (folder / "more").write_text("weights"))
    assert checkpoints.load_newest(tmp_path)[1]["step"] == 4

    (newest / "more").write_text("others")

    assert checkpoints.load_newest(tmp_path)[1]["step"] == 2


@pytest.mark.parametrize("name", [checkpoints.STATE, checkpoints.MANIFEST])
@pytest.mark.parametrize("damage", ["cut", "changed", "gone"])
def test_a_damaged_checkpoint_is_passed_over(tmp_path, name, damage):
    checkpoints.save(tmp_path, 2, ARRAYS, {})
    newest = checkpoints.save(tmp_path, 4, ARRAYS, {}) / name
    whole = newest.read_bytes()

    if damage == "gone":
        newest.unlink()
    else:
        newest.write_bytes(whole[: len(whole) // 2] if damage == "cut" else b"?" + whole[1:])

    assert checkpoints.load_newest(tmp_path)[1]["step"] == 2


@pytest.mark.parametrize(
    "text", ["[]", '{"step": 4}', '{"step": 4, "sha256": [1]}', '{"step": 4, "sha256": {}}', '{"step": "4"}']
)
def test_a_manifest_of_another_shape_is_a_damage(tmp_path, text):
    checkpoints.save(tmp_path, 2, ARRAYS, {})
    newest = checkpoints.save(tmp_path, 4, ARRAYS, {})

    (newest / checkpoints.MANIFEST).write_text(text)

    assert checkpoints.load_newest(tmp_path)[1]["step"] == 2


def test_a_manifest_of_another_step_is_a_damage(tmp_path):
    checkpoints.save(tmp_path, 2, ARRAYS, {})
    checkpoints.save(tmp_path, 4, ARRAYS, {}).rename(tmp_path / "step-0000006")

    assert checkpoints.load_newest(tmp_path)[1]["step"] == 2


def test_a_damaged_checkpoint_never_takes_the_place_of_a_good_one(tmp_path):
    for step in (2, 4, 6, 8):
        checkpoints.save(tmp_path, step, ARRAYS, {})
    for step in (4, 6, 8):
        (tmp_path / f"step-{step:07d}" / checkpoints.STATE).write_bytes(b"")
    assert checkpoints.load_newest(tmp_path) is None

    checkpoints.save(tmp_path, 3, ARRAYS, {})

    assert checkpoints.load_newest(tmp_path)[1]["step"] == 3


FILL_UP = """
import resource, sys, numpy as np
from pathlib import Path
from trainer import checkpoints
folder = Path(sys.argv[1])
checkpoints.save(folder, 1, {"a": np.zeros(1000)}, {})
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
for write in (
    lambda: checkpoints.save(folder, 2, {"a": np.zeros(100_000)}, {}),
    lambda: checkpoints.write_text(folder / "config.json", "x" * 200_000),
    lambda: checkpoints.save_weights(folder / "model.weights.h5", {"line": Network()}),
):
    try:
        write()
    except OSError as error:
        print(error)
    else:
        print("written")
"""
NETWORK = """
class Weight(np.ndarray):
    name = "kernel"
class Network:
    weights = [np.zeros(100_000).view(Weight)]
"""


def test_nothing_half_made_stays_on_a_full_disk(tmp_path):
    """A limit on the size of files stands for the disk: the same error, at the same calls."""
    code = FILL_UP.replace("folder = Path", NETWORK + "folder = Path")

    done = subprocess.run([sys.executable, "-c", code, tmp_path], capture_output=True, text=True, cwd=ROOT, check=True)

    first, *others = done.stdout.splitlines()
    assert first == "The checkpoint of step 2 could not be written: File too large."
    assert len(others) == 2
    assert "written" not in others
    assert [path.name for path in tmp_path.iterdir()] == ["step-0000001"]


def test_a_folder_without_checkpoints_has_none(tmp_path):
    assert checkpoints.load_newest(tmp_path) is None
    assert checkpoints.load_newest(tmp_path / "absent") is None


def test_a_checkpoint_half_written_by_a_dead_process_is_swept_away(tmp_path):
    (tmp_path / ".writing-99-5").mkdir()

    checkpoints.save(tmp_path, 2, ARRAYS, {})

    assert [folder.name for folder in tmp_path.iterdir()] == ["step-0000002"]


def test_a_config_comes_back_and_nonsense_is_refused(tmp_path):
    checkpoints.write_config(tmp_path, {"recipe": "adain"})
    assert checkpoints.read_config(tmp_path) == {"recipe": "adain"}

    for text in ("[1]", "{"):
        (tmp_path / checkpoints.CONFIG).write_text(text)
        with pytest.raises(ValueError):
            checkpoints.read_config(tmp_path)
    with pytest.raises(ValueError, match="no checkpoint"):
        checkpoints.read_config(tmp_path / "absent")


def test_a_shrunk_checkpoint_is_half_as_wide_and_holds_the_same_network(tmp_path):
    network, other = (keras.Sequential([keras.Input((64,)), keras.layers.Dense(64)]) for _ in range(2))
    checkpoints.save_weights(tmp_path / checkpoints.WEIGHTS, {"generator": network})
    checkpoints.write_config(tmp_path, {"recipe": "toy", "weights": "float32"})

    checkpoints.shrink(tmp_path, tmp_path / "shipped", {"licence": "ours"})

    sizes = [(folder / checkpoints.WEIGHTS).stat().st_size for folder in (tmp_path, tmp_path / "shipped")]
    assert sizes[1] < 0.7 * sizes[0]
    checkpoints.load_weights(tmp_path / "shipped" / checkpoints.WEIGHTS, {"generator": other})
    assert np.allclose(network.get_weights()[0], other.get_weights()[0], atol=1e-3)
    expected = {"recipe": "toy", "weights": "float16", "licence": "ours"}
    assert checkpoints.read_config(tmp_path / "shipped") == expected


def test_what_only_training_needs_is_not_shipped(tmp_path):
    networks = {name: keras.Sequential([keras.Input((4,)), keras.layers.Dense(4)]) for name in ("features", "hints")}
    checkpoints.save_weights(tmp_path / checkpoints.WEIGHTS, networks)
    checkpoints.write_config(tmp_path, {})

    checkpoints.shrink(tmp_path, tmp_path / "shipped", {}, leave_out=("hints",))

    checkpoints.load_weights(tmp_path / "shipped" / checkpoints.WEIGHTS, {"features": networks["features"]})
    with pytest.raises(ValueError, match="hints"):
        checkpoints.load_weights(tmp_path / "shipped" / checkpoints.WEIGHTS, {"hints": networks["hints"]})


def test_a_manifest_names_the_hash_of_its_file(tmp_path):
    folder = checkpoints.save(tmp_path, 2, ARRAYS, {})

    manifest = json.loads((folder / checkpoints.MANIFEST).read_text())

    assert len(manifest["sha256"][checkpoints.STATE]) == 64
