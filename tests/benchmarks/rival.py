"""Our engine against Magenta's TFLite pair at the same size, turn by turn in one process, so that noise hits both."""

import os
import time
from collections.abc import Callable
from itertools import count
from pathlib import Path
from statistics import median

import numpy as np
from ai_edge_litert.interpreter import Interpreter

from tests.benchmarks.engine import STYLE_SIDE, smooth_noise
from tests.benchmarks.tables import Figure, milliseconds
from tests.sources import ROOT
from tfapp import engines
from tfapp.engines.base import Inputs

FOLDER = ROOT.parent / "shared" / "data" / "magenta-int8"
N_TURNS, N_A_TURN, N_WARM = 6, 5, 2
CODE_SIZE = 100
AIMS = {"fine": "at most 0.4", "swift": "at most 0.2"}


def measure(argument: str) -> list[Figure]:
    """Medians of all and the ratios of the medians, style code included, of photos and styles not seen before."""
    side = int(argument)
    predict, transfer = (open_network(FOLDER / f"{name}.tflite") for name in ("predict", "transfer"))
    engine = engines.load("adain")
    contents = (smooth_noise(seed, side) for seed in count(1))
    styles = (smooth_noise(seed, STYLE_SIDE) for seed in count(1))
    ours, theirs = {quality: [] for quality in AIMS}, []
    for _ in range(N_TURNS):
        for quality, seconds in ours.items():
            asked = (Inputs(next(contents), (next(styles),), {"quality": quality}) for _ in range(N_WARM + N_A_TURN))
            seconds += timed(lambda asked=list(asked): engine.render(asked.pop(), lambda share: None))
        theirs += timed(lambda: run(transfer, next(contents), run(predict, next(styles))))

    how = f"median of {len(theirs)}, {N_TURNS} turns of {N_A_TURN} with the rival"
    rival = Figure(f"Magenta int8 (TFLite), {side}²", milliseconds(theirs), "", f"{os.cpu_count()} threads")
    figures = []
    for quality, seconds in ours.items():
        ratio = f"{median(seconds) / median(theirs):.2f}"
        figures += [
            Figure(f"adain {quality}, {side}², style code included", milliseconds(seconds), "", how),
            Figure(f"adain {quality}: share of the rival's time", ratio, AIMS[quality], "ratio of the medians"),
        ]
    return [rival, *figures]


def timed(paint: Callable) -> list[float]:
    """Seconds of each painting of one turn, but the first two: threads must find their cores again."""
    seconds = []
    for _ in range(N_WARM + N_A_TURN):
        started = time.perf_counter()
        paint()
        seconds.append(time.perf_counter() - started)
    return seconds[N_WARM:]


def open_network(path: Path) -> Interpreter:
    network = Interpreter(str(path), num_threads=os.cpu_count())
    network.allocate_tensors()
    return network


def run(network: Interpreter, picture: np.ndarray, code: np.ndarray | None = None) -> np.ndarray:
    for detail in network.get_input_details():
        network.set_tensor(detail["index"], code if detail["shape"][-1] == CODE_SIZE else picture[None])
    network.invoke()
    return network.get_tensor(network.get_output_details()[0]["index"])
