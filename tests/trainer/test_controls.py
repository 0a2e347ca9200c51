import pytest
from django.utils import translation

from trainer import controls
from trainer.recipes import configs


@pytest.mark.parametrize("recipe", configs.BY_RECIPE)
def test_every_option_of_a_recipe_is_a_field_with_a_label_of_its_own(recipe):
    made = controls.fields(recipe)

    for option in configs.describe(configs.BY_RECIPE[recipe]):
        names = [name for name in made if name.partition(".")[0] == option["name"]]
        assert names or option["name"] in controls.SET_ELSEWHERE
        for name in names:
            assert name.rpartition(".")[2] in controls.LABELS, f"{name} has no label"
    assert set(controls.USUAL[recipe]) <= set(made)


@pytest.mark.parametrize("recipe", configs.BY_RECIPE)
def test_defaults_differ_in_nothing_and_make_a_config(recipe):
    values = controls.defaults(recipe)

    assert controls.differing(recipe, values) == {}
    assert configs.from_dict(configs.BY_RECIPE[recipe], controls.differing(recipe, {}))


@pytest.mark.parametrize("recipe", configs.BY_RECIPE)
def test_no_field_refuses_its_own_default(recipe):
    for name, field in controls.fields(recipe).items():
        assert field.clean(field.prepare_value(field.initial)) in (field.initial, None), name


def test_limits_and_the_usual_value_are_told():
    made = controls.fields("pix2pix")

    assert made["filters"].help_text == "Channels of the generator's first layer. 1 to 256. Usually 64."
    assert (made["filters"].min_value, made["filters"].max_value) == (1, 256)
    assert made["lambda_l1"].initial is None


def test_a_change_is_kept_and_comes_back_to_its_field():
    chosen = {"size": 64, "compiled": False, "architecture.width": 32, "architecture.style_widths": [8, 8, 8, 8]}

    options = controls.differing("adain", controls.defaults("adain") | chosen)

    assert options == {"size": 64, "compiled": False, "architecture": {"width": 32, "style_widths": [8, 8, 8, 8]}}
    assert controls.spread(options) == chosen
    assert configs.from_dict(configs.AdaINConfig, options).architecture.width == 32


def test_nothing_in_a_field_is_the_default():
    assert controls.differing("pix2pix", {"size": None, "generator": "", "lambda_l1": None, "compiled": True}) == {}


@pytest.mark.parametrize(("text", "numbers"), [("8, 16,24", [8, 16, 24]), ("", None)])
def test_numbers_with_commas_are_read(text, numbers):
    assert controls.NumbersField(required=False).clean(text) == numbers


def test_other_words_are_no_numbers():
    with pytest.raises(controls.ValidationError):
        controls.NumbersField().clean("8, many")


def test_labels_are_translated_when_they_are_shown():
    with translation.override("ko"):
        assert controls.label("size") == str(controls.LABELS["size"])
    assert controls.label("architecture.width") == "Channels at quarter size"
    assert controls.label("speed") == "speed"


@pytest.mark.parametrize("recipe", configs.BY_RECIPE)
def test_options_are_shown_as_people_call_them(recipe):
    shown = controls.show(configs.BY_RECIPE[recipe]())

    assert len(shown) == len(controls.fields(recipe))  # no two are called the same
    assert shown["Compiled"] == "yes" and shown["Size"] == "256"
    assert shown.get("Direction", "A to B") == "A to B"
    assert shown.get("Channels of the style encoder", "32, 64, 96, 128") == "32, 64, 96, 128"


def test_teachers_that_a_server_lacks_are_said_to_be_downloaded():
    here, elsewhere = controls.teachers("/vgg"), controls.teachers("")

    assert [value for value, _title in here.choices] == ["/vgg", "imagenet"]
    assert (here.initial, elsewhere.initial, len(elsewhere.choices)) == ("/vgg", "imagenet", 1)
    assert "This server has none" in elsewhere.help_text and "/vgg" in here.help_text
