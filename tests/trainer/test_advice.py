import json
from pathlib import Path

import numpy as np
import pytest

from trainer import advice, curves

REAL = Path(__file__).parent / "emoji_history.json"  # a good run of 5,785 steps on emoji, each column thinned by ten


def make_columns(n=2000, **losses):
    """A history whose losses are numbers or arrays; steps take a second."""
    losses = {"seconds": 1.0, "waited": 0.0} | losses
    table = np.stack([np.broadcast_to(np.asarray(values, "float32"), n) for values in losses.values()], 1)
    return curves.Columns(tuple(losses), np.arange(1, n + 1), table, np.arange(n), np.zeros(n, "uint32"))


def make_validations(name, values):
    return [{"step": 100 * (i + 1), name: value} for i, value in enumerate(values)]


def kinds(*args, **kwargs):
    return [found.kind for found in advice.advise(*args, **kwargs)]


@pytest.fixture(scope="module")
def emoji():
    """The numbers of a real run that went well, at full length again."""
    real = json.loads(REAL.read_text())
    return make_columns(5780, **{name: np.repeat(values, 10) for name, values in real["history"].items()}), real


def test_a_good_run_gets_no_advice():
    columns = make_columns(loss=np.linspace(10, 5, 2000), adversarial=0.9, discriminator=0.05)
    validations = make_validations("l1", np.linspace(0.2, 0.1, 20))

    assert kinds(columns, validations, best={"step": 2000, "name": "l1", "value": 0.1}) == []


def test_a_real_run_that_went_well_gets_no_advice_at_any_time(emoji):
    columns, real = emoji
    best = {"step": 5000, "name": "l1", "value": 0.1}

    assert kinds(columns, real["validation"], best=best) == []
    for n in range(250, len(columns), 250):
        assert kinds(columns.part(0, n), [], best=None) == [], n


def test_an_empty_run_gets_no_advice():
    assert kinds(make_columns(0), []) == []


def test_a_discriminator_that_has_long_been_right_is_winning():
    columns = make_columns(adversarial=0.98, discriminator=0.001, loss=5)

    found = advice.find_winner(columns)

    assert found.is_warning
    assert found.sentence % found.values


@pytest.mark.parametrize(
    ("adversarial", "discriminator", "gan_loss", "is_won"),
    [
        (0.95, 0.03, "lsgan", False),  # the real run, at its worst
        (0.3, 0.005, "lsgan", False),  # sure of itself, but fooled
        (5.0, 0.02, "cross_entropy", True),
        (1.0, 0.5, "cross_entropy", False),
    ],
)
def test_winning_needs_both_losses(adversarial, discriminator, gan_loss, is_won):
    columns = make_columns(adversarial=adversarial, discriminator=discriminator)

    assert bool(advice.find_winner(columns, gan_loss)) is is_won


def test_a_discriminator_that_leads_for_a_while_has_not_won():
    values = np.r_[np.full(1400, 0.1), np.full(400, 0.001), np.full(200, 0.1)]

    assert advice.find_winner(make_columns(adversarial=0.98, discriminator=values)) is None


def test_of_two_discriminators_each_is_held_against_its_own_generator():
    losses = {"discriminator_a": 0.001, "discriminator_b": 0.2}

    assert advice.find_winner(make_columns(adversarial_ab=0.3, adversarial_ba=0.95, **losses))
    assert advice.find_winner(make_columns(adversarial_ab=0.95, adversarial_ba=0.3, **losses)) is None


def test_pictures_that_stay_alike_are_a_collapse():
    found = advice.find_collapse(make_validations("diversity", [0.8, 0.2, 0.1, 0.1]))

    assert "10%" in found.sentence % found.values


@pytest.mark.parametrize("shares", [[0.1, 0.1], [0.1, 0.1, 0.5], [0.9, 0.8, 0.1], [0.5, 0.6, 0.7]])
def test_pictures_that_were_alike_once_are_none(shares):
    assert advice.find_collapse(make_validations("diversity", shares)) is None


def test_without_a_measure_of_diversity_nothing_is_said_of_it():
    assert advice.find_collapse(make_validations("l1", [0.1] * 9)) is None


def test_a_loss_far_above_what_it_was_is_divergence():
    found = advice.find_divergence(make_columns(loss=np.r_[np.full(1900, 2.0), np.linspace(2, 40, 100)]))

    assert "loss" in found.sentence % found.values


@pytest.mark.parametrize(
    "values",
    [
        np.r_[np.full(1999, 2.0), 400],  # one spike
        np.linspace(30, 2, 2000),
        np.r_[np.full(1000, 2.0), np.full(1000, 3.0)],
    ],
    ids=["a spike", "falling", "a little worse"],
)
def test_what_is_usual_is_no_divergence(values):
    assert advice.find_divergence(make_columns(loss=values)) is None


def test_the_beginning_is_no_divergence():
    assert advice.find_divergence(make_columns(200, loss=np.linspace(1, 20, 200))) is None


def test_a_run_that_ended_in_what_is_no_number_came_apart():
    assert kinds(make_columns(5, loss=1), [], error="Step 6: a loss is no number: {'loss': nan}") == ["divergence"]
    assert kinds(make_columns(5, loss=[1, 1, 1, 1, np.inf]), []) == ["divergence"]


def test_many_validations_without_a_better_one_are_a_hint_to_stop():
    validations = make_validations("l1", [0.5, 0.2, 0.3, 0.3, 0.3, 0.3, 0.3])

    found = advice.find_plateau(validations, {"step": 200, "name": "l1", "value": 0.2})

    assert not found.is_warning
    assert found.values == {"step": 200, "n": 5}
    assert advice.find_plateau(validations[:6], {"step": 200, "name": "l1", "value": 0.2}) is None
    assert advice.find_plateau(validations, None) is None


def test_a_long_run_is_given_more_patience():
    validations = make_validations("l1", [0.5] * 100)

    assert advice.find_plateau(validations, {"step": 9000, "name": "l1", "value": 0.2}) is None
    assert advice.find_plateau(validations, {"step": 7900, "name": "l1", "value": 0.2})


def test_steps_that_wait_for_pictures_are_told():
    found = advice.find_waiting(make_columns(waited=0.4, loss=1))

    assert "40%" in found.sentence % found.values
    assert advice.find_waiting(make_columns(waited=0.15, loss=1)) is None
    assert advice.find_waiting(make_columns(10, waited=0.9, loss=1)) is None  # the first batch of all


def test_what_matters_most_comes_first():
    columns = make_columns(loss=np.r_[np.full(1900, 2.0), np.full(100, 40.0)], waited=0.5)
    validations = make_validations("diversity", [0.1] * 9)

    found = kinds(columns, validations, best={"step": 100, "name": "diversity", "value": 0.1})

    assert found == ["divergence", "collapse", "waiting", "plateau"]
