"""Networks so small that a test makes them: half of the photo, half of the style's mean colour.

They are saved and loaded as the real ones are: SavedModels of both signatures of TF-Hub, a pair of TFLite files.
"""

from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from trainer import checkpoints
from trainer.networks import adain, generators
from trainer.networks.architectures import AdaINArchitecture

RESNET = {"generator": "resnet", "filters": 4, "blocks": 1, "in_channels": 3, "out_channels": 3}
ADAIN = {"stem": 8, "width": 8, "fine": 8, "encoder_blocks": 1, "decoder_blocks": 1, "style_widths": [8, 8]}
PICTURES = [tf.TensorSpec((None, None, None, 3), "float32")] * 2


def paint(content, style):
    return 0.5 * content + 0.5 * tf.reduce_mean(style, (1, 2), keepdims=True)


class Callable(tf.Module):
    """As version 2: the loaded module is called, and answers a list."""

    @tf.function(input_signature=PICTURES)
    def __call__(self, content, style):
        return [paint(content, style), content]


def save_version_2(folder: Path) -> str:
    tf.saved_model.save(Callable(), str(folder))
    return str(folder)


def save_version_1(folder: Path, names=("placeholder", "placeholder_1")) -> str:
    """As version 1: no call, a signature with inputs of these names and an output `output_0`."""
    specs = [tf.TensorSpec((None, None, None, 3), "float32", name=name) for name in names]
    is_turned = "style" in names[0]

    @tf.function(input_signature=specs)
    def serve(first, second):
        return {"output_0": paint(second, first) if is_turned else paint(first, second), "other": first}

    module = tf.Module()
    tf.saved_model.save(module, str(folder), signatures={"serving_default": serve})
    return str(folder)


def save_answering(folder: Path, function, n_inputs: int = 2) -> str:
    """A module that answers whatever the function does."""

    class Odd(tf.Module):
        @tf.function(input_signature=PICTURES[:n_inputs])
        def __call__(self, *pictures):
            return function(*pictures)

    tf.saved_model.save(Odd(), str(folder))
    return str(folder)


def save_tflite_pair(folder: Path, *, side: int | None = 96, names=("predict", "transfer")) -> str:
    """A style predictor for 256² and a painter for `side`², or for any size when that is None."""
    style = keras.Input((256, 256, 3), batch_size=1)
    mean = layers.GlobalAveragePooling2D()(style)
    predict = keras.Model(style, layers.Reshape((1, 1, 6))(layers.Concatenate()([mean, mean])))

    content, code = keras.Input((side, side, 3), batch_size=1), keras.Input((1, 1, 6), batch_size=1)
    transfer = keras.Model([content, code], 0.5 * content + 0.5 * code[..., :3])

    folder.mkdir(parents=True, exist_ok=True)
    for name, model in zip(names, (predict, transfer), strict=True):
        (folder / f"{name}.tflite").write_bytes(_convert(model))
    return str(folder)


def save_pix2pix(folder: Path, *, trained_at: int = 32, **changes) -> str:
    """A checkpoint from sketches to pictures, of random weights. `changes` are the config's."""
    config = {
        "recipe": "pix2pix",
        "architecture": {**RESNET, "in_channels": 1},
        "sizes": {"trained_at": trained_at, "multiple": 4},
        "normalisation": {"condition": "0..1", "picture": "-1..1"},
        "direction": "AtoB",
    }
    return _save_checkpoint(folder, config | changes, ["generator"])


def save_cyclegan(folder: Path, **changes) -> str:
    """A checkpoint of both directions, of random weights. `changes` are the config's."""
    config = {
        "recipe": "cyclegan",
        "architecture": RESNET,
        "sizes": {"trained_at": 32, "multiple": 4},
        "normalisation": {"condition": "-1..1", "picture": "-1..1"},
        "direction": "AtoB",
    }
    return _save_checkpoint(folder, config | changes, ["generator_ab", "generator_ba"])


def save_adain(folder: Path, **changes) -> str:
    """A checkpoint of arbitrary style transfer, of random weights. `changes` are the config's."""
    config = {"recipe": "adain", "architecture": ADAIN, "sizes": {"trained_at": 32}, "normalisation": {}}
    networks = adain.build_networks(AdaINArchitecture.from_config(ADAIN))
    folder.mkdir(parents=True, exist_ok=True)
    checkpoints.save_weights(folder / checkpoints.WEIGHTS, networks)
    checkpoints.write_config(folder, config | changes)
    return str(folder)


def save_recipe(folder: Path, name: str) -> str:
    """A checkpoint as the recipe of that name leaves it; `pix2pix-photo` has a photo as its condition."""
    if name == "pix2pix-photo":
        signed = {"condition": "-1..1", "picture": "-1..1"}
        return save_pix2pix(folder, architecture=RESNET, normalisation=signed)
    return {"pix2pix": save_pix2pix, "cyclegan": save_cyclegan, "adain": save_adain}[name](folder)


def _save_checkpoint(folder: Path, config: dict, groups: list[str]) -> str:
    folder.mkdir(parents=True, exist_ok=True)
    networks = {group: generators.build(config["architecture"], name=group) for group in groups}
    for number, network in enumerate(networks.values()):  # more contrast than a training begins with
        rng = np.random.default_rng(number)
        network.set_weights([rng.normal(0, 0.3, weight.shape) for weight in network.weights])
    checkpoints.save_weights(folder / checkpoints.WEIGHTS, networks)
    checkpoints.write_config(folder, config)
    return str(folder)


def sketch(height: int, width: int, *, thickness: int = 3) -> np.ndarray:
    """A black ring on white paper, float32 in 0..1."""
    y, x = np.mgrid[0:height, 0:width]
    radius = np.hypot(y - height / 2, x - width / 2)
    ring = np.abs(radius - 0.35 * min(height, width)) < thickness / 2
    return np.repeat(1 - ring[..., None].astype("float32"), 3, -1)


def _convert(model: keras.Model) -> bytes:
    @tf.function(input_signature=[[tf.TensorSpec(x.shape, "float32") for x in model.inputs]])
    def run(inputs):
        return model(inputs if len(inputs) > 1 else inputs[0])

    function = run.get_concrete_function()
    return tf.lite.TFLiteConverter.from_concrete_functions([function], model).convert()


def picture(height: int, width: int, seed: int = 0) -> np.ndarray:
    """Soft clouds of colour, float32 in 0..1."""
    rng = np.random.default_rng(seed)
    y, x = np.meshgrid(np.linspace(0, 1, height), np.linspace(0, 1, width), indexing="ij")
    waves = [np.sin(6.3 * (a * y + b * x + c)) for a, b, c in rng.uniform(-2, 2, (3, 3))]
    return (0.5 + 0.4 * np.stack(waves, -1)).astype("float32")
