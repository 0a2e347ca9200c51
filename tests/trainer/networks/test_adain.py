"""The networks of style transfer: shapes, sizes, linear codes, and saving."""

from dataclasses import replace

import numpy as np
import pytest
from keras import ops

from tests.trainer.worlds import TINY
from trainer import checkpoints
from trainer.networks import adain, layers
from trainer.networks.architectures import AdaINArchitecture

DEEP = replace(TINY, fold=4, deep=12, deep_blocks=1, fine=0)


@pytest.fixture(scope="module", params=[TINY, DEEP], ids=["tiny", "deep"])
def architecture(request):
    return request.param


@pytest.fixture(scope="module")
def networks(architecture):
    return adain.build_networks(architecture, "float32")


def noise(*shape):
    return np.random.default_rng(3).random(shape, "float32")


def paint(networks, content, code):
    features = networks["content_encoder"](content)
    return np.asarray(networks["decoder"]([features, ops.convert_to_tensor(code)]))


def test_the_default_architecture_has_at_most_two_million_parameters():
    networks = adain.build_networks(AdaINArchitecture())

    assert 1_000_000 < sum(network.count_params() for network in networks.values()) <= 2_000_000


@pytest.mark.parametrize(("height", "width"), [(32, 32), (64, 24), (16, 104)])
def test_a_picture_of_any_shape_comes_back_in_that_shape(networks, height, width):
    code = networks["style_encoder"](noise(1, 48, 32, 3))

    picture = paint(networks, noise(1, height, width, 3), code)

    assert picture.shape == (1, height, width, 3)
    assert np.isfinite(picture).all()
    assert picture.dtype == np.float32


def test_a_code_has_the_announced_size_whatever_the_style_picture(networks, architecture):
    for sides in ((16, 16), (64, 32)):
        code = np.asarray(networks["style_encoder"](noise(2, *sides, 3)))

        assert code.shape == (2, architecture.code_size)
        assert code.dtype == np.float32


def test_codes_differ_between_styles_and_change_the_picture(networks):
    light, dark = (np.asarray(networks["style_encoder"](noise(1, 32, 32, 3) * k)) for k in (1.0, 0.2))

    content = noise(1, 32, 32, 3)

    assert not np.allclose(paint(networks, content, light), paint(networks, content, dark), atol=1e-3)


def test_a_mixture_of_codes_moves_steadily_from_one_picture_to_the_other(networks, architecture):
    rng = np.random.default_rng(5)
    ends = [rng.normal(0, 0.3, (1, architecture.code_size)).astype("float32") for _ in range(2)]
    content = noise(1, 32, 32, 3)

    pictures = [paint(networks, content, (1 - k) * ends[0] + k * ends[1]) for k in (0, 0.25, 0.5, 0.75, 1)]

    distances = [np.abs(picture - pictures[0]).mean() for picture in pictures]
    assert distances == sorted(distances)
    assert distances[1] < 0.6 * distances[-1]


def test_the_same_inputs_paint_the_same_picture_grain_and_all(networks, architecture):
    content, code = noise(1, 32, 32, 3), noise(1, architecture.code_size)

    assert np.array_equal(paint(networks, content, code), paint(networks, content, code))


def test_grain_is_only_there_where_the_code_wants_it(networks, architecture):
    flat, code = np.full((1, 32, 32, 3), 0.5, "float32"), np.zeros((1, architecture.code_size), "float32")
    grainy = code.copy()
    grainy[:, -sum(architecture.grain_widths) :] = 0.5

    deviations = [paint(networks, flat, c).std() for c in (code, grainy)]

    assert deviations[0] < 1e-3 < deviations[1]


def test_a_flat_picture_gives_numbers(networks):
    code = networks["style_encoder"](np.zeros((1, 32, 32, 3), "float32"))

    assert np.isfinite(paint(networks, np.ones((1, 32, 32, 3), "float32"), code)).all()


def test_bfloat16_says_nearly_the_same(networks, architecture):
    fast = adain.build_networks(architecture, "mixed_bfloat16")
    for name, network in fast.items():
        network.set_weights(networks[name].get_weights())
    content, style = noise(1, 32, 32, 3), noise(1, 32, 32, 3)

    pictures = [paint(kind, content, kind["style_encoder"](style)) for kind in (networks, fast)]

    assert np.abs(pictures[0] - pictures[1]).mean() < 0.02


@pytest.mark.parametrize(("dtype", "tolerance"), [("float32", 0), ("float16", 5e-3)])
def test_saved_weights_paint_the_same_picture(networks, architecture, tmp_path, dtype, tolerance):
    content, style = noise(1, 32, 32, 3), noise(1, 32, 32, 3)
    expected = paint(networks, content, networks["style_encoder"](style))

    checkpoints.save_weights(tmp_path / "w.h5", networks, dtype)
    other = adain.build_networks(architecture, "float32")
    checkpoints.load_weights(tmp_path / "w.h5", other)

    assert np.abs(paint(other, content, other["style_encoder"](style)) - expected).max() <= tolerance


def test_weights_of_another_width_are_refused(tmp_path):
    checkpoints.save_weights(tmp_path / "w.h5", adain.build_networks(TINY, "float32"))

    wider = adain.build_networks(AdaINArchitecture(stem=6, width=8, fine=4, encoder_blocks=1, decoder_blocks=1))
    with pytest.raises(ValueError, match="other widths"):
        checkpoints.load_weights(tmp_path / "w.h5", wider)


def test_an_architecture_comes_back_from_its_json():
    values = {"stem": 4, "style_widths": [4, 4, 4, 8]}

    assert AdaINArchitecture.from_config(values).style_widths == (4, 4, 4, 8)
    with pytest.raises(TypeError):
        AdaINArchitecture.from_config({"unheard_of": 1})
    with pytest.raises(ValueError, match="no architecture"):
        AdaINArchitecture.from_config(None)


@pytest.mark.parametrize(
    "nonsense",
    [
        {"width": 0},
        {"fold": 3},
        {"deep": 8},
        {"deep_blocks": 1},
        {"fine": -1},
        {"style_widths": (4,) * 9},
        {"style_widths": (0,)},
        {"style_widths": 5},
        {"code_hidden": 10**6},
    ],
    ids=str,
)
def test_an_architecture_that_cannot_be_is_refused(nonsense):
    with pytest.raises(ValueError):
        AdaINArchitecture.from_config(nonsense)


def paint_by_place(networks, architecture, features, codes, shares):
    decoder = adain.build_decoder(architecture, "float32", has_masks=True)
    decoder.set_weights(networks["decoder"].get_weights())
    return np.asarray(decoder([features, *map(ops.convert_to_tensor, (codes, shares))]))


def test_one_code_everywhere_paints_what_it_paints_alone(networks, architecture):
    features, rng = networks["content_encoder"](noise(1, 32, 48, 3)), np.random.default_rng(2)
    code = rng.normal(0, 0.3, (1, architecture.code_size)).astype("float32")
    other = rng.normal(0, 0.3, (1, architecture.code_size)).astype("float32")
    everywhere = np.stack([np.ones((1, 8, 12)), np.zeros((1, 8, 12))], -1).astype("float32")

    masked = paint_by_place(networks, architecture, features, np.stack([code, other], 1), everywhere)

    assert np.allclose(masked, networks["decoder"]([features, ops.convert_to_tensor(code)]), atol=1e-4)


def test_shares_of_two_codes_are_a_mixture_of_them(networks, architecture):
    features, rng = networks["content_encoder"](noise(1, 32, 48, 3)), np.random.default_rng(2)
    codes = rng.normal(0, 0.3, (1, 2, architecture.code_size)).astype("float32")
    shares = np.full((1, 8, 12, 2), (0.25, 0.75), "float32")

    masked = paint_by_place(networks, architecture, features, codes, shares)

    mixed = 0.25 * codes[:, 0] + 0.75 * codes[:, 1]
    assert np.allclose(masked, networks["decoder"]([features, ops.convert_to_tensor(mixed)]), atol=1e-4)


def test_a_detour_begins_as_hardly_any_change():
    """A trained network can be grown by one, and goes on from where it was."""
    code = np.zeros((1, DEEP.code_size), "float32")
    networks = adain.build_networks(DEEP, "float32")
    before = paint(networks, noise(1, 32, 32, 3), code)
    way_back = next(layer for layer in networks["decoder"].layers if layer.name.startswith("enlarging"))

    way_back.set_weights([np.zeros_like(weights) for weights in way_back.get_weights()])

    assert np.abs(paint(networks, noise(1, 32, 32, 3), code) - before).mean() < 0.02


def test_pixels_that_are_unfolded_begin_without_a_checkerboard():
    unfold = layers.UnfoldingConvolution(3)

    picture = np.asarray(unfold(noise(1, 6, 6, 8)))

    assert picture.shape == (1, 12, 12, 3)
    assert np.array_equal(picture[:, ::2], picture[:, 1::2]) and np.array_equal(picture[:, :, ::2], picture[:, :, 1::2])
