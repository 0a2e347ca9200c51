"""Our own networks: any style, any size, one or several mixed. Loads weights only; the architecture is ours."""

import logging
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
from django.utils.translation import gettext_noop

from tfapp.engines import colour, descent, mixing, pictures, posters
from tfapp.engines.base import EngineError, Inputs, Progress
from tfapp.engines.style_networks import STYLE_SIDE, StyleNetworks
from trainer import checkpoints, gradients
from trainer.networks import pixels

NOT_LOADED = gettext_noop("The painter's weights are missing or damaged.")

FINE, SWIFT = "fine", "swift"  # qualities; what is not in a checkpoint of its own is painted by the other
LOOK_SHARE = 0.8  # of the progress of a second look; of a poster's, in which the painting takes longer:
LOOK_SHARE_OF_POSTER = 0.2
FADE = 0.2  # under this strength the photo itself shows through, and at 0 it is all there is
MOST_PIXELS, MOST_PIXELS_ON_GPU = 1_500_000, 16_000_000  # in one piece: the first take a worker 1.2 GB
N_TOGETHER, N_TOGETHER_ON_GPU = 1, 8  # two cores gain nothing; for a GPU see docs/decisions/0034
N_WARM = 2  # renderings before a measurement, to compile

log = logging.getLogger(__name__)


class AdainEngine:
    """Arbitrary style transfer. One instance may be used by several threads."""

    alike = ("quality", "second_look")  # who wants no second look does not wait for those of others

    def load(self, source: str) -> None:
        """Load a checkpoint folder (config.json, model.weights.h5), and that in its `swift/`, if any. EngineError."""
        folders = {FINE: Path(source), SWIFT: Path(source) / SWIFT}
        try:
            self._networks = {
                quality: StyleNetworks(folder)
                for quality, folder in folders.items()
                if quality == FINE or (folder / checkpoints.CONFIG).exists()
            }
        except (OSError, ValueError, TypeError) as error:
            log.warning("The checkpoint %s cannot be loaded: %s", source, error)
            raise EngineError(NOT_LOADED) from error

        has_gpu = gradients.peak_device_memory() is not None
        self.most_pixels = MOST_PIXELS_ON_GPU if has_gpu else MOST_PIXELS
        self.n_together = N_TOGETHER_ON_GPU if has_gpu else N_TOGETHER
        self._beside = ThreadPoolExecutor(thread_name_prefix="content")
        grey = np.full((64, 64, 3), 0.5, "float32")
        for quality in self._networks:
            self.render(Inputs(grey, (grey,), {"quality": quality}), lambda share: None)

    def render(self, inputs: Inputs, progress: Progress) -> np.ndarray:
        """The content, at its own size, painted in a mixture of the styles. Raises EngineError."""
        content, styles = pictures.photo_and_styles(inputs)
        mix = mixing.read(inputs, n_styles=len(styles), size=content.shape[:2])
        networks = self._choose(inputs)
        progress(0.0)

        # The style encoder has much that only one core can do: the other looks at the photo meanwhile.
        reading = self._beside.submit(networks.read, content)
        try:
            codes = _mix_codes(networks, content, styles, mix, lambda share: progress(LOOK_SHARE * share))
        finally:
            read = reading.result()  # whatever happens, nothing goes on beside the next job
        progress(LOOK_SHARE if mix.second_look else 0.1)

        picture = pictures.finished(networks.paint(read, codes, mix.masks))
        progress(0.9)
        edges = colour.find_edges(content) if mix.sharpness else None
        picture = _finish(picture, content, mix, edges)
        progress(1.0)
        return picture

    def render_together(self, inputs: Sequence[Inputs], progress: Progress) -> list[np.ndarray]:
        """The same for contents of one size and quality, without masks, in fewer runs. Raises EngineError."""
        networks = self._choose(inputs[0])
        contents, codes, mixes, n = [], [], [], len(inputs)

        def tell(share):
            progress(0.5 * share)

        for one in inputs:
            _tell_part(tell, len(contents), n, 0.0)
            content, styles = pictures.photo_and_styles(one)
            mix = mixing.read(one, n_styles=len(styles), size=content.shape[:2])
            codes.append(_mix_codes(networks, content, styles, mix, partial(_tell_part, tell, len(contents), n)))
            contents.append(content)
            mixes.append(mix)
        progress(0.5)

        finished = []
        painted = networks.paint_together(contents, np.concatenate(codes))
        for picture, content, mix in zip(painted, contents, mixes, strict=True):
            edges = colour.find_edges(content) if mix.sharpness else None
            finished.append(_finish(pictures.finished(picture), content, mix, edges))
            progress(0.5 + 0.5 * len(finished) / len(inputs))
        return finished

    def render_rows(self, inputs: Inputs, progress: Progress, folder: Path) -> Iterator[np.ndarray]:
        """The same, a few rows at a time, for a content of any size. Raises EngineError; OSError on a full disk."""
        content, styles = posters.photo_and_styles(inputs)
        mix = mixing.read(inputs, n_styles=len(styles), size=None)
        networks = self._choose(inputs)
        progress(0.0)

        small = posters.reduce(content, MOST_PIXELS)
        before = LOOK_SHARE_OF_POSTER if mix.second_look else 0.0
        codes = _mix_codes(networks, small, styles, mix, lambda share: progress(before * share))
        soft = colour.soften(small) if mix.sharpness else None

        def paints(share):
            progress(before + (1 - before) * share)

        for top, painted in posters.paint(networks, content, codes, mix.masks, folder=folder, progress=paints):
            bottom = top + len(painted)
            edges = posters.find_edges(content, soft, top, bottom) if mix.sharpness else None
            yield _finish(pictures.finished(painted), content[top:bottom], mix, edges)

    def _choose(self, inputs):
        return self._networks.get(inputs.parameters.get("quality", FINE), self._networks[FINE])


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


def _mix_codes(networks, content, styles, mix, tell):
    """A code (k, n) for each region. Between two codes lies a style between two styles."""
    if mix.colours == mixing.STATISTICS:
        styles = [colour.match_statistics(style, content) for style in styles]
    codes = mix.weights @ np.concatenate([networks.encode(style, mix.style_scale) for style in styles])
    if mix.second_look:
        codes = _correct_codes(networks, content, styles, mix, codes, tell)
    if mix.strength != 1:
        own = networks.encode(content, 1.0)
        codes = own + mix.strength * (codes - own)
    return codes


def _correct_codes(networks, content, styles, mix, codes, tell):
    """Each region's as if the whole photo were painted with it: its corrections are those of style and photo."""
    corrected = []
    for code, shares in zip(codes, mix.weights, strict=True):
        used = [i for i, share in enumerate(shares) if share]
        some = [styles[i] for i in used]
        tell_one = partial(_tell_part, tell, len(corrected), len(codes))
        try:
            corrected.append(networks.correct(content, code[None], some, mix.style_scale, shares[used], tell_one))
        except descent.NotANumber as error:
            raise EngineError(pictures.NOT_PAINTED) from error
    return np.concatenate(corrected)


def _tell_part(tell, before, n, share):
    """The share of the whole, where so many of n parts were done before."""
    tell((before + share) / n)


def _finish(picture, content, mix, edges):
    """What needs no network: the photo under a weak style, its colours, its edges. Of some rows as of the whole."""
    if mix.strength < FADE:
        share = mix.strength / FADE
        picture = share * picture + (1 - share) * content
    if mix.colours == mixing.LIGHT:
        picture = colour.keep_colours(picture, content)
    if mix.sharpness:
        picture = colour.sharpen(picture, edges, mix.sharpness)
    return picture
