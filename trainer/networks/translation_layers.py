"""Convolutions of the translation networks, as Keras layers with saved weights; those before a norm have no bias."""

import keras
from keras import ops

from trainer.networks import kernels
from trainer.networks.layers import PACKAGE

START_DEVIATION = 0.02  # of kernels, as the papers have it


@keras.saving.register_keras_serializable(PACKAGE)
class NormedConvolution(keras.layers.Layer):
    """A k×k convolution without a bias, for a normalisation follows: (n, h, w, a) → (n, h/stride, w/stride, filters).

    That normalisation, InstanceNorm, adds 1e-4 to the variance, where the reference has 1e-5. It matters where
    activations are tiny, as in the early layers of a fresh discriminator: they come out 5 to 10 % smaller.
    `border` is "reflect", "zero", or "none": then the picture shrinks by the kernel's width, less one. With
    stride 2 the sides must be even.
    """

    def __init__(self, filters, size=3, stride=1, border="zero", **kwargs):
        super().__init__(**kwargs)
        self.filters, self.size, self.stride, self.border = filters, size, stride, border

    def build(self, shape):
        self.kernel = self.add_weight(
            name="kernel", shape=(self.size, self.size, shape[-1], self.filters), initializer=_start()
        )

    def call(self, x):
        if self.border == "reflect":
            x = kernels.pad_by_reflection(x, self.size // 2)
        return ops.conv(x, self.kernel, strides=self.stride, padding="same" if self.border == "zero" else "valid")

    def compute_output_shape(self, shape):
        lost = self.size - 1 if self.border == "none" else 0
        return (shape[0], *[side and (side - lost) // self.stride for side in shape[1:3]], self.filters)

    def get_config(self):
        own = {"filters": self.filters, "size": self.size, "stride": self.stride, "border": self.border}
        return super().get_config() | own


@keras.saving.register_keras_serializable(PACKAGE)
class TransposedConvolution(keras.layers.Layer):
    """A k×k transposed convolution of stride 2 without a bias: (n, h, w, a) → (n, 2h, 2w, filters).

    Written as a convolution to four times the channels it takes nearly twice as long: measured, both ways.
    """

    def __init__(self, filters, size=3, **kwargs):
        super().__init__(**kwargs)
        self.filters, self.size = filters, size

    def build(self, shape):
        self.kernel = self.add_weight(
            name="kernel", shape=(self.size, self.size, self.filters, shape[-1]), initializer=_start()
        )

    def call(self, x):
        return ops.conv_transpose(x, self.kernel, strides=2, padding="same")

    def compute_output_shape(self, shape):
        return (shape[0], *[side and 2 * side for side in shape[1:3]], self.filters)

    def get_config(self):
        return super().get_config() | {"filters": self.filters, "size": self.size}


@keras.saving.register_keras_serializable(PACKAGE)
class PictureConvolution(keras.layers.Layer):
    """The last 7×7 convolution to a few channels, reflected borders, float32 out: (n, h, w, a) → (n, h, w, filters).

    Sides must be even: four neighbours are computed together, by an 8×8 kernel at every second position. A
    processor works on 16 channels at a time or not at all; three channels took 55 ms at 256², twelve take 21.
    """

    def __init__(self, filters, size=7, **kwargs):
        super().__init__(**kwargs)
        self.filters, self.size = filters, size

    def build(self, shape):
        self.kernel = self.add_weight(
            name="kernel", shape=(self.size, self.size, shape[-1], self.filters), initializer=_start()
        )
        self.bias = self.add_weight(name="bias", shape=(self.filters,), initializer="zeros", autocast=False)

    def call(self, x):
        x = kernels.pad_by_reflection(x, self.size // 2)
        x = ops.conv(x, fold_to_phases(self.kernel), strides=2, padding="valid")
        return ops.cast(kernels.depth_to_space(x), "float32") + self.bias

    def compute_output_spec(self, x):
        return keras.KerasTensor((*x.shape[:3], self.filters), "float32")

    def get_config(self):
        return super().get_config() | {"filters": self.filters, "size": self.size}


def fold_to_phases(kernel):
    """(k, k, a, b) → (k + 1, k + 1, a, 4b): the kernel as each of 2×2 neighbouring positions sees it."""
    shifts = [(down, across) for down in (0, 1) for across in (0, 1)]
    phases = [ops.pad(kernel, ((y, 1 - y), (x, 1 - x), (0, 0), (0, 0))) for y, x in shifts]
    return ops.concatenate(phases, axis=-1)


def _start():
    return keras.initializers.RandomNormal(stddev=START_DEVIATION)
