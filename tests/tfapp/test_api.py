"""The JSON API keeps what it promises."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from tests import api_calls, clients, factories, pictures
from tests.api_calls import JOBS
from tfapp import shelf
from tfapp.models import Job

pytestmark = pytest.mark.django_db

OUTPUT = {"id", "engine", "state", "progress", "place", "eta_s", "error", "seconds", "preview_url", "artwork"}


def test_engines_are_listed_with_their_parameters(client):
    factories.make_engine_status("adain")
    factories.make_engine_status("tfhub", is_available=False, reason="There is no network.")

    engines = {engine["name"]: engine for engine in client.get("/api/v1/engines").json()}

    assert list(engines) == ["adain", "tfhub", "tflite", "gatys", "emoji", "painter", "photograph", "texture", "echo"]
    assert set(engines["adain"]) == {"name", "title", "kind", "available", "reason", "parameters"}
    assert engines["adain"]["available"] is True
    assert engines["adain"]["reason"] == ""
    assert engines["tfhub"]["available"] is False
    assert engines["tfhub"]["reason"] == "There is no network."
    assert [parameter["name"] for parameter in engines["tflite"]["parameters"]] == ["strength", "keep_colours", "size"]
    defaults = {parameter["name"]: parameter["default"] for parameter in engines["adain"]["parameters"]}
    assert defaults == {
        "strength": 1.0,
        "style_scale": 1.0,
        "keep_colours": False,
        "colours": "light",
        "sharpness": 0.0,
        "second_look": False,
        "quality": "fine",
        "size": 1024,
    }
    assert [engines[name]["kind"] for name in ("adain", "emoji", "painter")] == ["style", "sketch", "photo"]
    assert engines["emoji"]["parameters"][0]["maximum"] == 512


def test_a_visitor_asks_for_a_picture_by_cookie():
    client = Client(enforce_csrf_checks=True)
    client.get("/api/v1/engines")

    response = api_calls.send(client, {"x-csrftoken": client.cookies["csrftoken"].value}, strength="0.5", size="200")

    assert response.status_code == 202
    job = Job.objects.get()
    assert response.json() == {"id": str(job.pk), "state": "queued", "url": f"http://testserver{JOBS}/{job.pk}"}
    assert response["Location"] == response.json()["url"]
    assert job.parameters == {"strength": 0.5, "keep_colours": False, "size": 200}
    assert api_calls.job_at(client, job).status_code == 200


def test_an_account_asks_for_a_picture_by_key():
    user = factories.make_user()

    response = api_calls.send(Client(enforce_csrf_checks=True), api_calls.bearer(user))

    assert response.status_code == 202
    assert Job.objects.get().person.user == user


def test_a_page_and_a_program_of_one_account_see_the_same():
    user = factories.make_user()
    api_calls.send(Client(), api_calls.bearer(user))

    response = clients.account(user).get(reverse("mine"))

    assert list(response.context["page"]) == [Job.objects.get()]


def test_a_style_of_the_shelf_will_do(client):
    assert api_calls.send(client, style=None, shelf=shelf.STYLES[0].slug).status_code == 202


def test_a_program_sends_a_sketch(client):
    sketch = pictures.upload(pictures.sketch(), name="sketch.png")

    response = client.post(JOBS, {"engine": "emoji", "sketch": sketch, "size": "256"})

    assert response.status_code == 202
    job = Job.objects.get()
    assert (job.kind, job.parameters) == ("sketch", {"size": 256})
    assert [one.role for one in job.inputs.all()] == ["sketch"]


def test_a_program_sends_a_photo_to_be_translated(client):
    response = client.post(JOBS, {"engine": "photograph", "content": pictures.upload(pictures.photo(320, 240))})

    assert response.status_code == 202
    assert (Job.objects.get().kind, Job.objects.get().parameters) == ("photo", {"size": 320})


@pytest.mark.parametrize(("engine", "missing"), [("emoji", "sketch"), ("painter", "content"), ("echo", "content")])
def test_a_program_that_sends_no_picture_is_told_which(client, engine, missing):
    response = client.post(JOBS, {"engine": engine, "strength": "1"})

    assert response.status_code == 422
    assert response.json()["detail"].startswith(f"{missing}: ")


def test_several_styles_will_do(client):
    response = api_calls.send(client, style=[pictures.upload(pictures.painting()) for _n in range(3)])

    assert response.status_code == 202
    assert Job.objects.get().inputs.filter(role="style").count() == 3


def test_a_waiting_job_tells_its_place():
    factories.make_job()
    job = factories.make_job()

    answer = api_calls.job_at(clients.visitor(job.person), job).json()

    assert set(answer) == OUTPUT
    assert answer["id"] == str(job.pk)
    assert answer["engine"] == "echo"
    assert answer["state"] == "queued"
    assert answer["place"] == 1
    assert answer["artwork"] is None
    assert answer["error"] is None


def test_a_failed_job_tells_why():
    job = factories.make_job(state="failed", error="The paint ran dry.")

    assert api_calls.job_at(clients.visitor(job.person), job).json()["error"] == "The paint ran dry."


def test_a_finished_job_has_its_picture_and_the_key_opens_it():
    user = factories.make_user()
    artwork = factories.make_artwork(factories.make_person(user))
    headers = api_calls.bearer(user)

    answer = api_calls.job_at(Client(), artwork.job, headers).json()

    assert answer["state"] == "done"
    assert answer["progress"] == 1.0
    assert answer["seconds"] == 0.5
    told = answer["artwork"]
    assert told["id"] == str(artwork.pk)
    assert (told["width"], told["height"]) == (64, 48)
    assert told["parameters"] == {"strength": 0.5, "size": 64}
    assert Client().get(told["image_url"], headers=headers)["Content-Type"] == "image/png"
    assert Client().get(told["image_url"]).status_code == 404
    assert Client().get(told["url"], headers=headers).status_code == 200


def test_a_waiting_job_is_cancelled():
    job = factories.make_job()

    response = clients.visitor(job.person).delete(f"{JOBS}/{job.pk}")

    assert response.status_code == 200
    assert response.json()["state"] == "cancelled"


def test_a_running_job_is_told_to_stop():
    job = factories.make_job(state="running")

    response = clients.visitor(job.person).delete(f"{JOBS}/{job.pk}")

    assert response.status_code == 200
    job.refresh_from_db()
    assert job.cancel_requested_at is not None


def test_public_pictures_are_listed_newest_first_in_pages(client):
    person = factories.make_person()
    jobs = [factories.make_job(person, state="done", with_files=False) for _n in range(25)]
    made = [factories.make_artwork(job=job, is_public=True) for job in jobs]
    factories.make_artwork()

    first, second, third = (client.get("/api/v1/artworks", {"page": page}).json() for page in (1, 2, 3))

    assert [item["id"] for item in first["items"] + second["items"]] == [str(one.pk) for one in reversed(made)]
    assert (first["page"], first["next_page"], second["next_page"]) == (1, 2, None)
    assert third["items"] == []


def test_a_picture_is_told(client):
    artwork = factories.make_artwork(is_public=True)

    told = client.get(f"/api/v1/artworks/{artwork.pk}").json()

    assert told["id"] == str(artwork.pk)
    assert told["url"].endswith(reverse("artwork", args=[artwork.pk]))
    assert told["public"] is True


@pytest.mark.parametrize("place", ["/api/v1/engines", "/api/v1/artworks", "/api/v1/openapi.json", "/api/v1/docs"])
def test_every_get_sets_the_cookie_that_changes_need(client, place):
    assert client.get(place).status_code == 200

    assert client.cookies["csrftoken"].value


@pytest.mark.parametrize("place", ["/api/v1/engines", "/api/v1/artworks", "/api/v1/docs"])
def test_what_can_be_got_can_be_looked_up(client, place):
    assert client.head(place).status_code == 200


def test_openapi_describes_the_fields_of_a_job(client, settings):
    schema = client.get("/api/v1/openapi.json").json()

    body = schema["paths"]["/api/v1/jobs"]["post"]["requestBody"]["content"]["multipart/form-data"]["schema"]
    assert body["required"] == ["engine"]
    inputs = {"engine", "content", "sketch", "style", "shelf", "like", "mask", "weights"}
    ours = {
        "strength",
        "keep_colours",
        "colours",
        "style_scale",
        "second_look",
        "sharpness",
        "quality",
        "size",
        "steps",
        "smoothness",
        "start",
        "optimizer",
        "seed",
    }
    assert set(body["properties"]) == inputs | ours
    assert body["properties"]["strength"]["maximum"] == 1.5  # the widest of all engines
    assert body["properties"]["engine"]["enum"] == list(settings.ENGINES)
    assert body["properties"]["size"]["anyOf"][0]["maximum"] == settings.RESULT_MAX_SIDE
    assert set(schema["paths"]) == {
        "/api/v1/engines",
        "/api/v1/jobs",
        "/api/v1/jobs/{id}",
        "/api/v1/artworks",
        "/api/v1/artworks/{id}",
    }
    assert schema["components"]["securitySchemes"]["key"]["scheme"] == "bearer"


def test_the_docs_page_takes_everything_from_this_site(client):
    page = client.get("/api/v1/docs").content.decode()

    assert "/api/v1/jobs/{id}" in page
    assert not re.search(r"""(src|href)=["'](https?:)?//""", page)
