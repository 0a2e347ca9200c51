"""The gallery, the pages of pictures and their files."""

import io
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import formats, timezone
from PIL import Image

from tests import clients, factories
from tfapp import files, pictures, reports
from tfapp.models import Artwork, Job, Report

pytestmark = pytest.mark.django_db

N_MANY = 10_000


@pytest.fixture
def row() -> list[Artwork]:
    """Five public pictures, newest first, two of them published in the same instant."""
    person, now = factories.make_person(), timezone.now()
    ages = [0, 1, 1, 2, 3]
    made = [
        factories.make_artwork(person, is_public=True, published_at=now - timedelta(minutes=minutes))
        for minutes in ages
    ]
    return sorted(made, key=lambda artwork: (-artwork.published_at.timestamp(), artwork.pk))


def test_the_gallery_shows_public_pictures_newest_first(client, row):
    factories.make_artwork()
    factories.make_artwork(is_public=True, hidden_at=timezone.now())

    response = client.get(reverse("gallery"))

    assert list(response.context["page"]) == row


@pytest.mark.parametrize("page", ["0", "-1", "2", "nonsense", "9999999999999999999999", "1.5", "", "٣", "1\0"])
def test_a_page_that_does_not_exist_is_not_found(client, row, page):
    assert client.get(reverse("gallery"), {"page": page}).status_code == 404


def test_an_empty_gallery_is_a_page(client):
    assert client.get(reverse("gallery")).status_code == 200


def test_the_gallery_asks_few_questions_however_many_pictures(client, django_assert_max_num_queries):
    fill(N_MANY)

    for page in ("1", "2", "417"):
        with django_assert_max_num_queries(8):
            response = client.get(reverse("gallery"), {"page": page})
        assert len(response.context["page"]) in (24, N_MANY % 24)


def fill(n_pictures: int) -> None:
    """Rows alone: the page opens no file."""
    person, now = factories.make_person(), timezone.now()
    jobs = [Job(person=person, kind="style", engine="echo", state="done", finished_at=now) for _n in range(n_pictures)]
    Job.objects.bulk_create(jobs, batch_size=1000)
    Artwork.objects.bulk_create(
        [
            Artwork(
                job=job,
                person=person,
                kind="style",
                engine="echo",
                width=1024,
                height=768,
                folder=f"artworks/{job.pk}",
                n_bytes=1,
                sha256="0" * 64,
                thumbnails={"320": 240, "640": 480},
                is_public=True,
                published_at=now - timedelta(seconds=n),
            )
            for n, job in enumerate(jobs)
        ],
        batch_size=1000,
    )


def test_the_arrows_walk_through_the_gallery(client, row):
    for position, artwork in enumerate(row):
        context = client.get(reverse("artwork", args=[artwork.pk])).context

        assert context["previous"] == (row[position - 1] if position else None)
        assert context["next"] == (row[position + 1] if position + 1 < len(row) else None)


def test_pictures_published_one_after_the_other_are_different_steps(client):
    rows = [factories.make_artwork() for _n in range(3)]
    for artwork in rows:
        assert artwork.publish()

    contexts = [client.get(reverse("artwork", args=[artwork.pk])).context for artwork in rows]

    for artwork, context in zip(rows, contexts, strict=True):
        assert artwork not in (context["previous"], context["next"])
    assert {context["next"] for context in contexts} == {rows[0], rows[1], None}


def test_staff_who_look_at_a_hidden_picture_do_not_walk_on_to_private_ones():
    person = factories.make_person()
    factories.make_artwork(person)
    hidden = factories.make_artwork(person, is_public=True, hidden_at=timezone.now())
    factories.make_artwork(person)
    staff = clients.account(factories.make_user(is_staff=True, is_superuser=True))

    context = staff.get(reverse("artwork", args=[hidden.pk])).context

    assert (context["previous"], context["next"]) == (None, None)


def test_pictures_are_told_apart_in_words(client):
    plain = factories.make_artwork(is_public=True)
    swirls = factories.make_artwork(is_public=True)
    swirls.job.inputs.filter(role="style").update(shelf="starry-swirls")

    page = client.get(reverse("gallery")).content.decode()
    context = client.get(reverse("artwork", args=[swirls.pk])).context

    date = formats.date_format(timezone.now(), "DATE_FORMAT")
    assert f"A picture painted with Echo on {date}" in page
    assert f"A picture in the style of Starry swirls, painted on {date}" in page
    assert context["title"] == "In the style of Starry swirls"
    assert client.get(reverse("artwork", args=[plain.pk])).context["title"] == ""


def test_the_arrows_of_a_private_picture_walk_through_ones_own():
    person = factories.make_person()
    old, middle, new = (factories.make_artwork(person, is_public=is_public) for is_public in (True, False, True))
    factories.make_artwork(is_public=True)

    context = clients.visitor(person).get(reverse("artwork", args=[middle.pk])).context

    assert (context["previous"], context["next"]) == (new, old)


def test_a_picture_says_how_it_was_made(client):
    artwork = factories.make_artwork(is_public=True, parameters={"strength": 0.5, "size": 64})

    context = client.get(reverse("artwork", args=[artwork.pk])).context

    assert context["settings"] == [
        ("Engine", "Echo"),
        ("Style", "a picture of their own"),
        ("Strength", "50 %"),
        ("Size", "64 pixels"),
    ]
    assert not context["is_mine"]
    assert context["content"] is None
    assert context["styles"] == []


def test_a_picture_of_an_engine_that_is_no_more_still_has_a_page(client):
    artwork = factories.make_artwork(is_public=True, engine="forgotten", parameters={"depth": 7})

    response = client.get(reverse("artwork", args=[artwork.pk]))

    assert response.context["settings"][0] == ("Engine", "forgotten")


def test_publishing_and_taking_back_is_true_at_once(client):
    artwork = factories.make_artwork()
    owner = clients.visitor(artwork.person)
    places = [
        reverse("artwork", args=[artwork.pk]),
        reverse("artwork_image", args=[artwork.pk]),
        reverse("artwork_thumbnail", args=[artwork.pk, 64, "webp"]),
        reverse("artwork_download", args=[artwork.pk]),
    ]
    assert {client.get(place).status_code for place in places} == {404}

    owner.post(reverse("artwork_publish", args=[artwork.pk]))
    assert {client.get(place).status_code for place in places} == {200}

    owner.post(reverse("artwork_unpublish", args=[artwork.pk]))
    assert {client.get(place).status_code for place in places} == {404}
    etag = f'"{artwork.sha256}"'
    assert client.get(places[1], headers={"if-none-match": etag}).status_code == 404


def test_deleting_a_picture_deletes_its_files(django_capture_on_commit_callbacks):
    artwork = factories.make_artwork(is_public=True)

    with django_capture_on_commit_callbacks(execute=True):
        response = clients.visitor(artwork.person).post(reverse("artwork_delete", args=[artwork.pk]))

    assert response["Location"] == reverse("mine")
    assert not files.path(artwork.folder).exists()
    assert not files.path(f"inputs/{artwork.job_id}").exists()
    assert not Job.objects.exists()


@pytest.mark.parametrize(
    ("extension", "content_type"), [("avif", "image/avif"), ("webp", "image/webp"), ("jpg", "image/jpeg")]
)
def test_a_public_thumbnail_may_be_kept_for_a_moment(client, extension, content_type):
    artwork = factories.make_artwork(is_public=True)
    place = reverse("artwork_thumbnail", args=[artwork.pk, 64, extension])

    response = client.get(place)

    assert response["Content-Type"] == content_type
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert response["Cache-Control"] == "public, max-age=60, must-revalidate"
    assert "Cookie" not in response.get("Vary", "")
    assert client.get(place, headers={"if-none-match": response["ETag"]}).status_code == 304


def test_formats_of_one_picture_have_different_tags(client):
    artwork = factories.make_artwork(is_public=True)

    tags = {client.get(reverse("artwork_thumbnail", args=[artwork.pk, 64, kind]))["ETag"] for kind in ("avif", "webp")}

    assert len(tags) == 2


def test_a_private_picture_is_kept_by_nobody():
    artwork = factories.make_artwork()

    response = clients.visitor(artwork.person).get(reverse("artwork_image", args=[artwork.pk]))

    assert response["Content-Type"] == "image/png"
    assert response["Cache-Control"] == "private, no-store"
    assert "ETag" not in response


def test_nginx_sends_the_file_where_it_is_there(client, settings):
    settings.X_ACCEL_PREFIX = "/internal/"
    artwork = factories.make_artwork(is_public=True)

    response = client.get(reverse("artwork_image", args=[artwork.pk]))

    assert response["X-Accel-Redirect"] == f"/internal/{artwork.folder}/master.png"
    assert response["Content-Type"] == "image/png"
    assert response.content == b""


def test_a_picture_whose_file_is_gone_is_not_found(client):
    artwork = factories.make_artwork(is_public=True)
    files.remove([artwork.folder])

    assert client.get(reverse("artwork_image", args=[artwork.pk])).status_code == 404
    assert client.get(reverse("artwork_download", args=[artwork.pk])).status_code == 404


@pytest.mark.parametrize(("wanted", "format"), [("png", "PNG"), ("jpeg", "JPEG"), ("webp", "WEBP")])
def test_a_picture_can_be_downloaded_in_every_format(client, wanted, format):
    artwork = factories.make_artwork(is_public=True)

    response = client.get(reverse("artwork_download", args=[artwork.pk]), {"format": wanted})

    assert response["Content-Disposition"].startswith('attachment; filename="stylesite-')
    data = response.getvalue()
    image = Image.open(io.BytesIO(data))
    assert image.format == format
    assert image.size == (64, 48)
    assert b"Stylesite" not in data


@pytest.mark.parametrize("wanted", ["png", "jpeg", "webp"])
def test_how_it_was_made_is_written_into_the_file_when_asked(client, wanted):
    artwork = factories.make_artwork(is_public=True)

    response = client.get(reverse("artwork_download", args=[artwork.pk]), {"format": wanted, "provenance": "1"})

    data = response.getvalue()
    assert b"Stylesite" in data
    assert str(artwork.person_id).encode() not in data


def test_there_is_an_end_to_converting(client, settings):
    settings.LIMITS_PER_HOUR = {**settings.LIMITS_PER_HOUR, "download": 1}
    place = reverse("artwork_download", args=[factories.make_artwork(is_public=True).pk])

    statuses = [client.get(place, {"format": wanted}).status_code for wanted in ("jpeg", "webp", "png", "png")]

    assert statuses == [200, 429, 200, 200]


def test_provenance_says_how_and_not_who():
    artwork = factories.make_artwork(factories.make_person(factories.make_user("secretive")))

    assert "secretive" not in str(pictures.provenance(artwork))


@pytest.mark.parametrize("wanted", ["gif", "../png", "", "PNG\0"])
def test_other_formats_are_refused_with_a_sentence(client, wanted):
    artwork = factories.make_artwork(is_public=True)

    response = client.get(reverse("artwork_download", args=[artwork.pk]), {"format": wanted})

    assert response.status_code == 400
    assert "PNG, JPEG or WebP" in response.content.decode()


def report(artwork: Artwork, client: Client, reason: str = "It is not nice.", *, address: str = "192.0.2.1"):
    place = reverse("artwork_report", args=[artwork.pk])
    return client.post(place, {"reason": reason}, REMOTE_ADDR=address)


def test_three_different_people_hide_a_picture(client):
    artwork = factories.make_artwork(is_public=True)
    for n in range(2):
        report(artwork, clients.visitor(), address=f"192.0.2.{n}")
    assert client.get(reverse("artwork", args=[artwork.pk])).status_code == 200

    report(artwork, clients.visitor(), address="192.0.2.7")
    assert client.get(reverse("artwork", args=[artwork.pk])).status_code == 404
    assert client.get(reverse("artwork_image", args=[artwork.pk])).status_code == 404
    assert list(client.get(reverse("gallery")).context["page"]) == []
    assert clients.visitor(artwork.person).get(reverse("artwork", args=[artwork.pk])).status_code == 200


def test_one_person_reports_once():
    artwork, person = factories.make_artwork(is_public=True), clients.visitor()

    for _n in range(4):
        assert report(artwork, person).status_code == 302

    assert artwork.reports.count() == 1
    artwork.refresh_from_db()
    assert artwork.hidden_at is None


def test_dropping_the_cookie_is_no_new_voice():
    artwork = factories.make_artwork(is_public=True)

    for _n in range(4):
        report(artwork, Client())

    assert Artwork.objects.get().is_shown
    assert artwork.reports.count() == 1


def test_accounts_behind_one_address_are_a_voice_each():
    artwork = factories.make_artwork(is_public=True)

    for _n in range(3):
        report(artwork, clients.account())

    assert not Artwork.objects.get().is_shown


def test_who_was_not_agreed_with_cannot_hide_it_again():
    artwork = factories.make_artwork(is_public=True)
    addresses = [f"192.0.2.{n}" for n in range(3)]
    for address in addresses:
        report(artwork, Client(), address=address)
    assert not Artwork.objects.get().is_shown
    reports.dismiss(artwork)

    for address in addresses:
        report(artwork, Client(), address=address)
    assert Artwork.objects.get().is_shown

    for n in range(3):
        report(artwork, Client(), address=f"198.51.100.{n}")
    assert not Artwork.objects.get().is_shown


def test_a_reason_is_one_short_line():
    artwork = factories.make_artwork(is_public=True)

    report(artwork, clients.visitor(), reason="  bad\0\r\n\u202e" + "x" * 999)

    reason = Report.objects.get().reason
    assert reason.startswith("bad x")
    assert len(reason) == 300


def test_publishing_again_does_not_bring_a_hidden_picture_back(client):
    artwork = factories.make_artwork(is_public=True, hidden_at=timezone.now())
    owner = clients.visitor(artwork.person)

    owner.post(reverse("artwork_unpublish", args=[artwork.pk]))
    owner.post(reverse("artwork_publish", args=[artwork.pk]))

    assert client.get(reverse("artwork", args=[artwork.pk])).status_code == 404


def test_there_is_an_end_to_reports(settings):
    settings.LIMITS_PER_HOUR = {**settings.LIMITS_PER_HOUR, "report": 1}
    one, two = (factories.make_artwork(is_public=True) for _n in range(2))
    person = clients.visitor()
    report(one, person)

    response = report(two, person)

    assert response.status_code == 429
    assert response["Retry-After"]
    assert not two.reports.exists()
