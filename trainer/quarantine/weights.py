"""A child: one file of weights in, the same numbers out, in a file that our own code wrote.

HDF5 knows links to other files, data that lie elsewhere, types that are objects and spaces that are never filled:
none of these is followed. What is copied is plain numbers that lie in this very file.
"""

import json
import re
from pathlib import Path

import h5py
import numpy as np

from trainer import checkpoints
from trainer.networks.architectures import AdaINArchitecture, ResNetArchitecture, UNetArchitecture
from trainer.quarantine import cage
from trainer.quarantine.cage import gettext_noop

GROUPS = {
    "pix2pix": ("generator",),
    "cyclegan": ("generator_ab", "generator_ba"),
    "adain": ("content_encoder", "style_encoder", "decoder"),
}
NAME = re.compile(r"(\d{3})_[a-z0-9_]{1,60}")
MOST_ARRAYS, MOST_SIDE, MOST_VALUES = 1000, 65_536, 150_000_000

NO_WEIGHTS = gettext_noop("The file of weights is damaged, or it is none.")
NOT_PLAIN = gettext_noop("The file of weights holds something else than plain numbers: links, objects or empty space.")
OTHER_NAMES = gettext_noop("The weights are not those of this recipe: their names are others.")
NO_NUMBERS = gettext_noop("Some of the weights are not numbers.")
TOO_MUCH = gettext_noop("The network is larger than anything that is trained here.")
NOT_THIS = gettext_noop("The weights are not those of the network that the config describes.")
NO_NETWORK = gettext_noop("The config describes no network that we know.")


def clean(source: str, target: str, recipe: str, architecture: str) -> dict:
    """Read strictly, compare with the architecture, write anew."""
    least_arrays, least_values = measure(recipe, json.loads(architecture))
    try:
        arrays = _read(Path(source), GROUPS[recipe])
    except (OSError, RuntimeError, KeyError, ValueError, TypeError, UnicodeError) as error:
        raise cage.Bad(NO_WEIGHTS) from error
    n_values = sum(array.size for array in arrays.values())
    if len(arrays) < least_arrays or n_values < least_values:
        raise cage.Bad(NOT_THIS)
    checkpoints.write_arrays(Path(target), arrays)
    return {"n_values": n_values}


def measure(recipe: str, values: dict) -> tuple[int, int]:
    """The least number of arrays and of numbers that such a network has. Raises Bad.

    Whoever builds it then needs about as much memory as the weights do, and not what a config asks for.
    """
    try:
        if recipe == "adain":
            return _measure_adain(AdaINArchitecture.from_config(values))
        kinds = {"resnet": (ResNetArchitecture, _measure_resnet), "unet": (UNetArchitecture, _measure_unet)}
        kind, measure_one = kinds[values["generator"]]
        n_arrays, n_values = measure_one(kind.from_config({k: v for k, v in values.items() if k != "generator"}))
        n_networks = len(GROUPS[recipe])
        return n_networks * n_arrays, n_networks * n_values
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise cage.Bad(NO_NETWORK) from error


def _measure_resnet(a):
    return 4 * a.blocks, a.blocks * 2 * 9 * (4 * a.filters) ** 2


def _measure_unet(a):
    widths = [a.filters * min(2**level, 8) for level in range(a.depth)]
    return 2 * a.depth, sum(2 * 16 * one * other for one, other in zip(widths, widths[1:], strict=False))


def _measure_adain(a):
    n_blocks = a.encoder_blocks + a.decoder_blocks
    in_blocks = 2 * 9 * (n_blocks * a.width**2 + a.deep_blocks * a.deep**2)
    return 4 * (n_blocks + a.deep_blocks), in_blocks + a.code_hidden * a.code_size


def _read(path, groups) -> dict[str, np.ndarray]:
    arrays, n_bytes = {}, 0
    with h5py.File(path, "r") as file:
        if sorted(_plain_names(file)) != sorted(groups):
            raise cage.Bad(OTHER_NAMES)
        for group in groups:
            if not isinstance(file[group], h5py.Group):
                raise cage.Bad(OTHER_NAMES)
            names = sorted(_plain_names(file[group]))
            found = [NAME.fullmatch(name) for name in names]
            if not all(found) or [int(match[1]) for match in found] != list(range(len(names))):
                raise cage.Bad(OTHER_NAMES)
            for name in names:
                array = file[group][name]
                _check_plain(array)
                n_bytes += array.nbytes
                if n_bytes > path.stat().st_size or len(arrays) >= MOST_ARRAYS:
                    raise cage.Bad(NOT_PLAIN)
                arrays[f"{group}/{name}"] = _check_numbers(array[()])
    return arrays


def _plain_names(group):
    """The names in a group, none of which leads elsewhere."""
    if len(group) > MOST_ARRAYS:
        raise cage.Bad(TOO_MUCH)
    for name in group:
        if type(group.get(name, getlink=True)) is not h5py.HardLink:
            raise cage.Bad(NOT_PLAIN)
    return list(group)


def _check_plain(array):
    """Numbers that lie in one piece in this file, all of them."""
    if not isinstance(array, h5py.Dataset) or array.dtype not in (np.float16, np.float32):
        raise cage.Bad(NOT_PLAIN)
    if array.ndim > 5 or array.size > MOST_VALUES or any(not 1 <= side <= MOST_SIDE for side in array.shape):
        raise cage.Bad(TOO_MUCH)
    is_elsewhere = array.external or array.is_virtual or array.chunks or array.compression
    if is_elsewhere or array.id.get_storage_size() != array.nbytes:
        raise cage.Bad(NOT_PLAIN)


def _check_numbers(array):
    if not np.isfinite(array).all():
        raise cage.Bad(NO_NUMBERS)
    return array


if __name__ == "__main__":
    cage.run(clean)
