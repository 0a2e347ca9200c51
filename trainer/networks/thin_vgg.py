"""A thin VGG, which answers as a wide one does: the recipe `distillation` teaches it."""

import keras

from trainer.networks.architectures import ThinVGGArchitecture
from trainer.networks.layers import Convolution

CONTENT = 3  # of its five maps: relu4_1, which knows what is in a picture


def build(architecture: ThinVGGArchitecture, dtype=None) -> keras.Model:
    """A VGG with two convolutions a block and so many channels in each: picture → the first ReLU of every block.

    Averages are pooled, as Gatys et al. have it: a slope then reaches every pixel. The weights can be learned.
    """
    picture = keras.Input((None, None, 3), name="picture")
    x, maps = picture - 0.5, []
    for width, before in zip(architecture.widths, (0, *architecture.widths), strict=False):
        if before:
            x = keras.layers.ReLU(dtype=dtype)(Convolution(before, dtype=dtype)(x))
            x = keras.layers.AveragePooling2D(2, dtype=dtype)(x)
        x = keras.layers.ReLU(dtype=dtype)(Convolution(width, dtype=dtype)(x))
        maps.append(x)
    return keras.Model(picture, maps, name="features")
