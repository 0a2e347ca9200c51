"""Generators by name: from the architecture in a checkpoint's config.json to a network."""

import keras

from trainer.networks import resnet, unet
from trainer.networks.architectures import ResNetArchitecture, UNetArchitecture

GENERATORS = {"resnet": (ResNetArchitecture, resnet), "unet": (UNetArchitecture, unet)}


def build(values: dict, dtype=None, name: str = "generator") -> keras.Model:
    """A generator: {"generator": "resnet", "filters": 32, …}. Raises TypeError or ValueError for what is none."""
    architecture, module = _read(values)
    return module.build_generator(architecture, dtype=dtype, name=name)


def multiple_of(values: dict) -> int:
    """What the sides of a condition must be a multiple of, in pixels. Raises as `build` does."""
    return _read(values)[0].multiple


def check_size(values: dict, size: int) -> None:
    """Raise ValueError where the generator cannot draw squares of so many pixels."""
    if size % multiple_of(values):
        raise ValueError(f"This generator wants a size that is a multiple of {multiple_of(values)}, not {size}.")


def _read(values):
    if not isinstance(values, dict):
        raise ValueError("The checkpoint names no architecture.")
    name = values.get("generator")
    if not isinstance(name, str) or name not in GENERATORS:
        raise ValueError(f"No generator is called {name!r}; there are {', '.join(GENERATORS)}.")
    kind, module = GENERATORS[name]
    return kind.from_config({key: value for key, value in values.items() if key != "generator"}), module
