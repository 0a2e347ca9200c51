"""Pictures larger than memory: the same as in one piece, without a line where two bands meet."""

import subprocess
import sys

import numpy as np
import pytest

from tests.sources import ROOT
from tests.tfapp.engines.test_adain import SHIPPED, draw_photo, draw_style
from tfapp.engines import adain as engine_module
from tfapp.engines import posters
from tfapp.engines.base import EngineError, Inputs
from tfapp.engines.style_networks import smooth
from trainer.networks import streaming

BAND_BYTES = 2 * 2**20


@pytest.fixture(scope="module")
def engine():
    engine = engine_module.AdainEngine()
    engine.load(str(SHIPPED))
    return engine


@pytest.fixture
def in_bands(engine, tmp_path, monkeypatch):
    """Paint a photo in bands; a list of them."""

    def paint(content, style, *, band_bytes=BAND_BYTES, progress=lambda share: None, **parameters):
        monkeypatch.setattr(streaming, "BAND_BYTES", band_bytes)
        return list(engine.render_rows(Inputs(content, (style,), parameters), progress, tmp_path))

    return paint


def in_one_piece(engine, content, style, **parameters):
    return engine.render(Inputs(content, (style,), parameters), lambda share: None)


def differences_of_rows(picture, other) -> np.ndarray:
    return 255 * np.abs(picture - other).mean((1, 2))


@pytest.mark.parametrize(
    "parameters",
    [{}, {"strength": 0.6, "keep_colours": True}, {"strength": 0.1}, {"sharpness": 0.8}, {"quality": "swift"}],
    ids=str,
)
@pytest.mark.parametrize("size", [(301, 403), (97, 640)])
def test_no_seam_can_be_measured(engine, in_bands, parameters, size):
    content, style = draw_photo(0, *size), draw_style(2)

    bands = in_bands(content, style, **parameters)
    differences = differences_of_rows(np.concatenate(bands), in_one_piece(engine, content, style, **parameters))

    borders = np.cumsum([len(band) for band in bands])[:-1]
    assert len(borders) >= 2
    assert differences.mean() < 0.5  # of 255; two are allowed
    beside = np.concatenate([differences[at - 1 : at + 1] for at in borders])
    assert beside.mean() < 1.25 * differences.mean()
    assert beside.max() < 1.25 * np.sort(differences)[-10:].mean()


@pytest.mark.parametrize("cuts", [(), (1,), (1, 2, 3), (4,), (2, 7, 8), (11,)])
def test_rows_are_smoothed_as_the_whole_is(cuts):
    picture = np.random.default_rng(0).random((12, 9, 3), "float32")
    bands = np.split(picture, cuts)

    found = list(posters._smooth(bands, smooth))

    assert [top for top, _ in found] == list(np.cumsum([0, *(len(rows) for _, rows in found)])[:-1])
    np.testing.assert_allclose(np.concatenate([rows for _, rows in found]), smooth(picture), atol=1e-6)


def test_a_poster_of_one_row_is_smoothed_along_it():
    row = np.random.default_rng(0).random((1, 9, 3), "float32")

    ((top, rows),) = posters._smooth([row], smooth)

    assert top == 0
    np.testing.assert_allclose(rows, smooth(row), atol=1e-6)


def test_masks_of_a_poster_may_be_smaller(engine, tmp_path):
    content, styles = draw_photo(0, 200, 260), (draw_style(0), draw_style(2))
    mask = np.zeros((200, 260, 1), "float32")
    mask[:, 130:] = 1
    mixed = {"weights": [[1, 0], [0, 1]]}
    whole = engine.render(Inputs(content, styles, mixed, masks=mask), lambda share: None)

    inputs = Inputs(content, styles, mixed, masks=mask[::2, ::2])
    rows = np.concatenate(list(engine.render_rows(inputs, lambda share: None, tmp_path)))

    assert differences_of_rows(rows, whole).mean() < 2


def test_other_bands_make_the_same_picture(in_bands):
    content, style = draw_photo(1, 160, 201), draw_style(0)

    low, high = (np.concatenate(in_bands(content, style, band_bytes=n)) for n in (10**6, 10**8))

    assert differences_of_rows(low, high).mean() < 0.5


def test_nothing_but_rows_is_asked_of_the_photo(engine, in_bands):
    class Rows:
        def __init__(self, photo):
            self.photo, self.shape, self.most = photo, photo.shape, 0

        def __getitem__(self, rows):
            self.most = max(self.most, rows.stop - rows.start)
            return self.photo[rows]

    content = Rows(draw_photo(2, 600, 150))

    bands = in_bands(content, draw_style(1), strength=0.7)

    assert np.concatenate(bands).shape == (600, 150, 3)
    assert content.most <= posters.ROWS_AT_ONCE


def test_a_reduced_photo_is_the_mean_of_squares():
    photo = draw_photo(0, 205, 411)

    small = posters.reduce(photo, 5500)

    assert small.shape == (51, 102, 3)
    np.testing.assert_allclose(small[3, 5], photo[12:16, 20:24].mean((0, 1)), rtol=1e-5)


@pytest.mark.parametrize(("height", "width"), [(1535, 16_000), (16_000, 1400), (3000, 4000)])
def test_a_photo_of_any_shape_is_small_when_it_is_reduced(height, width):
    class Grey:
        shape = (height, width, 3)

        def __getitem__(self, rows):
            return np.full((rows.stop - rows.start, width, 3), 0.5, "float32")

    small = posters.reduce(Grey(), 1_500_000)

    assert 700_000 < small.shape[0] * small.shape[1] <= 1_500_000
    assert small.min() == small.max() == 0.5


def test_progress_rises_and_stops_the_work(in_bands):
    content, style, told = draw_photo(0, 256, 256), draw_style(0), []

    in_bands(content, style, progress=told.append)

    assert told == sorted(told) and told[0] == 0 and told[-1] == pytest.approx(1)
    assert len(told) > 40

    def stop(share):
        if share > 0.5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        in_bands(content, style, progress=stop)


@pytest.mark.parametrize(
    "inputs",
    [Inputs(None, (draw_style(0),)), Inputs(draw_photo(0), ()), Inputs(draw_photo(0)[..., 0], (draw_style(0),))],
    ids=["no photo", "no style", "grey"],
)
def test_bad_input_is_an_error_with_a_sentence(engine, tmp_path, inputs):
    with pytest.raises(EngineError, match=r"\.$"):
        list(engine.render_rows(inputs, lambda share: None, tmp_path))


SCRIPT = """
import sys, numpy as np, django; django.setup()
from pathlib import Path
from tests.benchmarks.tables import peak_memory
from tests.tfapp.engines.test_posters import SHIPPED
from tfapp.engines.adain import AdainEngine
from tfapp.engines.base import Inputs
from trainer.networks import streaming

streaming.BAND_BYTES, (width, height) = 16 * 2**20, map(int, sys.argv[2:])

class Photo:
    shape = (height, width, 3)
    def __getitem__(self, rows):
        y, x = np.mgrid[rows.start : rows.stop, :width].astype("float32")
        return np.stack([0.5 + 0.5 * np.sin(x / 40), 0.5 + 0.5 * np.cos(y / 50), x / width], -1)

engine = AdainEngine(); engine.load(str(SHIPPED)); before = peak_memory()
inputs = Inputs(Photo(), (np.full((400, 400, 3), 0.5, "float32"),))
for rows in engine.render_rows(inputs, lambda share: None, Path(sys.argv[1])):
    pass
print((peak_memory() - before) // 2**20)
"""


def test_memory_does_not_grow_with_the_picture(tmp_path):
    grown = []
    for size in ("1000", "750"), ("3000", "1000"):
        command = [sys.executable, "-c", SCRIPT, str(tmp_path), *size]
        told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600)
        grown.append(int(told.stdout.splitlines()[-1]))

    assert max(grown) < 200  # megabytes; in one piece the second takes 600
    assert grown[1] < grown[0] + 80
