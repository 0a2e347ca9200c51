"""The painter's pictures one by one against two, four and eight at once, in turns in one process."""

import time
from statistics import median

import numpy as np

from tests.benchmarks.engine import STYLE_SIDE, smooth_noise
from tests.benchmarks.tables import Figure, milliseconds, timed
from tfapp import engines
from tfapp.engines.base import Inputs

BATCHES = (1, 2, 4, 8)
N_TURNS, N_TIMES, N_WARM = 5, 2, 2


def measure(argument: str) -> list[Figure]:
    """Time a picture in a batch of each size, the style's code remembered. Processor time minds no neighbours."""
    side = int(argument)
    engine = engines.load("adain")
    style = smooth_noise(1, STYLE_SIDE)
    seconds: dict[int, list[float]] = {n: [] for n in BATCHES}
    processor: dict[int, list[float]] = {n: [] for n in BATCHES}
    for turn in range(N_TURNS + 1):
        photos = [smooth_noise(turn * max(BATCHES) + i, side) for i in range(max(BATCHES))]
        for n in BATCHES:
            # Other photos each time, for the features of one would be remembered.
            rolled = [[np.roll(photo, 8 * k, 0) for photo in photos[:n]] for k in range(N_TIMES + N_WARM)]
            work = [[Inputs(photo, (style,)) for photo in some] for some in rolled]
            before = time.process_time()
            times = timed(lambda work=work: paint(engine, work.pop()), n_times=N_TIMES, n_warm=N_WARM)
            if turn:  # the first one compiles
                seconds[n] += [second / n for second in times]
                processor[n].append((time.process_time() - before) / (N_TIMES + N_WARM) / n)

    figures = []
    for n in BATCHES:
        note = f"{share(seconds, n)} of the time alone, median of {len(seconds[n])}; processor time "
        note += f"{milliseconds(processor[n])}, {share(processor, n)} of that alone"
        figures.append(Figure(f"adain, {side}², {n} at once: a picture", milliseconds(seconds[n]), "", note))
    return figures


def share(times: dict[int, list[float]], n: int) -> str:
    return f"{median(times[n]) / median(times[1]):.2f}"


def paint(engine, inputs: list[Inputs]) -> None:
    if len(inputs) == 1:
        engine.render(inputs[0], lambda share: None)
    else:
        engine.render_together(inputs, lambda share: None)
