"""Our own network: any style, any size. Loads weights only; the architecture comes from `trainer.networks`."""

import logging
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from django.utils.translation import gettext_noop

from tfapp.engines import colour, pictures, posters
from tfapp.engines.base import EngineError, Inputs, Progress
from trainer import checkpoints, gradients
from trainer.networks import adain, pixels
from trainer.networks.architectures import AdaINArchitecture

NOT_LOADED = gettext_noop("The painter's weights are missing or damaged.")

STYLE_SIDE = 384  # pixels of a style picture's shorter side: smaller, and its brush is too fine to be found again
STYLE_RATIO = 3  # a longer style picture is looked at in its middle
LEAST_SIDE = 16  # a smaller photo is made larger by mirroring, and cut again
FADE = 0.2  # under this strength the photo itself shows through, and at 0 it is all there is
MOST_PIXELS, MOST_PIXELS_ON_GPU = 1_500_000, 16_000_000  # in one piece: the first take a worker 1.2 GB
N_WARM = 2  # renderings before a measurement, to compile

log = logging.getLogger(__name__)


class AdainEngine:
    """Arbitrary style transfer. One instance may be used by several threads."""

    def load(self, source: str) -> None:
        """Load a checkpoint folder (config.json, model.weights.h5) and compile it. Raises EngineError."""
        try:
            config = checkpoints.read_config(source)
            architecture = AdaINArchitecture.from_config(config.get("architecture"))
            networks = adain.build_networks(architecture, gradients.choose_precision())
            checkpoints.load_weights(Path(source) / checkpoints.WEIGHTS, networks)
        except (OSError, ValueError, TypeError) as error:
            log.warning("The checkpoint %s cannot be loaded: %s", source, error)
            raise EngineError(NOT_LOADED) from error

        self.networks = networks
        self.most_pixels = MOST_PIXELS if gradients.peak_device_memory() is None else MOST_PIXELS_ON_GPU
        self._run_content, self._run_style, self._run_decoder = map(gradients.compile_for_pictures, networks.values())
        self._beside = ThreadPoolExecutor(thread_name_prefix="content")
        self.encode = pictures.Remembered(self._encode)
        grey = np.full((64, 64, 3), 0.5, "float32")
        self.render(Inputs(grey, (grey,)), lambda share: None)

    def render(self, inputs: Inputs, progress: Progress) -> np.ndarray:
        """The content, at its own size, painted in the mean of the styles. Raises EngineError."""
        content, styles = pictures.photo_and_styles(inputs)
        strength = pictures.strength(inputs)
        progress(0.0)

        # The style encoder has much that only one core can do: the other looks at the photo meanwhile.
        padded, inside = _fit_content(content)
        reading = self._beside.submit(self._run_content, padded[None])
        try:
            code = self._mix(styles, strength, content)
        finally:
            features = reading.result()  # whatever happens, nothing goes on beside the next job
        progress(0.1)

        painted = gradients.as_array(self._run_decoder(features, code))[0][inside]
        progress(0.9)

        picture = _finish(painted, content, inputs)
        progress(1.0)
        return picture

    def render_rows(self, inputs: Inputs, progress: Progress, folder: Path) -> Iterator[np.ndarray]:
        """The same, a few rows at a time, for a content of any size. Raises EngineError; OSError on a full disk."""
        content, styles = posters.photo_and_styles(inputs)
        strength = pictures.strength(inputs)
        progress(0.0)

        code = self._mix(styles, strength, posters.reduce(content, 2 * STYLE_SIDE) if strength < 1 else None)
        for top, painted in posters.paint(self.networks, content, code, folder=folder, progress=progress):
            yield _finish(painted, content[top : top + len(painted)], inputs)

    def _mix(self, styles, strength, content):
        """The code of the styles together, as near to the content's own as the strength says: (1, n) float32."""
        code = np.mean([self.encode(style) for style in styles], axis=0)
        return code if strength == 1 else strength * code + (1 - strength) * self.encode(content)

    def _encode(self, style):
        """The code of a style picture (h, w, 3): (1, n) float32."""
        return gradients.as_array(self._run_style(_fit_style(style)[None]))


def measure_seconds(engine: AdainEngine, side: int, n_times: int = 7) -> list[float]:
    """Seconds of each of several renderings of a side × side photo, the code of a new style picture included."""
    rng = np.random.default_rng(side)
    content = pixels.resize(rng.random((side // 8, side // 8, 3), "float32"), side, side)
    seconds = []
    for _ in range(N_WARM + n_times):
        style = pixels.resize(rng.random((32, 32, 3), "float32"), STYLE_SIDE, STYLE_SIDE)
        started = time.perf_counter()
        engine.render(Inputs(content, (style,)), lambda share: None)
        seconds.append(time.perf_counter() - started)
    return seconds[N_WARM:]


def _finish(painted, content, inputs):
    """What the network painted of a content, or of some rows of it, as was asked for."""
    picture, share = pictures.finished(painted), pictures.strength(inputs) / FADE
    if share < 1:
        picture = share * picture + (1 - share) * content
    return colour.keep_colours(picture, content) if inputs.parameters.get("keep_colours") else picture


def _fit_content(content):
    """The photo with mirrored edges, its sides such as the network can halve, and where the photo is in it."""
    height, width = (_round_up(max(side, LEAST_SIDE), adain.CONTENT_MULTIPLE) for side in content.shape[:2])
    return pictures.mirror_edges(content, height, width)


def _fit_style(style):
    """The style at the scale of its training, whole unless it is a ribbon, its sides multiples of 16."""
    height, width = style.shape[:2]
    longest = STYLE_RATIO * min(height, width)
    top, left = max(0, height - longest) // 2, max(0, width - longest) // 2
    style = style[top : top + longest, left : left + longest]

    scale = STYLE_SIDE / min(style.shape[:2])
    multiple = adain.STYLE_MULTIPLE
    height, width = (max(multiple, round(side * scale / multiple) * multiple) for side in style.shape[:2])
    return style if style.shape[:2] == (height, width) else pixels.resize(style, height, width)


def _round_up(side, multiple):
    return side + -side % multiple
