"""The adain engine at one size, alone in its process."""

import time
from statistics import median

import numpy as np

from tests.benchmarks.tables import Figure, megabytes, milliseconds, peak_memory
from tfapp import engines
from tfapp.engines.base import Inputs

AIMS = {512: "about 100 ms", 1024: "about 420 ms"}
N_TIMES = 11
STYLE_SIDE = 256


def smooth_noise(seed: int, side: int) -> np.ndarray:
    """A picture that no cache has seen, smooth enough to be a photo."""
    blocks = np.random.default_rng(seed).random((side // 8, side // 8, 3), "float32")
    return np.kron(blocks, np.ones((8, 8, 1), "float32"))


def measure(argument: str) -> list[Figure]:
    """Median time with the style code and without, and peak memory."""
    side = int(argument)
    engine = engines.load("adain")
    whole, apart, code = [], [], []
    for round_number in range(N_TIMES + 3):
        content, other = (smooth_noise(2 * round_number + i, side) for i in range(2))
        style = smooth_noise(round_number + 1, STYLE_SIDE)
        times = [time.perf_counter()]
        engine.render(Inputs(content, (style,)), lambda share: None)
        times.append(time.perf_counter())
        engine.render(Inputs(other, (style,)), lambda share: None)  # the code is remembered now
        times.append(time.perf_counter())
        if round_number >= 3:  # the first ones compile
            whole.append(times[1] - times[0])
            apart.append(times[2] - times[1])
            code.append(whole[-1] - apart[-1])

    how = f"median of {N_TIMES}; picture alone {milliseconds(apart)}, style code {1000 * max(0, median(code)):.0f} ms"
    return [
        Figure(f"adain, {side}², style code included", milliseconds(whole), AIMS.get(side, ""), how),
        Figure(f"adain, {side}², peak memory", megabytes(peak_memory()), "", "of a worker that does this only"),
    ]
