"""Every fused operation gives the answer of its plain form."""

import numpy as np
import pytest
import tensorflow as tf
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

from trainer.networks import kernels

PADDINGS = [
    (kernels.pad_by_reflection, lambda margin: list(range(margin, 0, -1))),
    (kernels.pad_by_edge, lambda margin: [0] * margin),
]


def noise(*shape, seed=0):
    return tf.constant(np.random.default_rng(seed).normal(size=shape).astype("float32"))


def list_operations(function):
    """The kinds of operation that are left of a function once TensorFlow has made it faster."""
    frozen = convert_variables_to_constants_v2(function.get_concrete_function())
    metadata, options = tf.compat.v1.RunMetadata(), tf.compat.v1.RunOptions(output_partition_graphs=True)
    with tf.Graph().as_default() as graph, tf.compat.v1.Session(graph=graph) as session:
        tf.import_graph_def(frozen.graph.as_graph_def(), name="")
        feed = {one.name: np.zeros([side or 16 for side in one.shape], "float32") for one in frozen.inputs}
        session.run(frozen.outputs[0].name, feed, options=options, run_metadata=metadata)
    return {node.op for part in metadata.partition_graphs for node in part.node}


@pytest.mark.parametrize("n", [1, 3])
def test_instance_norm_equals_its_plain_form(n):
    x, scale, shift = 5 * noise(n, 6, 7, 4) + 2, noise(n, 4, seed=1), noise(n, 4, seed=2)

    fused = kernels.instance_norm(x, scale, shift)

    assert np.allclose(fused, kernels.instance_norm_in_ops(x, scale, shift), atol=1e-4)


def test_instance_norm_has_the_slopes_of_its_plain_form():
    x, scale, shift, weight = noise(2, 6, 7, 4), noise(2, 4, seed=1), noise(2, 4, seed=2), noise(2, 6, 7, 4, seed=3)

    slopes = []
    for norm in (kernels.instance_norm, kernels.instance_norm_in_ops):
        with tf.GradientTape() as tape:
            tape.watch([x, scale, shift])
            total = tf.reduce_sum(weight * norm(x, scale, shift))
        slopes.append(tape.gradient(total, [x, scale, shift]))

    for ours, plain in zip(*slopes, strict=True):
        assert np.allclose(ours, plain, atol=1e-3)


@pytest.mark.parametrize("n", [1, 3])
def test_moments_equal_their_plain_form(n):
    x = 5 * noise(n, 6, 7, 4) + 2

    for fused, plain in zip(kernels.moments(x), kernels.moments_in_ops(x), strict=True):
        assert np.allclose(fused, plain, rtol=1e-4)


def test_moments_have_the_slopes_of_their_plain_form():
    x, weight = noise(2, 6, 7, 4) + 1, noise(2, 4, seed=1)

    slopes = []
    for find in (kernels.moments, kernels.moments_in_ops):
        with tf.GradientTape() as tape:
            tape.watch(x)
            mean, variance = find(x)
            total = tf.reduce_sum(weight * mean + tf.sin(variance))
        slopes.append(tape.gradient(total, x))

    assert np.allclose(*slopes, atol=1e-5)


@pytest.mark.parametrize("axis", [1, 2])
def test_steps_and_their_slopes_equal_their_plain_form(axis):
    x = noise(2, 6, 7, 3)

    found = []
    for measure in (kernels.measure_steps, kernels.measure_steps_in_ops):
        with tf.GradientTape() as tape:
            tape.watch(x)
            value = 3 * measure(x, axis)
        found.append((value, tape.gradient(value, x)))

    for ours, plain in zip(*found, strict=True):
        assert np.allclose(ours, plain, atol=1e-6)


def test_depth_is_the_four_phases_of_space_and_space_undoes_it():
    x = noise(2, 6, 8, 4)

    deep = kernels.space_to_depth(x)

    phases = [x[:, i::2, j::2] for i in range(2) for j in range(2)]
    assert np.array_equal(deep, np.concatenate(phases, axis=-1))
    assert np.array_equal(kernels.depth_to_space(deep), x)


@pytest.mark.parametrize("margin", [1, 2, 3])
@pytest.mark.parametrize(("ours", "theirs"), [(kernels.pad_by_reflection, "reflect"), (kernels.pad_by_edge, "edge")])
def test_padding_equals_numpy(margin, ours, theirs):
    x = noise(2, 5, 6, 3)

    padded = ours(x, margin)

    wide = ((0, 0), (margin, margin), (margin, margin), (0, 0))
    assert np.array_equal(padded, np.pad(x, wide, mode=theirs))


@pytest.mark.parametrize("margin", [1, 3])
@pytest.mark.parametrize("sides", [(4, 5), (8, 9), (12, 8)])
@pytest.mark.parametrize(("ours", "indices"), PADDINGS)
def test_padding_has_the_slopes_of_its_plain_form(ours, indices, sides, margin):
    x, weight = noise(2, *sides, 2), noise(2, *[side + 2 * margin for side in sides], 2, seed=1)

    slopes = []
    for pad in (ours, lambda x, margin: kernels.pad_in_ops(x, margin, indices)):
        with tf.GradientTape() as tape:
            tape.watch(x)
            total = tf.reduce_sum(weight * pad(x, margin))
        slopes.append(tape.gradient(total, x))

    assert np.allclose(*slopes, atol=1e-5)


def test_padding_copes_with_sides_that_are_known_only_later():
    pad = tf.function(lambda x: kernels.pad_by_reflection(x, 3), input_signature=[tf.TensorSpec((None, None, None, 2))])
    x = noise(2, 9, 8, 2)

    assert np.array_equal(pad(x), np.pad(x, ((0, 0), (3, 3), (3, 3), (0, 0)), mode="reflect"))


@pytest.mark.parametrize("pad", [kernels.pad_by_reflection, kernels.pad_by_edge])
def test_padding_lets_a_convolution_take_bias_and_rectifier_in_the_same_pass(pad):
    kernel, bias = noise(3, 3, 4, 4), noise(4, seed=1)

    def make(pad):
        @tf.function(input_signature=[tf.TensorSpec((1, None, None, 4))])
        def convolve(x):
            return tf.nn.relu(tf.nn.conv2d(pad(x), kernel, 1, "VALID") + bias)

        return convolve

    padded, plain = (list_operations(make(one)) for one in (lambda x: pad(x, 1), lambda x: x))

    # All of them are one where TensorFlow runs oneDNN; where the processor is too old for it, it joins none.
    apart = {"Relu", "BiasAdd", "Conv2D", "_MklNativeConv2D"}
    assert padded & apart == plain & apart


@pytest.mark.parametrize("sides", [(6, 5), (2, 3), (1, 1)])
def test_enlarging_convolution_equals_enlarging_then_convolving(sides):
    x, kernel, bias = noise(2, *sides, 3), noise(3, 3, 3, 4, seed=1), noise(4, seed=2)

    folded = kernels.enlarge_and_convolve(x, kernel, bias)

    plain = kernels.enlarge_and_convolve_in_ops(x, kernel, bias)
    assert folded.shape == (2, 2 * sides[0], 2 * sides[1], 4)
    assert np.allclose(folded, plain, atol=1e-4)


def test_enlarging_is_bilinear():
    x = noise(1, 6, 5, 2)
    keep = np.zeros((3, 3, 2, 2), "float32")
    keep[1, 1] = np.eye(2)

    enlarged = kernels.enlarge_and_convolve(x, tf.constant(keep), tf.zeros(2))

    assert np.allclose(enlarged, tf.image.resize(x, (12, 10), "bilinear"), atol=1e-5)


def test_only_kernels_of_three_by_three_are_folded():
    with pytest.raises(ValueError, match="3×3"):
        kernels.enlarge_and_convolve(noise(1, 4, 4, 2), noise(5, 5, 2, 2), noise(2))


def test_rows_normalised_by_the_moments_of_the_whole_are_rows_of_the_whole():
    x, scale, shift = 5 * noise(1, 6, 7, 4) + 2, noise(1, 4, seed=1), noise(1, 4, seed=2)
    known = [one[0] for one in (*kernels.moments(x), scale, shift)]
    whole = kernels.instance_norm(x, scale, shift)

    assert np.allclose(kernels.normalise(x[:, 2:5], *known), whole[:, 2:5], atol=1e-4)
    assert np.allclose(kernels.normalise_in_ops(x[:, 2:5], *known), whole[:, 2:5], atol=1e-4)


def test_taken_positions_equal_their_plain_form():
    x, rows, columns = noise(1, 5, 6, 2), np.array([1, 0, 1, 4]), np.array([5, 5, 0])

    taken = kernels.take_positions(x, rows, columns)

    assert np.array_equal(taken, np.asarray(x)[:, rows][:, :, columns])
    assert np.array_equal(taken, kernels.take_positions_in_ops(x, rows, columns))
