"""Is the input good? Real pictures, the echo engine, and nothing left on the disk of what is refused."""

import pytest
from django.conf import settings as all_settings
from django.utils.datastructures import MultiValueDict

from tests import factories, pictures
from tfapp import engines, files, forms, images, parameters, shelf
from tfapp.engines.base import KINDS
from tfapp.models import Artwork

pytestmark = pytest.mark.django_db


def bind(data: dict | None = None, *, content=None, style=None, person=None) -> forms.StyleForm:
    sent = MultiValueDict()
    sent.setlist("content", content if content is not None else [pictures.upload(pictures.photo(640, 400))])
    sent.setlist("style", style if style is not None else [pictures.upload(pictures.painting(), name="style.png")])
    return forms.bind({"engine": "echo", **(data or {})}, sent, person=person or factories.make_person())


def n_parts() -> int:
    folder = files.begin().parent
    return len(list(folder.iterdir())) if folder.exists() else 0


def test_a_photo_and_a_style_are_enough():
    form = bind()

    assert form.is_valid(), form.errors
    assert [(role, picture.width, picture.height) for role, picture in form.pictures] == [
        ("content", 640, 400),
        ("style", 256, 256),
    ]
    assert form.parameters == {"strength": 1.0, "keep_colours": False, "size": 640}
    assert form.status == 200


def test_parameters_are_taken():
    form = bind({"strength": "0.25", "keep_colours": "true", "size": "512"})

    assert form.is_valid(), form.errors
    assert form.parameters == {"strength": 0.25, "keep_colours": True, "size": 512}


def test_the_photos_own_size_can_be_asked_for():
    form = bind({"size": "own"})

    assert form.is_valid(), form.errors
    assert form.parameters["size"] == 640


def test_a_result_is_never_larger_than_its_photo():
    form = bind({"size": "4096"})

    assert form.is_valid(), form.errors
    assert form.parameters["size"] == 640


def test_several_styles_keep_their_order():
    form = bind(style=[pictures.upload(pictures.photo(100, 50)), pictures.upload(pictures.photo(50, 100))])

    assert form.is_valid(), form.errors
    assert [(picture.width, picture.height) for _role, picture in form.pictures[1:]] == [(100, 50), (50, 100)]


def test_a_style_of_the_shelf_is_taken():
    slug = shelf.STYLES[0].slug

    form = bind({"shelf": slug}, style=[])

    assert form.is_valid(), form.errors
    assert form.shelf_slugs == {0: slug}
    assert len(form.pictures) == 2


def test_an_uploaded_style_wins_over_the_shelf():
    form = bind({"shelf": shelf.STYLES[0].slug})

    assert form.is_valid(), form.errors
    assert form.shelf_slugs == {}
    assert form.pictures[1][1].label == "style.png"


def test_the_style_of_ones_own_picture_can_be_used_again():
    artwork = factories.make_artwork()

    form = bind({"like": str(artwork.pk)}, style=[], person=artwork.person)

    assert form.is_valid(), form.errors
    assert (form.pictures[1][1].width, form.pictures[1][1].height) == (48, 32)


def test_what_somebody_else_uploaded_stays_theirs():
    artwork = factories.make_artwork(is_public=True)

    form = bind({"like": str(artwork.pk)}, style=[])

    assert not form.is_valid()
    assert "style" in form.errors


def test_a_shelf_style_of_somebody_elses_public_picture_can_be_used():
    artwork = factories.make_artwork(is_public=True)
    artwork.job.inputs.filter(role="style").update(shelf=shelf.STYLES[0].slug)

    form = bind({"like": str(artwork.pk)}, style=[])

    assert form.is_valid(), form.errors
    assert form.shelf_slugs == {0: shelf.STYLES[0].slug}


def test_a_private_picture_of_somebody_else_is_not_there_to_be_liked():
    artwork = factories.make_artwork()
    artwork.job.inputs.filter(role="style").update(shelf=shelf.STYLES[0].slug)

    assert not bind({"like": str(artwork.pk)}, style=[]).is_valid()
    assert Artwork.objects.filter(pk=artwork.pk).exists()


def test_submitting_makes_the_job(django_capture_on_commit_callbacks):
    form = bind({"size": "256"})
    assert form.is_valid(), form.errors

    job = form.submit()

    assert job.state == "queued"
    assert job.parameters == {"strength": 1.0, "keep_colours": False, "size": 256}
    assert [one.role for one in job.inputs.all()] == ["content", "style"]
    assert n_parts() == 0


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({"engine": ""}, "engine"),
        ({"engine": "nonsense"}, "engine"),
        ({"engine": "\0"}, "engine"),
        ({"strength": "NaN"}, "strength"),
        ({"strength": "inf"}, "strength"),
        ({"strength": "1.01"}, "strength"),
        ({"strength": "-0.1"}, "strength"),
        ({"strength": "strong"}, "strength"),
        ({"strength": "1e999"}, "strength"),
        ({"keep_colours": "maybe"}, "keep_colours"),
        ({"size": "127"}, "size"),
        ({"size": "1000000"}, "size"),
        ({"size": "-512"}, "size"),
        ({"size": "512.5"}, "size"),
        ({"size": "9" * 5000}, "size"),
        ({"size": "huge"}, "size"),
        ({"shelf": "../../etc/passwd"}, "shelf"),
        ({"like": "not-a-uuid"}, "like"),
    ],
)
def test_a_wrong_value_is_refused_at_its_field(data, field):
    form = bind(data)

    assert not form.is_valid()
    assert list(form.errors) == [field]
    assert form.status == 422
    assert field in form.sentence()
    assert n_parts() == 0


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"", 400),
        (b"this is a text, whatever its name says", 415),
        (pictures.file()[:200], 422),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 64, 422),
    ],
)
@pytest.mark.parametrize("field", ["content", "style"])
def test_a_bad_picture_is_refused_with_its_status(data, status, field):
    form = bind(**{field: [pictures.upload(data)]})

    assert not form.is_valid()
    assert list(form.errors) == [field]
    assert form.status == status
    assert form.pictures == []
    assert n_parts() == 0


def test_a_file_that_is_too_large_is_refused(settings):
    settings.UPLOAD_MAX_BYTES = 1000

    form = bind()

    assert not form.is_valid()
    assert form.status == 413
    assert n_parts() == 0


def test_a_good_photo_does_not_stay_when_its_style_is_refused():
    form = bind(style=[pictures.upload(pictures.painting()), pictures.upload(b"no picture")])

    assert not form.is_valid()
    assert n_parts() == 0


def test_a_photo_is_needed():
    form = bind(content=[])

    assert not form.is_valid()
    assert form.errors["content"] == ["Choose a photo first."]


def test_a_style_is_needed():
    form = bind(style=[])

    assert not form.is_valid()
    assert form.errors["style"] == ["Choose a style picture, or one from the shelf."]
    assert n_parts() == 0


def test_one_photo_at_a_time():
    form = bind(content=[pictures.upload(), pictures.upload()])

    assert not form.is_valid()
    assert list(form.errors) == ["content"]


def test_there_is_an_end_to_styles():
    form = bind(style=[pictures.upload() for _n in range(forms.MAX_STYLES + 1)])

    assert not form.is_valid()
    assert list(form.errors) == ["style"]


def test_an_engine_that_cannot_be_had_is_refused_with_its_reason():
    factories.make_engine_status("echo", is_available=False, reason="The network is not here.")

    form = bind()

    assert not form.is_valid()
    assert "The network is not here." in form.errors["engine"][0]


@pytest.mark.parametrize("spec", engines.SPECS.values(), ids=lambda spec: spec.name)
def test_every_engine_has_a_field_for_each_parameter(spec):
    fields = parameters.fields(spec)

    assert list(fields) == [parameter.name for parameter in spec.parameters]
    for parameter in spec.parameters:
        assert parameter.kind == "seed" or fields[parameter.name].clean(None) == parameter.default
        assert not (parameter.kind == "switch" and parameter.default), "a switch that is not sent is off"


@pytest.mark.parametrize("spec", engines.SPECS.values(), ids=lambda spec: spec.name)
def test_every_engine_has_words_and_a_schema_for_each_parameter(spec):
    values = {parameter.name: parameter.default for parameter in spec.parameters}
    needed = {parameter.needs: True for parameter in spec.parameters if parameter.needs}
    told = [parameter for parameter in spec.parameters if values.get(parameter.needs, True)]

    assert len(parameters.describe(spec, values | needed)) == len(spec.parameters)
    assert len(parameters.describe(spec, values)) == len(told)
    assert set(parameters.schema([spec])) == set(values)


def test_parameters_are_told_in_words():
    values = {"strength": 0.75, "keep_colours": True, "size": 800, "forgotten": 3}

    assert parameters.describe(engines.SPECS["echo"], values) == [
        ("Strength", "75 %"),
        ("Keep the photo's colours", "yes"),
        ("Size", "800 pixels"),
    ]


def test_the_page_is_told_the_limits():
    told = forms.limits_told()

    assert told["max_bytes"] == all_settings.UPLOAD_MAX_BYTES
    assert told["active_jobs"] == all_settings.LIMIT_ACTIVE_JOBS


def bind_sketch(data: dict | None = None, *, sketch=None) -> forms.PictureForm:
    sent = MultiValueDict()
    sent.setlist("sketch", [pictures.upload(pictures.sketch(), name="sketch.png")] if sketch is None else sketch)
    return forms.bind({"engine": "emoji", **(data or {})}, sent, person=factories.make_person())


def bind_photo(data: dict | None = None, *, content=None) -> forms.PictureForm:
    sent = MultiValueDict()
    sent.setlist("content", [pictures.upload(pictures.photo(640, 400))] if content is None else content)
    return forms.bind({"engine": "painter", **(data or {})}, sent, person=factories.make_person())


def test_a_sketch_alone_is_enough():
    form = bind_sketch()

    assert form.is_valid(), form.errors
    assert [role for role, _picture in form.pictures] == ["sketch"]
    assert form.parameters == {"size": 512}


def test_a_picture_may_be_larger_than_its_sketch():
    form = bind_sketch({"size": "512"}, sketch=[pictures.upload(pictures.sketch(128), name="sketch.png")])

    assert form.is_valid(), form.errors
    assert form.parameters == {"size": 512}


def test_what_is_transparent_in_a_sketch_is_paper():
    drawing = pictures.sketch().convert("RGBA")
    drawing.putalpha(drawing.convert("L").point(lambda light: 255 - light))

    form = bind_sketch(sketch=[pictures.upload(pictures.encoded(drawing, "png"), name="sketch.png")])

    assert form.is_valid(), form.errors
    assert images.read(form.pictures[0][1].part)[0, 0].min() > 0.95


def test_a_sketch_makes_a_job_of_its_kind(django_capture_on_commit_callbacks):
    form = bind_sketch()
    assert form.is_valid(), form.errors

    job = form.submit()

    assert (job.kind, job.engine) == ("sketch", "emoji")
    assert [one.role for one in job.inputs.all()] == ["sketch"]
    assert n_parts() == 0


def test_a_sketch_is_needed():
    form = bind_sketch(sketch=[])

    assert not form.is_valid()
    assert form.errors["sketch"] == ["Draw something, or choose a picture of a sketch."]


@pytest.mark.parametrize("size", ["127", "513", "own", "large", "-1"])
def test_a_size_that_the_emoji_painter_has_not_is_refused(size):
    form = bind_sketch({"size": size})

    assert not form.is_valid()
    assert list(form.errors) == ["size"]
    assert form.status == 422


@pytest.mark.parametrize(("data", "status"), [(b"", 400), (b"no picture", 415), (pictures.file()[:200], 422)])
def test_a_bad_sketch_is_refused_with_its_status(data, status):
    form = bind_sketch(sketch=[pictures.upload(data)])

    assert not form.is_valid()
    assert list(form.errors) == ["sketch"]
    assert form.status == status
    assert n_parts() == 0


def test_a_photo_alone_is_enough_for_the_impressionist():
    form = bind_photo()

    assert form.is_valid(), form.errors
    assert [role for role, _picture in form.pictures] == ["content"]
    assert form.parameters == {"size": 640}


def test_the_impressionist_paints_no_larger_than_it_can():
    assert not bind_photo({"size": "1025"}).is_valid()


@pytest.mark.parametrize("data", [{"engine": ""}, {"engine": "nonsense"}, {}])
@pytest.mark.parametrize(("kind", "form_class"), forms.FORMS.items())
def test_without_an_engine_nothing_else_is_complained_of(data, kind, form_class):
    form = forms.bind(data | {"kind": kind}, MultiValueDict(), person=factories.make_person())

    assert isinstance(form, form_class)
    assert not form.is_valid()
    assert list(form.errors) == ["engine"]
    assert form.status == 422


def test_every_kind_of_input_has_its_form():
    assert set(forms.FORMS) == set(KINDS) >= {spec.kind for spec in engines.SPECS.values()}
