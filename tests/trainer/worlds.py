"""Tiny data folders, teachers and architectures, so that a training step takes milliseconds."""

import numpy as np
from PIL import Image

from trainer import training
from trainer.networks.architectures import AdaINArchitecture
from trainer.networks.perceptual import BLOCKS
from trainer.recipes.configs import AdaINConfig

TINY = AdaINArchitecture(
    stem=4, width=8, fine=4, encoder_blocks=1, decoder_blocks=1, style_widths=(4, 4, 4, 8), code_hidden=8
)
CONFIG = AdaINConfig(architecture=TINY, size=32, batch=2, warm_up=2, checkpoint_every=2, sample_every=2)
DISTILLATION = {"architecture": {"widths": [3, 4, 5, 6, 6]}, "size": 32, "batch": 3, "noise": 1.0, "warm_up": 1}

FIRST, LAST = 40, 70  # of these names one photo and three paintings are kept out


def make_data(folder):
    """A data folder with photos/, paintings/ (some of them kept out by their names) and teachers/."""
    rng = np.random.default_rng(0)
    for kind in ("photos", "paintings"):
        (folder / kind).mkdir(parents=True)
        for i in range(FIRST, LAST):
            pixels = rng.integers(0, 255, (6, 8, 3), dtype="uint8")
            Image.fromarray(pixels).resize((56, 44)).save(folder / kind / f"{kind}-{i}.png")
    (folder / "teachers").mkdir()
    make_teacher(folder / "teachers" / "vgg19_relu3_1.npz", n_blocks=3)
    make_teacher(folder / "teachers" / "vgg19_small16_relu5_1.npz", n_blocks=5)
    return folder


def make_teacher(path, n_blocks: int, width: int = 4):
    """A VGG of random weights, its last block one convolution deep."""
    rng = np.random.default_rng(1)
    arrays = {"conv0/kernel": np.eye(3, dtype="float32")[None, None] * 4, "conv0/bias": np.full(3, -2, "float32")}
    before = 3
    for block in range(1, n_blocks + 1):
        for i in range(1, 2 if block == n_blocks else BLOCKS[block - 1] + 1):
            kernel = rng.normal(0, (2 / (9 * before)) ** 0.5, (3, 3, before, width)).astype("float32")
            arrays |= {f"conv{block}_{i}/kernel": kernel, f"conv{block}_{i}/bias": np.zeros(width, "float32")}
            before = width
    np.savez(path, **arrays)


def train_whole_and_in_parts(build, folder):
    """The runs of three steps that `build()` makes: one never stopped, and one stopped after its first and resumed."""
    whole = training.train(build(), folder / "whole", steps=3, seed=5)
    asked = iter([False])
    training.train(build(), folder / "parts", steps=3, seed=5, should_stop=lambda: next(asked, True))
    return whole, training.train(build(), folder / "parts", steps=3, seed=5, resume=True)
