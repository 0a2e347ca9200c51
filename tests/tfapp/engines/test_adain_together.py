"""The shipped painter, several pictures at once: the same ones as alone, within rounding."""

from dataclasses import replace

import numpy as np
import pytest

from tests.tfapp.engines.test_adain import SHIPPED, draw_photo, draw_style
from tfapp.engines import adain as engine_module
from tfapp.engines import style_networks
from tfapp.engines.base import EngineError, Inputs

WISHES = (  # what may differ within a batch
    {},
    {"strength": 0.6},
    {"strength": 0.1, "sharpness": 0.5},
    {"keep_colours": True},
    {"keep_colours": True, "colours": "statistics", "style_scale": 1.5},
)


def load(precision: str | None = None):
    with pytest.MonkeyPatch.context() as patch:
        if precision:
            patch.setattr(style_networks.gradients, "choose_precision", lambda: precision)
        engine = engine_module.AdainEngine()
        engine.load(str(SHIPPED))
    return engine


@pytest.fixture(scope="module")
def engine():
    return load()


def make_inputs(n: int, height: int = 101, width: int = 134, **parameters) -> list[Inputs]:
    """Photos, styles and wishes of which no two are the same."""
    return [
        Inputs(
            np.roll(draw_photo(i % 3, height, width), 7 * i, 1),
            tuple(draw_style((i + k) % 3, 96 + 32 * k) for k in range(1 + i % 2)),
            WISHES[i % len(WISHES)] | parameters,
        )
        for i in range(n)
    ]


def ignore(share, show=None):
    pass


def measure_differences(engine, inputs) -> np.ndarray:
    """The mean difference of each picture, in steps of 255, from itself painted alone."""
    painted = engine.render_together(inputs, ignore)
    alone = [engine.render(one, ignore) for one in inputs]
    assert [picture.shape for picture in painted] == [picture.shape for picture in alone]
    assert all(picture.dtype == np.float32 for picture in painted)
    return np.array([255 * np.abs(a - b).mean() for a, b in zip(painted, alone, strict=True)])


@pytest.mark.parametrize("quality", ["fine", "swift"])
@pytest.mark.parametrize("n", [1, 2, 7])
def test_each_picture_is_the_one_that_is_painted_alone(engine, n, quality):
    assert measure_differences(engine, make_inputs(n, quality=quality)).max() <= 1


@pytest.mark.parametrize("quality", ["fine", "swift"])
def test_in_float32_hardly_a_number_differs(quality):
    assert measure_differences(load("float32"), make_inputs(5, quality=quality)).max() < 0.01


def test_they_are_the_same_when_their_size_comes_again(engine):
    """By then there is a graph for that size alone."""
    inputs = make_inputs(4)

    first, *later = [engine.render_together(inputs, ignore) for _ in range(3)]

    for pictures in later:
        assert all(255 * np.abs(a - b).mean() <= 1 for a, b in zip(first, pictures, strict=True))


def test_a_neighbour_changes_nothing(engine):
    inputs = make_inputs(2)
    others = [inputs[0], replace(inputs[1], content=np.zeros_like(inputs[1].content), styles=(draw_style(2),))]

    one, other = (engine.render_together(batch, ignore)[0] for batch in (inputs, others))

    np.testing.assert_array_equal(one, other)


def test_a_large_batch_is_painted_in_few_sizes(engine):
    networks = load()._networks["fine"]
    for n in (7, 5, 3):
        list(networks.paint_together([draw_photo(0, 32, 32)] * n, np.repeat(networks.encode(draw_style(0)), n, 0)))

    assert sorted(networks._for_batches) == [2, 4]


def test_progress_rises_to_one(engine):
    told = []

    engine.render_together(make_inputs(3), lambda share, show=None: told.append(share))

    assert told == sorted(told)
    assert (told[0], told[-1]) == (0, 1)


def test_whoever_listens_can_stop_the_work(engine):
    def stop(share, show=None):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        engine.render_together(make_inputs(2), stop)


def test_one_that_cannot_be_painted_is_an_error(engine):
    good, bad = make_inputs(2)

    with pytest.raises(EngineError, match="damaged"):
        engine.render_together([good, replace(bad, content=bad.content * np.nan)], ignore)


@pytest.mark.parametrize(("gpu_bytes", "n", "megapixels"), [(None, 1, 1.5), (0, 8, 16)])
def test_a_gpu_paints_eight_at_once_and_a_processor_that_gains_nothing_one(monkeypatch, gpu_bytes, n, megapixels):
    monkeypatch.setattr(engine_module.gradients, "peak_device_memory", lambda: gpu_bytes)

    engine = load()

    assert (engine.n_together, engine.most_pixels) == (n, megapixels * 1e6)
