"""Feature networks: what Gatys' losses are measured in. Each is a Keras model from a picture to a list of maps.

Picture (n, h, w, 3) in 0..1, sides multiples of MULTIPLE and at least LEAST_SIDE → maps (n, h', w', c) at several
scales. The style is in all but the last, the content in the last.
"""

from collections.abc import Mapping, Sequence

import keras
import numpy as np

from trainer.networks import perceptual

MULTIPLE = 16
LEAST_SIDE = 32
STYLE_LAYERS = ("relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1")  # as in the paper, after their ReLU
CONTENT_LAYERS = ("relu4_2", "relu4_1", "relu3_1")  # the first that there is
BGR_MEANS = (103.939, 116.779, 123.68)  # of ImageNet, in Keras' order
SMALLER = 0.01  # of features that are about 100


def of_encoder(encoder: keras.Model) -> keras.Model:
    """Of an encoder of ours: its first convolution, which knows the colours, and what follows its ReLUs.

    The content is what the encoder itself keeps of a picture. Layers are found by what they do, not by their names.
    """
    style = [layer.output for layer in encoder.layers if _is_relu(layer)]
    first = next((layer.output for layer in encoder.layers if _is_convolution(layer)), None)
    if first is None or not style:
        raise ValueError(f"{encoder.name} has no convolution that a ReLU follows.")
    return keras.Model(encoder.inputs[0], [first, *style, encoder.outputs[0]], name="encoder_features")


def of_teachers(teachers: Sequence[Mapping[str, np.ndarray]], dtype=None) -> keras.Model:
    """Of VGG-19 in one or several files, as `perceptual.build_teacher` takes them: a layer is of the widest with it.

    Raises ValueError where there is none, or none deep enough for a content.
    """
    widest = sorted((one for one in teachers if "conv1_1/kernel" in one), key=_width, reverse=True)
    owner = {layer: i for layer in (*STYLE_LAYERS, *CONTENT_LAYERS) for i in _find_owner(widest, layer)}
    content = next((layer for layer in CONTENT_LAYERS if layer in owner), None)
    if content is None:
        raise ValueError("There is no VGG-19 that reaches relu3_1.")

    picture = keras.Input((None, None, 3), name="picture")
    maps = {}
    for i, weights in enumerate(widest):
        wanted = tuple(layer for layer in owner if owner[layer] == i and layer in (*STYLE_LAYERS, content))
        if wanted:
            teacher = perceptual.build_teacher(weights, wanted, dtype, name=f"vgg19_{i}", pooling="average")
            found = teacher(picture)
            maps |= zip(wanted, found if isinstance(found, list) else [found], strict=True)
    style = [maps[layer] for layer in STYLE_LAYERS if layer in maps]
    return keras.Model(picture, [*style, maps[content]], name="vgg19_features")


def read_imagenet() -> dict[str, np.ndarray]:
    """The weights of `keras.applications.VGG19` in the form of our files. Keras downloads them once and keeps them."""
    network = keras.applications.VGG19(include_top=False, weights="imagenet")
    weights = {
        "conv0/kernel": SMALLER * 255 * np.eye(3, dtype="float32")[None, None, ::-1],
        "conv0/bias": -SMALLER * np.float32(BGR_MEANS),
    }
    for layer in network.layers:
        if _is_convolution(layer):
            kernel, bias = map(np.asarray, layer.get_weights())
            name = layer.name.replace("block", "conv").replace("_conv", "_")
            # Rectified layers are linear in their scale: divided once, the whole network's features stay small.
            weights |= {f"{name}/kernel": kernel, f"{name}/bias": SMALLER * bias}
    return weights


def _find_owner(teachers, layer):
    name = layer.replace("relu", "conv")
    return [i for i, weights in enumerate(teachers) if f"{name}/kernel" in weights][:1]


def _width(weights):
    return weights["conv1_1/kernel"].shape[-1]


def _is_relu(layer):
    return isinstance(layer, keras.layers.ReLU) or getattr(layer, "activation", None) is keras.activations.relu


def _is_convolution(layer):
    return any(len(weight.shape) == 4 for weight in layer.weights)
