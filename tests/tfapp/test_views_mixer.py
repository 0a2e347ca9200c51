"""The mixer's pages: what is brought, what changes, and the way to the picture in full size."""

import pytest
from django.test import Client
from django.urls import reverse

from tests import clients, factories, pictures
from tfapp import files, mixes
from tfapp.models import Job, Mix

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def echo_alone(settings):
    settings.ENGINES = ["echo", "tflite"]
    factories.make_engine_status("echo")
    factories.make_engine_status("tflite")


def bring(client: Client, **fields):
    data = {"content": pictures.upload(pictures.photo(320, 240)), **fields}
    return client.post(reverse("mixer"), data)


def owner(mix: Mix) -> Client:
    return clients.visitor(mix.person)


def send(mix: Mix, name: str, **fields):
    return owner(mix).post(reverse(name, args=[mix.pk]), fields)


def fresh(mix: Mix) -> Mix:
    return Mix.objects.get(pk=mix.pk)


def test_a_photo_alone_becomes_a_mix_with_styles_of_the_shelf(client):
    response = bring(client)

    mix = Mix.objects.get()
    assert response.status_code == 302 and response["Location"] == reverse("mix", args=[mix.pk])
    assert len(mix.styles) == 4
    page = client.get(response["Location"]).content.decode()
    assert "data-pad" in page and page.count('data-chip="') == 4


def test_the_form_of_the_create_page_brings_its_styles_and_settings(client):
    styles = [pictures.upload(pictures.painting(), name=f"{n}.png") for n in range(2)]

    bring(client, engine="echo", strength="0.4", keep_colours="on", size="512", style=styles)

    mix = Mix.objects.get()
    assert [style.label for style in mix.styles] == ["0.png", "1.png"]
    assert (mix.controls["strength"], mix.controls["keep_colours"]) == (0.4, True)


def test_a_painter_that_cannot_mix_gives_way_to_one_that_can(client):
    bring(client, engine="tflite", shelf="great-wave")

    mix = Mix.objects.get()
    assert mix.engine == "echo"
    assert mix.styles[0].shelf == "great-wave"


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"content": ""}, "Choose a photo first."),
        ({"content": b"no picture"}, "not a picture we can read"),
        ({"shelf": "nothing"}, "no such picture on the shelf"),
    ],
)
def test_what_is_no_photo_is_refused_in_a_sentence(client, fields, sentence):
    if isinstance(fields.get("content"), bytes):  # a file can be read once: made here and not in the list above
        fields = {"content": pictures.upload(fields["content"])}
    response = bring(client, **fields)

    assert response.status_code in (415, 422)
    assert not Mix.objects.exists()
    assert files.leftovers() == []


@pytest.mark.parametrize(
    ("fields", "sentence"), [({"shelf": "nothing"}, "no such picture on the shelf"), ({"strength": "7"}, "Strength: ")]
)
def test_what_is_wrong_with_fields_of_another_page_is_told(client, fields, sentence):
    page = bring(client, **fields).content.decode()

    told_to_all = page.split('data-error-for="__all__"')[1].split("</div>")[0]
    assert sentence in told_to_all


def test_where_nobody_can_mix_the_page_says_so(client, settings):
    settings.ENGINES = ["tflite"]

    response = client.get(reverse("mixer"))

    assert response.status_code == 503
    assert "No painter that can mix" in response.content.decode()


def test_bringing_photos_is_limited(client, settings):
    settings.LIMITS_PER_HOUR = settings.LIMITS_PER_HOUR | {"upload": 1}
    bring(client)

    assert bring(client).status_code == 429
    assert Mix.objects.count() == 1


def test_the_last_mixes_can_be_gone_on_with():
    mix = factories.make_mix()

    page = owner(mix).get(reverse("mixer")).content.decode()

    assert reverse("mix", args=[mix.pk]) in page


def test_a_style_of_the_shelf_takes_a_place_and_the_controls_stay():
    mix = factories.make_mix()

    response = send(mix, "mix_style", position=1, slug="great-wave", weights="[[0.1, 0.9]]", strength="0.3")

    assert response.status_code == 302
    assert [style.shelf for style in fresh(mix).styles] == ["", "great-wave"]
    assert fresh(mix).controls["weights"] == [[0.1, 0.9]]
    assert fresh(mix).controls["strength"] == 0.3


def test_an_own_style_takes_a_place():
    mix = factories.make_mix()

    send(mix, "mix_style", position=2, style=pictures.upload(pictures.painting(), name="my leaf.png"))

    assert [style.label for style in fresh(mix).styles][2:] == ["my leaf.png"]


def test_another_own_style_has_another_address():
    mix = factories.make_mix()
    addresses = []

    for n in range(2):
        send(mix, "mix_style", position=0, style=pictures.upload(pictures.painting(64 + n, 48)))
        page = owner(mix).get(reverse("mix", args=[mix.pk])).content.decode()
        addresses.append(page.split('class="chip"')[1].split('src="')[1].split('"')[0])

    assert addresses[0] != addresses[1]
    assert {owner(mix).get(address).status_code for address in addresses} == {200}


def test_a_number_that_is_typed_is_what_the_enter_key_sends(client):
    """Browsers take the first button of a form for that."""
    mix = factories.make_mix()

    page = owner(mix).get(reverse("mix", args=[mix.pk])).content.decode()

    assert page.index('id="dice-seed"') < page.index("data-fresh")


def test_chance_and_taking_away():
    mix = factories.make_mix()

    send(mix, "mix_style", position=0, how="random")
    assert fresh(mix).styles[0].shelf
    send(mix, "mix_style", position=1, how="take")
    assert len(fresh(mix).styles) == 1


def test_one_style_alone_comes_from_the_grid():
    mix = factories.make_mix()

    send(mix, "mix_style", position=0, slug="great-wave", how="only")

    assert [bool(style.shelf) for style in fresh(mix).styles] == [True] * 4
    assert fresh(mix).styles[0].shelf == "great-wave"
    assert fresh(mix).controls["weights"] == [[1.0, 0.0, 0.0, 0.0]]


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({}, "This field is required"),
        ({"position": 9, "slug": "great-wave"}, "less than or equal to 3"),
        ({"position": 3, "slug": "great-wave"}, "no such place"),
        ({"position": 2, "how": "take"}, "no such place"),
        ({"position": 0}, "Choose a style picture"),
        ({"position": 0, "slug": "nothing"}, "no such picture on the shelf"),
        ({"position": 0, "how": "nonsense"}, "nonsense"),
        ({"position": 0, "how": "only", "style": None}, "no such picture on the shelf"),
    ],
)
def test_a_senseless_change_of_styles_is_refused(fields, sentence):
    mix = factories.make_mix()
    if "style" in fields:  # a file can be read once: made here and not in the list above
        fields = fields | {"style": pictures.upload(pictures.painting())}

    response = send(mix, "mix_style", **fields)

    assert response.status_code == 422
    assert sentence in response.content.decode()
    assert len(fresh(mix).styles) == 2


def test_a_broken_style_is_refused_with_its_sentence():
    mix = factories.make_mix()

    response = send(mix, "mix_style", position=0, style=pictures.upload(b"\x89PNG\r\n\x1a\n and nothing"))

    assert response.status_code == 422
    assert len(fresh(mix).styles) == 2
    assert files.leftovers() == []


def test_the_dice_are_thrown_again_by_their_number():
    one, other = (factories.make_mix() for _ in range(2))

    for mix in (one, other):
        send(mix, "mix_dice", seed=12)

    assert [style.shelf for style in fresh(one).styles] == [style.shelf for style in fresh(other).styles]
    assert 'value="12"' in owner(one).get(reverse("mix", args=[one.pk])).content.decode()


@pytest.mark.parametrize("seed", ["-1", "1000000", "x"])
def test_a_number_that_is_none_is_refused(seed):
    assert send(factories.make_mix(), "mix_dice", seed=seed).status_code == 422


def test_shuffling_keeps_the_styles():
    mix = factories.make_mix(n_styles=3)
    before = {style.file for style in mix.styles}

    send(mix, "mix_dice", how="shuffle")

    assert {style.file for style in fresh(mix).styles} == before


def test_only_a_painter_that_mixes_takes_over():
    mix = factories.make_mix(engine="echo")

    send(mix, "mix_engine", engine="tflite")

    assert fresh(mix).engine == "echo"


def test_the_picture_in_full_size_is_a_job_with_the_settings_of_the_page():
    mix = factories.make_mix(n_masks=1)

    response = send(mix, "mix_paint", strength="0.7", weights="[[1, 3], [1, 0], [0, 1]]", size="1024")

    job = Job.objects.get()
    assert response["Location"] == reverse("job", args=[job.pk])
    assert job.parameters["strength"] == 0.7
    assert job.parameters["weights"] == [[0.25, 0.75], [1.0, 0.0]]  # the third region was not painted
    assert job.inputs.filter(role="mask").count() == 1


def test_another_painter_is_asked_from_the_grid_with_the_settings_of_the_mix():
    mix = factories.make_mix(controls={"strength": 0.6, "keep_colours": True, "size": 512, "weights": [[1, 0]]})

    send(mix, "mix_paint", engine="tflite")

    job = Job.objects.get()
    assert (job.engine, job.parameters["strength"], job.parameters["keep_colours"]) == ("tflite", 0.6, True)
    assert "weights" not in job.parameters


def test_settings_that_another_painter_does_not_have_keep_nobody_from_asking_it(settings):
    settings.ENGINES = ["echo", "gatys"]
    factories.make_engine_status("gatys")
    mix = factories.make_mix(controls={"strength": 1.5, "size": "own", "sharpness": 0.5, "weights": [[1, 0]]})

    send(mix, "mix_paint", engine="gatys")

    job = Job.objects.get()
    assert (job.engine, job.parameters["strength"], job.parameters["size"]) == ("gatys", 1, 48)


def test_a_painter_without_styles_is_asked_with_the_photo_alone(settings):
    settings.ENGINES = ["echo", "painter"]
    factories.make_engine_status("painter")
    mix = factories.make_mix(n_masks=1, controls={"strength": 0.5, "size": "own", "weights": [[1, 0], [0, 1]]})
    mixes.put_style(mix, 0, slug="great-wave")

    send(mix, "mix_paint", engine="painter")

    job = Job.objects.get()
    assert (job.kind, job.engine, job.parameters) == ("photo", "painter", {"size": 48})
    assert [one.role for one in job.inputs.all()] == ["content"]


@pytest.mark.parametrize("engine", ["", "nothing", "emoji"])
def test_what_paints_no_photos_is_not_asked(settings, engine):
    settings.ENGINES = ["echo", "emoji"]

    assert send(factories.make_mix(), "mix_paint", engine=engine).status_code == 422
    assert not Job.objects.exists()


@pytest.mark.parametrize("fields", [{"strength": "9"}, {"weights": "[[1]]"}, {"size": "7"}])
def test_settings_that_make_no_sense_paint_nothing(fields):
    mix = factories.make_mix()

    response = send(mix, "mix_paint", **fields)

    assert response.status_code == 422
    assert not Job.objects.exists()


def test_too_many_jobs_are_refused(settings):
    settings.LIMIT_ACTIVE_JOBS = 1
    mix = factories.make_mix()
    factories.make_job(mix.person)

    assert send(mix, "mix_paint").status_code == 429


def test_a_job_opens_in_the_mixer_with_its_settings():
    job = factories.make_job(parameters={"strength": 0.2, "size": 48})

    response = clients.visitor(job.person).post(reverse("job_mix", args=[job.pk]))

    mix = Mix.objects.get()
    assert response["Location"] == reverse("mix", args=[mix.pk])
    assert mix.controls["strength"] == 0.2


def test_own_style_pictures_say_the_way_to_the_mixer():
    artwork = factories.make_artwork()
    mine = clients.visitor(artwork.person)

    for name, key in (("artwork", artwork.pk), ("job", artwork.job_id)):
        assert reverse("job_mix", args=[artwork.job_id]) in mine.get(reverse(name, args=[key])).content.decode()


def test_clearing_away_leaves_nothing(django_capture_on_commit_callbacks):
    mix = factories.make_mix()

    with django_capture_on_commit_callbacks(execute=True):
        send(mix, "mix_delete")

    assert not Mix.objects.exists()
    assert not files.path(f"mixes/{mix.pk}").exists()


def test_a_liked_mix_lends_its_shares_but_no_masks():
    artwork = factories.make_artwork(parameters={"strength": 0.5, "weights": [[0.2, 0.8], [1, 0]]})
    factories.make_input(artwork.job, role="style", position=1)
    data = {"engine": "echo", "content": pictures.upload(pictures.photo(320, 240)), "like": str(artwork.pk)}

    clients.visitor(artwork.person).post(reverse("create"), data)

    job = Job.objects.exclude(pk=artwork.job_id).get()
    assert job.parameters["weights"] == [[0.2, 0.8]]


def test_shares_are_told_on_the_page_of_a_picture():
    artwork = factories.make_artwork(parameters={"strength": 0.5, "weights": [[0.2, 0.8], [1, 0]]})

    page = clients.visitor(artwork.person).get(reverse("artwork", args=[artwork.pk])).content.decode()

    assert "20 % · 80 %" in page
