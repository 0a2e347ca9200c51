"""A worker takes the jobs whose engines it has, and those that nobody can paint."""

import pytest

from tests import factories
from tfapp.models import Job

pytestmark = pytest.mark.django_db


def test_it_leaves_a_job_alone_whose_engine_is_still_coming():
    factories.make_job(engine="tfhub", with_files=False)
    other = factories.make_job(engine="adain", with_files=False)

    assert Job.objects.claim_next("w", coming={"tfhub"}) == other
    assert Job.objects.claim_next("w", coming={"tfhub"}) is None


def test_it_leaves_a_job_to_a_worker_that_has_its_engine():
    factories.make_engine_status("tflite", is_available=True)
    job = factories.make_job(engine="tflite", with_files=False)

    assert Job.objects.claim_next("w", missing={"tflite"}) is None
    assert Job.objects.claim_next("w") == job


def test_a_job_whose_engine_nobody_has_is_taken_so_that_it_can_fail():
    factories.make_engine_status("tflite", is_available=False, reason="No file.")
    job = factories.make_job(engine="tflite", with_files=False)

    assert Job.objects.claim_next("w", missing={"tflite"}) == job


def test_cancelling_a_job_that_was_deleted_meanwhile_is_harmless():
    job = factories.make_job(with_files=False)
    Job.objects.all().delete()

    assert job.request_cancel() is False
