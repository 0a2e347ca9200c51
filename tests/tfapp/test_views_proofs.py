"""Previews over HTTP: a picture or a sentence, for their owner, within limits."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from tests import clients, factories, pictures
from tfapp import comparing, files, mixes, shelf
from tfapp.engines import SPECS
from tfapp.models import Mix
from tfapp.proofs import SUBJECT, Proof, Silent, sockets

pytestmark = pytest.mark.django_db


@pytest.fixture
def wishes(monkeypatch):
    """A worker that gives everybody the same picture; what was wished for."""
    heard = []

    def ask(wish):
        heard.append(wish)
        return Proof(picture=b"a picture", seconds=0.0312).as_bytes()

    monkeypatch.setattr(sockets, "ask", ask)
    return heard


def send(mix: Mix, name: str, **fields):
    return clients.visitor(mix.person).post(reverse(name, args=[mix.pk]), fields)


def test_a_preview_is_a_picture_with_its_time_and_kept_nowhere(wishes):
    mix = factories.make_mix()

    response = send(mix, "mix_preview", strength="0.5", weights="[[1, 1]]")

    assert (response.status_code, response.content) == (200, b"a picture")
    assert response["Content-Type"] == "image/jpeg"
    assert response["X-Seconds"] == "0.0312"
    assert response["Cache-Control"] == "private, no-store"
    assert wishes[0].parameters["weights"] == [[0.5, 0.5]]
    assert wishes[0].person == str(mix.person_id)


def test_a_draft_is_the_same_mix_in_a_smaller_picture(wishes):
    mix = factories.make_mix()

    send(mix, "mix_preview", strength="0.5")
    send(mix, "mix_preview", strength="0.5", draft="on")

    whole, draft = wishes
    assert (whole.side, draft.side) == (384, 256)
    assert draft.parameters == whole.parameters and draft.photo == whole.photo


def test_the_controls_are_kept_and_the_mix_is_not_forgotten(wishes):
    mix = factories.make_mix(used_at=timezone.now() - timedelta(hours=20))

    send(mix, "mix_preview", strength="0.5", weights="[[1, 3]]")

    mix.refresh_from_db()
    assert mix.controls["strength"] == 0.5
    assert mix.controls["weights"] == [[0.25, 0.75]]
    assert timezone.now() - mix.used_at < timedelta(minutes=1)


def test_what_changes_while_a_preview_is_painted_stays(monkeypatch):
    mix = factories.make_mix()

    def ask(wish):
        mixes.throw_dice(Mix.objects.get(pk=mix.pk), 4711)
        return Proof(picture=b"a picture").as_bytes()

    monkeypatch.setattr(sockets, "ask", ask)
    send(mix, "mix_preview", strength="0.1", weights="[[1, 3]]")

    mix.refresh_from_db()
    assert mix.controls["dice"] == 4711
    assert mix.controls["strength"] >= 0.6


def test_the_number_of_the_dice_stays_as_long_as_their_styles(wishes):
    mix = factories.make_mix()

    send(mix, "mix_dice", seed=4711)
    send(mix, "mix_preview", strength="0.5", weights="[[1, 1, 1, 1]]")
    mix.refresh_from_db()
    assert (mix.controls["dice"], mix.controls["strength"]) == (4711, 0.5)
    assert "dice" not in wishes[0].parameters

    send(mix, "mix_dice", how="shuffle")
    mix.refresh_from_db()
    assert "dice" not in mix.controls


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"strength": "7"}, "less than or equal"),
        ({"strength": "x"}, "Enter a number"),
        ({"keep_colours": "perhaps"}, "Say true or false"),
        ({"weights": "[[1]]"}, "needs 2 numbers"),
        ({"weights": "nonsense"}, "must be JSON"),
    ],
)
def test_senseless_controls_are_refused_in_a_sentence(wishes, fields, sentence):
    response = send(factories.make_mix(), "mix_preview", **fields)

    assert response.status_code == 422
    assert response["Content-Type"].startswith("text/plain")
    assert sentence in response.content.decode()
    assert wishes == []


@pytest.mark.parametrize("language", ["en", "ko"])
def test_silence_is_a_sentence_in_the_readers_language(monkeypatch, language):
    def nobody(wish):
        raise Silent("nobody")

    monkeypatch.setattr(sockets, "ask", nobody)
    mix = factories.make_mix()
    client = clients.visitor(mix.person)

    response = client.post(reverse("mix_preview", args=[mix.pk]), headers={"accept-language": language})

    assert response.status_code == 503
    assert response["Retry-After"] == "2"
    words = {"en": "No painter is here right now", "ko": "화가가 자리에 없어요"}
    assert words[language] in response.content.decode()


def test_previews_are_limited_generously(wishes, settings):
    assert settings.LIMITS_PER_HOUR["preview"] >= 3600
    settings.LIMITS_PER_HOUR = settings.LIMITS_PER_HOUR | {"preview": 2}
    mix = factories.make_mix()

    statuses = [send(mix, "mix_preview").status_code for _ in range(3)]

    assert statuses == [200, 200, 429]
    assert len(wishes) == 2


def mask(width: int = 96, height: int = 64):
    return pictures.upload(pictures.photo(width, height).convert("L").convert("RGB"), name="mask.png")


def test_masks_are_kept_in_their_order_and_cleared_by_none():
    mix = factories.make_mix()

    assert send(mix, "mix_masks", mask=[mask(), mask()]).status_code == 204
    assert [one.position for one in Mix.objects.get().masks] == [0, 1]

    assert send(mix, "mix_masks").status_code == 204
    assert Mix.objects.get().masks == []


@pytest.mark.parametrize(
    ("masks", "sentence"),
    [
        (lambda: [mask()] * 4, "At most 3"),
        (lambda: [mask(), mask(64, 64)], "shape of its photo"),
        (lambda: [pictures.upload(b"no picture")], "not a picture we can read"),
    ],
)
def test_masks_that_do_not_fit_are_refused_and_the_old_ones_stay(masks, sentence):
    mix = factories.make_mix(n_masks=1)

    response = send(mix, "mix_masks", mask=masks())

    assert response.status_code in (415, 422)
    assert sentence in response.content.decode()
    assert len(Mix.objects.get().masks) == 1
    assert files.leftovers() == []


def test_the_subject_is_a_mask_for_the_page(wishes):
    response = send(factories.make_mix(), "mix_subject")

    assert (response.status_code, response["Content-Type"]) == (200, "image/png")
    assert wishes[0].story == SUBJECT


def test_the_grid_has_twelve_styles_and_says_where_the_others_are():
    mix = factories.make_mix(controls={"strength": 0.5})
    client = clients.visitor(mix.person)
    address = reverse("mix_compare", args=[mix.pk])

    first, second = (client.get(address, {"page": n}).content.decode() for n in (1, 2))

    slugs = [style.slug for style in shelf.STYLES]
    assert [slug for slug in slugs if f'data-slug="{slug}"' in first] == slugs[:12]
    assert [slug for slug in slugs if f'data-slug="{slug}"' in second] == slugs[12:24]
    assert "Strength: 50 %" in first


@pytest.mark.parametrize("page", ["", "0", "-1", "x", "999999", "²"])
def test_a_page_that_is_none_is_the_first_or_the_last(page):
    mix = factories.make_mix()

    response = clients.visitor(mix.person).get(reverse("mix_compare", args=[mix.pk]), {"page": page})

    assert response.status_code == 200


def test_every_painter_that_is_here_has_a_cell(settings):
    settings.ENGINES = ["adain", "tflite", "tfhub", "gatys", "emoji", "painter", "photograph"]
    factories.make_engine_status("adain", seconds_per_megapixel=0.3)
    factories.make_engine_status("tflite", seconds_per_megapixel=100)
    factories.make_engine_status("tfhub", is_available=False, reason="No network.")
    factories.make_engine_status("photograph", seconds_per_megapixel=30)
    mix = factories.make_mix()

    page = clients.visitor(mix.person).get(reverse("mix_compare", args=[mix.pk]), {"by": "engines"})

    cells = {cell.engine: cell.is_quick for cell in page.context["cells"]}
    quick = {"adain": True, "painter": True}
    slow = {"tflite": False, "photograph": False, "gatys": False}  # nobody has measured the last one yet
    assert cells == quick | slow


@pytest.mark.parametrize(
    ("size", "told"),
    [((2000, 1000), "about 52 seconds"), ((60, 40), "about one second")],  # the first is painted with 1024 × 512 pixels
)
def test_of_a_painter_that_takes_its_time_the_grid_says_how_long(settings, size, told):
    settings.ENGINES = ["echo", "gatys"]
    factories.make_engine_status("gatys", seconds_per_megapixel=100)
    mix = factories.make_mix(controls={"size": 3072})
    mix.pictures.filter(role="content").update(width=size[0], height=size[1])
    address = reverse("mix_compare", args=[mix.pk])

    page = clients.visitor(mix.person).get(address, {"by": "engines"}).content.decode()

    assert told in page


def test_a_painter_without_styles_is_given_the_photo_alone(wishes):
    factories.make_engine_status("painter")
    mix = factories.make_mix(n_masks=1, controls={"strength": 0.5, "weights": [[1, 0], [0, 1]]})

    send(mix, "mix_cell", engine="painter")

    assert (wishes[0].engine, wishes[0].styles, wishes[0].masks, wishes[0].parameters) == ("painter", (), (), {})


def test_how_colours_are_kept_is_told_where_they_are_kept():
    spec = SPECS["adain"]

    assert "Second look" not in dict(comparing.describe(spec, {"second_look": True}))
    left, kept = (dict(comparing.describe(spec, {"keep_colours": keeps})) for keeps in (False, True))

    assert "How to keep them" not in left
    assert kept["How to keep them"] == "only its light is painted"


def test_a_cell_is_a_style_alone_or_a_painter(wishes):
    factories.make_engine_status("tflite", seconds_per_megapixel=3)
    mix = factories.make_mix(n_masks=1, controls={"strength": 0.5, "weights": [[1, 0], [0, 1]]})

    send(mix, "mix_cell", slug="great-wave")
    send(mix, "mix_cell", engine="tflite")

    assert (wishes[0].styles, wishes[0].masks, wishes[0].engine) == (("shelf:great-wave",), (), "echo")
    assert (len(wishes[1].styles), wishes[1].engine) == (2, "tflite")
    assert "weights" not in wishes[0].parameters


def test_settings_of_a_mix_are_brought_between_the_ends_of_another_painter(wishes):
    factories.make_engine_status("tflite", seconds_per_megapixel=3)
    mix = factories.make_mix(controls={"strength": 1.5, "style_scale": 2.0, "size": 3072})

    send(mix, "mix_cell", engine="tflite")

    assert wishes[0].parameters["strength"] == 1
    assert "style_scale" not in wishes[0].parameters


@pytest.mark.parametrize(
    "status",
    [{}, {"seconds_per_megapixel": 60}, {"seconds_per_megapixel": 1, "is_available": False}],
)
def test_a_painter_that_would_keep_everybody_waiting_is_not_asked(wishes, status):
    factories.make_engine_status("gatys", **status)

    assert send(factories.make_mix(), "mix_cell", engine="gatys").status_code == 422
    assert wishes == []


@pytest.mark.parametrize("fields", [{}, {"slug": "nothing"}, {"engine": "nothing"}, {"engine": "emoji"}])
def test_a_cell_that_is_none_is_refused(wishes, fields):
    assert send(factories.make_mix(), "mix_cell", **fields).status_code == 422
    assert wishes == []
