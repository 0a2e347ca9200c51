"""A texture from a style alone."""

import numpy as np
import pytest

from tests.tfapp.engines import tiny
from tests.tfapp.engines.test_gatys import distance, even
from tfapp import engines
from tfapp.engines.base import EngineError, Inputs

STYLES = (tiny.picture(70, 50, seed=2),)


@pytest.fixture(scope="module")
def engine():
    return engines.load("texture")


def weave(engine, styles=STYLES, progress=lambda share, show=None: None, **parameters):
    return engine.render(Inputs(None, tuple(styles), {"steps": 10, "size": 64, **parameters}), progress)


@pytest.mark.parametrize("size", [16, 64, 100])
def test_it_is_a_square_of_the_size_that_was_asked_for(engine, size):
    picture = weave(engine, size=size)

    assert picture.shape == (size, size, 3)
    assert picture.dtype == np.float32
    assert 0 <= picture.min() <= picture.max() <= 1


def test_it_has_the_gram_matrices_of_the_style(engine):
    style = even(64, 2)
    noise = np.random.default_rng(0).random((64, 64, 3)).astype("float32")

    picture = weave(engine, [style], steps=80)

    assert distance(engine, picture, style) < 0.1 * distance(engine, noise, style)


def test_a_seed_says_which_of_many_it_is(engine):
    one, again, other = (weave(engine, seed=seed) for seed in (1, 1, 2))

    np.testing.assert_array_equal(one, again)
    assert np.abs(one - other).mean() > 0.01


def test_several_styles_are_mixed(engine):
    assert weave(engine, [tiny.picture(70, 50, seed=2), tiny.picture(40, 90, seed=3)]).shape == (64, 64, 3)


def test_it_can_be_watched_and_stopped(engine):
    shown = []

    def stop(share, show=None):
        shown.append(show())
        if len(shown) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        weave(engine, progress=stop)
    assert shown[0].shape == (64, 64, 3)


@pytest.mark.parametrize("inputs", [Inputs(), Inputs(styles=(np.zeros((4, 4), "float32"),))])
def test_without_a_style_it_is_an_error_with_a_sentence(engine, inputs):
    with pytest.raises(EngineError) as caught:
        engine.render(inputs, lambda share, show=None: None)

    assert str(caught.value.message).endswith(".")


@pytest.mark.parametrize("size", [0, 10**6, "large", None])
def test_a_size_that_makes_no_sense_is_an_error(engine, size):
    with pytest.raises(EngineError, match="size"):
        weave(engine, size=size)
