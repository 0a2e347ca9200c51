"""Masks and shares of styles in the form and the API: taken where an engine mixes, overlooked elsewhere."""

import pytest

from tests import api_calls, pictures
from tests.api_calls import assert_refused
from tfapp import files
from tfapp.models import Job

pytestmark = pytest.mark.django_db


def mask(width: int = 160, height: int = 120):
    return pictures.upload(pictures.photo(width, height), name="mask.png")


def styles(n: int = 2):
    return [pictures.upload(pictures.painting(), name=f"{k}.png") for k in range(n)]


def test_a_job_takes_masks_and_shares(client):
    response = api_calls.send(client, style=styles(), mask=[mask(), mask()], weights="[[1, 1], [1, 0], [0, 2]]")

    job = Job.objects.get()
    assert response.status_code == 202
    assert [one.position for one in job.inputs.filter(role="mask")] == [0, 1]
    assert job.parameters["weights"] == [[0.5, 0.5], [1.0, 0.0], [0.0, 1.0]]


def test_without_shares_there_are_none(client):
    api_calls.send(client, mask=[mask()])

    assert "weights" not in Job.objects.get().parameters


def test_masks_without_shares_are_fine(client):
    assert api_calls.send(client, mask=[mask()]).status_code == 202


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        (lambda: {"weights": "[[1, 0]]"}, "needs 1 numbers"),
        (lambda: {"style": styles(), "weights": "[[1, 0], [0, 1]]"}, "need 1 rows"),
        (lambda: {"style": styles(), "weights": "[[1, 0]]", "mask": [mask()]}, "need 2 rows"),
        (lambda: {"weights": "no JSON"}, "must be JSON"),
        (lambda: {"mask": [mask()] * 4}, "At most 3"),
        (lambda: {"mask": [mask(120, 120)]}, "shape of its photo"),
        (lambda: {"mask": [pictures.upload(b"no picture")]}, "not a picture we can read"),
    ],
)
def test_what_does_not_fit_is_refused_in_a_sentence_and_leaves_nothing(client, fields, words):
    response = api_calls.send(client, **fields())

    assert_refused(response, 415 if "not a picture" in words else 422)
    assert words in response.json()["detail"]
    assert not Job.objects.exists()
    assert files.leftovers() == []


def test_an_engine_that_does_not_mix_overlooks_both(client):
    response = api_calls.send(client, engine="tflite", mask=[mask()], weights="nonsense")

    job = Job.objects.get()
    assert response.status_code == 202
    assert not job.inputs.filter(role="mask").exists()
    assert "weights" not in job.parameters


def test_a_second_try_takes_the_masks_along(client):
    api_calls.send(client, mask=[mask()], weights="[[1], [1]]")
    job = Job.objects.get()
    Job.objects.update(state="cancelled", finished_at=job.created_at)

    client.post(f"/jobs/{job.pk}/retry/")

    again = Job.objects.exclude(pk=job.pk).get()
    assert again.inputs.filter(role="mask").count() == 1
    assert again.parameters == job.parameters


def test_another_try_with_other_settings_keeps_the_shares(client):
    api_calls.send(client, style=styles(), weights="[[7, 3]]")
    job = Job.objects.get()
    Job.objects.update(state="cancelled", finished_at=job.created_at)

    client.post(f"/jobs/{job.pk}/retry/", {"settings": "1", "strength": "0.5", "size": "256"})

    again = Job.objects.exclude(pk=job.pk).get()
    assert again.parameters["strength"] == 0.5
    assert again.parameters["weights"] == job.parameters["weights"] == [[0.7, 0.3]]


def test_a_mask_is_not_shown_as_the_photo(client):
    api_calls.send(client, mask=[mask()])
    job = Job.objects.get()

    for address in (f"/jobs/{job.pk}/", "/mine/"):
        page = client.get(address).content.decode()
        assert f"/jobs/{job.pk}/inputs/content/0/" in page
        assert f"/jobs/{job.pk}/inputs/mask/0/" not in page
