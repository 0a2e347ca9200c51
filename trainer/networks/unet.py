"""The U-Net generator of pix2pix: an encoder, a decoder, and a skip connection at every size. Isola et al. 2017."""

import keras
from keras import layers as keras_layers

from trainer.networks.architectures import UNetArchitecture
from trainer.networks.layers import InstanceNorm
from trainer.networks.translation_layers import START_DEVIATION, NormedConvolution, TransposedConvolution

SIZE = 4  # pixels a kernel is wide
SLOPE = 0.2  # of the leaky rectifiers going down
WIDEST = 8  # times the first layer's channels
N_DROPPED = 3  # levels above the innermost that drop channels while training
DROPOUT_SEED = 7  # the state that grows from it is saved with the weights


def build_generator(architecture: UNetArchitecture, dtype=None, name: str = "generator") -> keras.Model:
    """Condition (n, h, w, in_channels) → picture (n, h, w, out_channels), float32 in -1..1.

    Sides are multiples of 2**depth. Drops only when called with `training=True`.
    """
    a = architecture
    widths = [a.filters * min(2**level, WIDEST) for level in range(a.depth)]
    condition = keras.Input((None, None, a.in_channels), name="condition")

    x = _plain_convolution(widths[0], dtype)(condition)
    skips = [x]
    for width in widths[1:-1]:
        x = NormedConvolution(width, size=SIZE, stride=2, dtype=dtype)(keras_layers.LeakyReLU(SLOPE, dtype=dtype)(x))
        x = InstanceNorm(dtype=dtype)(x)
        skips.append(x)
    # The innermost may be a single position, which a normalisation would turn to nothing.
    x = _plain_convolution(widths[-1], dtype)(keras_layers.LeakyReLU(SLOPE, dtype=dtype)(x))

    for i, (width, skip) in enumerate(zip(reversed(widths[:-1]), reversed(skips), strict=True)):
        x = TransposedConvolution(width, size=SIZE, dtype=dtype)(keras_layers.ReLU(dtype=dtype)(x))
        x = InstanceNorm(dtype=dtype)(x)
        if a.dropout and 0 < i <= N_DROPPED:
            x = keras_layers.Dropout(a.dropout, seed=DROPOUT_SEED + i, dtype=dtype)(x)
        x = keras_layers.Concatenate(dtype=dtype)([skip, x])

    start = keras.initializers.RandomNormal(stddev=START_DEVIATION)
    last = keras_layers.Conv2DTranspose(
        a.out_channels, SIZE, 2, padding="same", kernel_initializer=start, dtype=dtype, name="last"
    )
    x = last(keras_layers.ReLU(dtype=dtype)(x))
    picture = keras_layers.Activation("tanh", dtype="float32", name="picture")(x)

    return keras.Model(condition, picture, name=name)


def _plain_convolution(width, dtype):
    start = keras.initializers.RandomNormal(stddev=START_DEVIATION)
    return keras_layers.Conv2D(width, SIZE, 2, padding="same", kernel_initializer=start, dtype=dtype)
