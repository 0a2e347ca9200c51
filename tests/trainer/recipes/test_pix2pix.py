"""The pix2pix recipe at its smallest: its step against a plain one, its batches, what it measures and says."""

import dataclasses
import json
import weakref

import keras
import numpy as np
import pytest
from django.core.management import call_command
from keras import ops
from PIL import Image

from trainer import checkpoints, gradients
from trainer.datasets import pictures
from trainer.networks import adversarial, generators, pixels
from trainer.recipes import pix2pix
from trainer.recipes.configs import Pix2PixConfig

CONFIG = Pix2PixConfig(
    filters=4, blocks=1, discriminator_filters=4, discriminator_layers=1, size=16, batch=2, validation_pictures=3
)


def draw_pair(rng, side=20):
    """A square on white paper: its outline, and the same filled with a colour, side by side."""
    outline, filled = np.full((side, side, 3), 255, "uint8"), np.full((side, side, 3), 255, "uint8")
    (top, left), size = rng.integers(1, 8, 2), rng.integers(6, 12)
    outline[top : top + size, left : left + size] = 0
    outline[top + 1 : top + size - 1, left + 1 : left + size - 1] = 255
    filled[top : top + size, left : left + size] = (200, 40, 40)
    return Image.fromarray(np.concatenate([outline, filled], axis=1))


def make_pairs(folder, splits=("train", "val"), count=4):
    rng = np.random.default_rng(0)
    for split in splits:
        (folder / split).mkdir(parents=True)
        for i in range(count):
            draw_pair(rng).save(folder / split / f"{i}.png")
    return folder


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return make_pairs(tmp_path_factory.mktemp("pairs"))


def build(data, seed=5, **options):
    keras.utils.set_random_seed(seed)
    return pix2pix.build(dataclasses.replace(CONFIG, **options), data, steps=100, seed=seed)


def step(recipe, number=1):
    return recipe.take_step({name: ops.convert_to_tensor(a) for name, a in recipe.make_batch(number).items()})


def weights(recipe, name):
    return np.concatenate([w.ravel() for w in recipe.networks[name].get_weights()])


def test_by_default_its_networks_are_those_of_the_reference():
    parameters = pix2pix.describe(Pix2PixConfig())["parameters"]

    assert parameters == {"generator": 11_377_155, "discriminator": 2_766_657, "total": 14_143_812}


def take_plain_step(recipe, *, discriminator_first):
    """The same step without sharing the generator's pass, its updates in either order."""
    batch = {name: ops.convert_to_tensor(array) for name, array in recipe.make_batch(1).items()}
    condition, picture = pixels.from_bytes(batch["condition"]), 2 * pixels.from_bytes(batch["picture"]) - 1
    generator, discriminator = recipe.networks.values()
    made_before = generator(condition)

    def judge(made):
        return discriminator(ops.concatenate([condition, made], -1))

    def measure_discriminator():
        return adversarial.measure_discriminator(judge(picture), judge(made_before)), {}

    def measure_generator():
        made = generator(condition)
        distance = adversarial.measure_distance(made, picture)
        return adversarial.measure_generator(judge(made)) + 10 * distance, {}

    order = [("discriminator", measure_discriminator), ("generator", measure_generator)]
    for name, measure in order if discriminator_first else reversed(order):
        variables = recipe.networks[name].trainable_variables
        _, slopes = gradients.value_and_gradients(measure, variables)
        recipe.optimizers[f"{name}_adam"].apply(slopes, variables)


@pytest.mark.parametrize("discriminator_first", [True, False])
def test_a_step_updates_the_discriminator_first_then_the_generator(data, discriminator_first):
    ours, plain = build(data, learning_rate=0.02), build(data, learning_rate=0.02)

    step(ours)
    take_plain_step(plain, discriminator_first=discriminator_first)

    for name in ours.networks:
        # Adam moves a weight by its full rate where its gradient is nothing but rounding: a few may differ.
        different = np.mean(np.abs(weights(ours, name) - weights(plain, name)) > 2e-3)
        assert (different < 0.02) == (discriminator_first or name == "discriminator"), different


@pytest.mark.parametrize(
    "options", [{}, {"generator": "unet", "depth": 3}, {"gan_loss": "cross_entropy"}, {"hint": 0.5}]
)
def test_every_weight_learns_and_every_loss_is_a_number(data, options):
    recipe = build(data, **options)
    before = {name: network.get_weights() for name, network in recipe.networks.items()}

    losses = {name: float(value) for name, value in step(recipe).items()}

    assert set(losses) == {"loss", "l1", "adversarial", "discriminator"}
    assert all(np.isfinite(value) for value in losses.values())
    assert losses["loss"] == pytest.approx(losses["adversarial"] + recipe.config.l1_weight * losses["l1"], rel=1e-4)
    for name, network in recipe.networks.items():
        for old, new in zip(before[name], network.weights, strict=True):
            assert new.name != "kernel" or not np.array_equal(old, new), new.path


def test_some_steps_bring_the_drawings_nearer_to_the_pictures(data):
    recipe = build(data, learning_rate=2e-3, filters=8)
    before = recipe.validate(recipe.networks)["l1"]
    compiled = gradients.compile_training_step(recipe.take_step)

    for number in range(1, 61):
        compiled(recipe.make_batch(number))

    assert recipe.validate(recipe.networks)["l1"] < 0.6 * before


def test_without_an_adversary_there_is_no_discriminator(data):
    recipe = build(data, lambda_gan=0.0)

    losses = step(recipe)

    assert list(recipe.networks) == ["generator"]
    assert set(losses) == {"loss", "l1"}
    assert float(losses["loss"]) == pytest.approx(10 * float(losses["l1"]), rel=1e-5)


def test_without_an_adversary_nothing_asks_for_its_size(data):
    assert build(data, lambda_gan=0.0, size=20, discriminator_layers=3).make_batch(1)["picture"].shape[1] == 20


def test_batches_depend_on_seed_and_step_alone(data):
    first, again, other = build(data, hint=0.5), build(data, hint=0.5), build(data, seed=6, hint=0.5)

    for name, array in first.make_batch(3).items():
        assert np.array_equal(array, again.make_batch(3)[name])
    assert not np.array_equal(first.make_batch(3)["picture"], first.make_batch(4)["picture"])
    assert not np.array_equal(first.make_batch(3)["picture"], other.make_batch(3)["picture"])


def test_the_direction_says_which_half_is_the_condition(data):
    there, back = build(data, condition_channels=3), build(data, condition_channels=3, direction="BtoA")

    assert np.array_equal(there.make_batch(1)["condition"], back.make_batch(1)["picture"])
    assert np.array_equal(there.make_batch(1)["picture"], back.make_batch(1)["condition"])


def test_a_hint_is_the_blurred_picture_or_white_paper():
    conditions = np.zeros((2, 32, 32, 1), "uint8")
    targets = np.zeros((2, 32, 32, 3), "uint8")
    targets[:, :16] = (255, 0, 0)
    targets[:, :, 5] = (0, 0, 255)

    hinted = pix2pix.add_hints(conditions, targets, np.array([True, False]))

    assert hinted.shape == (2, 32, 32, 4)
    assert np.array_equal(hinted[..., :1], conditions)
    assert (hinted[1, ..., 1:] == 255).all()
    assert hinted[0, 2, 20].tolist() == [0, 255, 0, 0]
    assert hinted[0, 2, 5, 1] > 128  # a line is lost


def test_validation_measures_the_kept_out_pairs(data):
    recipe = build(data)

    measured = recipe.validate(recipe.networks)

    conditions, targets = recipe.kept_out.fixed(3, 16)
    drawn = np.asarray(recipe.networks["generator"](conditions / np.float32(255))) / 2 + 0.5
    assert set(measured) == {"l1", "ssim", "kid", "diversity"}
    assert measured[recipe.best_by] == pytest.approx(np.abs(drawn - targets / 255).mean(), rel=1e-3)
    assert measured == recipe.validate(recipe.networks)


def test_without_a_folder_for_validation_pairs_are_kept_out_by_their_names(tmp_path):
    make_pairs(tmp_path, splits=["train"], count=60)

    recipe = build(tmp_path)

    assert 0 < len(recipe.kept_out) < 12
    assert len(recipe.pairs) + len(recipe.kept_out) == 60


def test_pairs_that_are_all_kept_out_by_their_names_are_refused(tmp_path):
    (tmp_path / "train").mkdir()
    name = next(name for name in map("{}.png".format, range(200)) if pictures.is_kept_out(name))
    draw_pair(np.random.default_rng(0)).save(tmp_path / "train" / name)

    with pytest.raises(ValueError, match="every pair is kept out"):
        build(tmp_path)


def test_pictures_for_validation_leave_the_device_one_by_one(data):
    recipe, drawn, alive = build(data), [], []

    def draw(condition, training):
        alive.append(sum(picture() is not None for picture in drawn))
        picture = recipe.networks["generator"](condition, training=training)
        drawn.append(weakref.ref(picture))
        return picture

    recipe.validate({"generator": draw})

    assert len(alive) == 3
    assert max(alive) <= 1


def test_with_too_few_pairs_to_keep_some_out_nothing_is_measured(tmp_path):
    recipe = build(make_pairs(tmp_path, splits=["train"], count=2))

    assert recipe.kept_out is None
    assert recipe.validate(recipe.networks) == {}
    recipe.save_samples(tmp_path / "samples.png", recipe.networks)


def test_samples_show_condition_drawing_and_picture(data, tmp_path):
    recipe = build(data, hint=0.5)

    recipe.save_samples(tmp_path / "samples.png", recipe.networks)

    with Image.open(tmp_path / "samples.png") as image:
        shown = np.asarray(image)
    conditions, targets = recipe.kept_out.fixed(3, 16)
    assert shown.shape == (32, 96, 3)
    assert np.array_equal(shown[:16, :16], np.repeat(conditions[0], 3, axis=-1))
    assert np.array_equal(shown[:16, 32:48], targets[0])


@pytest.mark.parametrize("options", [{}, {"condition_channels": 3}, {"hint": 0.9}, {"generator": "unet", "depth": 4}])
def test_what_it_says_about_itself_is_enough_to_draw_the_same(data, tmp_path, options):
    recipe = build(data, **options)
    config = json.loads(json.dumps(recipe.describe()))
    checkpoints.save_weights(tmp_path / "w.h5", {"generator": recipe.networks["generator"]})

    generator = generators.build(config["architecture"])
    checkpoints.load_weights(tmp_path / "w.h5", {"generator": generator})

    condition = np.random.default_rng(0).random((1, 16, 16, recipe.config.in_channels), "float32")
    assert np.array_equal(generator(condition), recipe.networks["generator"](condition))
    assert (config["recipe"], config["direction"]) == ("pix2pix", "AtoB")
    assert config["normalisation"]["condition"] == ("-1..1" if options.get("condition_channels") == 3 else "0..1")
    assert config["sizes"] == {"trained_at": 16, "multiple": 16 if "depth" in options else 4}


@pytest.mark.parametrize(
    ("options", "complaint"),
    [({"size": 18}, "multiple of 4"), ({"discriminator_layers": 3}, "at least 24"), ({"generator": "unet"}, "of 256")],
)
def test_sizes_that_do_not_fit_are_refused(data, options, complaint):
    with pytest.raises(ValueError, match=complaint):
        build(data, **options)


def test_a_run_may_begin_with_the_weights_of_a_checkpoint_that_has_no_discriminator(data, tmp_path):
    recipe = build(data)
    checkpoints.save_weights(tmp_path / checkpoints.WEIGHTS, {"generator": recipe.networks["generator"]})
    options = dataclasses.replace(CONFIG, learning_rate=0.0, precision="float32")
    (tmp_path / "config.json").write_text(json.dumps(dataclasses.asdict(options)))

    where = {"data": data, "out": tmp_path / "run", "init": tmp_path, "config": tmp_path / "config.json"}
    call_command("train", "pix2pix", steps=1, seed=9, **where)

    begun = generators.build(CONFIG.architecture)
    checkpoints.load_weights(tmp_path / "run" / checkpoints.WEIGHTS, {"generator": begun})
    assert all(map(np.array_equal, begun.get_weights(), recipe.networks["generator"].get_weights()))


def test_a_folder_without_pairs_is_refused(tmp_path):
    with pytest.raises(ValueError, match="no train/ folder"):
        build(tmp_path)
