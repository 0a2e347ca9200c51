"""The page of probes: a paper to draw on, the grid, pictures for staff alone."""

import json
import re

import pytest
from django.test import Client
from django.urls import reverse

from tests import clients, factories, pictures
from tests.trainer import exports
from tests.trainer.factories import make_run
from trainer import probing
from trainer.models import Probe, ProbeRound
from trainer.models.probe import FACTS

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff() -> Client:
    return clients.account(factories.make_user(is_staff=True))


@pytest.fixture
def run():
    run = make_run(state="done")
    exports.give(run, 2, 4, best=2)
    return run


def add(staff, run, **fields):
    data = {"sketch": pictures.upload(pictures.sketch(), name="sketch.png"), "label": "A face", **fields}
    return staff.post(reverse("probe_add", args=[run.pk]), {name: value for name, value in data.items() if value})


def paint(run, name: str) -> None:
    export = next(export for export in probing.checkpoints.list_exports(run.folder) if export.name == name)
    folder = run.folder / "painted" / name
    for probe in Probe.objects.of(run):
        exports.put_picture(folder / f"{probe.pk}.png")
    (folder / FACTS).write_text(json.dumps({"stamp": export.stamp}))


def page_of(staff, run) -> str:
    return staff.get(reverse("probes", args=[run.pk])).content.decode()


def test_a_drawing_is_added_and_painted_at_once(staff, run):
    response = add(staff, run)

    probe = Probe.objects.get()
    assert (response.status_code, response["Location"]) == (302, reverse("probes", args=[run.pk]))
    assert (probe.label, probe.kind, probe.run) == ("A face", "sketch", run)
    assert ProbeRound.objects.get().state == "queued"


def test_a_photo_may_be_as_large_as_the_page_says(staff, run, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000

    assert add(staff, run).status_code == 302
    settings.UPLOAD_BODY_MAX_BYTES = 1000
    assert add(staff, run).status_code == 413


def test_outsiders_cannot_send_large_pictures(run, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    guest = clients.account(enforce_csrf_checks=True)
    guest.get("/")  # for the cookie: without one nothing is read at all

    assert add(guest, run).status_code == 413


def test_without_a_checkpoint_it_waits(staff):
    run = make_run()

    add(staff, run)

    assert Probe.objects.count() == 1
    assert not ProbeRound.objects.exists()
    assert "There is no checkpoint yet" in page_of(staff, run)


def test_it_can_be_for_all_runs(staff, run):
    add(staff, run, is_for_all="on")

    assert Probe.objects.get().run is None


@pytest.mark.parametrize(
    "fields",
    [{"sketch": None}, {"sketch": pictures.upload(b"nothing", name="x.png")}, {"label": "x" * 81}],
    ids=["no picture", "no real picture", "a long name"],
)
def test_what_is_wrong_is_said_at_its_field(staff, run, fields):
    response = add(staff, run, **fields)

    assert response.status_code == 422
    assert 'class="error"' in response.content.decode()
    assert not Probe.objects.exists()


def test_a_network_for_colours_is_given_drawings_or_photos(staff):
    run = make_run(options={"condition_channels": 3})

    assert 'name="kind"' in page_of(staff, run)
    add(staff, run, kind="photo")

    assert Probe.objects.get().kind == "photo"


def test_the_grid_shows_what_is_painted_and_what_can_be_published(staff, run):
    add(staff, run)
    paint(run, "step-0000002")

    page = page_of(staff, run)

    probe = Probe.objects.get()
    painted = reverse("probe_painted", args=[run.pk, probe.pk, "step-0000002"])
    assert f'src="{painted}?v=' in page
    assert "A face, painted at step 2" in page
    assert f"{reverse('version_new', args=[run.pk])}?checkpoint=step-0000004" in page
    assert "data-wait" in page  # the round is queued


def test_of_a_cyclegan_both_ways_are_shown(staff):
    run = make_run(recipe="cyclegan", data="/horses", options={})
    exports.give(run, 2, recipe="cyclegan")
    probe = probing.add(run, [pictures.encoded(pictures.photo(60, 40), "png")], kind="photo")
    paint(run, "step-0000002")
    exports.put_picture(run.folder / "painted" / "step-0000002" / f"{probe.pk}-BtoA.png", (9, 9, 200))

    page = page_of(staff, run)

    painted = reverse("probe_painted", args=[run.pk, probe.pk, "step-0000002"])
    sources = re.findall(rf'src="({painted}[^"]+)"', page)
    assert len(sources) == 2
    assert "painted at step 2, A to B" in page and "painted at step 2, B to A" in page
    contents = [b"".join(staff.get(source.replace("&amp;", "&")).streaming_content) for source in sources]
    assert contents[0] != contents[1]


def test_the_page_asks_few_questions_however_many_probes(staff, run, django_assert_max_num_queries):
    for _ in range(6):
        probing.add(run, [pictures.encoded(pictures.sketch(), "png")], kind="sketch")

    with django_assert_max_num_queries(7):
        page_of(staff, run)


def test_pictures_are_sent_to_staff_with_their_type(staff, run):
    add(staff, run)
    paint(run, "step-0000002")
    probe = Probe.objects.get()
    places = [
        reverse("probe_image", args=[run.pk, probe.pk]),
        reverse("probe_painted", args=[run.pk, probe.pk, "step-0000002"]),
    ]

    for place in places:
        response = staff.get(place)
        assert (response.status_code, response["Content-Type"]) == (200, "image/png")
        assert response["X-Content-Type-Options"] == "nosniff"
        assert Client().get(place).status_code == 404


@pytest.mark.parametrize("name", ["..", "step-1", "step-0000002x", "facts.json", "step-0000009"])
def test_no_other_file_is_sent(staff, run, name):
    add(staff, run)

    address = reverse("probe_painted", args=[run.pk, Probe.objects.get().pk, "NAME"]).replace("NAME", name)
    assert staff.get(address).status_code == 404


def test_a_probe_of_another_run_is_not_found(staff, run):
    add(staff, run)

    place = reverse("probe_image", args=[make_run().pk, Probe.objects.get().pk])

    assert staff.get(place).status_code == 404


def test_a_probe_is_deleted(staff, run):
    add(staff, run)
    probe = Probe.objects.get()

    assert staff.post(reverse("probe_delete", args=[run.pk, probe.pk])).status_code == 302
    assert not Probe.objects.exists()


def test_what_is_missing_is_painted_on_demand(staff, run):
    add(staff, run)
    ProbeRound.objects.update(state="failed", error="It broke down.")
    assert "It broke down." in page_of(staff, run)

    staff.post(reverse("probes_paint", args=[run.pk]))

    row = ProbeRound.objects.get()
    assert (row.state, row.error) == ("queued", "")
