"""Convolutions and normalisations that the recipes share, as Keras layers with saved weights."""

import keras
import numpy as np
from keras import ops

from trainer.networks import kernels

PACKAGE = "stylesite"


@keras.saving.register_keras_serializable(PACKAGE)
class Convolution(keras.layers.Layer):
    """A k×k convolution with reflected borders: (n, h, w, a) → (n, h/stride, w/stride, filters).

    With stride 2 the sides must be even. `gain` scales He's initial deviation.
    """

    def __init__(self, filters, size=3, stride=1, gain=1.0, **kwargs):
        super().__init__(**kwargs)
        self.filters, self.size, self.stride, self.gain = filters, size, stride, gain

    def build(self, shape):
        start = keras.initializers.VarianceScaling(2.0 * self.gain**2)
        self.kernel = self.add_weight(
            name="kernel", shape=(self.size, self.size, shape[-1], self.filters), initializer=start
        )
        self.bias = self.add_weight(name="bias", shape=(self.filters,), initializer="zeros")

    def call(self, x):
        if self.size > 1:
            x = kernels.pad_by_reflection(x, self.size // 2)
        return ops.conv(x, self.kernel, strides=self.stride, padding="valid") + self.bias

    def compute_output_shape(self, shape):
        sides = [side and side // self.stride for side in shape[1:3]]
        return (shape[0], *sides, self.filters)

    def get_config(self):
        own = {"filters": self.filters, "size": self.size, "stride": self.stride, "gain": self.gain}
        return super().get_config() | own


@keras.saving.register_keras_serializable(PACKAGE)
class EnlargingConvolution(keras.layers.Layer):
    """Bilinear enlargement and a 3×3 convolution: (n, h, w, a) → (n, 2h, 2w, filters).

    No checkerboards, as the convolution treats all pixels alike (Odena et al. 2016, doi:10.23915/distill.00003),
    and no weave of 4 pixels either, which repeated nearest neighbours leave.
    """

    def __init__(self, filters, gain=1.0, **kwargs):
        super().__init__(**kwargs)
        self.filters, self.gain = filters, gain

    def build(self, shape):
        start = keras.initializers.VarianceScaling(2.0 * self.gain**2)
        self.kernel = self.add_weight(name="kernel", shape=(3, 3, shape[-1], self.filters), initializer=start)
        self.bias = self.add_weight(name="bias", shape=(self.filters,), initializer="zeros")

    def call(self, x):
        return kernels.enlarge_and_convolve(x, ops.convert_to_tensor(self.kernel), self.bias)

    def compute_output_shape(self, shape):
        return (shape[0], *[side and 2 * side for side in shape[1:3]], self.filters)

    def get_config(self):
        own = {"filters": self.filters, "gain": self.gain}
        return super().get_config() | own


@keras.saving.register_keras_serializable(PACKAGE)
class UnfoldingConvolution(keras.layers.Layer):
    """A 3×3 convolution whose channels become 2×2 pixels: (n, h, w, a) → (n, 2h, 2w, filters).

    Sub-pixel convolution, Shi et al. 2016, arXiv:1609.05158; the four pixels begin equal, so that no checkerboard
    is there from the start (Aitken et al. 2017, arXiv:1707.02937).
    """

    def __init__(self, filters, gain=1.0, **kwargs):
        super().__init__(**kwargs)
        self.filters, self.gain = filters, gain

    def build(self, shape):
        start = keras.initializers.VarianceScaling(2.0 * self.gain**2)

        def start_equal(shape, dtype=None):
            return ops.tile(start((*shape[:3], self.filters), dtype=dtype), (1, 1, 1, 4))

        self.kernel = self.add_weight(name="kernel", shape=(3, 3, shape[-1], 4 * self.filters), initializer=start_equal)
        self.bias = self.add_weight(name="bias", shape=(4 * self.filters,), initializer="zeros")

    def call(self, x):
        x = ops.conv(kernels.pad_by_reflection(x, 1), self.kernel, padding="valid") + self.bias
        return kernels.depth_to_space(x)

    def compute_output_shape(self, shape):
        return (shape[0], *[side and 2 * side for side in shape[1:3]], self.filters)

    def get_config(self):
        own = {"filters": self.filters, "gain": self.gain}
        return super().get_config() | own


@keras.saving.register_keras_serializable(PACKAGE)
class InstanceNorm(keras.layers.Layer):
    """Instance normalisation with a learned scale and shift, float32 inside: shape and type stay."""

    def build(self, shape):
        self.scale = self.add_weight(name="scale", shape=(shape[-1],), initializer="ones", autocast=False)
        self.shift = self.add_weight(name="shift", shape=(shape[-1],), initializer="zeros", autocast=False)

    def call(self, x):
        n = ops.shape(x)[0]
        scale, shift = (ops.broadcast_to(w, (n, w.shape[0])) for w in (self.scale, self.shift))
        return kernels.instance_norm(x, scale, shift)

    def compute_output_shape(self, shape):
        return shape


@keras.saving.register_keras_serializable(PACKAGE)
class ConditionalNorm(keras.layers.Layer):
    """Instance normalisation whose scale and shift come with the call: [x, scales (n, 2c)] → x's shape.

    The first half of `scales` is the scale minus one. Dumoulin et al. 2016, arXiv:1610.07629. With `masks`
    (n, h, w, k), shares that add up to one, `scales` are (n, k, 2c), and each holds where its mask is.
    """

    def __init__(self, **kwargs):
        super().__init__(autocast=False, **kwargs)

    def call(self, x, scales, masks=None):
        scale, shift = ops.split(ops.cast(scales, "float32"), 2, axis=-1)
        if masks is None:
            return kernels.instance_norm(x, 1 + scale, shift)
        plain = ops.ones_like(scale[:, 0])
        normed = kernels.instance_norm(x, plain, 0 * plain)
        return normed * spread(1 + scale, masks, x.dtype) + spread(shift, masks, x.dtype)

    def compute_output_shape(self, x_shape, scales_shape, masks_shape=None):
        return x_shape


@keras.saving.register_keras_serializable(PACKAGE)
class Grain(keras.layers.Layer):
    """Noise of given strength in each channel: x (n, h, w, c), amounts (n, c) → x's shape.

    It gives a brush something to hold on to where a picture is flat. Always the same noise, from the upper left
    corner on, so that the same inputs paint the same picture. Ulyanov et al. 2016, arXiv:1603.03417. With `masks`
    (n, h, w, k), `amounts` are (n, k, c).
    """

    SIDE = 211  # positions after which it comes again; no multiple of anything that a picture repeats

    def __init__(self, seed, **kwargs):
        super().__init__(autocast=False, **kwargs)
        self.seed = seed
        self.noise = np.random.default_rng(seed).normal(size=(self.SIDE, self.SIDE, 1)).astype("float32")

    def call(self, x, amounts, masks=None):
        noise = ops.cast(self.noise_of(*ops.shape(x)[1:3])[None], x.dtype)
        if masks is None:
            return x + ops.cast(amounts[:, None, None], x.dtype) * noise
        return x + spread(amounts, masks, x.dtype) * noise

    def noise_of(self, height, width, top=0):
        """The noise of so many positions, `top` rows below the upper edge: float32 (height, width, 1)."""
        rows = ops.take(self.noise, (top + ops.arange(height)) % self.SIDE, axis=0)
        return ops.take(rows, ops.arange(width) % self.SIDE, axis=1)

    def compute_output_shape(self, x_shape, amounts_shape, masks_shape=None):
        return x_shape

    def get_config(self):
        return super().get_config() | {"seed": self.seed}


@keras.saving.register_keras_serializable(PACKAGE)
class SpaceToDepth(keras.layers.Layer):
    """(n, 2h, 2w, c) → (n, h, w, 4c)."""

    def call(self, x):
        return kernels.space_to_depth(x)

    def compute_output_shape(self, shape):
        return (shape[0], *[side and side // 2 for side in shape[1:3]], 4 * shape[-1])


@keras.saving.register_keras_serializable(PACKAGE)
class Moments(keras.layers.Layer):
    """Mean and deviation of every channel over the positions: (n, h, w, c) → (n, 2c), float32."""

    def call(self, x):
        mean, variance = kernels.moments(x)
        return ops.concatenate([mean, ops.sqrt(variance + 1e-5)], axis=-1)

    def compute_output_shape(self, shape):
        return (shape[0], 2 * shape[-1])

    def compute_output_spec(self, x):
        return keras.KerasTensor(self.compute_output_shape(x.shape), "float32")


def spread(values, masks, dtype):
    """(n, k, c) over the places of their masks (n, h, w, k): (n, h, w, c)."""
    n, height, width, k = ops.shape(masks)
    flat = ops.matmul(ops.reshape(ops.cast(masks, dtype), (n, height * width, k)), ops.cast(values, dtype))
    return ops.reshape(flat, (n, height, width, values.shape[-1]))
