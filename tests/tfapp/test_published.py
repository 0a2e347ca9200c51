"""A published checkpoint of each recipe paints a visitor's picture through a real job, as the program's engines do."""

import numpy as np
import pytest
from django.urls import reverse
from PIL import Image

from tests import pictures
from tests.tfapp.engines import tiny
from tests.trainer.factories import make_run
from tfapp import files, loading, rendering
from tfapp.models import Artwork, EngineStatus, Job
from trainer import checkpoints, parcels, versions
from trainer.models import Version
from trainer.versions import Words

pytestmark = pytest.mark.django_db(transaction=True)
RECIPES = {
    "pix2pix": ("sketch", ""),
    "pix2pix-photo": ("photo", ""),
    "cyclegan": ("photo", "AtoB"),
    "cyclegan-back": ("photo", "BtoA"),
    "adain": ("style", ""),
}


@pytest.fixture(autouse=True)
def nothing_loaded(monkeypatch):
    for name, empty in (("_loaded", {}), ("_failed", {}), ("_coming", set()), ("_looked_at", set()), ("_lately", [])):
        monkeypatch.setattr(loading, name, empty)


def publish(name: str) -> Version:
    kind, direction = RECIPES[name]
    recipe = name.removesuffix("-photo").removesuffix("-back")
    run = make_run(recipe=recipe, data="/nowhere")
    tiny.save_recipe(run.folder, name.removesuffix("-back"))
    words = Words(slug=name, title="Tiny", blurb="A tiny one.", licence="CC0")
    return versions.publish(run, "last", words, kind=kind, direction=direction)


def ask(client, version: Version) -> Job:
    fields = {
        "sketch": {"sketch": pictures.upload(pictures.sketch()), "size": 128},
        "photo": {"content": pictures.upload(pictures.photo(200, 140)), "size": 128},
        "style": {"content": pictures.upload(pictures.photo(200, 140)), "style": pictures.upload(), "size": 128},
    }[version.kind]
    response = client.post("/api/v1/jobs", {"engine": version.engine, **fields}, headers={"X-CSRFToken": "x"})
    assert response.status_code == 202, response.content
    return Job.objects.get(engine=version.engine)


def paint(job: Job) -> Job:
    assert rendering.render_next()
    job.refresh_from_db()
    return job


@pytest.mark.parametrize("name", RECIPES)
def test_it_paints_a_visitor_s_picture(client, name):
    version = publish(name)

    job = paint(ask(client, version))

    assert (job.state, job.error) == ("done", "")
    artwork = Artwork.objects.get(job=job)
    picture = np.asarray(Image.open(files.path(f"{artwork.folder}/master.png")))
    assert picture.shape == ((128, 128, 3) if version.kind == "sketch" else (90, 128, 3))
    assert picture.std() > 3
    assert "Tiny 1" in client.get(reverse("artwork", args=[artwork.pk])).content.decode()


def test_a_queued_job_of_a_version_that_is_taken_back_is_still_painted(client):
    version = publish("cyclegan")
    job = ask(client, version)
    versions.take_back(version)

    assert paint(job).state == "done"
    assert "Tiny 1" in client.get(reverse("job", args=[job.pk])).content.decode()


def test_one_whose_weights_were_lost_fails_with_a_sentence_and_is_told(client):
    version = publish("cyclegan")
    job = ask(client, version)
    (version.folder / checkpoints.WEIGHTS).unlink()

    assert paint(job).state == "failed"
    assert job.error == "The painter's weights are missing or damaged."
    loading.report()
    assert not EngineStatus.objects.get(engine=version.engine).is_available


def test_one_that_was_carried_away_and_brought_back_paints_the_same(tmp_path, client):
    version = publish("pix2pix")
    with parcels.pack(version) as file:
        (tmp_path / "tiny.zip").write_bytes(file.read())
    brought = parcels.unpack(tmp_path / "tiny.zip", slug="brought")
    loading.report_new()
    brought.refresh_from_db()
    assert brought.checked_at and not brought.reason
    assert versions.put_back(brought)

    one, other = (paint(ask(client, each)) for each in (version, brought))

    masters = [files.path(f"{Artwork.objects.get(job=job).folder}/master.png").read_bytes() for job in (one, other)]
    assert masters[0] == masters[1]


def test_weights_of_other_widths_are_found_out_by_the_worker(tmp_path):
    version = publish("pix2pix")
    config = checkpoints.read_config(version.folder)
    config["architecture"] |= {"filters": 3}
    checkpoints.write_config(version.folder, config)
    with parcels.pack(version) as file:
        (tmp_path / "tiny.zip").write_bytes(file.read())
    brought = parcels.unpack(tmp_path / "tiny.zip", slug="brought")

    loading.report_new()

    brought.refresh_from_db()
    assert brought.reason == "The painter's weights are missing or damaged."
    with pytest.raises(versions.Refused, match="missing or damaged"):
        versions.put_back(brought)
