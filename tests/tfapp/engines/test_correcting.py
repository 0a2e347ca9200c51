"""The second look: codes corrected for a photo, what that changes in a picture, and what it must not change."""

import hashlib
import shutil

import numpy as np
import pytest

from tests.tfapp.engines.test_adain import draw_photo, draw_style
from tfapp.engines import SHIPPED_FOLDER, correcting, descent, posters
from tfapp.engines.adain import MOST_PIXELS, AdainEngine
from tfapp.engines.base import EngineError, Inputs
from trainer import checkpoints
from trainer.networks import thin_vgg
from trainer.networks.architectures import ThinVGGArchitecture

PHOTO = draw_photo(1)
STYLES = tuple(draw_style(i) for i in range(3))


@pytest.fixture(scope="module")
def engine():
    engine = AdainEngine()
    engine.load(str(SHIPPED_FOLDER / "adain"))
    return engine


def paint(engine, styles=STYLES[:1], photo=PHOTO, masks=None, tell=lambda share: None, **parameters):
    return engine.render(Inputs(photo, styles, parameters, masks=masks), tell)


@pytest.fixture(scope="module")
def corrector(engine):
    networks = engine._networks["fine"]
    return correcting.Corrector(networks.content_encoder, networks.decoder)


def test_what_a_picture_loses_gets_less(engine, corrector):
    code, losses = engine._networks["fine"].encode(STYLES[0]), []
    before = code.copy()
    ask = corrector._ask

    def listen(*tensors):
        (value, parts), slope = ask(*tensors)
        losses.append({name: float(one) for name, one in parts.items()} | {"all": float(value)})
        return (value, parts), slope

    corrector._ask = listen
    try:
        corrected = corrector.correct(PHOTO, code, [STYLES[0]], np.ones(1), lambda share: None)
    finally:
        corrector._ask = ask

    assert len(losses) == correcting.N_STEPS
    assert losses[-1]["all"] < 0.9 * losses[0]["all"]
    assert losses[-1]["gram"] < losses[0]["gram"]
    assert corrected.shape == code.shape and corrected.dtype == np.float32
    assert np.array_equal(code, before)  # what is remembered stays as it was


def test_the_picture_is_another_and_comes_again(engine):
    plain, once, again = (paint(engine, second_look=look) for look in (False, True, True))

    assert np.abs(once - plain).mean() > 0.01
    assert np.array_equal(once, again)
    assert once.shape == PHOTO.shape and once.min() >= 0 and once.max() <= 1


def test_a_mix_of_one_is_that_one_and_equal_shares_are_symmetric(engine):
    alone = paint(engine, STYLES[1:2], second_look=True)
    one = paint(engine, STYLES, weights=[[0, 1, 0]], second_look=True)
    there = paint(engine, STYLES[:2], weights=[[1, 1]], second_look=True)
    back = paint(engine, STYLES[1::-1], weights=[[1, 1]], second_look=True)

    assert np.abs(one - alone).mean() < 0.01
    assert np.abs(there - back).mean() < 0.02
    assert np.abs(there - alone).mean() > 0.03


def test_a_strength_of_nothing_is_the_photo_and_half_lies_between(engine):
    nothing, half, whole = (paint(engine, strength=strength, second_look=True) for strength in (0, 0.5, 1))

    assert np.abs(nothing - PHOTO).mean() < 0.02
    assert np.abs(half - PHOTO).mean() < np.abs(whole - PHOTO).mean()


def test_each_region_has_corrections_of_its_own(engine):
    masks = np.zeros((*PHOTO.shape[:2], 1), "float32")
    masks[:, : PHOTO.shape[1] // 2] = 1

    both = paint(engine, STYLES[:2], masks=masks, weights=[[1, 0], [0, 1]], second_look=True)

    right = paint(engine, STYLES[:1], second_look=True)
    assert np.abs(both - right)[:, -60:].mean() < 0.5 * np.abs(both - right)[:, :60].mean()


@pytest.fixture
def quick(monkeypatch):
    """Two steps, where only the way there and back is looked at."""
    monkeypatch.setattr(correcting, "N_STEPS", 2)


@pytest.mark.parametrize("size", [(40, 300), (300, 40), (97, 131), (16, 16), (600, 600)])
def test_photos_of_any_shape_are_looked_at_twice(engine, size, quick):
    photo = np.random.default_rng(1).random((*size, 3), "float32")

    assert paint(engine, photo=photo, second_look=True).shape == photo.shape


@pytest.mark.parametrize(
    ("size", "shape"), [((300, 300), (384, 384)), ((300, 400), (320, 448)), ((900, 600), (448, 320))]
)
def test_it_looks_at_the_shape_that_is_most_like_the_photo(size, shape):
    photo = np.zeros((*size, 3), "float32")
    photo[size[0] // 2, size[1] // 2] = 1

    fitted = correcting._fit(photo)

    assert fitted.shape == (*shape, 3)
    row, column = np.unravel_index(fitted.sum(-1).argmax(), shape)
    assert abs(row / shape[0] - 0.5) < 0.02 and abs(column / shape[1] - 0.5) < 0.02


def test_progress_is_told_on_the_way_and_may_stop_it(engine, quick):
    told = []
    masks = np.zeros((*PHOTO.shape[:2], 1), "float32")
    paint(engine, STYLES[:2], tell=told.append, masks=masks, second_look=True)
    assert len(told) > 2 * correcting.N_STEPS and told == sorted(told) and told[-1] == 1

    class Stopped(Exception):
        pass

    def stop(share):
        if share > 0.3:
            raise Stopped

    with pytest.raises(Stopped):
        paint(engine, tell=stop, second_look=True)


def test_several_at_once_are_each_alone(engine, quick):
    inputs = [Inputs(PHOTO, STYLES[i : i + 1], {"second_look": True}) for i in range(2)]

    told = []

    together = engine.render_together(inputs, told.append)

    assert told == sorted(told) and len(set(told)) > 2 * correcting.N_STEPS

    for picture, one in zip(together, inputs, strict=True):
        alone = engine.render(one, lambda share: None)
        assert np.abs(picture - alone).mean() < 0.005


def test_a_poster_is_corrected_as_its_small_self_is(engine, tmp_path, monkeypatch, quick):
    seen = []
    networks = engine._networks["fine"]
    correct = networks.correct
    monkeypatch.setattr(networks, "correct", lambda photo, *rest: seen.append(photo) or correct(photo, *rest))
    photo = np.repeat(np.repeat(PHOTO, 8, axis=0), 8, axis=1)
    assert photo[..., 0].size > MOST_PIXELS

    told = []

    rows = list(engine.render_rows(Inputs(photo, STYLES[:1], {"second_look": True}), told.append, folder=tmp_path))

    assert told == sorted(told) and len(set(told)) > correcting.N_STEPS

    assert sum(len(some) for some in rows) == len(photo)
    assert np.array_equal(seen[0], posters.reduce(photo, MOST_PIXELS))


def test_without_the_network_that_looks_it_says_so(monkeypatch, tmp_path):
    engine = AdainEngine()
    engine.load(str(SHIPPED_FOLDER / "adain"))
    shutil.copy(correcting.FOLDER / checkpoints.CONFIG, tmp_path)
    monkeypatch.setattr(correcting, "FOLDER", tmp_path)

    with pytest.raises(EngineError, match="second look is not possible"):
        paint(engine, second_look=True)
    assert paint(engine).shape == PHOTO.shape


def test_numbers_that_are_none_end_as_a_sentence(engine, monkeypatch):
    def fail(*_):
        raise descent.NotANumber

    monkeypatch.setattr(engine._networks["fine"], "correct", fail)

    with pytest.raises(EngineError):
        paint(engine, second_look=True)


def test_the_network_that_looks_is_the_one_in_its_card():
    weights = (correcting.FOLDER / checkpoints.WEIGHTS).read_bytes()
    config, card = checkpoints.read_config(correcting.FOLDER), (correcting.FOLDER / "card.md").read_text()

    assert hashlib.sha256(weights).hexdigest() in card
    assert f"{config['parameters']['total']:,}" in card
    assert (
        thin_vgg.build(ThinVGGArchitecture.from_config(config["architecture"])).count_params()
        == (config["parameters"]["total"])
    )
