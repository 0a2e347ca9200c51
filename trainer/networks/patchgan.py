"""PatchGAN: a discriminator that says of every patch whether it is real. Isola et al. 2017, arXiv:1611.07004."""

import keras
from keras import layers as keras_layers

from trainer.networks.architectures import PatchGANArchitecture
from trainer.networks.layers import InstanceNorm
from trainer.networks.translation_layers import START_DEVIATION, NormedConvolution

SIZE = 4  # pixels a kernel is wide
SLOPE = 0.2  # of the leaky rectifiers
WIDEST = 8  # times the first layer's channels


def build_discriminator(architecture: PatchGANArchitecture, dtype=None, name: str = "discriminator") -> keras.Model:
    """Pictures (n, h, w, in_channels) → scores (n, h/8 - 2, w/8 - 2, 1), float32 and without a limit.

    C64-C128-C256-C512 in the paper's notation, sides multiples of 8 and at least 24: 2,765,633 parameters for
    three channels. The first layer is not normalised, so it has a bias, and so has the last.
    """
    filters, n_layers = architecture.filters, architecture.layers
    start = keras.initializers.RandomNormal(stddev=START_DEVIATION)
    pictures = keras.Input((None, None, architecture.in_channels), name="pictures")

    x = keras_layers.Conv2D(filters, SIZE, 2, padding="same", kernel_initializer=start, dtype=dtype)(pictures)
    x = keras_layers.LeakyReLU(SLOPE, dtype=dtype)(x)
    for depth in range(1, n_layers):
        x = NormedConvolution(filters * min(2**depth, WIDEST), size=SIZE, stride=2, dtype=dtype)(x)
        x = keras_layers.LeakyReLU(SLOPE, dtype=dtype)(InstanceNorm(dtype=dtype)(x))
    # One row and column less each time: a kernel of four has no middle.
    x = keras_layers.ZeroPadding2D(1, dtype=dtype)(x)
    x = NormedConvolution(filters * min(2**n_layers, WIDEST), size=SIZE, border="none", dtype=dtype)(x)
    x = keras_layers.LeakyReLU(SLOPE, dtype=dtype)(InstanceNorm(dtype=dtype)(x))
    x = keras_layers.ZeroPadding2D(1, dtype="float32")(x)
    scores = keras_layers.Conv2D(1, SIZE, kernel_initializer=start.clone(), dtype="float32", name="scores")(x)

    return keras.Model(pictures, scores, name=name)


def receptive_field(architecture: PatchGANArchitecture) -> int:
    """Side in pixels of the patch that one score is about."""
    side = 1
    for stride in [1, 1] + [2] * architecture.layers:
        side = (side - 1) * stride + SIZE
    return side


def check_size(architecture: PatchGANArchitecture, size: int) -> None:
    """Raise ValueError where a square of so many pixels is too small to be judged."""
    if size % architecture.multiple or size < architecture.least_size:
        raise ValueError(
            f"A discriminator of {architecture.layers} layers wants a size that is a multiple of "
            f"{architecture.multiple} and at least {architecture.least_size}, not {size}."
        )
