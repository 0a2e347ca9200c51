"""Losses against numbers worked out in NumPy."""

import numpy as np
import pytest

from trainer.networks import adversarial

REAL = np.array([[0.5, 2.0], [-1.0, 1.0]], "float32")[None, :, :, None]
FAKE = np.array([[0.0, -3.0], [1.5, 0.25]], "float32")[None, :, :, None]


def sigmoid(x):
    return 1 / (1 + np.exp(-x.astype("float64")))


def test_least_squares_of_the_discriminator_are_halved():
    loss = adversarial.measure_discriminator(REAL, FAKE, "lsgan")

    assert float(loss) == pytest.approx(0.5 * ((REAL - 1) ** 2).mean() + 0.5 * (FAKE**2).mean())


def test_least_squares_of_four_scores_by_hand():
    real = (0.25 + 1 + 4 + 0) / 4
    fake = (0 + 9 + 2.25 + 0.0625) / 4

    assert float(adversarial.measure_discriminator(REAL, FAKE)) == pytest.approx((real + fake) / 2)


def test_least_squares_of_the_generator_want_real():
    assert float(adversarial.measure_generator(FAKE, "lsgan")) == pytest.approx(((FAKE - 1) ** 2).mean())


def test_cross_entropy_of_the_discriminator_is_halved():
    loss = adversarial.measure_discriminator(REAL, FAKE, "cross_entropy")

    by_hand = -np.log(sigmoid(REAL)).mean() - np.log(1 - sigmoid(FAKE)).mean()
    assert float(loss) == pytest.approx(by_hand / 2, rel=1e-5)


def test_cross_entropy_of_the_generator_does_not_saturate():
    loss = adversarial.measure_generator(FAKE, "cross_entropy")

    assert float(loss) == pytest.approx(-np.log(sigmoid(FAKE)).mean(), rel=1e-5)


@pytest.mark.parametrize("kind", adversarial.LOSSES)
def test_scores_far_from_zero_and_of_low_precision_give_numbers_that_are_numbers(kind):
    for scores in (np.full((1, 2, 2, 1), 1000.0, "float32"), np.full((1, 2, 2, 1), -1000.0, "float16")):
        losses = adversarial.measure_discriminator(scores, scores, kind), adversarial.measure_generator(scores, kind)

        assert all(np.isfinite(np.asarray(loss)) and np.asarray(loss).dtype == np.float32 for loss in losses)


def test_another_kind_is_refused():
    with pytest.raises(ValueError, match="lsgan, cross_entropy, not 'hinge'"):
        adversarial.measure_generator(FAKE, "hinge")


def test_distance_is_the_mean_absolute_difference():
    assert float(adversarial.measure_distance(REAL, FAKE)) == pytest.approx((0.5 + 5 + 2.5 + 0.75) / 4)
