"""Feature networks: of our painter's encoder, of VGG-19 in files, of VGG-19 from Keras."""

import keras
import numpy as np
import pytest

from tests.tfapp.engines import tiny
from tests.trainer.worlds import make_teacher
from trainer import gradients
from trainer.networks import adain, features, perceptual
from trainer.networks.architectures import AdaINArchitecture

PICTURE = tiny.picture(48, 32, seed=1)[None]


def make_encoder():
    architecture = AdaINArchitecture.from_config(tiny.ADAIN)
    return adain.build_content_encoder(architecture)


def test_an_encoder_shows_its_first_convolution_its_relus_and_what_it_keeps():
    encoder = make_encoder()

    maps = [gradients.as_array(one) for one in features.of_encoder(encoder)(PICTURE)]

    assert [one.shape for one in maps] == [
        (1, 24, 16, 8),
        *[(1, 24, 16, 8), (1, 12, 8, 8), (1, 12, 8, 8)],
        (1, 12, 8, 8),
    ]
    assert maps[0].min() < 0 <= min(one.min() for one in maps[1:-1])
    np.testing.assert_array_equal(maps[-1], gradients.as_array(encoder(PICTURE)))


def test_any_encoder_of_convolutions_and_relus_will_do():
    picture = keras.Input((None, None, 3))
    x = keras.layers.Conv2D(4, 3, activation="relu", padding="same", name="one")(picture)
    x = keras.layers.ReLU(name="two")(keras.layers.Conv2D(6, 3, strides=2, padding="same")(x))

    maps = features.of_encoder(keras.Model(picture, x))(PICTURE)

    assert [one.shape[-1] for one in maps] == [4, 4, 6, 6]


def test_a_network_without_a_convolution_is_none():
    picture = keras.Input((None, None, 3))

    with pytest.raises(ValueError, match="no convolution"):
        features.of_encoder(keras.Model(picture, keras.layers.ReLU()(picture)))


def test_each_layer_of_vgg_is_of_the_widest_file_that_has_it(tmp_path):
    make_teacher(tmp_path / "exact.npz", 3, width=6)
    make_teacher(tmp_path / "small.npz", 5, width=4)
    teachers = [np.load(tmp_path / name) for name in ("small.npz", "exact.npz")]

    maps = features.of_teachers(teachers)(PICTURE)

    assert [one.shape[-1] for one in maps] == [6, 6, 6, 4, 4, 4]
    assert [one.shape[1] for one in maps] == [48, 24, 12, 6, 3, 6]  # the content is relu4_2 of the deeper one


def test_files_that_are_no_vgg_are_passed_over(tmp_path):
    make_teacher(tmp_path / "exact.npz", 3)
    np.savez(tmp_path / "squeezenet.npz", weights=np.zeros(3))
    teachers = [np.load(tmp_path / name) for name in ("squeezenet.npz", "exact.npz")]

    assert len(features.of_teachers(teachers)(PICTURE)) == 4
    with pytest.raises(ValueError, match="no VGG-19"):
        features.of_teachers(teachers[:1])


def test_average_pooling_is_another_network(tmp_path):
    make_teacher(tmp_path / "exact.npz", 2)
    weights = np.load(tmp_path / "exact.npz")

    by_most, by_mean = (
        gradients.as_array(perceptual.build_teacher(weights, ("relu2_1",), name="vgg", pooling=kind)(PICTURE))
        for kind in ("max", "average")
    )

    assert by_most.shape == by_mean.shape
    assert by_most.mean() > by_mean.mean()


def test_keras_vgg_becomes_our_own(monkeypatch):
    """The real architecture with random weights, as nothing can be downloaded here."""
    vgg = keras.applications.VGG19(include_top=False, weights=None)
    monkeypatch.setattr(keras.applications, "VGG19", lambda include_top, weights: vgg)
    for layer in vgg.layers:
        if layer.name.startswith("block") and "conv" in layer.name:
            layer.bias.assign(np.random.default_rng(1).normal(0, 1, layer.bias.shape))

    network = perceptual.build_teacher(features.read_imagenet(), ("relu1_1", "relu2_2"), name="vgg19")
    found = network(PICTURE)

    pixels = 255 * PICTURE[..., ::-1] - np.float32(features.BGR_MEANS)
    names = ("block1_conv1", "block2_conv2")
    expected = keras.Model(vgg.input, [vgg.get_layer(name).output for name in names])(pixels)
    for ours, theirs in zip(found, expected, strict=True):
        inside = np.s_[:, 4:-4, 4:-4]  # at its border ours mirrors, theirs is black
        np.testing.assert_allclose(
            gradients.as_array(ours)[inside],
            features.SMALLER * gradients.as_array(theirs)[inside],
            rtol=1e-3,
            atol=1e-4,
        )
    assert len(features.of_teachers([features.read_imagenet()]).outputs) == 6
