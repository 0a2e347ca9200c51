"""A version as a ZIP and back; and what comes in such a ZIP from somebody who means harm."""

import hashlib
import io
import json
import struct
import zipfile
import zlib
from pathlib import Path

import h5py
import numpy as np
import pytest
from PIL import Image

from tests.trainer import exports
from tests.trainer.factories import make_run
from trainer import checkpoints, parcels, versions
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


def good_members(**changes) -> dict[str, bytes]:
    """What an exported version holds, without its manifest; `changes` are the config's."""
    picture = io.BytesIO()
    Image.new("RGB", (40, 40), (9, 99, 9)).save(picture, "PNG")
    return {
        WEIGHTS: h5_of(exports.arrays()),
        CONFIG: json.dumps(exports.config(**changes)).encode(),
        "card.md": b"# Cats\n",
        "samples/0.png": picture.getvalue(),
    }


def h5_of(arrays: dict, fill=lambda file: None) -> bytes:
    memory = io.BytesIO()
    with h5py.File(memory, "w") as file:
        for name, array in arrays.items():
            file.create_dataset(name, data=array)
        fill(file)
    return memory.getvalue()


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
    members = good_members() | {
        WEIGHTS: h5_of(exports.arrays(recipe)),
        CONFIG: json.dumps(exports.config(recipe)).encode(),
    }
    kind = {"pix2pix": "sketch", "cyclegan": "photo", "adain": "style"}[recipe]
    manifest = manifest_of(members, kind=kind, direction="BtoA")

    version = parcels.unpack(zipped(tmp_path, members, manifest=manifest))

    assert (version.recipe, version.kind) == (recipe, kind)
    assert version.direction == ("BtoA" if recipe == "cyclegan" else "")


def test_files_are_written_anew(tmp_path):
    hidden = b"a message beside the numbers"
    members = good_members()
    members[WEIGHTS] = h5_of(exports.arrays(), lambda file: file.attrs.update({"note": hidden}))
    members["samples/0.png"] += hidden

    version = parcels.unpack(zipped(tmp_path, members))

    assert hidden not in (version.folder / WEIGHTS).read_bytes()
    assert hidden not in (version.folder / "samples" / "0.png").read_bytes()
    assert sorted(path.name for path in version.folder.iterdir()) == ["card.md", CONFIG, WEIGHTS, "samples"]


def test_a_config_keeps_only_what_is_known(tmp_path):
    members = good_members(initializer="os.system", lambda_layer={"code": "…"})

    config = checkpoints.read_config(parcels.unpack(zipped(tmp_path, members)).folder)

    assert "initializer" not in config and "lambda_layer" not in config


# Archives that mean harm.


def climbing(members):
    return members | {"../../escape.h5": b"x"}


def absolute(members):
    return members | {"/etc/cron.d/x": b"x"}


def with_code(members):
    return members | {"model.py": b"import os"}


def with_a_pickle(members):
    return members | {"model.pkl": b"\x80\x04."}


def with_an_archive(members):
    return members | {"samples/0.zip": b"PK\x03\x04"}


def with_an_svg(members):
    return members | {"samples/1.svg": b"<svg onload='alert(1)'/>"}


def with_many_samples(members):
    return members | {f"samples/{n}.png": members["samples/0.png"] for n in range(9)}


def without_weights(members):
    return {name: content for name, content in members.items() if name != WEIGHTS}


def without_a_config(members):
    return {name: content for name, content in members.items() if name != CONFIG}


def with_a_text_as_sample(members):
    return members | {"samples/0.png": b"not a picture at all, but long enough"}


def with_a_bomb_as_sample(members):
    body = struct.pack(">4sIIBBBBB", b"IHDR", 60_000, 60_000, 8, 2, 0, 0, 0)
    header = struct.pack(">I", 13) + body + struct.pack(">I", zlib.crc32(body))
    return members | {"samples/0.png": b"\x89PNG\r\n\x1a\n" + header + struct.pack(">I4s", 9, b"IDAT") + b"\0" * 200}


def with_a_long_card(members):
    return members | {"card.md": b"x" * 70_000}


def config_of(**changes):
    return lambda members: members | {CONFIG: json.dumps(exports.config() | changes).encode()}


def config_text(text):
    return lambda members: members | {CONFIG: text}


def weights_of(content):
    return lambda members: members | {WEIGHTS: content() if callable(content) else content}


def h5_with(fill, arrays=None):
    return weights_of(lambda: h5_of(exports.arrays() if arrays is None else arrays, fill))


def link_outside(file):
    del file["generator/007_kernel"]
    file["generator/007_kernel"] = h5py.ExternalLink("/etc/passwd", "/data")


def link_softly(file):
    del file["generator/007_kernel"]
    file["generator/007_kernel"] = h5py.SoftLink("/generator/000_kernel")


def lie_elsewhere(file):
    del file["generator/007_kernel"]
    file.create_dataset("generator/007_kernel", (100,), "f4", external=[("/etc/passwd", 0, 400)])


def be_virtual(file):
    del file["generator/007_kernel"]
    layout = h5py.VirtualLayout((10,), "f4")
    layout[:] = h5py.VirtualSource("/etc/passwd", "x", (10,))
    file.create_virtual_dataset("generator/007_kernel", layout)


def hold_objects(file):
    del file["generator/007_kernel"]
    file.create_dataset("generator/007_kernel", data=[b"import os"], dtype=h5py.special_dtype(vlen=bytes))


def hold_references(file):
    file["generator"].create_dataset("008_kernel", data=[file["generator"].ref], dtype=h5py.ref_dtype)


def hold_nothing_but_much(file):
    del file["generator/007_kernel"]
    file.create_dataset("generator/007_kernel", (60_000, 2_000), "f4")  # 480 MB that were never written


def be_compressed(file):
    del file["generator/007_kernel"]
    file.create_dataset("generator/007_kernel", data=np.zeros((2000, 2000), "f4"), compression="gzip")


def be_the_same_again(file):
    for n in range(8, 900):
        file[f"generator/{n:03d}_kernel"] = file["generator/000_kernel"]


def have_another_group(file):
    file.create_dataset("code/000_kernel", data=np.zeros(3, "f4"))


def have_a_hole(file):
    file.move("generator/007_kernel", "generator/009_kernel")


def have_odd_names(file):
    file.move("generator/007_kernel", "generator/007_\u202ekernel")


def be_a_group(file):
    del file["generator/007_kernel"]
    file.create_group("generator/007_kernel")


def hold_no_numbers(file):
    file["generator/007_kernel"][0] = np.inf


def hold_doubles(file):
    del file["generator/007_kernel"]
    file.create_dataset("generator/007_kernel", data=np.zeros(3, "f8"))


HOSTILE = {
    "climbing path": climbing,
    "absolute path": absolute,
    "code": with_code,
    "pickle": with_a_pickle,
    "archive inside": with_an_archive,
    "svg sample": with_an_svg,
    "nine samples": with_many_samples,
    "no weights": without_weights,
    "no config": without_a_config,
    "text as sample": with_a_text_as_sample,
    "bomb as sample": with_a_bomb_as_sample,
    "long card": with_a_long_card,
    "config is a list": config_text(b"[]"),
    "config is cut off": config_text(b'{"recipe": "pix2pix"'),
    "config is deep": config_text(b'{"a":' * 30_000 + b"1" + b"}" * 30_000),
    "config is no number": config_text(b'{"recipe": "pix2pix", "step": NaN}'),
    "config is endless": config_text(b'{"recipe": "' + b"x" * 70_000 + b'"}'),
    "unknown recipe": config_of(recipe="subprocess"),
    "unknown generator": config_of(architecture=exports.RESNET | {"generator": "magic"}),
    "architecture with more": config_of(architecture=exports.RESNET | {"lambda": "x"}),
    "huge architecture": config_of(architecture=exports.RESNET | {"filters": 1000, "blocks": 1000}),
    "many blocks": config_of(architecture=exports.RESNET | {"filters": 1, "blocks": 1000}),
    "size of nothing": config_of(sizes={"trained_at": 0}),
    "size of a planet": config_of(sizes={"trained_at": 10**9}),
    "size is a word": config_of(sizes={"trained_at": "big"}),
    "line of no width": config_of(sizes={"trained_at": 32, "line": 0}),
    "step below nothing": config_of(step=-1),
    "deep sizes": config_of(sizes={"trained_at": 32, "a": {"b": {"c": {"d": {}}}}}),
    "long words": config_of(data="x" * 5000),
    "bytes as weights": weights_of(b"\x89HDF\r\n\x1a\n" + b"\xff" * 5000),
    "zip as weights": weights_of(b"PK\x03\x04" + b"\0" * 100),
    "weights cut off": weights_of(lambda: h5_of(exports.arrays())[:9000]),
    "link to a file": h5_with(link_outside),
    "soft link": h5_with(link_softly),
    "data elsewhere": h5_with(lie_elsewhere),
    "virtual data": h5_with(be_virtual),
    "objects": h5_with(hold_objects),
    "references": h5_with(hold_references),
    "unwritten space": h5_with(hold_nothing_but_much),
    "compressed": h5_with(be_compressed),
    "one array many times": h5_with(be_the_same_again),
    "another group": h5_with(have_another_group),
    "a hole": h5_with(have_a_hole),
    "odd names": h5_with(have_odd_names),
    "group for an array": h5_with(be_a_group),
    "infinity": h5_with(hold_no_numbers),
    "doubles": h5_with(hold_doubles),
    "too few arrays": h5_with(lambda file: None, {"generator/000_kernel": np.zeros((3, 3, 16, 64), "f4")}),
    "empty": h5_with(lambda file: None, {}),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_means_harm_is_refused_with_a_sentence_and_leaves_nothing(tmp_path, settings, name):
    path = zipped(tmp_path, HOSTILE[name](good_members()))

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
    members = good_members()

    with pytest.raises(Refused):
        parcels.unpack(zipped(tmp_path, members, manifest=manifest_of(members, **changes)))

    assert left(settings) == []


def test_a_file_that_was_changed_on_the_way_is_refused(tmp_path):
    members = good_members()
    manifest = manifest_of(members)
    members[WEIGHTS] = members[WEIGHTS][:-1] + b"\1"

    with pytest.raises(Refused, match="changed on the way"):
        parcels.unpack(zipped(tmp_path, members, manifest=manifest))


def test_a_file_that_stands_twice_in_it_is_refused(tmp_path):
    members = good_members()
    path = zipped(tmp_path, members)
    with zipfile.ZipFile(path, "a") as archive, pytest.warns(UserWarning):
        archive.writestr(CONFIG, "{}")

    with pytest.raises(Refused):
        parcels.unpack(path)


def test_what_is_no_archive_is_refused(tmp_path):
    (tmp_path / "cats.zip").write_bytes(b"GIF89a" + b"\0" * 500)

    with pytest.raises(Refused):
        parcels.unpack(tmp_path / "cats.zip")


def test_a_bomb_is_refused(tmp_path):
    members = good_members() | {"card.md": b"\0" * (200 * 2**20)}

    with pytest.raises(Refused):
        parcels.unpack(zipped(tmp_path, members, method=zipfile.ZIP_DEFLATED))


def test_a_link_is_refused(tmp_path):
    path = zipped(tmp_path, good_members())
    info = zipfile.ZipInfo("samples/1.png")
    info.external_attr = 0o120777 << 16
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(info, "/etc/passwd")

    with pytest.raises(Refused, match="link"):
        parcels.unpack(path)


def test_a_hundred_thousand_entries_are_refused(tmp_path):
    members = good_members() | {f"samples/{n}.png": b"" for n in range(100)}

    with pytest.raises(Refused, match="more than an exported version"):
        parcels.unpack(zipped(tmp_path, members))
