"""Devices, precision and determinism. Two logical processors stand for two GPUs."""

import json
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.sources import ROOT
from trainer import gradients

ON_TWO_DEVICES = """
import json, sys
import keras
import tensorflow as tf
tf.config.set_logical_device_configuration(
    tf.config.list_physical_devices("CPU")[0], [tf.config.LogicalDeviceConfiguration()] * 2
)
from pathlib import Path
from tests.trainer import toy
from trainer import gradients, history, training

for precision in ("float32", "mixed_float16"):
    keras.config.set_dtype_policy(precision)
    for devices in (1, 2):
        keras.utils.set_random_seed(3)
        folder = Path(sys.argv[1]) / f"{precision}-{devices}"
        with gradients.spread_over(devices):
            recipe = toy.Toy(toy.Config(), 3)
            if precision == "mixed_float16":
                recipe.optimizers["adam"].dynamic_scale.assign(2.0**8)  # so that no gradient overflows
            training.train(recipe, folder, steps=2, seed=3)
            run = training.train(toy.Toy(toy.Config(), 3), folder, steps=4, seed=3, resume=True)
        losses = [line["loss"] for line in history.read(folder / training.HISTORY)]
        state = {name: array.tolist() for name, array in run.state().items()}
        print(json.dumps([losses, state]))
"""


def test_several_devices_do_what_one_does(tmp_path):
    """Clipped gradients, loss scaling, averages, a variable of the recipe's own, and a resume included."""
    command = [sys.executable, "-c", ON_TWO_DEVICES, tmp_path]

    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)

    assert done.returncode == 0, done.stderr
    runs = [json.loads(line) for line in done.stdout.splitlines()]
    for one, two, tolerance in ((*runs[:2], 1e-5), (*runs[2:], 1e-2)):
        assert np.allclose(one[0], two[0], atol=tolerance)
        assert set(one[1]) == set(two[1])
        for name, values in one[1].items():
            assert np.allclose(values, two[1][name], atol=tolerance), name


def test_devices_that_are_not_there_are_refused():
    with pytest.raises(ValueError, match="devices is 9, but there is 1 here"), gradients.spread_over(9):
        pass


def test_a_batch_that_cannot_be_shared_is_refused(monkeypatch):
    monkeypatch.setattr(gradients, "n_devices", lambda: 2)

    assert list(gradients._take_share(np.arange(4), 1)) == [2, 3]
    with pytest.raises(ValueError, match="batch of 3 cannot be shared by 2"):
        gradients._take_share(np.arange(3), 0)


def test_a_dropout_drops_others_at_every_step():
    """Under JAX too, whose functions change nothing: KERAS_BACKEND=jax pytest …"""
    weights = keras.Variable(np.ones(64, "float32"))
    dropout = keras.layers.Dropout(0.5, seed=3)

    def measure():
        dropped = dropout(weights.value, training=True)
        return keras.ops.sum(dropped), {"dropped": dropped}

    slopes = [gradients.value_and_gradients(measure, [weights])[1][0] for _ in range(2)]
    pull_backs = [gradients.value_and_pull_back(lambda: measure()[0], [weights])[1] for _ in range(2)]
    slopes += [pull_back(keras.ops.ones(()))[0] for pull_back in pull_backs]

    assert len({gradients.as_array(slope).tobytes() for slope in slopes}) == 4


def branch(batch):
    return {"x": batch["x"] if batch["x"] > 0 else -batch["x"]}


@pytest.mark.parametrize("n", [1, 2])
def test_a_step_is_compiled_as_it_is_written_on_any_number_of_devices(monkeypatch, n):
    monkeypatch.setattr(gradients, "n_devices", lambda: n)

    with pytest.raises(TypeError, match="Python `bool`"):
        gradients.compile_training_step(branch)({"x": np.float32(1)})


def build_blur():
    picture = keras.Input((None, None, 3))
    blurred = keras.layers.Conv2D(3, 3, padding="same", kernel_initializer="ones")(picture)
    return keras.Model(picture, blurred - keras.ops.mean(picture, axis=(1, 2), keepdims=True))


def wait_for_graphs(draw):
    """Until the graphs of the sizes that came again are made."""
    return [graph.result() for graph in draw._of_a_size.values() if graph]


def test_a_compiled_network_takes_every_size_and_gives_its_numbers_again():
    """Three times each: the third time by a graph for that size alone."""
    network = build_blur()
    draw = gradients.compile_for_pictures(network)

    for side in range(5, 15):
        picture = np.random.default_rng(side).random((1, side, 9, 3), "float32")
        for _ in range(3):
            assert np.allclose(gradients.as_array(draw(picture)), gradients.as_array(network(picture)), atol=1e-5)
            wait_for_graphs(draw)

    assert len(wait_for_graphs(draw)) == draw.N_SIZES


def test_nobody_waits_for_the_graph_of_a_size(monkeypatch):
    draw = gradients.compile_for_pictures(build_blur())
    may_go_on, fix = threading.Event(), draw._fix
    monkeypatch.setattr(draw, "_fix", lambda shapes: may_go_on.wait(60) and fix(shapes))
    picture = np.random.default_rng(0).random((1, 6, 9, 3), "float32")

    drawn = [gradients.as_array(draw(picture)) for _ in range(3)]
    (graph,) = draw._of_a_size.values()
    assert not graph.done()
    may_go_on.set()
    wait_for_graphs(draw)
    monkeypatch.setattr(draw, "_any_size", None)
    drawn.append(gradients.as_array(draw(picture)))

    assert all(np.allclose(each, drawn[0], atol=1e-6) for each in drawn)


def test_a_size_for_which_no_graph_can_be_made_is_drawn_all_the_same(monkeypatch, caplog):
    def fail(shapes):
        raise tf.errors.ResourceExhaustedError(None, None, "no memory")

    draw = gradients.compile_for_pictures(build_blur())
    monkeypatch.setattr(draw, "_fix", fail)
    picture = np.random.default_rng(0).random((1, 6, 9, 3), "float32")

    drawn = []
    for _ in range(3):
        drawn.append(gradients.as_array(draw(picture)))
        wait_for_graphs(draw)

    assert np.array_equal(drawn[0], drawn[2])
    assert "No graph of their own" in caplog.text


def test_a_compiled_network_takes_batches_of_the_size_it_was_compiled_for(monkeypatch):
    network = build_blur()
    draw = gradients.compile_for_pictures(network, 3)
    monkeypatch.setattr(draw, "MOST_PIXELS", 3 * 7 * 7)
    small, large = (np.random.default_rng(side).random((3, side, 7, 3), "float32") for side in (7, 8))

    for batch in (small, large) * 3:
        assert np.allclose(gradients.as_array(draw(batch)), gradients.as_array(network(batch)), atol=1e-5)
        wait_for_graphs(draw)

    assert [shapes[0][1] for shapes in draw._of_a_size] == [7]


def test_a_compiled_network_serves_several_threads():
    network = build_blur()
    draw = gradients.compile_for_pictures(network)
    pictures = [np.full((1, side, 7, 3), side, "float32") for side in (4, 5, 6, 7)] * 4

    with ThreadPoolExecutor(4) as pool:
        drawn = list(pool.map(lambda picture: gradients.as_array(draw(picture)), pictures))

    for picture, result in zip(pictures, drawn, strict=True):
        assert np.allclose(result, gradients.as_array(network(picture)), atol=1e-4)


def test_a_size_that_came_once_and_large_pictures_cost_no_graph(monkeypatch):
    draw = gradients.compile_for_pictures(build_blur())
    monkeypatch.setattr(draw, "MOST_PIXELS", 100)

    draw(np.zeros((1, 9, 9, 3), "float32"))
    for _ in range(3):
        draw(np.zeros((1, 11, 11, 3), "float32"))

    assert list(draw._of_a_size.values()) == [None]


def test_determinism_comes_too_late_after_the_first_operation():
    keras.ops.ones(1)

    with pytest.raises(ValueError, match="before the first operation"):
        gradients.use_deterministic_operations()


@pytest.mark.parametrize(("values", "expected"), [([1.0, 2.0], True), ([1.0, np.nan], False), ([np.inf, 0.0], False)])
def test_it_sees_numbers_that_are_none(values, expected):
    variables = [keras.Variable(np.array(values, "float32")), keras.Variable(np.array([3]), dtype="int32")]

    assert bool(gradients.are_finite(variables)) == expected


def test_an_optimizer_scales_its_loss_where_networks_compute_in_float16():
    line = keras.Variable(np.ones(2, "float32"))
    plain = gradients.build_optimizer(keras.optimizers.Adam(), [line])
    keras.config.set_dtype_policy("mixed_float16")
    try:
        scaled = gradients.build_optimizer(keras.optimizers.Adam(), [line])
    finally:
        keras.config.set_dtype_policy("float32")

    assert float(gradients.scale_loss(plain, 1.5)) == 1.5
    assert float(gradients.scale_loss(scaled, 1.5)) == 1.5 * 2**15
    assert (gradients.find_loss_scale(plain), gradients.find_loss_scale(scaled)) == (None, 2**15)
