"""The first page: what it offers, what it takes, what it refuses and how."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from tests import clients, factories, pictures
from tfapp import files, shelf
from tfapp.models import Job, Person

STYLE_FIELDS = {"content", "style", "shelf", "like", "strength", "keep_colours", "size"}
MIXED_FIELDS = {"style_scale", "colours", "sharpness", "second_look"}

pytestmark = pytest.mark.django_db


def send(client: Client, **fields):
    data = {
        "engine": "echo",
        "content": pictures.upload(pictures.photo(320, 240)),
        "style": pictures.upload(pictures.painting(), name="style.png"),
        **fields,
    }
    return client.post(reverse("create"), {name: value for name, value in data.items() if value is not None})


def page_of(client: Client, **query) -> str:
    return client.get(reverse("create"), query).content.decode()


def files_left() -> list[str]:
    root = files.begin().parent.parent
    return [str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()]


def test_the_page_offers_engines_the_shelf_and_limits(client):
    factories.make_engine_status("adain", seconds_per_megapixel=0.5)
    factories.make_engine_status("tfhub", is_available=False, reason="There is no network.")

    context = client.get(reverse("create")).context

    offered = {offer.spec.name: offer for offer in context["engines"]}
    assert list(offered) == ["adain", "tfhub", "tflite", "gatys"]
    assert offered["adain"].is_available
    assert offered["adain"].seconds == 0.5
    assert not offered["tfhub"].is_available
    assert offered["tfhub"].reason == "There is no network."
    assert context["shelf"] == shelf.STYLES
    assert context["limits"]["max_styles"] == 4


def test_looking_makes_nobody(client):
    client.get(reverse("create"))

    assert not Person.objects.exists()
    assert "sessionid" not in client.cookies


def test_the_first_engine_that_is_available_is_chosen(client):
    factories.make_engine_status("adain", is_available=False, reason="It is not here.")

    form = client.get(reverse("create")).context["form"]

    assert form["engine"].value() == "tfhub"


def test_an_engine_can_be_asked_for(client):
    form = client.get(reverse("create"), {"engine": "tflite"}).context["form"]

    assert form["engine"].value() == "tflite"


def test_an_engine_that_cannot_be_had_is_not_chosen_for_anybody(client):
    factories.make_engine_status("tfhub", is_available=False, reason="There is no network.")
    artwork = factories.make_artwork(is_public=True, engine="tfhub")

    for query in ({"engine": "tfhub"}, {"like": artwork.pk}):
        assert client.get(reverse("create"), query).context["form"]["engine"].value() == "adain"


def test_a_visitor_sends_a_photo_and_is_led_to_the_job(client):
    response = send(client, strength="0.5", size="200")

    job = Job.objects.get()
    assert response.status_code == 302
    assert response["Location"] == reverse("job", args=[job.pk])
    assert job.parameters == {"strength": 0.5, "keep_colours": False, "size": 200}
    assert client.get(response["Location"]).status_code == 200


def test_somebody_with_an_account_sends_a_photo():
    user = factories.make_user()

    send(clients.account(user))

    assert Job.objects.get().person.user == user


def test_a_style_of_the_shelf_is_enough(client):
    response = send(client, style=None, shelf=shelf.STYLES[0].slug)

    assert response.status_code == 302
    assert Job.objects.get().inputs.get(role="style").shelf == shelf.STYLES[0].slug


@pytest.mark.parametrize(
    ("kind", "engine", "fields"),
    [
        ("style", "adain", {*STYLE_FIELDS, *MIXED_FIELDS, "quality", "mask", "weights"}),
        ("sketch", "emoji", {"sketch", "size"}),
        ("photo", "painter", {"content", "size"}),
    ],
)
def test_each_kind_has_a_page_of_its_own(client, kind, engine, fields):
    response = client.get(reverse("create"), {"kind": kind})

    form = response.context["form"]
    assert response.context["kind"] == kind
    assert set(form.fields) == fields | {"engine"}
    assert form["engine"].value() == engine
    assert {offer.spec.kind for offer in response.context["engines"]} == {kind}
    assert 'aria-current="page"' in response.content.decode().split('class="makes"')[1].split("</nav>")[0]


@pytest.mark.parametrize("kind", ["", "nonsense", "\0"])
def test_an_unknown_kind_is_the_first(client, kind):
    assert client.get(reverse("create"), {"kind": kind}).context["kind"] == "style"


def test_only_what_can_be_made_here_is_offered(client):
    factories.make_engine_status("emoji", is_available=False, reason="Its weights are not here.")
    factories.make_engine_status("painter", is_available=False, reason="Its weights are not here.")

    assert client.get(reverse("create")).context["kinds"] == ["style", "photo", "texture"]


def test_the_page_of_drawings_stays_when_no_engine_is_chosen(client):
    kind = re.search(r'<input type="hidden" name="kind" value="(\w+)">', page_of(client, kind="sketch")).group(1)

    response = client.post(reverse("create"), {"kind": kind})

    assert response.status_code == 422
    assert response.context["kind"] == "sketch"
    assert "Choose an engine." in response.content.decode()
    assert "Draw something, or" not in response.content.decode()


def test_without_a_painter_there_is_nothing_to_press(client):
    assert "data-paint>" in page_of(client, kind="sketch")

    factories.make_engine_status("emoji", is_available=False, reason="Its weights are not here.")

    assert "data-paint disabled>" in page_of(client, kind="sketch")
    assert "data-paint>" in page_of(client, kind="style")


@pytest.mark.parametrize(
    ("state", "title"),
    [
        ("queued", "Waiting for the brush"),
        ("running", "Painting your picture"),
        ("failed", "This one did not work out"),
        ("cancelled", "Cancelled"),
    ],
)
def test_the_title_tells_where_a_drawing_stands(state, title):
    job = factories.make_job(state=state, kind="sketch", engine="emoji", parameters={"size": 256}, with_files=False)

    page = clients.visitor(job.person).get(reverse("job", args=[job.pk])).content.decode()

    assert re.search(r"<title>\s*(.*?) ·", page).group(1) == title


def test_what_the_photographer_gets_is_not_called_a_photo():
    job = factories.make_job(kind="photo", engine="photograph", parameters={"size": 256}, with_files=False)
    factories.make_input(job, role="content")

    visitor = clients.visitor(job.person)
    for address in (reverse("job", args=[job.pk]), reverse("mine")):
        assert 'alt="Your picture"' in visitor.get(address).content.decode()


def test_the_page_of_a_kind_that_cannot_be_made_says_why(client):
    factories.make_engine_status("emoji", is_available=False, reason="Its weights are not here.")

    response = client.get(reverse("create"), {"kind": "sketch"})

    assert response.context["kind"] == "sketch"
    assert not response.context["has_engine"]
    assert "Its weights are not here." in response.content.decode()


def test_a_visitor_sends_a_sketch_and_is_led_to_the_job(client):
    sketch = pictures.upload(pictures.sketch(), name="sketch.png")

    response = client.post(reverse("create"), {"engine": "emoji", "sketch": sketch, "size": "384"})

    job = Job.objects.get()
    assert response["Location"] == reverse("job", args=[job.pk])
    assert (job.kind, job.parameters) == ("sketch", {"size": 384})
    assert reverse("job_input", args=[job.pk, "sketch", 0]) in client.get(response["Location"]).content.decode()
    assert reverse("job_input", args=[job.pk, "sketch", 0]) in client.get(reverse("mine")).content.decode()


def test_a_finished_emoji_is_shown_beside_its_sketch():
    job = factories.make_job(state="done", kind="sketch", engine="emoji", parameters={"size": 256}, with_files=False)
    factories.make_input(job, role="sketch")
    artwork = factories.make_artwork(job=job)

    page = clients.visitor(artwork.person).get(reverse("job", args=[job.pk])).content.decode()

    assert reverse("job_input", args=[job.pk, "sketch", 0]) in page
    assert "compare--sketch" in page
    assert "Your picture is ready" in page


def test_a_sketch_that_is_refused_shows_the_paper_again(client):
    response = client.post(reverse("create"), {"engine": "emoji"})

    assert response.status_code == 422
    assert response.context["kind"] == "sketch"
    assert "Draw something, or choose a picture of a sketch." in response.content.decode()


def test_the_settings_of_an_emoji_open_the_paper():
    job = factories.make_job(state="done", kind="sketch", engine="emoji", parameters={"size": 256}, with_files=False)
    artwork = factories.make_artwork(job=job)

    response = clients.visitor(artwork.person).get(reverse("create"), {"like": str(artwork.pk)})

    assert response.context["kind"] == "sketch"
    assert response.context["form"]["size"].value() == 256


def test_use_these_settings_fills_the_form():
    artwork = factories.make_artwork(parameters={"strength": 0.3, "keep_colours": True, "size": 853})

    response = clients.visitor(artwork.person).get(reverse("create"), {"like": str(artwork.pk)})

    form = response.context["form"]
    assert response.context["like"] == artwork
    assert form["engine"].value() == "echo"
    assert form["strength"].value() == 0.3
    assert form["keep_colours"].value() is True
    assert form["size"].value() == 853
    assert '<option value="853" selected>' in str(form["size"])
    assert response.context["keeps_style"]
    assert form["like"].value() == str(artwork.pk)


def test_the_style_that_somebody_else_uploaded_is_not_promised(client):
    artwork = factories.make_artwork(is_public=True)

    response = client.get(reverse("create"), {"like": str(artwork.pk)})

    assert response.context["like"] == artwork
    assert not response.context["keeps_style"]


@pytest.mark.parametrize("like", ["", "nonsense", "0f7e0dd7-57ac-4d4f-a0a8-0f8e5cd9e9a1", "\0", "1" * 9999])
def test_a_picture_that_cannot_be_seen_cannot_be_liked(client, like):
    response = client.get(reverse("create"), {"like": like})

    assert response.status_code == 200
    assert response.context["like"] is None


def test_a_private_picture_of_somebody_else_cannot_be_liked(client):
    artwork = factories.make_artwork()

    assert client.get(reverse("create"), {"like": str(artwork.pk)}).context["like"] is None


@pytest.mark.parametrize(
    ("fields", "status", "words"),
    [
        ({"content": None}, 422, "Choose a photo first."),
        ({"style": None}, 422, "Choose a style picture"),
        ({"engine": "nonsense"}, 422, "There is no such engine."),
        ({"engine": None}, 422, "Choose an engine."),
        ({"strength": "7"}, 422, "less than or equal to 1"),
        ({"content": lambda: pictures.upload(b"")}, 400, "This file is empty."),
        ({"content": lambda: pictures.upload(b"plain text")}, 415, "not a picture we can read"),
        ({"style": lambda: pictures.upload(pictures.file()[:150])}, 422, "damaged or incomplete"),
    ],
)
def test_a_refusal_shows_the_page_again_with_a_sentence(client, fields, status, words):
    response = send(client, **{name: value() if callable(value) else value for name, value in fields.items()})

    assert response.status_code == status
    assert words in response.content.decode()
    assert not Job.objects.exists()
    assert files_left() == []


def test_too_many_unfinished_pictures_are_refused_with_a_time(client):
    for _n in range(3):
        assert send(client).status_code == 302
    before = files_left()

    response = send(client)

    assert response.status_code == 429
    assert int(response["Retry-After"]) > 0
    assert "3 unfinished pictures" in response.content.decode()
    assert files_left() == before


def test_uploads_count_also_when_they_are_refused(client, settings):
    settings.LIMITS_PER_HOUR = {**settings.LIMITS_PER_HOUR, "upload": 2}
    for _n in range(2):
        assert send(client, content=None).status_code == 422

    assert send(client, content=None).status_code == 429


def test_dropping_the_cookie_gives_no_new_pictures(settings):
    settings.LIMITS_PER_HOUR = {**settings.LIMITS_PER_HOUR, "jobs_visitors": 2}

    assert [send(Client()).status_code for _n in range(3)] == [302, 302, 429]


def test_dropping_the_cookie_gives_no_new_uploads(settings):
    settings.LIMITS_PER_HOUR = {**settings.LIMITS_PER_HOUR, "upload_visitors": 2}

    assert [send(Client(), content=None).status_code for _n in range(3)] == [422, 422, 429]


def test_more_files_than_any_form_has_are_refused(client):
    response = client.post(reverse("create"), {"style": [pictures.upload(pictures.file()) for _n in range(9)]})

    assert response.status_code == 413
    assert "Send fewer or smaller files." in response.content.decode()


def test_a_body_that_is_too_large_is_refused_before_it_is_read(client, settings):
    settings.UPLOAD_BODY_MAX_BYTES = 2000

    response = send(client)

    assert response.status_code == 413
    assert files_left() == []


def test_the_refusal_is_told_in_the_visitors_language(client):
    response = client.get(reverse("create"), headers={"accept-language": "ko"})

    assert response["Content-Language"] == "ko"
