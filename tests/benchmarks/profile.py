"""Where the time of a picture goes: TensorFlow's own profiler, its operations added up by kind."""

import re
import tempfile
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from statistics import median

import tensorflow as tf
from tensorflow.tsl.profiler.protobuf import xplane_pb2

from tests.benchmarks.engine import STYLE_SIDE, smooth_noise
from tests.benchmarks.roofline import FOLDERS
from tests.benchmarks.tables import Figure, milliseconds, timed
from tfapp.engines.style_networks import StyleNetworks

CASES = (("fine", 384), ("fine", 1024), ("swift", 384))
N_WARM = 4
OPERATION = re.compile(r"([^:]+):(\w+)")  # an event of the profiler that is one: its name and its type
KINDS = (  # of operations, by their types; the first that fits
    ("convolutions", re.compile(r"Conv2D|MatMul")),  # with bias, and rectifier where it was fused
    ("normalisation", re.compile(r"BatchNorm")),  # with the rectifier, where it was fused
    ("padding and gathering", re.compile(r"Gather|Pad|Concat|Slice|Tile|Pack")),
    ("folding and unfolding", re.compile(r"SpaceToDepth|DepthToSpace|Resize|Transpose")),
    ("casts", re.compile(r"Cast")),
    ("sums and products", re.compile(r"Add|Sub|Mul|Relu")),
)
REST = "the rest"


def measure(argument: str) -> list[Figure]:
    """Shares of the time inside operations, over so many pictures with a remembered code, seen one by one."""
    figures = []
    for quality, side in CASES:
        networks = StyleNetworks(FOLDERS[quality])
        code, photo = networks.encode(smooth_noise(1, STYLE_SIDE), 1.0), smooth_noise(0, side)
        whole, operations = trace(lambda n=networks, p=photo, c=code: n.paint(n._read(p), c), int(argument))
        kinds = add_up(operations)
        inside = sum(kinds.values())
        (first, most), *others = sorted(kinds.items(), key=lambda kind: (kind[0] == REST, -kind[1]))
        told = ", ".join(f"{kind} {seconds / inside:.0%}" for kind, seconds in others)
        how = (
            f"{told}; of {1000 * inside:.0f} ms inside operations, {milliseconds(whole)} in all, medians of {argument}"
        )
        figures.append(Figure(f"{quality}, {side}²: {first}", f"{most / inside:.0%} of the time", "", how))
    return figures


def trace(work: Callable[[], object], n_times: int) -> tuple[list[float], dict[tuple[str, str], list[float]]]:
    """Seconds of the work, and of every operation in it by name and type, each time that it was done."""
    timed(work, n_times=1, n_warm=N_WARM)
    with tempfile.TemporaryDirectory(prefix="stylesite-bench-") as folder:
        with tf.profiler.experimental.Profile(folder):
            whole = timed(work, n_times=n_times, n_warm=0)
        space = xplane_pb2.XSpace.FromString(next(Path(folder).rglob("*.xplane.pb")).read_bytes())
    seconds = defaultdict(list)
    for plane in space.planes:
        for event in (event for line in plane.lines for event in line.events):
            found = OPERATION.fullmatch(plane.event_metadata[event.metadata_id].name)
            if found:
                seconds[found.groups()].append(event.duration_ps / 1e12)
    return whole, seconds


def add_up(seconds: dict[tuple[str, str], list[float]]) -> dict[str, float]:
    """Seconds by kind. The median of each operation counts, for a neighbour may take the processor in the middle."""
    kinds = defaultdict(float)
    for (_, type_of_operation), times in seconds.items():
        kind = next((kind for kind, types in KINDS if types.search(type_of_operation)), REST)
        kinds[kind] += median(times)
    return dict(kinds)
