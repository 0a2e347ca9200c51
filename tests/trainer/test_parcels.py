"""A version as a ZIP and back; and what comes in such a ZIP from somebody who means harm."""

import hashlib
import json
import tracemalloc
import zipfile
from pathlib import Path

import h5py
import numpy as np
import pytest

from tests.trainer import exports, hostile_parcels
from tests.trainer.factories import make_run
from trainer import checkpoints, folders, parcels, quarantine, versions
from trainer.models import Version
from trainer.versions import Refused, Words

pytestmark = pytest.mark.django_db
CATS = Words(slug="cats", title="Cats", title_ko="고양이", blurb="Colours cats.", licence="CC0", card="Drawn by us.")
WEIGHTS, CONFIG = checkpoints.WEIGHTS, checkpoints.CONFIG


@pytest.fixture
def version() -> Version:
    run = make_run(state="done")
    exports.give(run, 2)
    return versions.publish(run, 2, CATS, kind="sketch")


def members_of(version: Version) -> dict[str, bytes]:
    with parcels.pack(version) as file, zipfile.ZipFile(file) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def manifest_of(members: dict[str, bytes], **changes) -> bytes:
    words = {"slug": "cats", "title": "Cats", "blurb": "Colours cats.", "licence": "CC0"}
    hashes = {name: hashlib.sha256(content).hexdigest() for name, content in members.items()}
    facts = {"format": parcels.FORMAT, **words, "kind": "sketch", "direction": "", "sha256": hashes}
    return json.dumps(facts | changes).encode()


def zipped(
    tmp_path: Path, members: dict[str, bytes], *, manifest: bytes | None = None, method=zipfile.ZIP_STORED
) -> Path:
    path = tmp_path / "version.zip"
    with zipfile.ZipFile(path, "w", method) as archive:
        archive.writestr(parcels.MANIFEST, manifest_of(members) if manifest is None else manifest)
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def left(settings) -> list[Path]:
    return [path for path in (Path(settings.TRAINING_ROOT) / "versions").rglob("*") if path.is_file()]


def test_what_goes_out_comes_back(version, tmp_path):
    with parcels.pack(version) as file:
        (tmp_path / "cats.zip").write_bytes(file.read())

    copy = parcels.unpack(tmp_path / "cats.zip")

    assert (copy.engine, copy.is_live, copy.is_imported, copy.run) == ("cats.2", False, True, None)
    assert (copy.title_ko, copy.licence, copy.kind, copy.step) == ("고양이", "CC0", "sketch", 2)
    assert copy.samples() == ["0.png"]
    assert "Drawn by us." in (copy.folder / "card.md").read_text()
    with h5py.File(version.folder / WEIGHTS) as one, h5py.File(copy.folder / WEIGHTS) as other:
        for name in one["generator"]:
            np.testing.assert_array_equal(one["generator"][name][()], other["generator"][name][()])
    assert checkpoints.read_config(copy.folder) == checkpoints.read_config(version.folder)
    assert parcels.unpack(tmp_path / "cats.zip", slug="lions").engine == "lions.1"
    version.refresh_from_db()
    assert version.is_live


def test_an_export_holds_weights_and_words_and_their_hashes(version):
    members = members_of(version)

    manifest = json.loads(members.pop(parcels.MANIFEST))
    assert set(members) == {WEIGHTS, CONFIG, "card.md", "samples/0.png"}
    assert manifest["sha256"] == {name: hashlib.sha256(content).hexdigest() for name, content in members.items()}
    assert (manifest["slug"], manifest["number"], manifest["licence"]) == ("cats", 1, "CC0")


@pytest.mark.parametrize("recipe", ["pix2pix", "cyclegan", "adain"])
def test_every_recipe_can_be_brought(tmp_path, recipe):
    members = hostile_parcels.good_members() | {
        WEIGHTS: hostile_parcels.h5_of(exports.arrays(recipe)),
        CONFIG: json.dumps(exports.config(recipe)).encode(),
    }
    kind = {"pix2pix": "sketch", "cyclegan": "photo", "adain": "style"}[recipe]
    manifest = manifest_of(members, kind=kind, direction="BtoA")

    version = parcels.unpack(zipped(tmp_path, members, manifest=manifest))

    assert (version.recipe, version.kind) == (recipe, kind)
    assert version.direction == ("BtoA" if recipe == "cyclegan" else "")


def test_files_are_written_anew(tmp_path):
    hidden = b"a message beside the numbers"
    members = hostile_parcels.good_members()
    members[WEIGHTS] = hostile_parcels.h5_of(exports.arrays(), lambda file: file.attrs.update({"note": hidden}))
    members["samples/0.png"] += hidden

    version = parcels.unpack(zipped(tmp_path, members))

    assert hidden not in (version.folder / WEIGHTS).read_bytes()
    assert hidden not in (version.folder / "samples" / "0.png").read_bytes()
    assert sorted(path.name for path in version.folder.iterdir()) == ["card.md", CONFIG, WEIGHTS, "samples"]


def test_a_config_keeps_only_what_is_known(tmp_path):
    members = hostile_parcels.good_members(initializer="os.system", lambda_layer={"code": "…"})

    config = checkpoints.read_config(parcels.unpack(zipped(tmp_path, members)).folder)

    assert "initializer" not in config and "lambda_layer" not in config


def test_looking_at_an_archive_ends_in_time(tmp_path, settings, monkeypatch):
    given = []
    clean = quarantine.clean_picture
    monkeypatch.setattr(
        quarantine, "clean_picture", lambda *a, seconds, **kw: given.append(seconds) or clean(*a, seconds=seconds, **kw)
    )
    members = hostile_parcels.good_members()
    members |= {f"samples/{n}.png": members["samples/0.png"] for n in range(3)}

    parcels.unpack(zipped(tmp_path, members))
    assert parcels.MOST_SECONDS > given[0] > given[1] > given[2]

    monkeypatch.setattr(parcels, "MOST_SECONDS", 0)
    with pytest.raises(Refused, match="takes too long"):
        parcels.unpack(zipped(tmp_path, members), slug="lions")
    assert not Version.objects.filter(slug="lions").exists()


# Archives that mean harm.


@pytest.mark.parametrize("name", hostile_parcels.HOSTILE)
def test_what_means_harm_is_refused_with_a_sentence_and_leaves_nothing(tmp_path, settings, name):
    path = zipped(tmp_path, hostile_parcels.HOSTILE[name](hostile_parcels.good_members()))

    with pytest.raises(Refused) as caught:
        parcels.unpack(path)

    assert str(caught.value).endswith(".")
    assert left(settings) == []
    assert not Version.objects.exists()
    assert sorted(path.name for path in tmp_path.rglob("escape*")) == []


@pytest.mark.parametrize(
    "changes",
    [
        {"format": "other"},
        {"sha256": {}},
        {"sha256": "x"},
        {"slug": "../../etc"},
        {"slug": ""},
        {"slug": 7},
        {"slug": "Cats"},
        {"slug": "my_cats"},
        {"slug": "cats\n"},
        {"title": "Cats\0"},
        {"title": "\u202estaC"},
        {"title_ko": "고\u200b양이"},
        {"blurb": "Colours\ncats."},
        {"licence": "CC0\r"},
        {"licence": "\ud800"},
        {"title": ["Cats"]},
        {"title": "x" * 61},
        {"title": ""},
        {"licence": "x" * 200},
        {"kind": "photo"},
        {"kind": ["sketch"]},
    ],
    ids=str,
)
def test_a_manifest_that_makes_no_sense_is_refused(tmp_path, settings, changes):
    members = hostile_parcels.good_members()

    with pytest.raises(Refused):
        parcels.unpack(zipped(tmp_path, members, manifest=manifest_of(members, **changes)))

    assert left(settings) == []


def test_a_file_that_was_changed_on_the_way_is_refused(tmp_path):
    members = hostile_parcels.good_members()
    manifest = manifest_of(members)
    members[WEIGHTS] = members[WEIGHTS][:-1] + b"\1"

    with pytest.raises(Refused, match="changed on the way"):
        parcels.unpack(zipped(tmp_path, members, manifest=manifest))


def test_a_file_that_stands_twice_in_it_is_refused(tmp_path):
    members = hostile_parcels.good_members()
    path = zipped(tmp_path, members)
    with zipfile.ZipFile(path, "a") as archive, pytest.warns(UserWarning):
        archive.writestr(CONFIG, "{}")

    with pytest.raises(Refused):
        parcels.unpack(path)


def test_what_is_no_archive_is_refused(tmp_path):
    (tmp_path / "cats.zip").write_bytes(b"GIF89a" + b"\0" * 500)

    with pytest.raises(Refused):
        parcels.unpack(tmp_path / "cats.zip")


def test_one_comes_in_at_a_time(version, tmp_path, monkeypatch, settings):
    monkeypatch.setattr(parcels, "PATIENCE_SECONDS", 0)
    path = zipped(tmp_path, hostile_parcels.good_members())

    with folders.occupy(settings.TRAINING_ROOT / "versions"), pytest.raises(Refused, match="Another version"):
        parcels.unpack(path)

    assert parcels.unpack(path).number == 2


def test_weights_are_never_in_memory_as_a_whole(tmp_path):
    arrays = exports.arrays()
    arrays["generator/000_kernel"] = np.zeros((512, 2**14), "f4")
    path = zipped(tmp_path, hostile_parcels.good_members() | {WEIGHTS: hostile_parcels.h5_of(arrays)})
    tracemalloc.start()
    try:
        parcels.unpack(path)
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert path.stat().st_size > 32 * 2**20
    assert most < 16 * 2**20


def test_an_archive_larger_than_a_version_can_be_is_refused(tmp_path, settings):
    settings.VERSION_MAX_BYTES = 1000

    with pytest.raises(Refused, match="more than an exported version"):
        parcels.unpack(zipped(tmp_path, hostile_parcels.good_members()))


def test_a_bomb_is_refused(tmp_path):
    members = hostile_parcels.good_members() | {"card.md": b"\0" * (200 * 2**20)}

    with pytest.raises(Refused):
        parcels.unpack(zipped(tmp_path, members, method=zipfile.ZIP_DEFLATED))


def test_a_link_is_refused(tmp_path):
    path = zipped(tmp_path, hostile_parcels.good_members())
    info = zipfile.ZipInfo("samples/1.png")
    info.external_attr = 0o120777 << 16
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(info, "/etc/passwd")

    with pytest.raises(Refused, match="link"):
        parcels.unpack(path)


def test_a_hundred_thousand_entries_are_refused(tmp_path):
    members = hostile_parcels.good_members() | {f"samples/{n}.png": b"" for n in range(100)}

    with pytest.raises(Refused, match="more than an exported version"):
        parcels.unpack(zipped(tmp_path, members))
