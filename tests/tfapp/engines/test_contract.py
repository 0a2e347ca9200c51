"""What every style engine of the menu keeps: sizes, values, strength, progress, and a sentence for bad input.

Engines of image translation keep much the same, in test_translation.py.
"""

from itertools import pairwise

import numpy as np
import pytest

from tests.tfapp.engines import tiny
from tfapp import engines
from tfapp.engines.base import EngineError, Inputs

ENGINES = tuple(name for name, spec in engines.SPECS.items() if spec.kind == "style")
PAINTERS = tuple(name for name in ENGINES if engines.SPECS[name].is_listed)
STYLE = tiny.picture(120, 90, seed=2)
FEW_STEPS = {"steps": 12}  # for engines that work step by step


@pytest.fixture(scope="module")
def load(tmp_path_factory):
    """Load an engine by name, once: the shipped network, and tiny ones where a network has to be brought."""
    loaded = {}
    makers = {
        "tfhub": lambda: tiny.save_version_2(tmp_path_factory.mktemp("tfhub")),
        "tflite": lambda: tiny.save_tflite_pair(tmp_path_factory.mktemp("tflite")),
    }

    def load_once(name):
        if name not in loaded:
            spec = engines.SPECS[name]
            source = makers.get(name, spec.source)()
            with pytest.MonkeyPatch.context() as patch:
                patch.setitem(engines.SPECS, name, _with_source(spec, source))
                loaded[name] = engines.load(name)
        return loaded[name]

    return load_once


def _with_source(spec, source):
    return type(spec)(**{**vars(spec), "source": lambda: source})


def render(engine, content, styles=(STYLE,), progress=lambda share, show=None: None, **parameters):
    return engine.render(Inputs(content, tuple(styles), FEW_STEPS | parameters), progress)


@pytest.mark.parametrize("name", ENGINES)
@pytest.mark.parametrize("shape", [(64, 64), (67, 131), (129, 50), (33, 200)])
def test_the_picture_is_as_large_as_the_photo_and_in_range(load, name, shape):
    picture = render(load(name), tiny.picture(*shape, seed=1))

    assert picture.shape == (*shape, 3)
    assert picture.dtype == np.float32
    assert 0 <= picture.min() <= picture.max() <= 1


@pytest.mark.parametrize("name", ENGINES)
def test_the_photo_is_left_as_it_was(load, name):
    photo = tiny.picture(80, 60, seed=1)
    before = photo.copy()

    render(load(name), photo, strength=0.5, keep_colours=True)

    np.testing.assert_array_equal(photo, before)


@pytest.mark.parametrize("name", ENGINES)
def test_more_strength_is_farther_from_the_photo(load, name):
    photo = tiny.picture(96, 112, seed=1)

    pictures = [render(load(name), photo, strength=value, steps=48) for value in (0, 0.25, 0.5, 0.75, 1)]
    away = [np.abs(picture - photo).mean() for picture in pictures]

    assert away[-1] > away[0]
    assert all(more >= less - 0.003 for less, more in pairwise(away))


@pytest.mark.parametrize("name", ENGINES)
def test_another_style_is_another_picture(load, name):
    photo = tiny.picture(64, 64, seed=1)

    one, other = (render(load(name), photo, styles=[tiny.picture(90, 90, seed=seed)]) for seed in (5, 6))

    assert np.abs(one - other).mean() > 0.005


@pytest.mark.parametrize("name", ENGINES)
def test_the_same_inputs_give_the_same_picture(load, name):
    photo = tiny.picture(64, 80, seed=1)

    np.testing.assert_array_equal(render(load(name), photo), render(load(name), photo))


@pytest.mark.parametrize("name", PAINTERS)
def test_several_styles_are_taken(load, name):
    photo = tiny.picture(64, 64, seed=1)

    picture = render(load(name), photo, styles=[STYLE, tiny.picture(50, 200, seed=3), STYLE])

    assert picture.shape == photo.shape


@pytest.mark.parametrize("name", PAINTERS)
def test_kept_colours_are_nearer_to_the_photos(load, name):
    photo, style = tiny.picture(64, 64, seed=1), np.zeros((64, 64, 3), "float32") + np.float32([0.9, 0.1, 0.1])

    kept, taken = (render(load(name), photo, styles=[style], keep_colours=keep) for keep in (True, False))

    def chroma(picture):
        return picture - picture.mean(-1, keepdims=True)

    assert np.abs(chroma(kept) - chroma(photo)).mean() < np.abs(chroma(taken) - chroma(photo)).mean()


@pytest.mark.parametrize("name", ENGINES)
def test_progress_grows_to_one(load, name):
    told = []

    render(load(name), tiny.picture(64, 64), progress=lambda share, show=None: told.append(share))

    assert told == sorted(told)
    assert told[0] >= 0
    assert told[-1] == 1


@pytest.mark.parametrize("name", PAINTERS)
def test_whoever_listens_to_progress_can_stop_the_work(load, name):
    def stop(share, show=None):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        render(load(name), tiny.picture(64, 64), progress=stop)

    assert render(load(name), tiny.picture(64, 64)).shape == (64, 64, 3)


@pytest.mark.parametrize("name", PAINTERS)
@pytest.mark.parametrize(
    "inputs",
    [
        Inputs(None, (STYLE,)),
        Inputs(STYLE, ()),
        Inputs(STYLE[..., 0], (STYLE,)),
        Inputs(STYLE, (STYLE[..., :1],)),
        Inputs(np.zeros((40, 40, 4), "float32"), (STYLE,)),
        Inputs(np.zeros((0, 40, 3), "float32"), (STYLE,)),
        Inputs(STYLE * np.nan, (STYLE,)),
        Inputs(STYLE, (STYLE, STYLE * np.inf)),
        Inputs(np.full((4, 4, 3), "red"), (STYLE,)),
    ],
    ids=["no photo", "no style", "grey", "one channel", "four channels", "empty", "nan", "infinite", "words"],
)
def test_bad_input_is_an_error_with_a_sentence(load, name, inputs):
    with pytest.raises(EngineError) as caught:
        load(name).render(inputs, lambda share, show=None: None)

    assert str(caught.value.message).endswith(".")
    assert caught.value.permanent


@pytest.mark.parametrize("name", PAINTERS)
@pytest.mark.parametrize("value", ["much", None, -0.5, 1.6, np.nan])
def test_a_strength_that_makes_no_sense_is_an_error(load, name, value):
    with pytest.raises(EngineError, match="setting"):
        render(load(name), STYLE, strength=value)


@pytest.mark.parametrize("name", engines.SPECS)
def test_the_menu_names_a_class_that_keeps_the_contract(name):
    spec = engines.SPECS[name]

    assert spec.title
    assert spec.blurb
    assert {parameter.kind for parameter in spec.parameters} <= {"range", "switch", "size", "choice", "seed"}
