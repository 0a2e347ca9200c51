"""The CycleGAN recipe at its smallest: its step, its pools, its batches, what it measures and says."""

import dataclasses
import json

import keras
import numpy as np
import pytest
from keras import ops
from PIL import Image

from trainer import checkpoints, gradients
from trainer.networks import adversarial, generators
from trainer.recipes import cyclegan
from trainer.recipes.configs import CycleGANConfig

CONFIG = CycleGANConfig(
    filters=4, blocks=1, discriminator_filters=4, discriminator_layers=1, size=16, pool=3, validation_pictures=3
)
LOSSES = {"adversarial_ab", "adversarial_ba", "cycle_a", "cycle_b", "identity_a", "identity_b"}


def make_sides(folder, splits=("train", "test")):
    """Reddish pictures in A, bluish ones in B."""
    rng = np.random.default_rng(0)
    for split in splits:
        for side, tint in (("A", (1.0, 0.4, 0.2)), ("B", (0.2, 0.4, 1.0))):
            (folder / f"{split}{side}").mkdir(parents=True)
            for i in range(4):
                pixels = rng.integers(60, 255, (5, 5, 1)) * np.array(tint)
                Image.fromarray(pixels.astype("uint8")).resize((24, 24)).save(folder / f"{split}{side}" / f"{i}.png")
    return folder


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return make_sides(tmp_path_factory.mktemp("sides"))


def build(data, seed=5, **options):
    keras.utils.set_random_seed(seed)
    return cyclegan.build(dataclasses.replace(CONFIG, **options), data, steps=100, seed=seed)


def step(recipe, number=1):
    losses = recipe.take_step({name: ops.convert_to_tensor(a) for name, a in recipe.make_batch(number).items()})
    return {name: float(value) for name, value in losses.items()}


def test_by_default_its_networks_are_those_of_the_paper():
    parameters = cyclegan.describe(CycleGANConfig())["parameters"]

    generator, discriminator = 11_377_155 + 2 * 7 * 7 * 64, 2_765_633  # three channels in
    assert parameters["generator_ab"] == parameters["generator_ba"] == generator
    assert parameters["discriminator_a"] == parameters["discriminator_b"] == discriminator
    assert parameters["total"] == 2 * (generator + discriminator)


@pytest.mark.parametrize("options", [{}, {"gan_loss": "cross_entropy"}, {"generator": "unet", "depth": 3}])
def test_every_weight_learns_and_the_loss_is_the_sum_of_its_parts(data, options):
    recipe = build(data, **options)
    before = {name: network.get_weights() for name, network in recipe.networks.items()}

    losses = step(recipe)

    cycle, identity = (losses[f"{name}_a"] + losses[f"{name}_b"] for name in ("cycle", "identity"))
    adversarial_losses = losses["adversarial_ab"] + losses["adversarial_ba"]
    assert losses["loss"] == pytest.approx(adversarial_losses + 10 * cycle + 5 * identity, rel=1e-4)
    assert set(losses) == LOSSES | {"loss", "discriminator_a", "discriminator_b"}
    for name, network in recipe.networks.items():
        for old, new in zip(before[name], network.weights, strict=True):
            assert new.name != "kernel" or not np.array_equal(old, new), new.path


def test_the_losses_are_those_of_the_paper(data):
    recipe = build(data)
    batch = recipe.make_batch(1)
    a, b = (batch[side] / np.float32(127.5) - 1 for side in "ab")
    ab, ba, judge_a, judge_b = recipe.networks.values()
    made_b, made_a = np.asarray(ab(a)), np.asarray(ba(b))
    expected = {
        "adversarial_ab": ((np.asarray(judge_b(made_b)) - 1) ** 2).mean(),
        "cycle_a": np.abs(np.asarray(ba(made_b)) - a).mean(),
        "cycle_b": np.abs(np.asarray(ab(made_a)) - b).mean(),
        "identity_a": np.abs(np.asarray(ba(a)) - a).mean(),
        "discriminator_a": adversarial.measure_discriminator(judge_a(a), judge_a(made_a)),
    }

    losses = step(recipe)

    assert {name: losses[name] for name in expected} == pytest.approx(
        {k: float(v) for k, v in expected.items()}, rel=1e-3
    )


def test_without_identity_loss_it_is_left_out(data):
    losses = step(build(data, lambda_identity=0.0))

    assert not {"identity_a", "identity_b"} & set(losses)


def test_some_steps_bring_pictures_nearer_to_where_they_began(data):
    recipe = build(data, learning_rate=2e-3, lambda_identity=0.0)
    compiled = gradients.compile_training_step(recipe.take_step)

    losses = [
        {name: float(value) for name, value in compiled(recipe.make_batch(number)).items()} for number in range(1, 61)
    ]

    first, last = (np.mean([one["cycle_a"] + one["cycle_b"] for one in part]) for part in (losses[:5], losses[-5:]))
    assert last < 0.6 * first


def test_the_pools_are_filled_by_the_steps_and_are_part_of_the_state(data):
    recipe, other = build(data), build(data)

    for number in (1, 2):
        step(recipe, number)

    state = recipe.extra_state()
    assert [bool(picture.any()) for picture in state["pool_a"]] == [True, True, False]
    other.restore_extra(state)
    assert all(np.array_equal(other.extra_state()[name], array) for name, array in state.items())


def test_with_a_pool_another_batch_is_refused(data):
    state = build(data, batch=2).extra_state()

    with pytest.raises(ValueError, match="batch stays 2, not 1"):
        build(data).restore_extra(state)
    build(data, pool=0).restore_extra(build(data, pool=0, batch=2).extra_state())


def test_batches_depend_on_seed_and_step_alone(data):
    first, again, other = build(data), build(data), build(data, seed=6)

    for name, array in first.make_batch(7).items():
        assert np.array_equal(array, again.make_batch(7)[name])
    assert not np.array_equal(first.make_batch(7)["a"], first.make_batch(8)["a"])
    assert not np.array_equal(first.make_batch(7)["a"], other.make_batch(7)["a"])


def test_the_other_direction_makes_the_sides_change_places(data):
    there, back = build(data), build(data, direction="BtoA")

    assert there.make_batch(1)["a"].mean((0, 1, 2)).argmax() == 0
    assert back.make_batch(1)["a"].mean((0, 1, 2)).argmax() == 2


def test_validation_measures_both_ways_and_the_way_back(data):
    recipe = build(data)

    measured = recipe.validate(recipe.networks)

    assert set(measured) == {"kid", "kid_ab", "kid_ba", "cycle", "diversity"}
    assert measured["kid"] == pytest.approx((measured["kid_ab"] + measured["kid_ba"]) / 2)
    assert measured == recipe.validate(recipe.networks)


def test_without_pictures_for_validation_nothing_is_measured(tmp_path):
    recipe = build(make_sides(tmp_path, splits=["train"]))

    assert recipe.validate(recipe.networks) == {}


def test_a_folder_of_other_pictures_is_no_set_for_validation(tmp_path):
    make_sides(tmp_path, splits=["train"])
    (tmp_path / "val").mkdir()
    (tmp_path / "test").mkdir()
    Image.new("RGB", (24, 24)).save(tmp_path / "test" / "0.png")

    recipe = build(tmp_path)

    assert recipe.validate(recipe.networks) == {}


def test_what_is_wrong_with_the_validation_pictures_is_said_at_the_start(tmp_path):
    make_sides(tmp_path)
    (tmp_path / "testB" / "2.png").write_bytes(b"no picture")

    with pytest.raises(ValueError, match=r"2\.png cannot be read"):
        build(tmp_path)


def test_one_picture_is_no_collection_to_measure(data):
    recipe = build(data, validation_pictures=1)

    assert recipe.validate(recipe.networks) == {}


def test_samples_show_both_sides_there_and_back(data, tmp_path):
    recipe = build(data)

    recipe.save_samples(tmp_path / "samples.png", recipe.networks)

    with Image.open(tmp_path / "samples.png") as image:
        assert image.size == (6 * 16, 3 * 16)


def test_what_it_says_about_itself_is_enough_to_paint_the_same(data, tmp_path):
    recipe = build(data)
    config = json.loads(json.dumps(recipe.describe()))
    checkpoints.save_weights(tmp_path / "w.h5", {name: recipe.networks[name] for name in recipe.averaged})

    generator = generators.build(config["architecture"], name="generator_ba")
    checkpoints.load_weights(tmp_path / "w.h5", {"generator_ba": generator})

    picture = np.random.default_rng(0).random((1, 16, 16, 3), "float32")
    assert np.array_equal(generator(picture), recipe.networks["generator_ba"](picture))
    assert config["recipe"] == "cyclegan"
    assert config["normalisation"] == {"condition": "-1..1", "picture": "-1..1"}


def test_a_size_that_does_not_fit_is_refused(data):
    with pytest.raises(ValueError, match="at least 24"):
        build(data, discriminator_layers=3)
