"""Pictures a second and the time of a large one on a GPU, where TensorFlow sees one; named with device and day."""

from datetime import date
from statistics import median

import numpy as np
import tensorflow as tf

from tests.benchmarks.engine import STYLE_SIDE, smooth_noise
from tests.benchmarks.rival import QUALITIES
from tests.benchmarks.tables import Figure, milliseconds, timed
from tfapp import engines
from tfapp.engines.base import Engine, Inputs

SIDE = 512
TIMES = {"n_times": 21, "n_warm": 5}


def measure(argument: str) -> list[Figure]:
    """At 512², and at so many pixels across and down."""
    found = tf.config.list_physical_devices("GPU")
    if not found:
        return [Figure("on a GPU", "not measured", "", "TensorFlow sees none here")]
    where = f"{date.today()}, {tf.config.experimental.get_device_details(found[0]).get('device_name', 'GPU')}"
    width, height = map(int, argument.split("x"))
    small, large = smooth_noise(0, SIDE), smooth_noise(0, max(width, height))[:height, :width]
    engine, figures = engines.load("adain"), []
    for quality in QUALITIES:
        for n in sorted({1, getattr(engine, "n_together", 1)}):
            rate = f"{n / median(paint(engine, small, quality, n)):.0f} a second"
            figures.append(Figure(f"adain {quality}, {SIDE}², on a GPU, {n} at once", rate, "", where))
        seconds = milliseconds(paint(engine, large, quality, 1))
        figures.append(Figure(f"adain {quality}, {width}×{height}, on a GPU", seconds, "", where))
    return figures


def paint(engine: Engine, photo: np.ndarray, quality: str, n: int) -> list[float]:
    """Seconds of n pictures at once, style codes included, each in a style and of a photo not seen before."""
    n_pairs = n * sum(TIMES.values())
    styles = iter([smooth_noise(seed, STYLE_SIDE) for seed in range(n_pairs)])
    shades = iter(np.linspace(0.9, 1, n_pairs, dtype="float32"))

    def paint_once():
        inputs = [Inputs(next(shades) * photo, (next(styles),), {"quality": quality}) for _ in range(n)]
        if n == 1:
            return engine.render(inputs[0], lambda share: None)
        return engine.render_together(inputs, lambda share: None)

    return timed(paint_once, **TIMES)
