"""What no single page is responsible for: headers, cookies, absurd requests, paths that lead out."""

import pytest
from django.db import OperationalError, connection
from django.test import Client
from django.urls import reverse

from tests import clients, factories
from tfapp import files

pytestmark = pytest.mark.django_db


def test_scripts_and_styles_come_from_this_site_alone(client):
    policy = client.get("/")["Content-Security-Policy"]

    directives = dict(part.strip().partition(" ")[::2] for part in policy.split(";"))
    assert directives["default-src"] == "'none'"
    assert directives["script-src"] == directives["style-src"] == "'self'"
    assert directives["frame-ancestors"] == "'none'"
    assert directives["base-uri"] == "'none'"
    assert directives["form-action"] == "'self'"


def test_cookies_are_for_us_alone(client):
    client.get("/api/v1/engines")
    client.post(reverse("set_language"), {"language": "ko"})
    client.post(reverse("sign_in"), {"username": factories.make_user("known"), "password": factories.PASSWORD})
    session = client.cookies["sessionid"]

    assert session["httponly"]
    assert session["samesite"] == "Lax"
    assert client.cookies["csrftoken"]["samesite"] == "Lax"
    assert client.cookies["django_language"]["samesite"] == "Lax"


def test_with_https_cookies_are_secure_and_browsers_remember(settings):
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = settings.SECURE_SSL_REDIRECT = True
    settings.SECURE_HSTS_SECONDS = 60
    client = Client()

    redirected = client.get("/")
    response = client.get("/api/v1/engines", secure=True)

    assert redirected.status_code == 301
    assert redirected["Location"] == "https://testserver/"
    assert response["Strict-Transport-Security"].startswith("max-age=60")
    assert client.cookies["csrftoken"]["secure"]


@pytest.mark.parametrize("host", ["evil.example", "a b", "[::1", "\xe9", "localhost@evil.example", "x" * 3000])
@pytest.mark.parametrize("place", ["/", "/gallery/", "/api/v1/engines"])
def test_strange_hosts_are_refused(host, place):
    client = Client(raise_request_exception=False, headers={"host": host})

    response = client.get(place)

    assert response.status_code == 400
    assert host not in response.content.decode()


@pytest.mark.parametrize(
    "place",
    [
        "/pictures/../../etc/passwd",
        "/jobs/00000000-0000-0000-0000-000000000000/inputs/../0/",
        "/jobs/00000000-0000-0000-0000-000000000000/inputs/content/99999999999999999999999/",
        "/pictures/00000000-0000-0000-0000-000000000000/",
        "/pictures/00000000-0000-0000-0000-00000000000G/",
        "/pictures/00000000-0000-0000-0000-000000000000/thumbs/99999999999999999999999.webp",
        "/pictures/%00/",
        "/%2e%2e/%2e%2e/etc/passwd",
        "/%ff%fe",
        "/" + "x" * 5000,
        "/gallery/%0d%0aSet-Cookie:x=y",
    ],
)
def test_absurd_addresses_are_not_found(client, place):
    response = client.get(place)

    assert response.status_code == 404
    assert "Set-Cookie" not in response.headers


@pytest.mark.parametrize("extension", ["..", "png", "php", "webp.php", "WEBP"])
def test_only_stored_thumbnails_can_be_asked_for(client, extension):
    artwork = factories.make_artwork(is_public=True)

    assert client.get(f"/pictures/{artwork.pk}/thumbs/64.{extension}").status_code == 404


def test_a_huge_position_of_an_input_is_not_found():
    job = factories.make_job()

    response = clients.visitor(job.person).get(f"/jobs/{job.pk}/inputs/content/{2**70}/")

    assert response.status_code == 404


def test_a_huge_number_of_a_key_is_not_found():
    assert clients.account().post(f"/account/tokens/{2**70}/delete/").status_code == 404


@pytest.mark.parametrize("method", ["FOO", "TRACE", "PROPFIND", "CONNECT"])
@pytest.mark.parametrize("name", ["create", "gallery", "sign_in", "sign_out", "api:jobs", "healthz"])
def test_absurd_methods_are_refused(client, method, name):
    assert client.generic(method, reverse(name)).status_code == 405


def test_the_address_of_a_button_explains_itself(client):
    response = client.get(reverse("sign_out"))

    assert response.status_code == 405
    assert response["Allow"] == "POST"
    assert "use the button again" in response.content.decode()
    assert '<input type="hidden" name="next" value="/">' in response.content.decode()  # of the language switch


@pytest.mark.parametrize("name", ["create", "sign_in", "sign_up", "set_language", "api:jobs"])
@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("multipart/form-data; boundary=x", b"\xff" * 500),
        ("multipart/form-data", b"x"),
        ("application/x-www-form-urlencoded", b"a=" + b"x" * (3 * 2**20)),
        ("application/x-www-form-urlencoded", b"&".join(b"a%d=1" % n for n in range(1100))),
        ("application/x-www-form-urlencoded; charset=nonsense", b"username=%ff%fe%00"),
        ("application/json", b"{"),
        ("\xff", b"x"),
    ],
)
def test_absurd_bodies_are_refused(name, content_type, body):
    client = Client(raise_request_exception=False)

    response = client.generic("POST", reverse(name), body, content_type=content_type)

    assert response.status_code < 500
    assert response.status_code in (302, 400, 413, 415, 422)


@pytest.mark.parametrize("name", ["sign_in", "sign_up", "set_language"])
def test_only_what_takes_pictures_takes_large_bodies(name):
    client = Client(raise_request_exception=False)
    body = b"--x\r\nContent-Disposition: form-data; name=a; filename=a\r\n\r\n" + b"x" * 3 * 2**20 + b"\r\n--x--\r\n"

    response = client.generic("POST", reverse(name), body, content_type="multipart/form-data; boundary=x")

    assert response.status_code == 413


@pytest.mark.parametrize(
    "cookies",
    [
        {"sessionid": "x" * 4000},
        {"sessionid": "\0"},
        {"csrftoken": "y"},
        {"django_language": "../../etc"},
        {"messages": "zz"},
    ],
)
def test_absurd_cookies_are_nobodys(client, cookies):
    for name, value in cookies.items():
        client.cookies[name] = value

    assert client.get("/").status_code == 200
    assert client.get(reverse("mine")).status_code == 200


def test_a_missing_token_of_the_page_is_explained(client):
    response = Client(enforce_csrf_checks=True).post(reverse("sign_in"), {"username": "x", "password": "y"})

    assert response.status_code == 403
    assert "Go back, reload and try again." in response.content.decode()


@pytest.mark.parametrize("place", ["/nothing", "/api/v1/nothing"])
def test_what_is_not_there_is_told_in_a_sentence(client, place):
    response = client.get(place)

    assert response.status_code == 404
    assert "There is nothing here" in response.content.decode()


@pytest.mark.parametrize("place", ["/gallery/", "/api/v1/artworks"])
def test_a_broken_database_is_told_in_a_sentence(place):
    client = Client(raise_request_exception=False)

    def break_down(execute, sql, params, many, context):
        raise OperationalError("the disk is gone")

    with connection.execute_wrapper(break_down):
        response = client.get(place)

    assert response.status_code == 500
    assert "Something broke on our side" in response.content.decode()
    assert "disk" not in response.content.decode()


def test_media_have_no_address_of_their_own(client):
    artwork = factories.make_artwork(is_public=True)
    name = f"{artwork.folder}/master.png"
    assert files.path(name).exists()

    for prefix in ("/", "/media/", "/static/", "/static/../media/", "/static/%2e%2e/media/"):
        assert client.get(prefix + name).status_code == 404


def test_nothing_on_a_page_leads_out(client):
    factories.make_artwork(is_public=True)

    for name in ("create", "gallery", "sign_in"):
        page = client.get(reverse(name)).content.decode()
        assert 'src="http' not in page
        assert '<link rel="stylesheet" href="http' not in page
