"""How much of what this processor can do our networks do: their products counted, beside convolutions alone."""

from collections.abc import Callable
from math import prod
from statistics import median

import numpy as np
from keras import ops

from tests.benchmarks.engine import STYLE_SIDE, smooth_noise
from tests.benchmarks.tables import Figure, milliseconds, timed
from tfapp.engines import SHIPPED_FOLDER, correcting
from tfapp.engines.style_networks import StyleNetworks
from trainer import gradients

FOLDERS = {"fine": SHIPPED_FOLDER / "adain", "swift": SHIPPED_FOLDER / "adain" / "swift"}
SIDES = (384, 512, 1024, 2048)
TIMES = {"n_times": 9, "n_warm": 4}
TIMES_OF_LARGE = {"n_times": 3, "n_warm": 1}  # of more than a megapixel
PEAK_SIDE, PEAK_CHANNELS, PEAK_LAYERS = 64, 256, 8  # convolutions that fit the processor: the work of a ResNet-9


def measure(argument: str) -> list[Figure]:
    """The peak, then each size's products a second as a share of it, and style code and second look apart."""
    peak, figure = measure_peak()
    figures = [figure]
    for quality, folder in FOLDERS.items():
        figures += measure_networks(quality, StyleNetworks(folder), peak)
    return figures


def measure_peak() -> tuple[float, Figure]:
    """Operations a second of convolutions and nothing else, the most that a network of them could reach here."""
    n_products, convolve = prepare_peak()
    peak = 2 * n_products / median(timed(convolve, **TIMES))
    how = f"{PEAK_LAYERS} convolutions 3×3 of {PEAK_CHANNELS} channels at {PEAK_SIDE}², {gradients.choose_precision()}"
    return peak, Figure("convolutions alone", f"{peak / 1e12:.2f} TFLOP/s", "", how)


def measure_networks(quality: str, networks: StyleNetworks, peak: float) -> list[Figure]:
    style = smooth_noise(1, STYLE_SIDE)
    code = networks.encode(style, 1.0)
    seconds = timed(lambda: networks._encode(style, 1.0), **TIMES)
    figures = [
        Figure(f"{quality}: style code", milliseconds(seconds), "about 15 ms", f"of a style picture of {STYLE_SIDE}²")
    ]
    side = SIDES[0]
    looked = (smooth_noise(0, side), code, [style], 1.0, np.ones(1), lambda share: None)
    seconds = timed(lambda: networks.correct(*looked), n_times=5, n_warm=1)
    told = f"{correcting.N_STEPS} steps; as long for every photo"
    figures.append(Figure(f"{quality}: second look", milliseconds(seconds), "", told))
    for side in SIDES:
        photo = smooth_noise(0, side)
        times = TIMES if side <= 1024 else TIMES_OF_LARGE
        seconds = timed(lambda photo=photo: networks.paint(networks._read(photo), code), **times)
        n_products = sum(
            count_products(run, shape)
            for run, shape in (
                (networks._run_content, [(1, side, side, 3)]),
                (networks._run_decoder, [(1, side // 4, side // 4, networks.architecture.width), code.shape]),
            )
        )
        rate = 2 * n_products / median(seconds)
        told = f"{2 * n_products / 1e9:.1f} GFLOP; {rate / 1e12:.2f} TFLOP/s, {rate / peak:.0%} of convolutions alone"
        figures.append(Figure(f"{quality}, {side}², code remembered", milliseconds(seconds), "", told))
    return figures


def prepare_peak() -> tuple[int, Callable]:
    """Multiplications of a chain of convolutions, and a function that does them."""
    dtype = {"mixed_bfloat16": "bfloat16", "mixed_float16": "float16"}.get(gradients.choose_precision(), "float32")
    rng = np.random.default_rng(0)
    shape = (3, 3, PEAK_CHANNELS, PEAK_CHANNELS)
    kernels = [ops.convert_to_tensor(rng.normal(0, 0.02, shape), dtype) for _ in range(PEAK_LAYERS)]
    picture = ops.convert_to_tensor(rng.normal(size=(1, PEAK_SIDE, PEAK_SIDE, PEAK_CHANNELS)), dtype)

    @gradients.compile_step
    def convolve(x):
        for kernel in kernels:
            x = ops.conv(x, kernel, padding="same")
        return x

    return PEAK_LAYERS * 9 * (PEAK_SIDE * PEAK_CHANNELS) ** 2, lambda: gradients.as_array(convolve(picture)[0, 0, 0])


def count_products(compiled, shapes) -> int:
    """Multiplications in the convolutions of a network that was compiled for pictures; all else is little."""
    convolutions = [one for one in compiled._fix(shapes).graph.get_operations() if one.type == "Conv2D"]
    return sum(prod(one.inputs[1].shape[:3]) * prod(one.outputs[0].shape) for one in convolutions)
