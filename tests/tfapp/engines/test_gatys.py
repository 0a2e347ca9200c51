"""The engine that optimises a picture: what is its own; the rest is in test_contract.py."""

import gc
import threading
from itertools import pairwise

import numpy as np
import pytest

from tests.tfapp.engines import tiny
from tests.trainer.worlds import make_teacher
from tfapp import engines
from tfapp.engines import descent, fetching, gatys
from tfapp.engines.base import EngineError, Inputs
from trainer import gradients
from trainer.networks import features

PHOTO, STYLE = tiny.picture(48, 64, seed=1), tiny.picture(60, 60, seed=2)


@pytest.fixture(scope="module")
def engine():
    return engines.load("gatys")


def render(engine, content=PHOTO, styles=(STYLE,), progress=lambda share, show=None: None, **parameters):
    return engine.render(Inputs(content, tuple(styles), {"steps": 10, "smoothness": 0.2, **parameters}), progress)


def distance(engine, picture, style=STYLE):
    """How far apart the Gram matrices of two pictures are, over all layers."""
    return engine._looker.aim([style])(picture)[0]


def even(side, seed=0):
    """A picture whose sides the network takes."""
    return tiny.picture(side, side, seed=seed)


def test_its_picture_is_nearer_to_the_style_than_the_photo(engine):
    photo, style = even(64, 1), even(64, 2)

    picture = render(engine, photo, [style], steps=60)

    assert distance(engine, picture, style) < 0.5 * distance(engine, photo, style)


def test_more_steps_come_nearer(engine):
    photo, style = even(64, 1), even(64, 2)

    few, many = (distance(engine, render(engine, photo, [style], steps=steps), style) for steps in (5, 60))

    assert many < few


@pytest.mark.parametrize("optimizer", ["lbfgs", "adam"])
def test_both_ways_lead_downhill(engine, optimizer):
    photo, style = even(64, 1), even(64, 2)

    picture = render(engine, photo, [style], steps=60, optimizer=optimizer)

    assert distance(engine, picture, style) < distance(engine, photo, style)


def test_noise_with_the_same_seed_is_the_same_picture(engine):
    one, again, other = (render(engine, start="noise", seed=seed) for seed in (7, 7, 8))

    np.testing.assert_array_equal(one, again)
    assert np.abs(one - other).mean() > 0.01


def test_from_the_photo_it_stays_nearer_to_it_than_from_noise(engine):
    from_photo, from_noise = (np.abs(render(engine, start=start) - PHOTO).mean() for start in ("content", "noise"))

    assert from_photo < from_noise


def test_at_strength_0_it_is_the_photo(engine):
    np.testing.assert_allclose(render(engine, strength=0.0), PHOTO, atol=1e-6)


def test_smoother_has_less_grain(engine):
    grains = [
        np.abs(np.diff(render(engine, start="noise", steps=40, smoothness=value), axis=1)).mean() for value in (0, 1)
    ]

    assert grains[1] < grains[0]


def test_the_colours_of_the_photo_can_be_kept(engine):
    red = np.zeros((64, 64, 3), "float32") + np.float32([0.9, 0.1, 0.1])

    kept = render(engine, styles=[red], keep_colours=True, steps=30)

    light = PHOTO.mean(-1, keepdims=True)
    assert np.abs(kept - kept.mean(-1, keepdims=True) - PHOTO + light).mean() < 0.1


@pytest.mark.parametrize("shape", [(1, 1), (3, 200), (17, 16), (200, 5)])
def test_any_size_will_do(engine, shape):
    assert render(engine, tiny.picture(*shape), [tiny.picture(3, 50)], steps=3).shape == (*shape, 3)


def test_what_can_be_seen_on_the_way_is_as_large_as_the_photo_by_the_end(engine):
    shown = []

    picture = render(engine, progress=lambda share, show=None: shown.append((share, show())), keep_colours=True)

    shares = [share for share, _picture in shown]
    assert all(before <= after for before, after in pairwise(shares))
    assert (shares[0], shares[-1]) == (0, 1)
    assert all(one.ndim == 3 and one.min() >= 0 and one.max() <= 1 for _share, one in shown)
    np.testing.assert_allclose(shown[-1][1], picture)


@pytest.mark.parametrize("parameters", [{"keep_colours": True}, {"strength": 0.1}], ids=str)
def test_at_every_scale_it_is_shown_as_large_as_the_photo(engine, parameters):
    shown = []

    render(engine, tiny.picture(90, 200), progress=lambda share, show=None: shown.append(show().shape), **parameters)

    assert set(shown) == {(90, 200, 3)}


def test_it_grows_from_coarse_to_fine():
    scales = gatys._find_scales(384, 512)

    assert scales == [(48, 64), (96, 128), (192, 256), (384, 512)]
    assert gatys._find_scales(32, 512)[0] == (32, 64)
    assert gatys._find_scales(32, 32) == [(32, 32)]


def test_progress_is_told_in_work_and_not_in_steps(engine):
    told = []

    render(engine, even(128), steps=20, progress=lambda share, show=None: told.append(share))

    assert sum(share < 0.25 for share in told) >= 10  # the first scale is half of the steps, and a fifth of the work


def test_it_stops_within_a_step(engine):
    told = []

    def stop(share, show=None):
        told.append(share)
        if len(told) == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        render(engine, progress=stop, steps=50)
    assert len(told) == 3


def test_a_loss_that_is_no_number_is_told_in_a_sentence(engine, monkeypatch):
    monkeypatch.setattr(engine._looker, "content_weight", float("nan"))

    with pytest.raises(EngineError, match="could not be painted"):
        render(engine)


@pytest.mark.parametrize("steps", ["many", 0, 10_000, None])
def test_steps_that_make_no_sense_are_an_error(engine, steps):
    with pytest.raises(EngineError, match="steps"):
        render(engine, steps=steps)


def test_flat_pictures_are_painted(engine):
    black = np.zeros((40, 40, 3), "float32")

    assert np.isfinite(render(engine, black, [black], steps=5)).all()


def test_a_folder_of_vgg_files_looks_at_pictures_too(tmp_path):
    make_teacher(tmp_path / "vgg19_relu3_1.npz", 3)
    painter = gatys.GatysEngine()

    painter.load(str(tmp_path))

    assert render(painter, steps=4).shape == PHOTO.shape


def test_one_network_looks_for_all_engines_and_goes_with_the_last(tmp_path):
    make_teacher(tmp_path / "vgg19_relu3_1.npz", 3)
    painters = [gatys.GatysEngine() for _ in range(2)]
    for painter in painters:
        painter.load(str(tmp_path))

    assert painters[0]._looker is painters[1]._looker

    render(painters[0], steps=1)
    del painters, painter
    gc.collect()
    assert str(tmp_path) not in gatys._lookers


def test_slopes_are_never_too_small_for_their_numbers(tmp_path, monkeypatch):
    make_teacher(tmp_path / "vgg19_relu3_1.npz", 3)
    monkeypatch.setattr(gradients, "choose_precision", lambda: "mixed_float16")

    looker = gatys.load_features(str(tmp_path))

    assert {one.dtype for one in looker._network.outputs} == {"float32"}


def test_vgg_from_keras_looks_at_pictures_too(tmp_path, monkeypatch):
    make_teacher(tmp_path / "vgg.npz", 5)
    monkeypatch.setattr(features, "read_imagenet", lambda: np.load(tmp_path / "vgg.npz"))
    monkeypatch.setattr(gatys, "_lookers", {})
    painter = gatys.GatysEngine()

    painter.load(gatys.IMAGENET)

    assert render(painter, steps=4).shape == PHOTO.shape


def test_without_a_network_it_may_be_had_later(monkeypatch):
    def fail():
        raise Exception("URL fetch failure")  # noqa: TRY002 - as Keras does

    monkeypatch.setattr(features, "read_imagenet", fail)
    monkeypatch.setattr(gatys, "_lookers", {})

    with pytest.raises(EngineError, match="could not be fetched") as caught:
        gatys.GatysEngine().load(gatys.IMAGENET)

    assert not caught.value.permanent


def test_a_download_that_does_not_come_is_not_waited_for(monkeypatch):
    is_over = threading.Event()
    monkeypatch.setattr(gatys, "FETCH_SECONDS", 0.1)
    monkeypatch.setattr(features, "read_imagenet", is_over.wait)
    monkeypatch.setattr(gatys, "_lookers", {})

    with pytest.raises(EngineError, match="could not be fetched") as caught:
        gatys.GatysEngine().load(gatys.IMAGENET)

    is_over.set()
    fetching.wait_for(gatys.IMAGENET, None, seconds=10)  # nobody finds it in another test
    assert not caught.value.permanent


@pytest.mark.parametrize("fill", ["nothing", "another archive", "no archive"])
def test_a_folder_without_a_network_makes_it_unavailable_with_a_reason(tmp_path, fill):
    if fill == "another archive":
        np.savez(tmp_path / "squeezenet.npz", weights=np.zeros(3))
    if fill == "no archive":
        (tmp_path / "vgg19.npz").write_bytes(b"no archive at all")

    with pytest.raises(EngineError, match="missing or damaged"):
        gatys.GatysEngine().load(str(tmp_path))


def test_the_setting_says_what_looks_at_pictures(settings, tmp_path):
    source = engines.SPECS["gatys"].source

    for said, expected in (("", "shipped/adain"), ("imagenet", gatys.IMAGENET), (str(tmp_path), str(tmp_path))):
        settings.FEATURES = said
        assert source().endswith(expected)
        assert engines.SPECS["texture"].source() == source()


def test_the_names_of_the_ways_are_known():
    names = next(one.choices for one in engines.SPECS["gatys"].parameters if one.name == "optimizer")

    assert [name for name, _label in names] == list(gatys.DESCENTS)
    assert gatys.DESCENTS["adam"] is descent.adam
