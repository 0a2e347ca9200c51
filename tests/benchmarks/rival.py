"""Our engine against its rivals at one size, turn by turn in one process, so that noise hits all of them.

Magenta's TFLite pair, and in PyTorch float32 AdaIN with VGG-19 and MicroAST.
"""

import os
from collections.abc import Callable, Iterator
from functools import partial
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

try:
    from tests.benchmarks import painters_in_torch
except ImportError:  # PyTorch is no requirement of ours
    painters_in_torch = None

FOLDER = ROOT.parent / "shared" / "data" / "magenta-int8"
CODE_SIZE = 100
MAGENTA = "Magenta int8 (TFLite)"
QUALITIES = ("fine", "swift")
SHARES = {("fine", 384): "at most 0.5", ("swift", 384): "at most 0.2"}  # of Magenta's time
TIMES = {("swift", 512): "about 60 ms", ("swift", 1024): "about 280 ms", ("fine", 512): "about 150 ms"}
N_TURNS, FEWER_TURNS = {384: 6, 512: 3}, 2  # by side: the larger, the longer a bench
QUICK = 0.5  # seconds: who takes longer paints once a turn
LARGEST = {"AdaIN": 1024}  # sides; what is larger would take a rival a minute

Painter = Callable[[np.ndarray, np.ndarray], np.ndarray]  # (photo, style picture) → picture


def measure(argument: str) -> list[Figure]:
    """Medians of all and the ratios of the medians, style code included, of photos and styles not seen before."""
    side = int(argument)
    engine = engines.load("adain")
    ours = {quality: partial(render, engine, quality=quality) for quality in QUALITIES}
    rivals, absent = find_rivals(side)
    seconds = paint_in_turns(ours | rivals, side)

    figures = []
    for name in rivals:
        shares = ", ".join(f"{quality} {ratio(seconds, quality, name)}" for quality in QUALITIES)
        how = f"median of {len(seconds[name])}, {os.cpu_count()} threads; ours take of it: {shares}"
        figures.append(Figure(f"{name}, {side}²", milliseconds(seconds[name]), "", how))
    figures += [Figure(f"{name}, {side}²", "not measured", "", reason) for name, reason in absent.items()]
    for quality in QUALITIES:
        how = f"median of {len(seconds[quality])}, in turns with the rivals"
        name, aim = f"adain {quality}, {side}², style code included", TIMES.get((quality, side), "")
        figures.append(Figure(name, milliseconds(seconds[quality]), aim, how))
        if MAGENTA in rivals:
            share, aim = ratio(seconds, quality, MAGENTA), SHARES.get((quality, side), "")
            figures.append(Figure(f"adain {quality}: share of Magenta's time", share, aim, "ratio of the medians"))
    return figures


def ratio(seconds: dict[str, list[float]], ours: str, theirs: str) -> str:
    return f"{median(seconds[ours]) / median(seconds[theirs]):.2f}"


def find_rivals(side: int) -> tuple[dict[str, Painter], dict[str, str]]:
    """Who can be asked for a picture of this size, and who cannot, with the reason."""
    rivals, absent = {}, {}
    if not FOLDER.is_dir():
        absent[MAGENTA] = "needs ../shared/data/magenta-int8"
    else:
        own = try_size(FOLDER / "transfer.tflite", side)
        if own == side:
            rivals[MAGENTA] = partial(run_both, *open_magenta())
        else:
            absent[MAGENTA] = f"sizes are fixed in its file: given a photo of {side}², it answers with {own}²"
    if painters_in_torch is None:
        return rivals, absent | {"AdaIN with VGG-19, MicroAST": "needs pip install torch==2.13.0"}
    for name, paint in painters_in_torch.build_all().items():
        if side <= LARGEST.get(name.split()[0], side):
            rivals[name] = paint
    return rivals, absent


def paint_in_turns(painters: dict[str, Painter], side: int) -> dict[str, list[float]]:
    """Seconds of each picture. Who is slow paints one a turn, for a bench must end."""
    seeds = count(1)
    seconds = {}
    for name, paint in painters.items():
        n_warm = N_WARM if name in QUALITIES else int(side < 1024)  # ours compile a size that comes again
        seconds[name] = time_turn(paint, seeds, side, n_times=1, n_warm=n_warm)
    is_quick = {name: first < QUICK for name, (first,) in seconds.items()}
    for _ in range(N_TURNS.get(side, FEWER_TURNS)):
        for name, paint in painters.items():
            turn = {"n_times": N_TIMES, "n_warm": N_WARM} if is_quick[name] else {"n_times": 1, "n_warm": 0}
            seconds[name] += time_turn(paint, seeds, side, **turn)
    return seconds


def time_turn(paint: Painter, seeds: Iterator[int], side: int, *, n_times: int, n_warm: int) -> list[float]:
    """Pictures of pairs that are drawn before the clock runs."""
    pairs = [(smooth_noise(seed, side), smooth_noise(seed, STYLE_SIDE)) for seed in islice(seeds, n_warm + n_times)]
    return timed(lambda: paint(*pairs.pop()), n_times=n_times, n_warm=n_warm)


def render(engine: Engine, photo: np.ndarray, style: np.ndarray, **parameters) -> np.ndarray:
    return engine.render(Inputs(photo, (style,), parameters), lambda share: None)


def run_both(predict: Interpreter, transfer: Interpreter, photo: np.ndarray, style: np.ndarray) -> np.ndarray:
    return run(transfer, photo, run(predict, style))[0]


def open_magenta() -> list[Interpreter]:
    """What predicts a style's code, and what paints in it at 384²."""
    networks = [open_network(FOLDER / f"{name}.tflite") for name in ("predict", "transfer")]
    for network in networks:
        network.allocate_tensors()
    return networks


def open_network(path: Path) -> Interpreter:
    return Interpreter(str(path), num_threads=os.cpu_count())


def try_size(path: Path, side: int) -> int:
    """The side of the picture that a network makes of a photo of this side, where it takes one at all."""
    network = open_network(path)
    photo = next(each for each in network.get_input_details() if each["shape"][-1] != CODE_SIZE)
    network.resize_tensor_input(photo["index"], (1, side, side, 3))
    network.allocate_tensors()
    return run(network, np.zeros((side, side, 3), "float32"), np.zeros((1, 1, 1, CODE_SIZE), "float32")).shape[1]


def run(network: Interpreter, picture: np.ndarray, code: np.ndarray | None = None) -> np.ndarray:
    for detail in network.get_input_details():
        network.set_tensor(detail["index"], code if detail["shape"][-1] == CODE_SIZE else picture[None])
    network.invoke()
    return network.get_tensor(network.get_output_details()[0]["index"])
