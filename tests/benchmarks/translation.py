"""Image translation against PyTorch float32 on equal networks, turn by turn in one process."""

import os
import tempfile
from pathlib import Path
from statistics import median

import keras
import numpy as np
import torch
from PIL import Image

from tests.benchmarks import in_torch
from tests.benchmarks.roofline import measure_peak
from tests.benchmarks.tables import Figure, milliseconds, timed
from trainer import gradients
from trainer.networks import resnet
from trainer.networks.architectures import ResNetArchitecture
from trainer.recipes import configs, pix2pix

N_TURNS = 3


def measure(argument: str) -> list[Figure]:
    """Medians of both, of a picture and of a training step at batch 1, and the rival's share of speed."""
    side = int(argument)
    torch.set_num_threads(os.cpu_count())
    precision = gradients.choose_precision()
    keras.config.set_dtype_policy(precision)
    generators = compare(f"ResNet-9, {side}²", ours_that_draws(side, precision), theirs_that_draws(side), 4, precision)
    generators.append(measure_peak()[1])
    with tempfile.TemporaryDirectory() as folder:
        steps = ours_that_learns(side, Path(folder)), theirs_that_learns(side)
        return generators + compare(f"pix2pix step, {side}²", *steps, 3.5, precision)


def compare(name: str, ours, theirs, aim: float, precision: str) -> list[Figure]:
    """Run both in turns."""
    seconds = [], []
    for _ in range(N_TURNS):
        for list_of_seconds, work in zip(seconds, (ours, theirs), strict=True):
            list_of_seconds += timed(work)
    ratio = median(seconds[1]) / median(seconds[0])
    how = f"median of {len(seconds[0])}, batch 1, in turns"
    return [
        Figure(name, milliseconds(seconds[0]), "", f"{how}; {precision}"),
        Figure(f"{name}, PyTorch {torch.__version__}", milliseconds(seconds[1]), "", f"{how}; float32"),
        Figure(f"{name}, times as fast", f"{ratio:.2f}", f"at least {aim:g}", "ratio of the medians"),
    ]


def ours_that_draws(side: int, precision: str):
    draw = gradients.compile_for_pictures(resnet.build_generator(ResNetArchitecture(), precision))
    condition = np.random.default_rng(0).random((1, side, side, 1), "float32")
    return lambda: gradients.as_array(draw(condition))


def theirs_that_draws(side: int):
    generator, condition = in_torch.build_generator().eval(), torch.rand(1, 1, side, side)

    def draw():
        with torch.inference_mode():
            return generator(condition).numpy()

    return draw


def ours_that_learns(side: int, folder: Path):
    noise = np.random.default_rng(1).integers(0, 256, (side, 2 * side, 3), "uint8")
    (folder / "train").mkdir()
    Image.fromarray(noise).save(folder / "train" / "pair.png")
    recipe = pix2pix.build(configs.Pix2PixConfig(size=side), folder, steps=100, seed=0)
    take_step = gradients.compile_step(recipe.take_step)
    batch = {name: keras.ops.convert_to_tensor(array) for name, array in recipe.make_batch(1).items()}
    return lambda: float(gradients.as_array(take_step(batch)["loss"]))


def theirs_that_learns(side: int):
    step = in_torch.make_step(in_torch.build_generator(), in_torch.build_discriminator())
    condition, picture = torch.rand(1, 1, side, side), 2 * torch.rand(1, 3, side, side) - 1
    return lambda: step(condition, picture)
