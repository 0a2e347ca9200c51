"""Choices and seeds: as form fields, as words for people and as a schema for programs."""

from dataclasses import replace

import pytest
from django.utils.datastructures import MultiValueDict

from tests import factories, pictures
from tests.sources import ROOT
from tfapp import engines, forms, parameters

pytestmark = pytest.mark.django_db

GATYS = engines.SPECS["gatys"]


def bind(engine: str = "gatys", **data) -> forms.PictureForm:
    sent = MultiValueDict()
    for name in ("content", "style") if engine == "gatys" else ("style",):
        sent.setlist(name, [pictures.upload(pictures.photo(640, 400))])
    return forms.bind({"engine": engine, **data}, sent, person=factories.make_person())


def test_what_is_not_sent_is_the_default_and_the_seed_is_drawn():
    form = bind()

    assert form.is_valid(), form.errors
    seed = form.parameters.pop("seed")
    assert form.parameters == {
        "strength": 1.0,
        "keep_colours": False,
        "size": 512,
        "steps": 300,
        "smoothness": 0.7,
        "start": "content",
        "optimizer": "lbfgs",
    }
    assert 0 <= seed <= 999_999


def test_no_two_pictures_have_the_same_chance():
    seeds = {bind("texture").fields["seed"].clean("") for _ in range(20)}

    assert len(seeds) > 10


def test_a_choice_and_a_seed_are_taken():
    form = bind(start="noise", optimizer="adam", seed="7", steps="60")

    assert form.is_valid(), form.errors
    assert [form.parameters[name] for name in ("start", "optimizer", "seed", "steps")] == ["noise", "adam", 7, 60]


def test_settings_for_another_engine_are_brought_between_the_ends_of_this_one():
    made_for_another = {"strength": 1.5, "keep_colours": True, "size": 1536, "start": "nowhere", "quality": "swift"}

    adapted = parameters.adapt(GATYS, made_for_another)

    assert adapted == {"strength": 1, "keep_colours": True, "size": 1024, "start": "content"}


@pytest.mark.parametrize(("engine", "expected"), [("gatys", 1024), ("tflite", parameters.OWN)])
def test_the_photos_own_size_is_the_largest_where_it_cannot_be_asked_for(engine, expected):
    assert parameters.adapt(engines.SPECS[engine], {"size": parameters.OWN}) == {"size": expected}


@pytest.mark.parametrize(
    ("name", "value"),
    [("start", "nowhere"), ("optimizer", "SGD"), ("seed", "-1"), ("seed", "1000000"), ("seed", "luck"), ("steps", "5")],
)
def test_what_is_not_on_offer_is_refused(name, value):
    form = bind(**{name: value})

    assert not form.is_valid()
    assert list(form.errors) == [name]
    assert form.status == 422


def test_people_are_told_the_words_of_a_choice_and_the_number_of_a_seed():
    told = parameters.describe(GATYS, {"start": "noise", "optimizer": "lbfgs", "seed": 123456, "steps": 300})

    assert told == [
        ("Steps", "300"),
        ("It begins with", "noise"),
        ("Way downhill", "L-BFGS"),
        ("Lucky number", "123456"),
    ]


def test_a_choice_that_there_is_no_more_is_told_as_it_was():
    assert parameters.describe(GATYS, {"optimizer": "newton"}) == [("Way downhill", "newton")]


def test_programs_are_told_what_they_may_send():
    schema = parameters.schema([GATYS])

    assert schema["start"]["enum"] == ["content", "noise"]
    assert (schema["seed"]["type"], schema["seed"]["maximum"]) == ("integer", 999_999)
    assert "default" not in schema["seed"]
    assert schema["steps"] | {"description": ""} == {
        "title": "Steps",
        "description": "",
        "default": 300,
        "type": "number",
        "minimum": 50,
        "maximum": 1000,
    }


def test_the_api_lists_the_choices(client):
    listed = {one["name"]: one for one in client.get("/api/v1/engines").json()}

    told = {one["name"]: one for one in listed["gatys"]["parameters"]}

    assert told["start"]["choices"][1] == {"value": "noise", "label": "noise"}
    assert told["start"]["default"] == "content"
    assert (told["seed"]["kind"], told["seed"]["default"], told["seed"]["choices"]) == ("seed", None, [])
    assert listed["texture"]["kind"] == "texture"


def test_the_page_keeps_what_few_people_want_behind_a_word(client):
    for name in ("gatys", "painter", "adain"):
        factories.make_engine_status(name)

    page = client.get("/?engine=gatys").content.decode()

    fine = page[page.index("settings__fine") :]
    assert 'name="seed"' in fine and 'name="start"' in fine
    assert 'name="steps"' not in fine
    assert "300</output>" in page and "70%</output>" in page
    assert 'data-usual="300"' in page  # what the time that is told is counted by
    assert 'data-extra="8"' in client.get("/?engine=adain").content.decode()
    assert "More settings" not in client.get("/?engine=painter").content.decode()


def test_a_texture_needs_a_style_and_no_photo(django_capture_on_commit_callbacks):
    form = bind("texture", size="256", seed="5")
    assert form.is_valid(), form.errors

    job = form.submit()

    assert (job.kind, job.engine) == ("texture", "texture")
    assert [one.role for one in job.inputs.all()] == ["style"]
    assert job.parameters == {"size": 256, "steps": 300, "smoothness": 0.7, "optimizer": "lbfgs", "seed": 5}


def test_without_a_style_a_texture_is_refused():
    form = forms.bind({"engine": "texture"}, MultiValueDict(), person=factories.make_person())

    assert not form.is_valid()
    assert form.errors["style"] == ["Choose a style picture, or one from the shelf."]


def test_a_texture_from_the_shelf_may_be_larger_than_it():
    data = {"engine": "texture", "shelf": "mosaic-sun", "size": "1024"}
    form = forms.bind(data, MultiValueDict(), person=factories.make_person())

    assert form.is_valid(), form.errors
    assert form.parameters["size"] == 1024
    assert form.shelf_slugs == {0: "mosaic-sun"}


@pytest.mark.parametrize("kind", ["choice", "seed"])
def test_another_engine_may_have_such_a_parameter_too(kind):
    known = {one.kind: one for one in GATYS.parameters}
    spec = replace(GATYS, parameters=(replace(known[kind], name="way"),))

    assert list(parameters.fields(spec)) == ["way"]


def test_a_control_that_needs_a_switch_is_hidden_without_it():
    rules = (ROOT / "static" / "css" / "components.css").read_text()
    dependent = {(p.name, p.needs) for spec in engines.SPECS.values() for p in spec.parameters if p.needs}

    assert dependent
    for name, switch in dependent:
        assert f'form:has([name="{switch}"]:not(:checked)) .field:has([name="{name}"]) {{ display: none; }}' in rules
