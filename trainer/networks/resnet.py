"""The ResNet generator of image translation. Johnson et al. 2016, arXiv:1603.08155, as in Zhu et al. 2017."""

import keras
from keras import layers as keras_layers

from trainer.networks.architectures import ResNetArchitecture
from trainer.networks.layers import InstanceNorm
from trainer.networks.translation_layers import NormedConvolution, PictureConvolution, TransposedConvolution


def build_generator(architecture: ResNetArchitecture, dtype=None, name: str = "generator") -> keras.Model:
    """Condition (n, h, w, in_channels) → picture (n, h, w, out_channels), float32 in -1..1; sides multiples of 4.

    c7s1-64, d128, d256, R256 × 9, u128, u64, c7s1-3 in the reference notation: 11,377,155 parameters for a sketch.
    `dtype` is a Keras dtype policy such as "mixed_bfloat16"; the global one if None.
    """
    filters = architecture.filters
    condition = keras.Input((None, None, architecture.in_channels), name="condition")

    x = _norm(NormedConvolution(filters, size=7, border="reflect", dtype=dtype)(condition), dtype)
    for factor in (2, 4):
        x = _norm(NormedConvolution(factor * filters, stride=2, dtype=dtype)(x), dtype)
    for _ in range(architecture.blocks):
        x = _residual_block(x, dtype)
    for factor in (2, 1):
        x = _norm(TransposedConvolution(factor * filters, dtype=dtype)(x), dtype)
    x = PictureConvolution(architecture.out_channels, dtype=dtype)(x)
    picture = keras_layers.Activation("tanh", dtype="float32", name="picture")(x)

    return keras.Model(condition, picture, name=name)


def _residual_block(x, dtype):
    width = x.shape[-1]
    y = _norm(NormedConvolution(width, border="reflect", dtype=dtype)(x), dtype)
    y = InstanceNorm(dtype=dtype)(NormedConvolution(width, border="reflect", dtype=dtype)(y))
    return keras_layers.Add(dtype=dtype)([x, y])


def _norm(x, dtype):
    return keras_layers.ReLU(dtype=dtype)(InstanceNorm(dtype=dtype)(x))
