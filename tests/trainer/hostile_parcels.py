"""Exported versions that mean harm: each changes the members of a good one."""

import io
import json
import struct
import zlib

import h5py
import numpy as np
from PIL import Image

from tests.trainer import exports
from trainer.checkpoints import CONFIG, WEIGHTS


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
    "number without end": config_of(metrics={"l1": 10**400}),
    "number without end in a list": config_of(architecture=exports.RESNET | {"filters": [10**400]}),
    "size without end": config_of(sizes={"trained_at": 32, "line": 10**400}),
    "turned name": config_of(metrics={"\u202el1": 1}),
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
