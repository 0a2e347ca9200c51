"""The TFLite engine on pairs that the tests make, and on Magenta's own where it lies beside the project."""

from pathlib import Path

import numpy as np
import pytest

from tests.tfapp.engines import tiny
from tfapp.engines import tflite
from tfapp.engines.base import EngineError, Inputs

MAGENTA = Path(__file__).resolve().parents[4] / "shared" / "data" / "magenta-int8"
PHOTO, STYLE = tiny.picture(60, 90, seed=1), tiny.picture(120, 80, seed=2)


@pytest.fixture(scope="module")
def fixed(tmp_path_factory) -> tflite.TfliteEngine:
    """Its painter takes 96 × 96 pixels and no others."""
    return load(tiny.save_tflite_pair(tmp_path_factory.mktemp("fixed")))


@pytest.fixture(scope="module")
def free(tmp_path_factory) -> tflite.TfliteEngine:
    """Its painter takes any size."""
    return load(tiny.save_tflite_pair(tmp_path_factory.mktemp("free"), side=None))


def load(source: str) -> tflite.TfliteEngine:
    engine = tflite.TfliteEngine()
    engine.load(source)
    return engine


def render(engine, content=PHOTO, styles=(STYLE,), **parameters):
    return engine.render(Inputs(content, tuple(styles), parameters), lambda share: None)


def test_it_paints_the_photo_after_the_code_of_the_style(free):
    mean = STYLE[20:100].mean((0, 1))  # of the square in its middle

    np.testing.assert_allclose(render(free), 0.5 * PHOTO + 0.5 * mean, atol=0.01)


@pytest.mark.parametrize("shape", [(60, 90), (300, 40), (97, 96), (500, 400), (1, 1)])
def test_a_painter_of_one_size_neither_cuts_nor_squashes(fixed, shape):
    photo = tiny.picture(*shape, seed=3)
    mean = STYLE[20:100].mean((0, 1))

    picture = render(fixed, photo)

    assert picture.shape == photo.shape
    np.testing.assert_allclose(picture.mean((0, 1)), 0.5 * photo.mean((0, 1)) + 0.5 * mean, atol=0.02)
    if min(shape) > 1:  # each place keeps its colour
        assert np.corrcoef(picture.ravel(), photo.ravel())[0, 1] > 0.95


def test_strength_goes_from_the_photos_own_code_to_the_styles(free):
    own, half, full = (render(free, strength=value) for value in (0, 0.5, 1))

    np.testing.assert_allclose(own.mean((0, 1)), PHOTO[:, 15:75].mean((0, 1)) / 2 + PHOTO.mean((0, 1)) / 2, atol=0.01)
    np.testing.assert_allclose(half, (own + full) / 2, atol=1e-5)


def test_several_styles_are_mixed(free):
    other = tiny.picture(70, 70, seed=9)

    both = render(free, styles=[STYLE, other])

    np.testing.assert_allclose(both, (render(free) + render(free, styles=[other])) / 2, atol=1e-5)


def test_the_code_of_a_style_is_kept(free, monkeypatch):
    new = tiny.picture(64, 64, seed=77)
    first = render(free, styles=[new])

    monkeypatch.setattr(free._predict, "invoke", lambda: pytest.fail("The style was encoded again."))

    np.testing.assert_array_equal(render(free, styles=[new]), first)


def test_downloads_keep_their_names(tmp_path):
    names = ("magenta_int8_prediction_1", "magenta_int8_transfer_1")

    load(tiny.save_tflite_pair(tmp_path, names=names)).render(Inputs(PHOTO, (STYLE,)), lambda share: None)


@pytest.mark.parametrize("names", [("predict", "other"), ("other", "transfer")])
def test_it_is_unavailable_without_the_pair(tmp_path, names):
    with pytest.raises(EngineError, match="two files that are not here"):
        load(tiny.save_tflite_pair(tmp_path, names=names))


@pytest.mark.parametrize("source", ["", "nowhere/at/all"])
def test_it_is_unavailable_without_a_folder(source):
    with pytest.raises(EngineError, match="two files that are not here"):
        load(source)


def test_it_is_unavailable_when_the_files_are_something_else(tmp_path):
    for name in ("predict", "transfer"):
        (tmp_path / f"{name}.tflite").write_bytes(b"not a model at all")

    with pytest.raises(EngineError, match="not a style predictor and its painter"):
        load(str(tmp_path))


def test_it_is_unavailable_when_the_files_are_turned_round(tmp_path):
    with pytest.raises(EngineError, match="not a style predictor and its painter"):
        load(tiny.save_tflite_pair(tmp_path, names=("transfer", "predict")))


@pytest.mark.skipif(not MAGENTA.is_dir(), reason=f"Magenta's files are not in {MAGENTA}.")
def test_magentas_own_files_paint():
    engine = load(str(MAGENTA))
    photo = tiny.picture(200, 301, seed=4)

    picture, weak = render(engine, photo), render(engine, photo, strength=0.2)

    assert picture.shape == photo.shape
    assert 0.02 < np.abs(weak - photo).mean() < np.abs(picture - photo).mean()
