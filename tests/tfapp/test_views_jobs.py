"""The page of a job, its inputs, and what a person may do with it."""

import io

import pytest
from django.urls import reverse
from PIL import Image

from tests import clients, factories
from tfapp import files, images
from tfapp.models import Artwork, Job

pytestmark = pytest.mark.django_db


def test_the_owner_sees_the_job_with_its_inputs():
    job = factories.make_job()

    response = clients.visitor(job.person).get(reverse("job", args=[job.pk]))

    assert response.status_code == 200
    assert response.context["job"] == job
    assert response.context["artwork"] is None
    assert response.context["content"].role == "content"
    assert [style.role for style in response.context["styles"]] == ["style"]
    assert "no-store" in response["Cache-Control"]


@pytest.mark.parametrize(
    ("state", "finished"),
    [("queued", "false"), ("running", "false"), ("done", "true"), ("failed", "true"), ("cancelled", "true")],
)
def test_the_status_says_when_asking_again_is_pointless(state, finished):
    job = factories.make_job(state=state)
    if state == "done":
        factories.make_artwork(job=job)

    response = clients.visitor(job.person).get(reverse("job_status", args=[job.pk]))

    assert response.status_code == 200
    assert response["X-Finished"] == finished
    assert b"<html" not in response.content


def test_a_finished_job_shows_its_picture_and_settings():
    artwork = factories.make_artwork()

    context = clients.visitor(artwork.person).get(reverse("job", args=[artwork.job_id])).context

    assert context["artwork"] == artwork
    assert ("Strength", "50 %") in context["settings"]


def test_a_failed_job_says_why():
    job = factories.make_job(state="failed", error="The paint ran dry.")

    response = clients.visitor(job.person).get(reverse("job", args=[job.pk]))

    assert "The paint ran dry." in response.content.decode()


def test_a_waiting_job_can_be_cancelled():
    job = factories.make_job()

    response = clients.visitor(job.person).post(reverse("job_cancel", args=[job.pk]))

    assert response.status_code == 302
    job.refresh_from_db()
    assert job.state == "cancelled"


def test_a_failed_job_can_be_tried_again():
    job = factories.make_job(state="failed")

    response = clients.visitor(job.person).post(reverse("job_retry", args=[job.pk]))

    again = Job.objects.exclude(pk=job.pk).get()
    assert response["Location"] == reverse("job", args=[again.pk])
    assert again.state == "queued"
    assert again.inputs.count() == 2


def test_it_can_be_tried_again_with_other_settings_but_no_larger_than_its_photo():
    job = factories.make_job(state="failed")
    settings = {"settings": "1", "strength": "0.9", "keep_colours": "on", "size": "512"}

    clients.visitor(job.person).post(reverse("job_retry", args=[job.pk]), settings)

    again = Job.objects.exclude(pk=job.pk).get()
    assert again.parameters == {"strength": 0.9, "keep_colours": True, "size": 48}


def test_its_page_offers_the_settings_it_had():
    job = factories.make_job(state="failed", parameters={"strength": 0.25, "keep_colours": True, "size": 777})

    page = clients.visitor(job.person).get(reverse("job", args=[job.pk])).content.decode()

    assert 'value="0.25"' in page and "checked" in page and '<option value="777" selected>' in page


def test_settings_that_cannot_be_are_told_on_its_page():
    job = factories.make_job(state="failed")

    response = clients.visitor(job.person).post(reverse("job_retry", args=[job.pk]), {"settings": "1", "strength": "7"})

    assert response.status_code == 422
    assert "<details open>" in response.content.decode()
    assert Job.objects.count() == 1


def test_a_job_whose_engine_is_no_more_has_no_settings():
    job = factories.make_job(state="failed", engine="gone")
    client = clients.visitor(job.person)

    assert "<details" not in client.get(reverse("job", args=[job.pk])).content.decode()
    assert client.post(reverse("job_retry", args=[job.pk]), {"settings": "1"}).status_code == 409


def test_what_is_gone_cannot_be_tried_again():
    job = factories.make_job(state="failed")
    files.remove([f"inputs/{job.pk}"])

    response = clients.visitor(job.person).post(reverse("job_retry", args=[job.pk]))

    assert response.status_code == 409
    assert "data-message" in response.content.decode()
    assert Job.objects.count() == 1


@pytest.mark.parametrize(("code", "is_offered"), [("input", False), ("engine", True)])
def test_trying_again_is_offered_where_it_may_help(code, is_offered):
    job = factories.make_job(state="failed", error_code=code)

    page = clients.visitor(job.person).get(reverse("job", args=[job.pk])).content.decode()

    assert (reverse("job_retry", args=[job.pk]) in page) == is_offered


def test_a_finished_job_is_not_painted_twice():
    artwork = factories.make_artwork()

    clients.visitor(artwork.person).post(reverse("job_retry", args=[artwork.job_id]))

    assert Job.objects.count() == 1


def test_trying_again_counts(settings):
    job = factories.make_job(state="failed")
    for _n in range(3):
        factories.make_job(job.person)

    response = clients.visitor(job.person).post(reverse("job_retry", args=[job.pk]))

    assert response.status_code == 429
    assert response["Retry-After"]


def test_deleting_a_job_deletes_its_files(django_capture_on_commit_callbacks):
    artwork = factories.make_artwork()
    folder, inputs = files.path(artwork.folder), files.path(f"inputs/{artwork.job_id}")

    with django_capture_on_commit_callbacks(execute=True):
        clients.visitor(artwork.person).post(reverse("job_delete", args=[artwork.job_id]))

    assert not Job.objects.exists()
    assert not Artwork.objects.exists()
    assert not folder.exists()
    assert not inputs.exists()


def test_an_input_is_sent_to_its_owner_and_kept_by_nobody():
    job = factories.make_job()

    response = clients.visitor(job.person).get(reverse("job_input", args=[job.pk, "content", 0]))

    assert response["Content-Type"] == "image/jpeg"
    assert response["Cache-Control"] == "private, no-store"
    assert response["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert b"".join(response).startswith(b"\xff\xd8")


def test_a_file_that_is_gone_is_not_found():
    job = factories.make_job()
    files.remove([f"inputs/{job.pk}"])

    response = clients.visitor(job.person).get(reverse("job_input", args=[job.pk, "content", 0]))

    assert response.status_code == 404


def test_my_pictures_are_mine_newest_first():
    person = factories.make_person()
    old, new = factories.make_job(person), factories.make_job(person, state="running")
    done = factories.make_artwork(person)
    factories.make_job()

    response = clients.visitor(person).get(reverse("mine"))

    assert list(response.context["page"]) == [done.job, new, old]
    assert response.context["n_active"] == 2


def test_my_pictures_are_found_from_another_browser():
    artwork = factories.make_artwork(factories.make_person(factories.make_user("me")))

    response = clients.account(artwork.person.user).get(reverse("mine"))

    assert [job.artwork for job in response.context["page"]] == [artwork]


def test_my_pictures_are_paged(django_assert_max_num_queries):
    person = factories.make_person()
    for _n in range(26):
        factories.make_artwork(person, job=factories.make_job(person, state="done", with_files=False))
    client = clients.visitor(person)

    with django_assert_max_num_queries(8):
        first = client.get(reverse("mine")).context["page"]
    second = client.get(reverse("mine"), {"page": "2"}).context["page"]

    assert (len(first), first.has_next, first.has_previous) == (24, True, False)
    assert (len(second), second.has_next, second.has_previous) == (2, False, True)


def test_a_stranger_has_no_pictures(client):
    response = client.get(reverse("mine"))

    assert response.status_code == 200
    assert len(response.context["page"]) == 0


def test_of_a_large_photo_its_owner_sees_a_preview(monkeypatch):
    monkeypatch.setattr(images, "PHOTO_SIDE", 24)
    job = factories.make_job(with_files=False)
    factories.make_input(job, role="content", width=12_000, height=8000)
    address = reverse("job_input", args=[job.pk, "content", 0])

    response = clients.visitor(job.person).get(address)

    assert response["Content-Type"] == "image/jpeg" and response["Cache-Control"] == "private, no-store"
    assert Image.open(io.BytesIO(response.getvalue())).size == (24, 16)
    assert files.leftovers() == []


def test_a_large_photo_that_is_gone_is_not_found():
    job = factories.make_job(with_files=False)
    files.path(factories.make_input(job, role="content", width=12_000, height=8000).file).unlink()

    response = clients.visitor(job.person).get(reverse("job_input", args=[job.pk, "content", 0]))

    assert response.status_code == 404
