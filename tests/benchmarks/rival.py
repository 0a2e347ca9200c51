"""Our engine against Magenta's TFLite pair at the same size, turn by turn in one process, so that noise hits both."""

import os
from collections.abc import Iterator
from itertools import count, islice
from pathlib import Path
from statistics import median

import numpy as np
from ai_edge_litert.interpreter import Interpreter

from tests.benchmarks.engine import STYLE_SIDE, smooth_noise
from tests.benchmarks.tables import N_TIMES, N_WARM, Figure, milliseconds, timed
from tests.sources import ROOT
from tfapp import engines
from tfapp.engines.base import Engine, Inputs

FOLDER = ROOT.parent / "shared" / "data" / "magenta-int8"
N_TURNS = 6
CODE_SIZE = 100
AIMS = {"fine": "at most 0.4", "swift": "at most 0.2"}


def measure(argument: str) -> list[Figure]:
    """Medians of all and the ratios of the medians, style code included, of photos and styles not seen before."""
    side = int(argument)
    predict, transfer = (open_network(FOLDER / f"{name}.tflite") for name in ("predict", "transfer"))
    engine = engines.load("adain")
    seeds = count(1)
    ours, theirs = {quality: [] for quality in AIMS}, []
    for _ in range(N_TURNS):
        for quality, seconds in ours.items():
            pairs = draw_pairs(seeds, side)
            seconds += timed(lambda pairs=pairs, quality=quality: render(engine, *pairs.pop(), quality))
        pairs = draw_pairs(seeds, side)
        theirs += timed(lambda pairs=pairs: run_both(predict, transfer, *pairs.pop()))

    how = f"median of {len(theirs)}, {N_TURNS} turns of {N_TIMES} with the rival"
    rival = Figure(f"Magenta int8 (TFLite), {side}²", milliseconds(theirs), "", f"{os.cpu_count()} threads")
    figures = []
    for quality, seconds in ours.items():
        ratio = f"{median(seconds) / median(theirs):.2f}"
        figures += [
            Figure(f"adain {quality}, {side}², style code included", milliseconds(seconds), "", how),
            Figure(f"adain {quality}: share of the rival's time", ratio, AIMS[quality], "ratio of the medians"),
        ]
    return [rival, *figures]


def draw_pairs(seeds: Iterator[int], side: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Photos and style pictures for one turn, drawn before its clock runs."""
    return [(smooth_noise(seed, side), smooth_noise(seed, STYLE_SIDE)) for seed in islice(seeds, N_WARM + N_TIMES)]


def render(engine: Engine, photo: np.ndarray, style: np.ndarray, quality: str) -> np.ndarray:
    return engine.render(Inputs(photo, (style,), {"quality": quality}), lambda share: None)


def run_both(predict: Interpreter, transfer: Interpreter, photo: np.ndarray, style: np.ndarray) -> np.ndarray:
    return run(transfer, photo, run(predict, style))


def open_network(path: Path) -> Interpreter:
    network = Interpreter(str(path), num_threads=os.cpu_count())
    network.allocate_tensors()
    return network


def run(network: Interpreter, picture: np.ndarray, code: np.ndarray | None = None) -> np.ndarray:
    for detail in network.get_input_details():
        network.set_tensor(detail["index"], code if detail["shape"][-1] == CODE_SIZE else picture[None])
    network.invoke()
    return network.get_tensor(network.get_output_details()[0]["index"])
