import pytest
from django.urls import reverse

from tests import clients
from tests.factories import make_picture, make_user
from tests.trainer import factories
from trainer import collections
from trainer.models import Dataset

pytestmark = pytest.mark.django_db

REPORT = {
    "n_pictures": 1234,
    "counts": {"train": 1200, "val": 34},
    "sizes": {"smallest": [64, 64], "largest": [512, 300], "sides": [{"from": 64, "to": 128, "n": 1234}]},
    "aspects": [{"from": 0.9, "to": 1.12, "n": 1234}],
    "unreadable": {"n": 2, "reasons": {"is damaged": 2}, "files": [{"name": "<b>odd.png", "reason": "is damaged"}]},
    "mismatched": {
        "n": 1,
        "reasons": {"has no caption": 1},
        "files": [{"name": "alone.png", "reason": "has no caption"}],
    },
    "duplicates": {"n": 3, "groups": [["train/1.png", "train/2.png"]]},
    "leaks": {"n": 1, "validation": "folder", "pairs": [{"train": "train/1.png", "validation": "val/9.png"}]},
    "direction": {"suggested": "BtoA"},
}


@pytest.fixture
def staff():
    return clients.account(make_user("teacher", is_staff=True))


def look(client, name, dataset, **kwargs):
    return client.get(reverse(name, kwargs={"id": dataset.pk, **kwargs}))


# The overview and the list


def test_a_newcomer_is_told_what_to_do_first(staff):
    page = staff.get("/studio/").content.decode()

    assert "Bring the first dataset" in page
    assert "Choose and publish" in page


def test_the_overview_shows_datasets_runs_and_versions(staff):
    run = factories.make_run(title="Night cats", state="running")
    factories.make_version(run, title="Cat painter")

    page = staff.get("/studio/").content.decode()

    for words in ("Night cats", "Shapes", "Cat painter", "at work", "Start a run", "data-refresh"):
        assert words in page
    assert "Bring the first dataset" not in page


def test_a_dataset_that_is_ready_leads_to_a_first_run(staff):
    factories.make_dataset(with_files=False)

    assert "Start the first run" in staff.get("/studio/").content.decode()


def test_the_list_shows_every_dataset_with_its_state(staff):
    factories.make_dataset(title="Cats", report=REPORT, with_files=False)
    factories.make_dataset(title="Dogs", state="coming", n_bytes=100, n_received=43, with_files=False)

    page = staff.get("/studio/datasets/").content.decode()

    for words in ("Cats", "1234 pictures", "Dogs", "being sent 43 %"):
        assert words in page


def test_an_empty_list_of_datasets_says_what_to_do(staff):
    assert "Bring the first dataset" in staff.get("/studio/datasets/").content.decode()


# The page of one


def test_the_report_is_told(staff):
    dataset = factories.make_dataset(report=REPORT, licence="CC BY 4.0", source="https://example.org/cats")

    page = look(staff, "dataset", dataset).content.decode()

    for words in (
        "CC BY 4.0",
        "https://example.org/cats",
        "64 × 64",
        "64 to 127 pixels",
        "Left out: 2 files",
        "2 × is damaged",
        "&lt;b&gt;odd.png",
        "alone.png",
        "3 pictures are there more than once",
        "1 picture for validation is in training too",
        "Side B looks like drawings",
        "Start a run on it",
    ):
        assert words in page


def test_plain_pictures_lead_to_edge_pairs(staff):
    page = look(staff, "dataset", factories.make_dataset(kind="pictures", report=REPORT)).content.decode()

    assert "Make edge pairs of it" in page
    assert "Start a run on it" not in page


def test_a_dataset_that_is_checked_shows_how_far_it_is(staff):
    dataset = factories.make_dataset(state="running", with_files=False)
    dataset.folder.mkdir(parents=True)
    (dataset.folder / "progress").write_text("0.42")

    fragment = look(staff, "dataset_status", dataset).content.decode()

    assert 'value="42"' in fragment
    assert 'data-state="running"' in fragment
    assert "data-finished" not in fragment


def test_a_dataset_that_waits_says_so(staff):
    fragment = look(staff, "dataset_status", factories.make_dataset(state="queued", with_files=False)).content.decode()

    assert "Waiting to be checked" in fragment


def test_a_dataset_that_cannot_be_used_says_why(staff):
    dataset = factories.make_dataset(state="failed", error="This is no ZIP archive.", with_files=False)

    page = look(staff, "dataset", dataset).content.decode()

    assert "This is no ZIP archive." in page
    assert "data-finished" in page


def test_an_archive_that_is_not_complete_can_be_gone_on_with(staff):
    dataset = factories.make_dataset(state="coming", n_bytes=100, n_received=40, label="cats.zip", with_files=False)

    page = look(staff, "dataset", dataset).content.decode()

    assert "cats.zip" in page
    assert f'data-chunk="/studio/datasets/{dataset.pk}/chunk/"' in page
    assert 'data-size="100"' in page


def test_runs_on_it_are_named(staff):
    run = factories.make_run(title="Night cats")
    run.dataset.report = REPORT
    run.dataset.save()

    assert "Night cats" in look(staff, "dataset", run.dataset).content.decode()


# Previews


def test_a_preview_is_sent_and_guarded(staff):
    dataset = factories.make_dataset(with_files=False, report=REPORT)
    (dataset.folder / "previews").mkdir(parents=True)
    for name in ("cover", "pix2pix"):
        (dataset.folder / "previews" / f"{name}.png").write_bytes(make_picture(8, 8))

    response = look(staff, "dataset_preview", dataset, n=1)

    assert response.content == make_picture(8, 8)
    assert response["Content-Type"] == "image/png"
    assert response["Cache-Control"].startswith("private")
    assert "Crops for pix2pix" in look(staff, "dataset", dataset).content.decode()


@pytest.mark.parametrize("state", ["done", "running"])
def test_a_preview_that_is_not_there_is_not_found(staff, state):
    assert look(staff, "dataset_preview", factories.make_dataset(state=state, with_files=False), n=0).status_code == 404


# Checking again


def test_one_that_failed_is_checked_again_while_its_source_is_there(staff):
    dataset = factories.make_dataset(state="failed", error="The disk is full.", server_folder="/data", with_files=False)
    assert "Check it again" in look(staff, "dataset", dataset).content.decode()

    staff.post(reverse("dataset_check", kwargs={"id": dataset.pk}))

    dataset.refresh_from_db()
    assert (dataset.state, dataset.error) == ("queued", "")


def test_one_whose_archive_is_gone_is_brought_again(staff):
    dataset = factories.make_dataset(state="failed", error="This is no ZIP archive.", with_files=False)
    assert "Bring it again" in look(staff, "dataset", dataset).content.decode()

    response = staff.post(reverse("dataset_check", kwargs={"id": dataset.pk}), follow=True)

    dataset.refresh_from_db()
    assert dataset.state == "failed"
    assert "no longer possible" in response.content.decode()


# Deleting


def test_a_dataset_is_deleted(staff):
    dataset = factories.make_dataset(with_files=False)

    response = staff.post(reverse("dataset_delete", kwargs={"id": dataset.pk}), follow=True)

    assert "is deleted" in response.content.decode()
    assert not Dataset.objects.exists()


def test_a_dataset_that_runs_use_is_kept_with_a_sentence(staff):
    run = factories.make_run(title="Night cats")

    response = staff.post(reverse("dataset_delete", kwargs={"id": run.dataset_id}), follow=True)

    assert "Night cats" in response.content.decode()
    assert Dataset.objects.exists()


# Edges


def test_edge_pairs_are_made_with_what_was_changed(staff):
    dataset = factories.make_dataset(kind="pictures", title="Cats")
    address = reverse("dataset_edges", kwargs={"id": dataset.pk})

    assert 'value="Cats, drawn"' in staff.get(address).content.decode()
    response = staff.post(
        address, {"title": "Drawn cats", "strong": "20", "weak": "6", "size": "64", "split_by_prefix": "on"}
    )

    made = Dataset.objects.get(title="Drawn cats")
    assert response["Location"] == f"/studio/datasets/{made.pk}/"
    assert made.recipe == {"edges": {"strong": 20.0, "size": 64, "split_by_prefix": True}}
    assert (made.origin, made.kind, made.state) == (dataset, "pairs", "queued")


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"strong": "5", "weak": "6"}, "cannot end above where it begins"),
        ({"size": "3"}, "greater than or equal to 16"),
        ({"fineness": "9"}, "less than or equal to 4"),
        ({"title": ""}, "required"),
    ],
)
def test_edges_that_make_no_sense_are_refused_at_their_field(staff, given, words):
    dataset = factories.make_dataset(kind="pictures")

    response = staff.post(reverse("dataset_edges", kwargs={"id": dataset.pk}), {"title": "Drawn"} | given)

    assert response.status_code == 422
    assert words in response.content.decode()
    assert Dataset.objects.count() == 1


@pytest.mark.parametrize(("kind", "state"), [("pairs", "done"), ("unpaired", "done"), ("pictures", "running")])
def test_edges_are_drawn_of_plain_pictures_that_are_ready(staff, kind, state):
    dataset = factories.make_dataset(kind=kind, state=state, with_files=False)

    assert look(staff, "dataset_edges", dataset).status_code == 404


def test_a_preview_of_edges_draws_what_the_address_says(staff, monkeypatch):
    asked = {}
    monkeypatch.setattr(collections, "preview_edges", lambda dataset, options: asked.update(options) or b"PNG")
    dataset = factories.make_dataset(kind="pictures", with_files=False)

    response = staff.get(
        reverse("dataset_edges", kwargs={"id": dataset.pk}), {"preview": "1", "strong": "9.5", "weak": ""}
    )

    assert (response.content, response["Content-Type"]) == (b"PNG", "image/png")
    assert asked == {"strong": 9.5}


def test_a_preview_that_cannot_be_drawn_says_why(staff, monkeypatch):
    def refuse(dataset, options):
        raise collections.Refused("Drawing the preview took too long.")

    monkeypatch.setattr(collections, "preview_edges", refuse)
    dataset = factories.make_dataset(kind="pictures", with_files=False)
    address = reverse("dataset_edges", kwargs={"id": dataset.pk})

    slow = staff.get(address, {"preview": "1"})
    wrong = staff.get(address, {"preview": "1", "size": "3"})

    assert (slow.status_code, slow.content.decode()) == (422, "Drawing the preview took too long.")
    assert wrong.content.decode().startswith("Size: Ensure this value is greater")


def test_a_preview_that_must_wait_says_when_to_ask_again(staff, monkeypatch):
    def refuse(dataset, options):
        raise collections.Busy("Another preview is being drawn. Try again in a moment.")

    monkeypatch.setattr(collections, "preview_edges", refuse)
    dataset = factories.make_dataset(kind="pictures", with_files=False)

    response = staff.get(reverse("dataset_edges", kwargs={"id": dataset.pk}), {"preview": "1"})

    assert (response.status_code, response["Retry-After"]) == (503, "2")
    assert "Another preview" in response.content.decode()
