"""Learning rates by hand, and Adam against the plain one."""

import keras
import numpy as np
import pytest

from trainer.recipes import optimizers


@pytest.mark.parametrize(
    ("step", "expected"),
    [(0, 2e-4), (50, 2e-4), (100, 2e-4), (125, 1.5e-4), (150, 1e-4), (199, 2e-6), (200, 0), (250, 0)],
)
def test_a_rate_is_constant_and_then_on_a_line_to_zero(step, expected):
    rate = optimizers.ConstantThenLinear(2e-4, constant=100, steps=200)

    assert float(rate(step)) == pytest.approx(expected, abs=1e-9)


def test_a_rate_may_be_constant_to_the_end_or_fall_from_the_start():
    assert float(optimizers.ConstantThenLinear(1.0, constant=10, steps=10)(9)) == 1
    assert float(optimizers.ConstantThenLinear(1.0, constant=0, steps=10)(5)) == 0.5


def test_more_constant_steps_than_steps_are_refused():
    with pytest.raises(ValueError, match="0 to 10 steps at a constant rate, got 11"):
        optimizers.ConstantThenLinear(1.0, constant=11, steps=10)


def test_an_optimizer_follows_it():
    variable = keras.Variable([1.0])
    optimizer = keras.optimizers.SGD(optimizers.ConstantThenLinear(0.1, constant=1, steps=3))

    for _ in range(4):
        optimizer.apply([keras.ops.ones(1)], [variable])

    assert float(variable[0]) == pytest.approx(1 - 0.1 - 0.1 - 0.05)


def test_adam_in_one_pass_is_adam():
    variables, built = [], []
    for kind in (keras.optimizers.Adam, optimizers.Adam):
        variables.append([keras.Variable(np.ones((2, 3), "float32")), keras.Variable(np.zeros(4, "float32"))])
        built.append(kind(optimizers.ConstantThenLinear(0.1, constant=1, steps=9), beta_1=0.5))
    rng = np.random.default_rng(0)

    for _ in range(5):
        slopes = [keras.ops.convert_to_tensor(rng.normal(size=v.shape).astype("float32")) for v in variables[0]]
        for optimizer, its in zip(built, variables, strict=True):
            optimizer.apply(slopes, its)

    plain, ours = ([*its, *optimizer.variables] for optimizer, its in zip(built, variables, strict=True))
    for one, other in zip(plain, ours, strict=True):
        assert np.allclose(one, other, atol=1e-6)


def test_adam_with_loss_scaling_skips_a_step_that_overflows():
    variable, optimizer = (
        keras.Variable(np.ones(2, "float32")),
        keras.optimizers.LossScaleOptimizer(optimizers.Adam(0.1)),
    )
    optimizer.build([variable])

    optimizer.apply([keras.ops.convert_to_tensor(np.array([np.inf, 1], "float32"))], [variable])
    assert np.array_equal(variable, [1, 1])
    optimizer.apply([keras.ops.convert_to_tensor(np.array([8.0, -8.0], "float32"))], [variable])
    assert np.allclose(variable, [0.9, 1.1], atol=1e-3)
