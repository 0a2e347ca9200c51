"""The few operations where it matters how they are done: mostly, a backend's own fused form is the fastest.

Every fused form has a plain one, tested to be equal: a fallback in `keras.ops` whose name ends in `_in_ops`, or, of an
update by Adam, Keras' own.
"""

from functools import cache, partial

import keras
import numpy as np
from keras import ops

if keras.backend.backend() == "tensorflow":
    import tensorflow as tf
else:
    tf = None

HAS_ADAM = tf is not None


def instance_norm(x, scale, shift, epsilon: float = 1e-4):
    """Normalise each channel of each picture over its positions, then scale and shift it.

    x (n, h, w, c) of any float type; scale and shift (n, c) float32. Returns x's shape and type.
    Statistics are float32. Ulyanov et al. 2016, arXiv:1607.08022.
    """
    if tf is None or x.shape[0] is None or not tf.is_tensor(x):
        return instance_norm_in_ops(x, scale, shift, epsilon)
    # Batch normalisation over a batch of one picture is instance normalisation, in one fused pass.
    pictures = _each(x, keep=True)
    normed = [
        tf.raw_ops.FusedBatchNormV3(x=picture, scale=wide, offset=by, mean=[], variance=[], epsilon=epsilon).y
        for picture, wide, by in zip(pictures, _each(scale), _each(shift), strict=True)
    ]
    return normed[0] if len(normed) == 1 else tf.concat(normed, 0)


def _each(x, *, keep=False):
    """The pictures of a batch: one is not cut out, which saves small operations by the hundred."""
    if x.shape[0] == 1:
        return [x if keep else tf.reshape(x, x.shape[1:])]
    return tf.split(x, x.shape[0]) if keep else tf.unstack(x)


def instance_norm_in_ops(x, scale, shift, epsilon: float = 1e-4):
    wide = ops.cast(x, "float32")
    mean, variance = ops.moments(wide, axes=(1, 2), keepdims=True)
    factor = ops.rsqrt(variance + epsilon) * scale[:, None, None]
    return ops.cast((wide - mean) * factor + shift[:, None, None], x.dtype)


def normalise(x, mean, variance, scale, shift, epsilon: float = 1e-4):
    """`instance_norm` of some rows of one picture, by the moments of the whole of it: all four are (c,) float32."""
    if tf is None or not tf.is_tensor(x):
        return normalise_in_ops(x, mean, variance, scale, shift, epsilon)
    known = {"mean": mean, "variance": variance, "is_training": False}
    return tf.raw_ops.FusedBatchNormV3(x=x, scale=scale, offset=shift, epsilon=epsilon, **known)[0]


def normalise_in_ops(x, mean, variance, scale, shift, epsilon: float = 1e-4):
    factor = ops.rsqrt(variance + epsilon) * scale
    return ops.cast((ops.cast(x, "float32") - mean) * factor + shift, x.dtype)


def moments(x):
    """Mean and variance of each channel of each picture over its positions: (n, h, w, c) → two of (n, c), float32."""
    if tf is None or x.shape[0] is None or not tf.is_tensor(x):
        return moments_in_ops(x)
    return _fused_moments(x)


def moments_in_ops(x):
    return ops.moments(ops.cast(x, "float32"), axes=(1, 2))


@ops.custom_gradient
def _fused_moments(x):
    """What batch normalisation finds out about a batch of one picture, in one pass instead of four."""
    _, height, width, channels = (side or tf.shape(x)[i] for i, side in enumerate(x.shape))
    one, nothing, positions = tf.ones(channels), tf.zeros(channels), tf.cast(height * width, "float32")
    found = [
        tf.raw_ops.FusedBatchNormV3(x=picture, scale=one, offset=nothing, mean=[], variance=[])
        for picture in _each(x, keep=True)
    ]
    mean = tf.stack([each.batch_mean for each in found])
    variance = tf.stack([each.batch_variance for each in found]) * (positions - 1) / positions

    def gradient(*args, upstream=None):
        by_mean, by_variance = args if upstream is None else upstream
        away = tf.cast(x, "float32") - mean[:, None, None]
        flow = by_mean[:, None, None] + 2 * by_variance[:, None, None] * away
        return tf.cast(flow / positions, x.dtype)

    return (mean, variance), gradient


def measure_steps(x, axis: int):
    """Mean absolute difference of neighbours along axis 1 or 2 of (n, h, w, c): one number."""

    @ops.custom_gradient
    def measure(x):
        steps = _differ(x, axis)

        def gradient(*args, upstream=None):
            # A backend's own slope fills two tensors of full size with zeros for every slice.
            flow = (args[0] if upstream is None else upstream) * ops.sign(steps) / steps_in(steps)
            around = [[0, 0] for _ in x.shape]
            before, after = ([*around[:axis], pad, *around[axis + 1 :]] for pad in ([1, 0], [0, 1]))
            return ops.pad(flow, before) - ops.pad(flow, after)

        return ops.mean(ops.abs(steps)), gradient

    def steps_in(steps):
        return ops.cast(ops.prod(ops.convert_to_tensor(ops.shape(steps))), steps.dtype)

    return measure(x)


def measure_steps_in_ops(x, axis):
    return ops.mean(ops.abs(_differ(x, axis)))


def _differ(x, axis):
    at = _slicer(x, axis)
    return at(1, None) - at(0, -1)


def space_to_depth(x):
    """(n, 2h, 2w, c) → (n, h, w, 4c): each 2×2 block becomes the channels of one position."""
    # The two pixels of a row are neighbours in memory already, so that rows change places, and nothing else:
    # TensorFlow's own operation, on one core, takes four to seventeen times as long for pixels.
    n, h, w, c = ops.shape(x)
    rows = ops.reshape(x, (n, h // 2, 2, w // 2, 2 * c))
    return ops.reshape(ops.transpose(rows, (0, 1, 3, 2, 4)), (n, h // 2, w // 2, 4 * c))


def depth_to_space(x):
    """(n, h, w, 4c) → (n, 2h, 2w, c): the inverse of `space_to_depth`."""
    n, h, w, c = ops.shape(x)
    rows = ops.reshape(x, (n, h, w, 2, c // 2))
    return ops.reshape(ops.transpose(rows, (0, 1, 3, 2, 4)), (n, 2 * h, 2 * w, c // 4))


def pad_by_reflection(x, margin: int):
    """(n, h, w, c) → (n, h + 2 margin, w + 2 margin, c), the outermost row and column not repeated."""
    return _pad(x, margin, _reflected)


def pad_by_edge(x, margin: int):
    """Like `pad_by_reflection`, but repeating the outermost row and column."""
    return _pad(x, margin, _repeated)


def pad_in_ops(x, margin: int, indices):
    """The plain form of both: `indices(margin)` says which rows come before the first, and after it."""
    for axis in (1, 2):
        x = _pad_axis(x, axis, indices(margin))
    return x


def take_positions(x, rows, columns):
    """The picture of these rows and columns of another, in that order, some of them perhaps twice: (n, h, w, c)."""
    if tf is None or not tf.is_tensor(x):
        return take_positions_in_ops(x, rows, columns)
    n, height, width, channels = x.shape
    positions = np.asarray(rows, "int32")[:, None] * width + np.asarray(columns, "int32")
    taken = tf.gather(tf.reshape(x, (n, height * width, channels)), positions.ravel(), axis=1)
    return tf.reshape(taken, (n, len(rows), len(columns), channels))


def take_positions_in_ops(x, rows, columns):
    return ops.take(ops.take(x, np.asarray(rows, "int32"), axis=1), np.asarray(columns, "int32"), axis=2)


def _pad(x, margin, indices):
    if any(side is not None and side < 2 * margin + 2 for side in x.shape[1:3]):
        return pad_in_ops(x, margin, indices)

    @ops.custom_gradient
    def pad(x):
        def gradient(*args, upstream=None):
            # Left to itself, a backend adds up five zero-filled tensors of full size for every padding.
            flow = args[0] if upstream is None else upstream
            for axis in (1, 2):
                flow = _fold_axis(flow, axis, margin, indices)
            return flow

        if tf is None or not tf.is_tensor(x):
            return pad_in_ops(x, margin, indices), gradient
        return _gather_positions(x, margin, indices), gradient

    return pad(x)


def _gather_positions(x, margin, indices):
    """One pass over memory on every core, where joining slices takes two on one."""
    n, height, width, channels = (side or tf.shape(x)[i] for i, side in enumerate(x.shape))
    rows, columns = (_padded_positions(side, margin, indices) for side in (height, width))
    positions = tf.reshape(rows[:, None] * width + columns[None], [-1])
    padded = tf.gather(tf.reshape(x, (n, height * width, channels)), positions, axis=1)
    return tf.reshape(padded, (n, height + 2 * margin, width + 2 * margin, channels))


def _padded_positions(side, margin, indices):
    # In NumPy: an array turned round in the graph keeps TensorFlow from folding bias and rectifier into convolutions.
    before = np.array(indices(margin), "int32")
    return tf.concat([before, tf.range(side), side - 1 - before[::-1]], 0)


def _reflected(margin):
    return list(range(margin, 0, -1))


def _repeated(margin):
    return [0] * margin


def _fold_axis(flow, axis, margin, indices):
    """Add what flows into the margins to where it came from."""
    at = _slicer(flow, axis)
    before, after = at(0, margin), at(-margin, None)
    if indices is _repeated:
        before, after = (ops.sum(part, axis=axis, keepdims=True) for part in (before, after))
        parts = [at(margin, margin + 1) + before, at(margin + 1, -margin - 1), at(-margin - 1, -margin) + after]
    else:
        before, after = (ops.flip(part, axis) for part in (before, after))
        first, second = at(margin, margin + 1), at(margin + 1, 2 * margin + 1) + before
        last_but_one, last = at(-2 * margin - 1, -margin - 1) + after, at(-margin - 1, -margin)
        parts = [first, second, at(2 * margin + 1, -2 * margin - 1), last_but_one, last]
    return ops.concatenate(parts, axis=axis)


def _pad_axis(x, axis, indices):
    at = _slicer(x, axis)
    before = [at(i, i + 1) for i in indices]
    after = [at(-i - 1, -i if i else None) for i in reversed(indices)]
    return ops.concatenate([*before, x, *after], axis=axis)


def _slicer(x, axis):
    return lambda start, stop: x[:, start:stop] if axis == 1 else x[:, :, start:stop]


def enlarge_and_convolve(x, kernel, bias):
    """Bilinear enlargement ×2, then a same-size 3×3 convolution, without the large picture in between.

    x (n, h, w, a), kernel (3, 3, a, b), bias (b,) → (n, 2h, 2w, b). The kernel is folded into one for each
    of the four output phases, which look at 3×3 small positions; edges repeat. Exact, not an approximation.
    """
    x = ops.conv(pad_by_edge(x, 1), fold_into_phases(kernel), padding="valid")
    return depth_to_space(x + ops.tile(bias, 4))


def fold_into_phases(kernel):
    """The kernel of one output for each phase of an enlargement: (3, 3, a, b) → (3, 3, a, 4b)."""
    if tuple(kernel.shape[:2]) != (3, 3):
        raise ValueError(f"Expected a 3×3 kernel, got {tuple(kernel.shape)}.")
    fold = ops.cast(PHASE_FOLDING, kernel.dtype)
    folded = ops.einsum("yau,xbv,yxio->uviabo", fold, fold, kernel)
    return ops.reshape(folded, (3, 3, kernel.shape[2], 4 * kernel.shape[-1]))


def prepare_convolution(kernel, bias, stride: int = 1, *, unfolds: bool = False):
    """A function of pictures that have their margins already, (1, h, w, a), with any h and w: they are convolved.

    Compiled where the backend can: product and bias are then rounded once, as in a network that is compiled.
    With `unfolds`, four channels become the 2×2 pixels of one.
    """
    if tf is None:
        return partial(_convolve, kernel=kernel, bias=bias, stride=stride, unfolds=unfolds)
    return partial(_compile_convolution(kernel.shape, kernel.dtype, stride, unfolds), kernel=kernel, bias=bias)


def _convolve(padded, kernel, bias, *, stride, unfolds):
    x = ops.conv(padded, kernel, strides=stride, padding="valid") + bias
    return depth_to_space(x) if unfolds else x


@cache
def _compile_convolution(shape, dtype, stride, unfolds):
    """One for all layers and pictures with such a kernel: TensorFlow warns of functions that are often made."""
    specs = [tf.TensorSpec(one, dtype) for one in ((1, None, None, shape[2]), shape, shape[3:])]
    return tf.function(partial(_convolve, stride=stride, unfolds=unfolds), input_signature=specs, autograph=False)


def enlarge_and_convolve_in_ops(x, kernel, bias):
    for axis in (1, 2):
        x = _enlarge_axis(x, axis)
    return ops.conv(pad_by_edge(x, 1), kernel, padding="valid") + bias


def _enlarge_axis(x, axis):
    padded = _pad_axis(x, axis, [0])
    at = _slicer(padded, axis)
    before, after = 0.75 * x + 0.25 * at(0, -2), 0.75 * x + 0.25 * at(2, None)
    shape = list(ops.shape(x))
    shape[axis] *= 2
    return ops.reshape(ops.stack([before, after], axis=axis + 1), shape)


def take_adam_step(variable, gradient, moments, *, step, rate, betas, epsilon):
    """Update a TensorFlow variable and its two moments, Keras variables, in place. Kingma & Ba 2015, arXiv:1412.6980.

    Where this is missing (see HAS_ADAM) Keras' own update does the same in eight passes over the memory.
    """
    step = tf.cast(step, variable.dtype)
    tf.raw_ops.ResourceApplyAdam(
        var=variable.handle,
        m=moments[0].value.handle,
        v=moments[1].value.handle,
        beta1_power=tf.pow(betas[0], step),
        beta2_power=tf.pow(betas[1], step),
        lr=tf.cast(rate, variable.dtype),
        beta1=betas[0],
        beta2=betas[1],
        epsilon=epsilon,
        grad=tf.cast(gradient, variable.dtype),
    )


def _fold_phases():
    """Share of each small position in (tap of the kernel, output phase, small position before, at, after)."""
    # Large positions -1, 0, 1, 2 around small position 0, between its neighbours.
    shares = np.array([[0.75, 0.25, 0], [0.25, 0.75, 0], [0, 0.75, 0.25], [0, 0.25, 0.75]], "float32")
    return np.stack([shares[tap : tap + 2] for tap in range(3)])


PHASE_FOLDING = _fold_phases()
