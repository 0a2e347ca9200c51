"""Whatever is sent to the JSON API is answered with a sentence and a 4xx, and leaves nothing behind."""

import random
import uuid

import pytest
from django.test import Client

from tests import api_calls, clients, factories, pictures
from tests.api_calls import JOBS
from tfapp.models import Artwork, Job

pytestmark = pytest.mark.django_db

FIELDS = ("engine", "content", "style", "shelf", "like", "strength", "keep_colours", "size", "csrfmiddlewaretoken", "x")
TEXTS = (
    b"",
    b"echo",
    b"0.5",
    b"NaN",
    b"-1",
    b"own",
    b"true",
    b"\x00",
    b"\xff\xfe",
    b"9" * 300,
    b"[]",
    "한국어".encode(),
)
TYPES = (b"image/jpeg", b"text/html", b"", b"multipart/mixed; boundary=inner", b"\xff")
NAMES = (b"photo.jpg", b"../../etc/passwd", b"", b"a\x00b.png", b'q"uote.png', "나.png".encode(), b"x" * 600)


@pytest.mark.parametrize(
    ("fields", "status", "words"),
    [
        ({"engine": None}, 422, "engine"),
        ({"engine": "nonsense"}, 422, "engine"),
        ({"content": None}, 422, "content"),
        ({"content": "a text instead of a file"}, 422, "content"),
        ({"style": None}, 422, "style"),
        ({"strength": "NaN"}, 422, "strength"),
        ({"strength": "2"}, 422, "strength"),
        ({"size": "1" * 400}, 422, "size"),
        ({"size": "[]"}, 422, "size"),
        ({"keep_colours": "perhaps"}, 422, "keep_colours"),
        ({"shelf": "nowhere", "style": None}, 422, "shelf"),
        ({"like": "x"}, 422, "like"),
        ({"content": lambda: pictures.upload(b"")}, 400, "content"),
        ({"content": lambda: pictures.upload(b"%PDF-1.7")}, 415, "content"),
        ({"style": lambda: pictures.upload(pictures.file()[:99])}, 422, "style"),
    ],
)
def test_bad_input_is_refused_with_a_sentence(client, fields, status, words):
    response = api_calls.send(client, **{name: value() if callable(value) else value for name, value in fields.items()})

    api_calls.assert_refused(response, status)
    assert words in response.json()["detail"]
    assert not Job.objects.exists()
    assert api_calls.n_files() == 0


def test_a_picture_that_is_too_large_is_refused(client, settings):
    settings.UPLOAD_MAX_BYTES = 1000

    api_calls.assert_refused(api_calls.send(client), 413)
    assert api_calls.n_files() == 0


def test_a_body_that_is_too_large_is_refused(client, settings):
    settings.UPLOAD_BODY_MAX_BYTES = 1000

    api_calls.assert_refused(api_calls.send(client), 413)


def test_too_many_files_are_refused(client):
    api_calls.assert_refused(api_calls.send(client, style=[pictures.upload(pictures.file()) for _n in range(12)]), 413)


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/json", b'{"engine": "echo"}'),
        ("application/x-www-form-urlencoded", b"engine=echo"),
        ("text/plain", b"hello"),
        ("", b""),
        ("multipart/mixed; boundary=x", b"--x--"),
    ],
)
def test_other_bodies_than_multipart_are_415(client, content_type, body):
    api_calls.assert_refused(client.generic("POST", JOBS, body, content_type=content_type), 415)


@pytest.mark.parametrize(
    "content_type",
    [
        "multipart/form-data",
        "multipart/form-data; boundary=",
        "multipart/form-data; boundary=\xff",
        "multipart/form-data; boundary=" + "x" * 500,
    ],
)
def test_multipart_without_a_sound_boundary_is_400(client, content_type):
    api_calls.assert_refused(client.generic("POST", JOBS, b"--x\r\n\r\n--x--", content_type=content_type), 400)


def test_an_engine_that_cannot_be_had_says_why(client):
    factories.make_engine_status("echo", is_available=False, reason="The network is not here.")

    response = api_calls.send(client)

    api_calls.assert_refused(response, 422)
    assert "The network is not here." in response.json()["detail"]


def test_too_many_unfinished_jobs_are_429_with_a_time(client):
    for _n in range(3):
        assert api_calls.send(client).status_code == 202
    before = api_calls.n_files()

    response = api_calls.send(client)

    api_calls.assert_refused(response, 429)
    assert int(response["Retry-After"]) > 0
    assert api_calls.n_files() == before


def test_too_many_jobs_an_hour_are_429(client, settings):
    settings.LIMITS_PER_HOUR = {**settings.LIMITS_PER_HOUR, "jobs": 1}
    api_calls.send(client)

    response = api_calls.send(client)

    api_calls.assert_refused(response, 429)
    assert int(response["Retry-After"]) > 0


@pytest.mark.parametrize("method", ["post", "delete"])
def test_a_change_by_cookie_needs_the_token_of_a_get(method):
    job = factories.make_job()
    client = clients.visitor(job.person, enforce_csrf_checks=True)
    place = JOBS if method == "post" else f"{JOBS}/{job.pk}"

    api_calls.assert_refused(getattr(client, method)(place), 403)

    job.refresh_from_db()
    assert job.state == "queued"


def test_over_https_a_program_need_not_say_where_it_comes_from():
    job = factories.make_job()
    client = clients.visitor(job.person, enforce_csrf_checks=True)
    client.get("/api/v1/engines", secure=True)
    token = {"x-csrftoken": client.cookies["csrftoken"].value}

    def cancel(headers):
        return client.delete(f"{JOBS}/{job.pk}", headers=headers, secure=True)

    api_calls.assert_refused(cancel({}), 403)
    api_calls.assert_refused(cancel({"x-csrftoken": "x" * 64}), 403)
    api_calls.assert_refused(cancel({**token, "origin": "https://evil.example"}), 403)
    api_calls.assert_refused(cancel({**token, "referer": "https://evil.example/"}), 403)
    assert cancel(token).status_code == 200


def test_a_missing_token_is_explained_to_programs():
    response = Client(enforce_csrf_checks=True).post(JOBS)

    assert "X-CSRFToken" in response.json()["detail"]


def test_a_wrong_token_of_the_page_is_403():
    client = Client(enforce_csrf_checks=True)
    client.get("/api/v1/engines")

    api_calls.assert_refused(api_calls.send(client, {"x-csrftoken": "x" * 64}), 403)


@pytest.mark.parametrize("value", ["Bearer wrong", "Bearer", "bearer ", "Bearer \xe9", "Bearer " + "x" * 4000])
@pytest.mark.parametrize("method", ["get", "post"])
def test_a_wrong_key_is_401_even_with_a_cookie(value, method):
    client = clients.account()
    place = "/api/v1/engines" if method == "get" else JOBS

    response = getattr(client, method)(place, headers={"authorization": value})

    api_calls.assert_refused(response, 401)
    assert response["WWW-Authenticate"] == "Bearer"


def test_other_schemes_are_not_ours_to_judge(client):
    assert client.get("/api/v1/engines", headers={"authorization": "Basic dTpw"}).status_code == 200


@pytest.mark.parametrize("method", ["get", "delete"])
def test_somebody_elses_job_is_not_there(method):
    job = factories.make_job()
    for client, headers in ((Client(), None), (clients.visitor(), None), (Client(), api_calls.bearer())):
        api_calls.assert_refused(getattr(client, method)(f"{JOBS}/{job.pk}", headers=headers), 404)

    job.refresh_from_db()
    assert job.state == "queued"


@pytest.mark.parametrize(
    "place",
    [
        f"{JOBS}/{uuid.UUID(int=0)}",
        f"{JOBS}/nonsense",
        f"{JOBS}/../../admin",
        "/api/v1/artworks/1",
        "/api/v1/nothing",
        "/api/v2/engines",
        "/api/v1/",
        "/api/v1/%00",
        "/api/v1/engines/%2e%2e/%2e%2e",
    ],
)
def test_what_is_not_there_is_404(client, place):
    api_calls.assert_refused(client.get(place), 404)


@pytest.mark.parametrize(
    ("method", "place"),
    [
        ("PUT", JOBS),
        ("GET", JOBS),
        ("POST", "/api/v1/engines"),
        ("PATCH", "/api/v1/artworks"),
        ("POST", "/api/v1/docs"),
    ],
)
def test_other_methods_are_405(client, method, place):
    response = client.generic(method, place)

    api_calls.assert_refused(response, 405)
    assert response["Allow"] in response.json()["detail"]


@pytest.mark.parametrize("state", ["done", "failed", "cancelled"])
def test_cancelling_a_finished_job_is_409(state):
    job = factories.make_job(state=state)

    api_calls.assert_refused(clients.visitor(job.person).delete(f"{JOBS}/{job.pk}"), 409)


@pytest.mark.parametrize("page", ["0", "-1", "x", "1e9", "99999999999999999999", "", "1\0", "NaN"])
def test_a_page_that_makes_no_sense_is_422(client, page):
    api_calls.assert_refused(client.get("/api/v1/artworks", {"page": page}), 422)


def test_refusals_are_told_in_the_language_of_the_caller(client):
    response = client.get("/api/v1/nothing", headers={"accept-language": "ko"})

    api_calls.assert_refused(response, 404)
    assert response["Content-Language"] == "ko"


def odd_body(chance: random.Random) -> bytes:
    """A multipart body that nobody would write: parts missing, repeated, misnamed, mistyped, cut off."""
    body = b""
    for _n in range(chance.randrange(12)):
        name = chance.choice(FIELDS).encode()
        body += b'--edge\r\nContent-Disposition: form-data; name="' + name + b'"'
        if chance.random() < 0.5:
            body += b'; filename="' + chance.choice(NAMES) + b'"\r\nContent-Type: ' + chance.choice(TYPES)
        if chance.random() < 0.1:
            body += b"\r\nContent-Transfer-Encoding: " + chance.choice((b"base64", b"quoted-printable", b"nonsense"))
        content = chance.choice((*TEXTS, pictures.file(), pictures.file("png"), pictures.file()[:200]))
        body += b"\r\n\r\n" + content + b"\r\n"
    body += b"--edge--\r\n"
    return body[: chance.randrange(len(body) + 1)] if chance.random() < 0.2 else body


@pytest.mark.parametrize("seed", range(150))
def test_whatever_is_sent_is_answered(seed, settings):
    settings.LIMITS_FACTOR = 0
    client = Client(raise_request_exception=False)

    response = client.generic(
        "POST", JOBS, odd_body(random.Random(seed)), content_type="multipart/form-data; boundary=edge"
    )

    if response.status_code == 202:
        assert Job.objects.count() == 1
    else:
        assert response.status_code in (400, 413, 415, 422)
        api_calls.assert_refused(response, response.status_code)
        assert not Job.objects.exists()
        assert api_calls.n_files() == 0
    assert not Artwork.objects.exists()
