"""Options: JSON in, dataclass out, and no Keras needed to read them."""

import json
import subprocess
import sys

import pytest

from trainer import recipes
from trainer.recipes import configs
from trainer.recipes.configs import AdaINConfig, CycleGANConfig, Pix2PixConfig, from_dict, to_dict

CONFIGS = (AdaINConfig, Pix2PixConfig, CycleGANConfig)


def test_options_come_back_from_their_json():
    config = from_dict(AdaINConfig, {"batch": 2, "architecture": {"width": 32, "style_widths": [8, 8, 8, 8]}})

    assert config.batch == 2
    assert config.architecture.style_widths == (8, 8, 8, 8)
    assert from_dict(AdaINConfig, to_dict(config)) == config


def test_an_unknown_option_is_refused():
    with pytest.raises(ValueError, match="no option speed"):
        from_dict(AdaINConfig, {"speed": 2})


def test_an_unknown_recipe_is_refused():
    with pytest.raises(ValueError, match="No recipe is called 'gan'"):
        recipes.load("gan")


def test_options_are_read_without_a_network_library():
    code = "import sys, trainer.recipes.configs; sys.exit('keras' in sys.modules or 'tensorflow' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("kind", CONFIGS)
def test_every_option_has_a_sentence_for_a_form(kind):
    described = configs.describe(kind)

    assert all(option["help"].endswith(".") and option["help"][0].isupper() for option in described)
    assert described[-1]["name"] in {"checkpoint_every", "sample_every", "validate_every"}


@pytest.mark.parametrize("kind", CONFIGS)
def test_every_config_comes_back_from_its_json(kind):
    config = from_dict(kind, {"batch": 3, "precision": "float32"})

    assert from_dict(kind, json.loads(json.dumps(to_dict(config)))) == config


@pytest.mark.parametrize(
    "values",
    [
        {"batch": 0},
        {"batch": "4"},
        {"batch": True},
        {"size": 2.5},
        {"steps": None},
        {"direction": "AB"},
        {"precision": "int8"},
        {"condition_channels": 2},
        {"hint": 1.5},
        {"learning_rate": float("nan")},
        {"compiled": 1},
    ],
)
def test_nonsense_is_refused(values):
    with pytest.raises(ValueError, match=next(iter(values))):
        from_dict(Pix2PixConfig, values)


@pytest.mark.parametrize(("size", "architecture"), [(33, {}), (250, {}), (36, {"deep": 8, "deep_blocks": 1})])
def test_adain_refuses_a_size_that_its_networks_cannot_halve(size, architecture):
    with pytest.raises(ValueError, match="The size must be a multiple of"):
        from_dict(AdaINConfig, {"size": size, "architecture": architecture})


def test_what_is_no_object_is_refused():
    with pytest.raises(ValueError, match="JSON object"):
        from_dict(Pix2PixConfig, [1])


@pytest.mark.parametrize(
    ("values", "expected"),
    [({}, 10), ({"gan_loss": "cross_entropy"}, 100), ({"lambda_l1": 3}, 3), ({"lambda_l1": 0}, 0)],
)
def test_the_weight_of_l1_follows_the_adversarial_loss_unless_it_is_given(values, expected):
    assert from_dict(Pix2PixConfig, values).l1_weight == expected


def test_a_colour_hint_adds_three_channels_to_the_condition():
    assert Pix2PixConfig().architecture["in_channels"] == 1
    assert Pix2PixConfig(hint=0.7).architecture["in_channels"] == 4


def test_a_generator_is_described_by_its_own_options_alone():
    assert set(Pix2PixConfig().architecture) == {"generator", "filters", "blocks", "in_channels", "out_channels"}
    assert {"depth", "dropout"} <= set(CycleGANConfig(generator="unet").architecture)
