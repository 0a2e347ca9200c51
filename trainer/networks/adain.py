"""The networks of fast arbitrary style transfer: a content encoder, a style encoder and a decoder.

Adaptive instance normalisation (Huang & Belongie 2017, arXiv:1703.06868) at every normalised layer of the
decoder, its scales and shifts predicted from the style picture (Ghiasi et al. 2017, arXiv:1705.06830).
"""

import itertools

import keras
from keras import layers as keras_layers

from trainer.networks.architectures import AdaINArchitecture
from trainer.networks.layers import (
    ConditionalNorm,
    Convolution,
    EnlargingConvolution,
    Grain,
    InstanceNorm,
    Moments,
    SpaceToDepth,
)

CONTENT_MULTIPLE = 4  # sides of a content picture are multiples of this many pixels
STYLE_MULTIPLE = 16  # and those of a style picture of this


def build_networks(architecture: AdaINArchitecture, dtype=None) -> dict[str, keras.Model]:
    """The three networks by name, in the order their weights are saved in.

    `dtype` is a Keras dtype policy such as "mixed_bfloat16"; the global one if None.
    """
    return {
        "content_encoder": build_content_encoder(architecture, dtype),
        "style_encoder": build_style_encoder(architecture, dtype),
        "decoder": build_decoder(architecture, dtype),
    }


def build_content_encoder(architecture: AdaINArchitecture, dtype=None) -> keras.Model:
    """Picture (n, h, w, 3) in 0..1, sides multiples of 4 → features (n, h/4, w/4, width)."""
    a = architecture
    picture = keras.Input((None, None, 3), name="content")

    x = SpaceToDepth(dtype=dtype)(picture - 0.5)
    x = Convolution(a.stem, dtype=dtype)(x)
    x = keras_layers.ReLU(dtype=dtype)(InstanceNorm(dtype=dtype)(x))
    x = Convolution(a.width, stride=2, dtype=dtype)(x)
    x = keras_layers.ReLU(dtype=dtype)(InstanceNorm(dtype=dtype)(x))
    for _ in range(a.encoder_blocks):
        x = _residual_block(x, lambda x: InstanceNorm(dtype=dtype)(x), dtype)

    return keras.Model(picture, x, name="content_encoder")


def build_style_encoder(architecture: AdaINArchitecture, dtype=None) -> keras.Model:
    """Picture (n, h, w, 3) in 0..1, sides multiples of 16 → style code (n, code_size), float32.

    Codes are meant to be kept, and mixed linearly: a code between two codes is a style between two styles.
    """
    a = architecture
    picture = keras.Input((None, None, 3), name="style")

    x = SpaceToDepth(dtype=dtype)(picture - 0.5)
    statistics = []
    for depth, width in enumerate(a.style_widths):
        x = Convolution(width, stride=2 if depth else 1, dtype=dtype)(x)
        x = keras_layers.ReLU(dtype=dtype)(x)
        statistics.append(Moments(dtype="float32")(x))

    # No normalisation above: means and deviations are what the code is made of.
    x = keras_layers.Concatenate(dtype="float32")(statistics)
    plain = keras_layers.Dense(a.code_hidden // 2, dtype="float32", name="linear")(x)
    bent = keras_layers.Dense(a.code_hidden // 2, activation="relu", dtype="float32", name="hidden")(x)
    x = keras_layers.Concatenate(dtype="float32")([plain, bent])
    code = keras_layers.Dense(a.code_size, dtype="float32", name="code")(x)

    return keras.Model(picture, code, name="style_encoder")


def build_decoder(architecture: AdaINArchitecture, dtype=None) -> keras.Model:
    """Features (n, h, w, width) and code (n, code_size) → picture (n, 4h, 4w, 3), float32, about 0..1."""
    a = architecture
    features = keras.Input((None, None, a.width), name="features", dtype=_compute_dtype(dtype))
    code = keras.Input((a.code_size,), name="code")
    parts = _split_code(code, [2 * width for width in a.code_widths] + list(a.grain_widths))
    scales, grains = iter(parts[: len(a.code_widths)]), iter(parts[len(a.code_widths) :])

    def norm(x):
        return ConditionalNorm(dtype=dtype)(x, next(scales))

    x = Grain(seed=1, dtype=dtype)(norm(features), next(grains))
    for _ in range(a.decoder_blocks):
        x = _residual_block(x, norm, dtype)
    x = Grain(seed=2, dtype=dtype)(EnlargingConvolution(a.stem, dtype=dtype)(x), next(grains))
    x = keras_layers.ReLU(dtype=dtype)(norm(x))
    x = keras_layers.ReLU(dtype=dtype)(norm(Convolution(a.stem, dtype=dtype)(x)))
    x = keras_layers.ReLU(dtype=dtype)(norm(EnlargingConvolution(a.fine, dtype=dtype)(x)))
    # Centred on grey, where bfloat16 is finest; 0.5 is added in float32.
    x = Convolution(3, gain=0.2, dtype=dtype)(x)
    picture = keras_layers.Rescaling(1.0, offset=0.5, dtype="float32", name="picture")(x)

    return keras.Model([features, code], picture, name="decoder")


def _residual_block(x, norm, dtype):
    width = x.shape[-1]
    y = norm(Convolution(width, dtype=dtype)(x))
    y = keras_layers.ReLU(dtype=dtype)(y)
    y = norm(Convolution(width, dtype=dtype)(y))
    return keras_layers.Add(dtype=dtype)([x, y])


def _split_code(code, widths):
    ends = list(itertools.accumulate(widths))
    return [code[:, end - width : end] for end, width in zip(ends, widths, strict=True)]


def _compute_dtype(dtype):
    return keras.dtype_policies.get(dtype).compute_dtype if dtype else keras.config.dtype_policy().compute_dtype
