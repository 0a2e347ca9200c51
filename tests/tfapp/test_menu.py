"""The menu: the program's engines and published versions, in the reader's language, for one question a request."""

import pytest
from django.urls import reverse
from django.utils import translation

from tests import factories, pictures
from tests.trainer.factories import make_version
from tfapp import engines, loading, menu, offers
from tfapp.engines.base import EngineError
from tfapp.models import Artwork, EngineStatus, Job
from trainer.models import Version

pytestmark = pytest.mark.django_db


def choose(client, **query) -> list[str]:
    return [offer.spec.name for offer in client.get(reverse("create"), query).context["engines"]]


def ask_for(client, engine: str):
    upload = pictures.upload(pictures.sketch()) if engine != "echo" else None
    return client.post(reverse("create"), {"engine": engine, "sketch": upload, "size": 128})


def test_without_versions_it_is_the_program_s():
    assert menu.enabled() == engines.enabled()
    assert menu.find("echo") == engines.find("echo")
    assert menu.find("cats.1") is None
    assert menu.look_up("cats.1") is None
    assert menu.title_of("cats.1") == "cats.1"
    assert menu.first("sketch").name == "emoji"


def test_a_live_version_is_offered_after_the_program_s():
    make_version(slug="cats", number=3, title="Cats", is_live=True)

    spec = menu.enabled()[-1]

    assert (spec.name, str(spec.title), spec.kind) == ("cats.3", "Cats", "sketch")
    assert spec.source().endswith("versions/cats/3")
    assert menu.find("cats.3") == spec


@pytest.mark.parametrize(
    ("recipe", "kind", "direction", "engine"),
    [
        ("pix2pix", "sketch", "", "pix2pix.Pix2PixEngine"),
        ("pix2pix", "photo", "", "pix2pix.Pix2PixPhotoEngine"),
        ("cyclegan", "photo", "AtoB", "cyclegan.CycleGANEngine"),
        ("cyclegan", "photo", "BtoA", "cyclegan.CycleGANBackEngine"),
        ("adain", "style", "", "adain.AdainEngine"),
    ],
)
def test_recipe_and_kind_decide_the_engine_and_its_controls(recipe, kind, direction, engine):
    version = make_version(recipe=recipe, kind=kind, direction=direction, is_live=True)

    spec = menu.find(version.engine)

    assert spec.path == f"tfapp.engines.{engine}"
    mixing = ["strength", "style_scale", "keep_colours", "colours", "sharpness", "second_look", "size"]
    names = {"style": mixing, "sketch": ["size"], "photo": ["size"]}
    assert [parameter.name for parameter in spec.parameters] == names[kind]
    assert spec.mixes == (kind == "style")


@pytest.mark.parametrize(("trained_at", "size"), [(64, 384), (128, 384), (256, 768), (512, 768)])
def test_a_photo_is_first_offered_at_a_size_that_fits_the_training(trained_at, size):
    version = make_version(recipe="cyclegan", kind="photo", direction="AtoB", trained_at=trained_at)

    assert menu.describe(version).parameters[0].default == size


def test_a_version_that_no_engine_can_load_is_passed_over():
    version = make_version(recipe="dcgan", kind="photo", is_live=True)

    assert menu.find(version.engine) is None


def test_titles_are_in_the_reader_s_language():
    make_version(slug="cats", number=3, title="Cats", title_ko="고양이", blurb_ko="고양이를 그려요.", is_live=True)
    make_version(slug="dogs", number=1, title="Dogs", is_live=True)

    with translation.override("ko"):
        cats, dogs = menu.find("cats.3"), menu.find("dogs.1")
        told = menu.title_of("cats.3")

    assert (cats.title, cats.blurb, told) == ("고양이", "고양이를 그려요.", "고양이 3")
    assert dogs.title == "Dogs"
    assert menu.title_of("cats.3") == "Cats 3"


def test_it_is_on_the_create_page_at_once_and_in_the_api_and_gone_at_once(client):
    version = make_version(slug="cats", number=1, title="Cats", is_live=True)

    assert choose(client, kind="sketch") == ["emoji", "cats.1"]
    listed = {engine["name"]: engine for engine in client.get("/api/v1/engines").json()}
    schema = client.get("/api/v1/openapi.json").json()["paths"]["/api/v1/jobs"]["post"]["requestBody"]
    assert listed["cats.1"]["available"]
    assert "cats.1" in str(schema)

    Version.objects.filter(pk=version.pk).update(is_live=False)

    assert choose(client, kind="sketch") == ["emoji"]
    assert "cats.1" not in str(client.get("/api/v1/engines").json())


@pytest.mark.parametrize(
    ("kind", "usual", "wide"), [("sketch", "an emoji", "a picture"), ("photo", "painting", "Change")]
)
def test_the_words_of_the_page_are_wider_when_something_was_published(client, kind, usual, wide):
    def heading() -> str:
        return client.get(reverse("create"), {"kind": kind}).content.decode().split("<h1>")[1].split("</h1>")[0]

    assert usual in heading()

    make_version(recipe="pix2pix", kind=kind)

    assert wide in heading()


def test_a_visitor_asks_for_it_and_not_when_it_was_taken_back(client):
    version = make_version(slug="cats", number=1, is_live=True)

    assert ask_for(client, "cats.1").status_code == 302
    job = Job.objects.get()
    assert (job.engine, job.kind) == ("cats.1", "sketch")

    Version.objects.filter(pk=version.pk).update(is_live=False)

    assert ask_for(client, "cats.1").status_code == 422
    assert Job.objects.count() == 1


def test_what_workers_found_out_about_it_is_told(client):
    make_version(slug="cats", number=1, is_live=True)
    factories.make_engine_status("cats.1", is_available=False, reason="Its weights are gone.")

    offer = next(offer for offer in offers.everything() if offer.spec.name == "cats.1")

    assert (offer.is_available, offer.reason) == (False, "Its weights are gone.")
    assert ask_for(client, "cats.1").status_code == 422


def test_older_pictures_keep_naming_their_version(client):
    make_version(slug="cats", number=1, title="Cats", is_live=False, taken_back_at="2026-01-01T00:00:00Z")
    make_version(slug="cats", number=2, title="Better cats", is_live=True)
    job = factories.make_job(state="done", with_files=False, engine="cats.1", kind="sketch", parameters={"size": 128})
    artwork = factories.make_artwork(job=job, is_public=True)

    page = client.get(reverse("artwork", args=[artwork.pk])).content.decode()

    assert "Cats 1" in page
    assert "128 pixels" in page
    assert "Cats 1" in artwork.alt_text


def test_the_create_page_asks_for_the_versions_once(client, django_assert_max_num_queries):
    for number in range(1, 6):
        make_version(slug=f"cats{number}", number=number, is_live=True)

    with django_assert_max_num_queries(2) as questions:
        client.get(reverse("create"))

    assert sum("trainer_version" in question["sql"] for question in questions.captured_queries) == 1


def test_the_gallery_asks_for_all_titles_at_once(client, django_assert_max_num_queries):
    for number in range(1, 9):
        make_version(slug="cats", number=number, title="Cats", is_live=False)
        job = factories.make_job(state="done", with_files=False, engine=f"cats.{number}", kind="sketch")
        factories.make_artwork(job=job, is_public=True)

    response = client.get(reverse("gallery"))
    with django_assert_max_num_queries(4) as questions:
        response = client.get(reverse("gallery"))

    assert sum("trainer_version" in question["sql"] for question in questions.captured_queries) == 1
    assert all(f"Cats {number}" in response.content.decode() for number in range(1, 9))


def test_pictures_of_the_program_s_engines_cost_no_question(client, django_assert_max_num_queries):
    factories.make_artwork(is_public=True)

    with django_assert_max_num_queries(3) as questions:
        client.get(reverse("gallery"))

    assert not any("trainer_version" in question["sql"] for question in questions.captured_queries)


# What workers do with versions.


@pytest.fixture
def loads(settings, monkeypatch) -> list[str]:
    """Engines that were loaded, by name; those of the slug `bad` cannot be."""
    settings.ENGINES = ["echo"]
    for name, empty in (("_loaded", {}), ("_failed", {}), ("_coming", set()), ("_looked_at", set()), ("_lately", [])):
        monkeypatch.setattr(loading, name, empty)
    names = []

    def load(spec):
        names.append(spec.name)
        if spec.name.startswith("bad"):
            raise EngineError("It is damaged.")
        return object()

    monkeypatch.setattr(loading.engines, "load", load)
    return names


def test_the_last_two_versions_are_kept(loads):
    for slug in ("a", "b", "c"):
        make_version(slug=slug, number=1, is_live=True)

    loading.get("echo")
    first = loading.get("a.1")
    loading.get("b.1")
    assert loading.get("a.1") is first
    loading.get("c.1")

    assert loads == ["echo", "a.1", "b.1", "c.1"]
    assert set(loading._loaded) == {"echo", "a.1", "c.1"}
    loading.get("b.1")
    assert set(loading._loaded) == {"echo", "b.1", "c.1"}


def test_a_job_of_a_version_that_was_taken_back_is_still_painted(loads):
    make_version(slug="a", number=1, is_live=False, taken_back_at="2026-01-01T00:00:00Z")

    assert loading.get("a.1")


def test_an_engine_that_never_was_is_an_error_with_a_sentence(loads):
    with pytest.raises(EngineError, match="no such engine any more"):
        loading.get("nobody.7")


def test_a_new_version_is_looked_at_once_and_its_row_says_what_was_found(loads):
    good = make_version(slug="good", number=1, is_live=True)
    bad = make_version(slug="bad", number=1, is_live=False)

    loading.report_new()
    loading.report_new()

    good.refresh_from_db()
    bad.refresh_from_db()
    assert loads.count("good.1") == loads.count("bad.1") == 1
    assert (good.reason, bad.reason) == ("", "It is damaged.")
    assert good.checked_at and bad.checked_at
    assert EngineStatus.objects.get(engine="good.1").is_available
    assert EngineStatus.objects.get(engine="bad.1").reason == "It is damaged."


def test_a_report_does_not_load_versions_that_are_known_to_be_good(loads):
    make_version(slug="good", number=1, is_live=True)
    loading.report_new()
    loads.clear()

    loading.report()

    assert loads == ["echo"]


def test_a_version_that_could_not_be_had_is_tried_again(loads, monkeypatch):
    make_version(slug="bad", number=1, is_live=True)
    loading.report_new()
    monkeypatch.setattr(loading, "TRY_AGAIN_SECONDS", 0)
    monkeypatch.setattr(loading.engines, "load", lambda spec: object())

    loading.report()

    assert EngineStatus.objects.get(engine="bad.1").is_available
    assert Version.objects.get().reason == ""
    assert Artwork.objects.count() == 0
