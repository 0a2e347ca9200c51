"""Convolutions and normalisations that the recipes share, as Keras layers with saved weights."""

import keras
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

    The first half of `scales` is the scale minus one. Dumoulin et al. 2016, arXiv:1610.07629.
    """

    def __init__(self, **kwargs):
        super().__init__(autocast=False, **kwargs)

    def call(self, x, scales):
        channels = x.shape[-1]
        scales = ops.cast(scales, "float32")
        return kernels.instance_norm(x, 1 + scales[:, :channels], scales[:, channels:])

    def compute_output_shape(self, x_shape, scales_shape):
        return x_shape


@keras.saving.register_keras_serializable(PACKAGE)
class Grain(keras.layers.Layer):
    """Noise of given strength in each channel: x (n, h, w, c), amounts (n, c) → x's shape.

    It gives a brush something to hold on to where a picture is flat. The same noise for the same size, so
    that the same inputs paint the same picture. Ulyanov et al. 2016, arXiv:1603.03417; Karras et al. 2019.
    """

    def __init__(self, seed, **kwargs):
        super().__init__(autocast=False, **kwargs)
        self.seed = seed

    def call(self, x, amounts):
        _, height, width, _ = ops.shape(x)
        noise = keras.random.normal((1, height, width, 1), dtype="float32", seed=self.seed)
        return x + ops.cast(amounts[:, None, None], x.dtype) * ops.cast(noise, x.dtype)

    def compute_output_shape(self, x_shape, amounts_shape):
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
