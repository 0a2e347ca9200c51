"""The audit finds each kind of disagreement between rows and files, and says so by its exit status."""

import io
import shutil
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.utils import timezone

from tests import factories
from tests.trainer import factories as trainer
from tfapp import files
from tfapp.models import Artwork, Job

pytestmark = pytest.mark.django_db


def audit(*options: str) -> tuple[int, str]:
    """The exit status and what was said."""
    output = io.StringIO()
    try:
        call_command("audit", *options, stdout=output)
    except SystemExit as end:
        return end.code, output.getvalue()
    return 0, output.getvalue()


def test_a_site_in_order_has_no_findings():
    factories.make_artwork()
    factories.make_job()
    factories.make_job(state="failed")

    assert audit("--strict") == (0, "Rows and files agree.\n")


@pytest.mark.parametrize("name", ["content-0.jpg", "style-0.jpg"])
def test_it_finds_an_input_that_is_missing(name):
    job = factories.make_job()
    files.path(f"inputs/{job.pk}/{name}").unlink()

    status, said = audit()

    assert status == 1
    assert f"inputs/{job.pk}/{name} is missing" in said


def test_it_finds_an_input_that_was_changed():
    job = factories.make_job()
    path = files.path(f"inputs/{job.pk}/content-0.jpg")
    content = bytearray(path.read_bytes())
    content[-3] ^= 1
    path.write_bytes(content)

    assert "checksum" in audit()[1]


def test_it_finds_a_picture_that_was_cut_short():
    artwork = factories.make_artwork()
    path = files.path(f"{artwork.folder}/master.png")
    path.write_bytes(path.read_bytes()[:-10])

    assert "bytes instead of" in audit()[1]


def test_it_finds_a_thumbnail_that_is_missing():
    artwork = factories.make_artwork()
    files.path(f"{artwork.folder}/64.webp").unlink()

    assert "64.webp is missing" in audit()[1]


def test_it_finds_a_finished_job_without_a_picture_and_a_picture_of_an_unfinished_job():
    factories.make_job(state="done")
    artwork = factories.make_artwork()
    Job.objects.filter(pk=artwork.job_id).update(state="cancelled")

    status, said = audit()

    assert status == 1
    assert "is done but has no artwork" in said
    assert "belongs to a job that is not done" in said


def test_it_finds_a_picture_that_changed_hands_without_its_job():
    artwork = factories.make_artwork()
    Artwork.objects.filter(pk=artwork.pk).update(person=factories.make_person())

    assert "somebody else" in audit()[1]


def test_it_finds_a_lease_that_nobody_takes_back():
    job = factories.make_job(state="running")
    Job.objects.filter(pk=job.pk).update(lease_until=timezone.now() - timedelta(minutes=5))

    assert "a lease that ran out" in audit()[1]


def test_it_finds_a_picture_that_should_be_hidden():
    artwork = factories.make_artwork(is_public=True)
    for _ in range(3):
        factories.make_report(artwork)

    assert "is not hidden" in audit()[1]

    artwork.reports.update(looked_at=timezone.now())
    assert audit()[0] == 0


def test_strict_finds_files_without_rows_and_leftovers_of_any_age():
    factories.put("artworks/ab/abcd/master.png", b"x")
    factories.put("incoming/1.part", b"x")

    assert audit()[0] == 0
    status, said = audit("--strict")

    assert status == 1
    assert "file without a row: artworks/ab/abcd" in said
    assert "leftover: incoming/1.part" in said


def test_repair_deletes_what_belongs_to_nothing_and_takes_lost_jobs_back():
    artwork = factories.make_artwork()
    factories.put("artworks/ab/abcd/master.png", b"x")
    factories.put("incoming/1.part", b"x")
    job = factories.make_job(state="running")
    Job.objects.filter(pk=job.pk).update(lease_until=timezone.now() - timedelta(minutes=5))

    status, _said = audit("--strict", "--repair")

    assert status == 0
    assert files.path(f"{artwork.folder}/master.png").is_file()
    job.refresh_from_db()
    assert job.state == "queued"


def test_it_finds_what_the_training_studio_lost():
    run, dataset = trainer.make_run(step=3), trainer.make_dataset()
    lost, changed = trainer.make_version(), trainer.make_version(slug="dogs")
    for folder in (dataset.folder, lost.folder):
        shutil.rmtree(folder)
    (changed.folder / "model.weights.h5").write_bytes(b"others")

    status, said = audit("--strict")

    assert status == 1
    assert f"run: {run.pk} has lost its folder" in said
    assert f"dataset: {dataset.pk} has lost its pictures" in said
    assert "version: cats.1 has lost its weights" in said
    assert "version: dogs.1 has other weights than were published" in said


def test_folders_of_training_that_an_older_database_does_not_know_are_named_and_never_deleted():
    run, dataset, version = trainer.make_run(), trainer.make_dataset(), trainer.make_version()
    run.folder.mkdir(parents=True)
    folders = [run.folder, dataset.folder, version.folder]
    assert audit("--strict")[0] == 0
    for row in (version, run, dataset):
        type(row).objects.filter(pk=row.pk).delete()

    status, said = audit("--strict", "--repair")

    assert status == 1
    assert all(f"folder without a row: {folder} is of no row here" in said for folder in folders)
    assert all(folder.is_dir() for folder in folders)
