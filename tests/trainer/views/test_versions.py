"""Pages of versions: publish, take back, put back, carry away and bring."""

import io
import zipfile

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tests import clients, factories
from tests.trainer import exports
from tests.trainer.factories import make_run, make_version
from trainer import parcels, versions
from trainer.models import Version
from trainer.views import versions as views

pytestmark = pytest.mark.django_db
WORDS = {
    "title": "Cats",
    "title_ko": "고양이",
    "blurb": "Colours cats.",
    "slug": "cats",
    "licence": "CC0",
    "card": "Ours.",
}


@pytest.fixture
def staff() -> Client:
    return clients.account(factories.make_user("staff", is_staff=True))


@pytest.fixture
def run():
    run = make_run(state="done", title="Many cats")
    exports.give(run, 2, 4, best=2)
    return run


def publish(staff, run, **fields):
    data = {"checkpoint": "step-0000002", **WORDS, **fields}
    return staff.post(reverse("version_new", args=[run.pk]), {name: value for name, value in data.items() if value})


def bring(staff, content: bytes, **fields):
    upload = SimpleUploadedFile("cats.zip", content, content_type="application/zip")
    return staff.post(reverse("version_import"), {"archive": upload, **fields})


def test_a_checkpoint_is_published_and_on_the_first_page(staff, run):
    response = publish(staff, run)

    version = Version.objects.get()
    assert (response.status_code, response["Location"]) == (302, reverse("versions"))
    assert (version.engine, version.is_live, version.step, version.owner.username) == ("cats.1", True, 2, "staff")
    page = Client().get(reverse("create"), {"kind": "sketch"}).content.decode()
    assert "Colours cats." in page and 'value="cats.1"' in page


def test_measures_are_called_as_on_other_pages(staff, run):
    page = staff.get(reverse("version_new", args=[run.pk])).content.decode()

    assert "distance to the original (L1) 0.25" in page


def test_the_form_suggests_the_best_checkpoint_and_words(staff, run):
    response = staff.get(reverse("version_new", args=[run.pk]))

    form = response.context["form"]
    assert form["checkpoint"].value() == "step-0000002"
    assert (form["title"].value(), form["slug"].value(), form["licence"].value()) == ("Many cats", "many-cats", "CC0")


def test_the_grid_s_choice_is_kept_and_the_last_words_come_back(staff, run):
    publish(staff, run)

    form = staff.get(reverse("version_new", args=[run.pk]), {"checkpoint": "step-0000004"}).context["form"]

    assert form["checkpoint"].value() == "step-0000004"
    assert (form["title_ko"].value(), form["slug"].value()) == ("고양이", "cats")


@pytest.mark.parametrize(
    "fields",
    [
        {"checkpoint": "step-0000009"},
        {"checkpoint": None},
        {"title": None},
        {"title": "x" * 61},
        {"slug": "Cats & Dogs"},
        {"slug": "x" * 31},
        {"slug": "Cats"},
        {"slug": "my_cats"},
        {"title": "Ca\u200bts"},
        {"blurb_ko": "\u202e고양이"},
        {"licence": "CC0\nand more"},
        {"blurb": None},
        {"licence": None},
    ],
    ids=str,
)
def test_what_is_wrong_is_said(staff, run, fields):
    response = publish(staff, run, **fields)

    assert response.status_code == 422
    assert 'class="error"' in response.content.decode()
    assert not Version.objects.exists()


def test_a_checkpoint_that_vanishes_is_said(staff, run, monkeypatch):
    def vanish(*args, **kwargs):
        raise versions.Refused("There is no such checkpoint any more. Choose another.")

    monkeypatch.setattr(versions, "publish", vanish)

    response = publish(staff, run)

    assert response.status_code == 422
    assert "no such checkpoint" in response.content.decode()


def test_of_a_cyclegan_a_direction_is_asked(staff):
    run = make_run(recipe="cyclegan", data="/horses", options={})
    exports.give(run, 2, recipe="cyclegan")

    assert publish(staff, run).status_code == 422
    assert publish(staff, run, direction="BtoA").status_code == 302

    assert (Version.objects.get().kind, Version.objects.get().direction) == ("photo", "BtoA")


def test_of_a_network_for_colours_the_kind_is_asked(staff):
    run = make_run()
    exports.give(run, 2, architecture=exports.RESNET | {"in_channels": 3})

    assert publish(staff, run).status_code == 422
    assert publish(staff, run, kind="photo").status_code == 302

    assert Version.objects.get().kind == "photo"


def test_a_run_without_checkpoints_has_nothing_to_publish(staff):
    run = make_run()

    assert "no checkpoint yet" in staff.get(reverse("version_new", args=[run.pk])).content.decode()
    assert publish(staff, run).status_code == 422


def test_it_is_taken_back_and_put_back(staff, run):
    publish(staff, run)
    version = Version.objects.get()

    staff.post(reverse("version_take_back", args=[version.pk]))
    assert 'value="cats.1"' not in Client().get(reverse("create"), {"kind": "sketch"}).content.decode()
    assert "Taken back or replaced" in staff.get(reverse("versions")).content.decode()

    staff.post(reverse("version_put_back", args=[version.pk]))
    assert 'value="cats.1"' in Client().get(reverse("create"), {"kind": "sketch"}).content.decode()


def test_one_that_cannot_be_loaded_says_why_and_is_not_offered_to_be_published(staff):
    version = make_version(is_live=False, published_at=None, reason="The painter's weights are missing or damaged.")

    page = staff.get(reverse("versions")).content.decode()

    assert "The painter&#x27;s weights are missing or damaged." in page
    assert reverse("version_put_back", args=[version.pk]) not in page
    staff.post(reverse("version_put_back", args=[version.pk]))
    version.refresh_from_db()
    assert not version.is_live


def test_the_page_asks_few_questions_however_many_versions(staff, django_assert_max_num_queries):
    for number in range(8):
        make_version(make_run(), slug=f"cats{number}")

    with django_assert_max_num_queries(5):
        staff.get(reverse("versions"))


def test_it_is_carried_away_and_brought_back(staff, run):
    publish(staff, run)
    response = staff.get(reverse("version_export", args=[Version.objects.get().pk]))
    content = b"".join(response.streaming_content)

    assert response["Content-Disposition"] == 'attachment; filename="cats.1.zip"'
    assert parcels.MANIFEST in zipfile.ZipFile(io.BytesIO(content)).namelist()
    assert bring(staff, content, slug="lions").status_code == 302

    brought = Version.objects.get(slug="lions")
    assert (brought.is_live, brought.is_imported, brought.owner.username) == (False, True, "staff")
    page = staff.get(reverse("versions")).content.decode()
    assert "Not published yet" in page and "A worker is about to look at it." in page


def test_the_word_about_it_waits_for_the_page_that_people_see(staff, run):
    publish(staff, run)
    staff.get(reverse("versions"))
    content = parcels.pack(Version.objects.get()).read()
    bring(staff, content, slug="lions")
    word = "“Cats 1” is here."

    led_there = staff.get(
        reverse("versions"), headers={"X-Requested-With": "XMLHttpRequest"}
    )  # by static/js/sending.js

    assert word not in led_there.content.decode()
    assert word in staff.get(reverse("versions")).content.decode()
    assert word not in staff.get(reverse("versions")).content.decode()


@pytest.mark.parametrize("content", [b"", b"nothing", b"PK\x05\x06" + b"\0" * 18])
def test_what_is_no_version_is_refused_with_a_sentence(staff, settings, content):
    response = bring(staff, content)

    assert response.status_code == 422
    assert 'class="error"' in response.content.decode()
    assert not Version.objects.exists()
    assert not [path for path in settings.TRAINING_ROOT.rglob("*") if path.is_file()]


def test_the_head_of_an_export_packs_nothing(staff, run, monkeypatch):
    publish(staff, run)
    monkeypatch.setattr(parcels, "pack", lambda version: pytest.fail("It was packed."))

    response = staff.head(reverse("version_export", args=[Version.objects.get().pk]))

    assert (response.status_code, response["Content-Type"]) == (200, "application/zip")
    assert not response.has_header("Content-Length")


def test_an_archive_that_is_too_large_is_refused_before_it_is_looked_at(staff, settings):
    settings.VERSION_MAX_BYTES = 1000

    assert "too large" in bring(staff, b"x" * 1001).content.decode()
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    assert bring(staff, b"x" * 5000).status_code == 413


def test_one_that_could_not_be_loaded_has_a_button_to_look_again(staff):
    version = make_version(is_live=False, published_at=None, reason="The disk was full.", checked_at=timezone.now())
    place = reverse("version_look_again", args=[version.pk])

    assert place in staff.get(reverse("versions")).content.decode()
    assert staff.post(place).status_code == 302

    page = staff.get(reverse("versions")).content.decode()
    assert place not in page and "A worker is about to look at it." in page


def test_its_samples_are_shown(staff, run):
    publish(staff, run)
    place = reverse("version_sample", args=[Version.objects.get().pk])

    assert staff.get(place)["Content-Type"] == "image/png"
    for wrong in ("1", "-7", "x", ""):
        assert staff.get(place, {"n": wrong}).status_code == 404


def test_many_versions_take_several_pages_the_live_ones_first(staff, run, monkeypatch):
    monkeypatch.setattr(views, "PAGE_SIZE", 2)
    publish(staff, run)
    for number in range(2, 5):
        make_version(slug="dogs", number=number, title="Dogs", is_live=False)

    first = staff.get(reverse("versions"))
    second = staff.get(reverse("versions"), {"page": 2})

    assert [one["version"].engine for one in first.context["live"]] == ["cats.1"]
    assert [one["version"].engine for one in first.context["waiting"] + first.context["taken_back"]] == ["dogs.4"]
    assert len(second.context["waiting"] + second.context["taken_back"]) == 2
    assert 'rel="next"' in first.content.decode() and 'rel="prev"' in second.content.decode()
