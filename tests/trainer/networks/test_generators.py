"""From the JSON of a checkpoint to a generator, and nothing else."""

import keras
import numpy as np
import pytest

from trainer import checkpoints
from trainer.networks import generators

RESNET = {"generator": "resnet", "filters": 4, "blocks": 1, "in_channels": 1, "out_channels": 3}
UNET = {"generator": "unet", "filters": 2, "depth": 3, "dropout": 0.5, "in_channels": 3, "out_channels": 3}


@pytest.mark.parametrize(("values", "multiple"), [(RESNET, 4), (UNET, 8)])
def test_a_generator_is_built_by_its_name(values, multiple):
    generator = generators.build(values, "float32", "generator_ab")

    condition = np.zeros((1, 2 * multiple, 3 * multiple, values["in_channels"]), "float32")
    assert generator.name == "generator_ab"
    assert generators.multiple_of(values) == multiple
    assert generator(condition).shape == (1, 2 * multiple, 3 * multiple, 3)


@pytest.mark.parametrize("values", [RESNET, UNET])
def test_saved_and_loaded_it_draws_the_same(values, tmp_path):
    keras.utils.set_random_seed(1)
    first, second = (generators.build(values, "float32") for _ in range(2))
    condition = np.random.default_rng(0).random((1, 16, 16, values["in_channels"]), "float32")
    assert not np.allclose(first(condition), second(condition))

    checkpoints.save_weights(tmp_path / "model.weights.h5", {"generator": first})
    checkpoints.load_weights(tmp_path / "model.weights.h5", {"generator": second})

    assert np.array_equal(first(condition), second(condition))


@pytest.mark.parametrize(
    "values",
    [
        None,
        "resnet",
        {},
        {"generator": "transformer"},
        {"generator": ["resnet"]},
        {"generator": "resnet", "depth": 3},
        {"generator": "resnet", "filters": 10**9},
        {"generator": "unet", "depth": 3.5},
    ],
)
def test_what_is_no_architecture_is_refused(values):
    with pytest.raises((TypeError, ValueError)):
        generators.build(values)


def test_sizes_it_cannot_draw_are_refused():
    generators.check_size(UNET, 64)

    with pytest.raises(ValueError, match="multiple of 8, not 60"):
        generators.check_size(UNET, 60)
