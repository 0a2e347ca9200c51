"""Generators of image translation: a checkpoint folder becomes a function from picture to picture.

What `pix2pix` and `cyclegan` checkpoints have in common: one generator of `trainer.networks.generators`, which takes
any sides that are multiples of a number, and pictures in the range that its config.json names.
"""

import logging
from pathlib import Path

import numpy as np
from django.utils.translation import gettext_noop

from tfapp.engines import pictures
from tfapp.engines.base import EngineError, Inputs, Progress
from trainer import checkpoints, gradients
from trainer.networks import generators

NOT_HERE = gettext_noop("This painter's weights are not here.")
NOT_LOADED = gettext_noop("The painter's weights are missing or damaged.")
NOT_FITTING = gettext_noop("These weights are of another kind than this painter needs.")

HINT_CHANNELS = 3  # of a colour hint behind the condition; white paper, 1 in either range, is none

LEAST_SIDE = 32  # a smaller picture is made larger by mirroring, and cut again

log = logging.getLogger(__name__)


class Generator:
    """One generator, loaded and compiled. Several threads may use it."""

    def __init__(self, source: str, *, recipe: str, group: str):
        """Load `group` of the checkpoint folder `source`. Raises EngineError when it is no checkpoint of `recipe`."""
        if not Path(source, checkpoints.CONFIG).is_file():
            raise EngineError(NOT_HERE)
        try:
            config = checkpoints.read_config(source)
            if config.get("recipe") != recipe:
                raise EngineError(NOT_FITTING)
            architecture = config.get("architecture")
            network = generators.build(architecture, gradients.choose_precision(), name=group)
            checkpoints.load_weights(Path(source) / checkpoints.WEIGHTS, {group: network})
            self.multiple = generators.multiple_of(architecture)
            self._n_hint_channels = HINT_CHANNELS if config.get("hint_cells") else 0
            self.n_channels = int(network.inputs[0].shape[-1]) - self._n_hint_channels
            if self.n_channels < 1:
                raise ValueError("a colour hint without a condition")
            self.trained_at = int(_section(config, "sizes").get("trained_at", 128))
            self.line = float(_section(config, "sizes").get("line", self.trained_at / 64))
            ranges = _section(config, "normalisation")
        except (OSError, ValueError, TypeError) as error:
            log.warning("The checkpoint %s cannot be loaded: %s", source, error)
            raise EngineError(NOT_LOADED) from error

        self._is_condition_signed = ranges.get("condition", "0..1" if self.n_channels == 1 else "-1..1") == "-1..1"
        self._is_picture_signed = ranges.get("picture", "-1..1") == "-1..1"
        self._run = gradients.compile_for_pictures(network)
        self.paint(np.ones((LEAST_SIDE, LEAST_SIDE, self.n_channels), "float32"))

    def paint(self, condition: np.ndarray) -> np.ndarray:
        """A condition (h, w, n_channels) in 0..1 becomes a picture (h, w, 3) in 0..1. Raises EngineError."""
        height, width = (_round_up(max(side, LEAST_SIDE), self.multiple) for side in condition.shape[:2])
        padded, inside = pictures.mirror_edges(condition, height, width)
        if self._is_condition_signed:
            padded = 2 * padded - 1
        padded = np.pad(padded, ((0, 0), (0, 0), (0, self._n_hint_channels)), constant_values=1)
        picture = gradients.as_array(self._run(padded[None].astype("float32")))[0][inside].astype("float32")
        if self._is_picture_signed:
            picture = (picture + 1) / 2
        return pictures.finished(picture)


class PhotoEngine:
    """A generator whose condition is a photo. One instance may be used by several threads."""

    recipe: str
    group: str

    def load(self, source: str) -> None:
        """Load a checkpoint folder of the recipe. Raises EngineError."""
        self._generator = Generator(source, recipe=self.recipe, group=self.group)
        if self._generator.n_channels != 3:
            raise EngineError(NOT_FITTING)

    def render(self, inputs: Inputs, progress: Progress) -> np.ndarray:
        """The content, at its own size, as the generator sees it. Raises EngineError."""
        content = pictures.photo(inputs)
        progress(0.0)
        picture = self._generator.paint(content)
        progress(1.0)
        return picture


def _section(config: dict, name: str) -> dict:
    section = config.get(name, {})
    if not isinstance(section, dict):
        raise ValueError(f"{name} is no object")
    return section


def _round_up(side: int, multiple: int) -> int:
    return side + -side % multiple
