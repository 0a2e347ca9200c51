"""The networks of fast arbitrary style transfer: a content encoder, a style encoder and a decoder.

Adaptive instance normalisation (Huang & Belongie 2017, arXiv:1703.06868) at every normalised layer of the
decoder, its scales and shifts predicted from the style picture (Ghiasi et al. 2017, arXiv:1705.06830).
"""

import itertools

import keras
from keras import layers as keras_layers
from keras import ops

from trainer.networks.architectures import AdaINArchitecture
from trainer.networks.layers import (
    ConditionalNorm,
    Convolution,
    EnlargingConvolution,
    Grain,
    InstanceNorm,
    Moments,
    SpaceToDepth,
    UnfoldingConvolution,
)

STYLE_MULTIPLE = 16  # sides of a style picture are multiples of this many pixels


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
    """Picture (n, h, w, 3) in 0..1 → features (n, h/4, w/4, width); sides are multiples of `architecture.multiple`."""
    a = architecture
    picture = keras.Input((None, None, 3), name="content")

    x = SpaceToDepth(dtype=dtype)(picture - 0.5)
    if a.fold == 4:
        x = Convolution(a.width, dtype=dtype)(SpaceToDepth(dtype=dtype)(x))
    else:
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


def build_decoder(architecture: AdaINArchitecture, dtype=None, *, has_masks: bool = False) -> keras.Model:
    """Features (n, h, w, width) and code (n, code_size) → picture (n, 4h, 4w, 3), float32, about 0..1.

    With `has_masks` it takes several codes (n, k, code_size) and as third input the share of each at every place,
    (n, h, w, k), which add up to one. The weights are the same.
    """
    a = architecture
    features = keras.Input((None, None, a.width), name="features", dtype=_compute_dtype(dtype))
    code = keras.Input((None, a.code_size) if has_masks else (a.code_size,), name="code")
    masks = keras.Input((None, None, None), name="masks") if has_masks else None
    says = _Conditions(a, code, masks, dtype)

    x = says.grain(says.norm(features), seed=1)
    for i in range(a.decoder_blocks):
        if i == a.decoder_blocks // 2 and a.deep:
            x = _go_deeper(x, a, says, dtype)
        x = _residual_block(x, says.norm, dtype)
    if a.fine:
        x = says.grain(EnlargingConvolution(a.stem, dtype=dtype)(x), seed=2, level=1)
    else:
        x = EnlargingConvolution(a.stem, dtype=dtype)(says.grain(x, seed=2))
    x = keras_layers.ReLU(dtype=dtype)(says.norm(x, level=1))
    # Centred on grey, where bfloat16 is finest; 0.5 is added in float32.
    if a.fine:
        x = keras_layers.ReLU(dtype=dtype)(says.norm(Convolution(a.stem, dtype=dtype)(x), level=1))
        x = keras_layers.ReLU(dtype=dtype)(says.norm(EnlargingConvolution(a.fine, dtype=dtype)(x), level=2))
        x = Convolution(3, gain=0.2, dtype=dtype)(x)
    else:
        x = UnfoldingConvolution(3, gain=0.2, dtype=dtype)(x)
    picture = keras_layers.Rescaling(1.0, offset=0.5, dtype="float32", name="picture")(x)

    return keras.Model([features, code, *([masks] if has_masks else [])], picture, name="decoder")


class _Conditions:
    """What the code says to the layers of the decoder, in the order in which they ask.

    `level` is the size of what asks: 0 a quarter of the picture, -1 an eighth, 1 a half, 2 all of it.
    """

    def __init__(self, architecture, code, masks, dtype):
        widths = [2 * width for width in architecture.code_widths]
        ends = list(itertools.accumulate([*widths, *architecture.grain_widths]))
        parts = ops.split(code, ends[:-1], axis=-1)
        self._scales, self._amounts = iter(parts[: len(widths)]), iter(parts[len(widths) :])
        self._masks, self._dtype = masks, dtype

    def norm(self, x, level=0):
        return ConditionalNorm(dtype=self._dtype)(x, next(self._scales), *self._masks_at(level))

    def grain(self, x, *, seed, level=0):
        return Grain(seed=seed, dtype=self._dtype)(x, next(self._amounts), *self._masks_at(level))

    def _masks_at(self, level):
        if self._masks is None:
            return ()
        if level < 0:
            return (keras_layers.AveragePooling2D(2**-level)(self._masks),)
        return (keras_layers.UpSampling2D(2**level)(self._masks) if level else self._masks,)


def _go_deeper(x, a, says, dtype):
    """A detour at half the size, which begins as hardly any change: large strokes for little time."""
    y = says.norm(Convolution(a.deep, stride=2, dtype=dtype)(x), level=-1)
    y = says.grain(keras_layers.ReLU(dtype=dtype)(y), seed=3, level=-1)
    for _ in range(a.deep_blocks):
        y = _residual_block(y, lambda y: says.norm(y, level=-1), dtype)
    return keras_layers.Add(dtype=dtype)([x, EnlargingConvolution(a.width, gain=0.01, dtype=dtype)(y)])


def _residual_block(x, norm, dtype):
    width = x.shape[-1]
    y = norm(Convolution(width, dtype=dtype)(x))
    y = keras_layers.ReLU(dtype=dtype)(y)
    y = norm(Convolution(width, dtype=dtype)(y))
    return keras_layers.Add(dtype=dtype)([x, y])


def _compute_dtype(dtype):
    return keras.dtype_policies.get(dtype).compute_dtype if dtype else keras.config.dtype_policy().compute_dtype
