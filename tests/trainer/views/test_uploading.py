import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from tests import clients
from tests.factories import make_user
from tests.trainer import factories
from trainer.models import Dataset
from trainer.views import uploading

pytestmark = pytest.mark.django_db

WORDS = {"kind": "pairs", "title": "Cats", "licence": "CC0", "source": "our own"}
CONTENT = bytes(range(100))


@pytest.fixture
def staff():
    return clients.account(make_user("teacher", is_staff=True))


@pytest.fixture
def coming():
    return factories.make_dataset(state="coming", n_bytes=100, with_files=False)


def bring(client, dataset, content, offset, *, method="PUT"):
    address = reverse("dataset_chunk", kwargs={"id": dataset.pk})
    return client.generic(method, f"{address}?offset={offset}", content, "application/octet-stream")


def archive_of(dataset) -> bytes:
    """Whatever it is called until it is unpacked."""
    (path,) = dataset.folder.glob("archive.zip*")
    return path.read_bytes()


# The page


def test_every_kind_is_explained(staff):
    page = staff.get("/studio/datasets/new/").content.decode()

    assert page.count('name="kind"') == len(Dataset.Kind)
    assert set(uploading.KINDS) == set(Dataset.Kind.values)


def test_an_archive_comes_at_once_where_there_are_no_scripts(staff):
    response = staff.post("/studio/datasets/new/", WORDS | {"archive": SimpleUploadedFile("my cats.zip", CONTENT)})

    dataset = Dataset.objects.get()
    assert response["Location"] == f"/studio/datasets/{dataset.pk}/"
    assert (dataset.state, dataset.label, dataset.n_received) == ("queued", "my cats.zip", 100)
    assert archive_of(dataset) == CONTENT
    assert dataset.owner.username == "teacher"


def test_a_large_archive_may_come_in_one_piece_too(staff, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000

    response = staff.post("/studio/datasets/new/", WORDS | {"archive": SimpleUploadedFile("cats.zip", CONTENT * 50)})

    assert response.status_code == 302


def test_outsiders_cannot_send_large_archives(settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    guest = clients.account(enforce_csrf_checks=True)
    guest.get("/")  # for the cookie: without one nothing is read at all

    response = guest.post("/studio/datasets/new/", {"archive": SimpleUploadedFile("a.zip", CONTENT * 50)})

    assert response.status_code == 413


def test_an_archive_is_announced_before_its_pieces_come(staff):
    response = staff.post("/studio/datasets/new/", WORDS | {"label": "cats.zip", "n_bytes": "100"}, follow=True)

    dataset = Dataset.objects.get()
    assert (dataset.state, dataset.n_bytes, dataset.label) == ("coming", 100, "cats.zip")
    assert "data-archive-upload data-chunk" in response.content.decode()


def test_a_dataset_without_a_licence_is_refused(staff):
    response = staff.post("/studio/datasets/new/", WORDS | {"licence": "", "n_bytes": "100"})

    assert response.status_code == 422
    assert "required" in response.content.decode()
    assert not Dataset.objects.exists()


def test_an_archive_larger_than_allowed_is_refused_before_it_is_sent(staff, settings):
    settings.DATASET_MAX_BYTES = 2**30

    response = staff.post("/studio/datasets/new/", WORDS | {"n_bytes": str(2**30 + 1)})

    assert response.status_code == 422
    assert "larger than 1 GB" in response.content.decode()
    assert not Dataset.objects.exists()


# The pieces


def test_pieces_make_the_archive(staff, coming):
    assert bring(staff, coming, CONTENT[:60], 0).json() == {"offset": 60, "size": 100}
    assert bring(staff, coming, CONTENT[60:], 60, method="POST").json() == {"offset": 100, "size": 100}

    coming.refresh_from_db()
    assert coming.state == "queued"
    assert archive_of(coming) == CONTENT


def test_one_can_ask_how_much_is_there(staff, coming):
    bring(staff, coming, CONTENT[:60], 0)

    answer = staff.get(reverse("dataset_chunk", kwargs={"id": coming.pk}))

    assert answer.json() == {"offset": 60, "size": 100}


def test_a_piece_that_came_twice_is_told_where_to_go_on(staff, coming):
    bring(staff, coming, CONTENT[:60], 0)

    response = bring(staff, coming, CONTENT[:60], 0)

    assert (response.status_code, response.json()["offset"]) == (409, 60)


@pytest.mark.parametrize("offset", ["", "-1", "many", "9" * 40])
def test_a_piece_must_say_where_it_begins(staff, coming, offset):
    assert bring(staff, coming, CONTENT, offset).status_code == 400


def test_an_empty_piece_is_refused(staff, coming):
    assert bring(staff, coming, b"", 0).status_code == 400


def test_a_piece_that_is_too_large_is_refused(staff, coming, monkeypatch):
    monkeypatch.setattr(uploading, "PIECE_MOST_BYTES", 50)

    response = bring(staff, coming, CONTENT, 0)

    assert (response.status_code, response.json()) == (413, {"detail": "Send smaller pieces."})


def test_more_than_was_announced_is_refused(staff, coming):
    response = bring(staff, coming, CONTENT + b"!", 0)

    assert response.status_code == 422
    assert "more than was announced" in response.json()["detail"]


def test_a_dataset_that_is_complete_takes_nothing_more(staff):
    response = bring(staff, factories.make_dataset(with_files=False), CONTENT, 0)

    assert response.status_code == 422


def test_a_piece_needs_the_token_of_the_page(coming):
    client = clients.account(make_user(is_staff=True), enforce_csrf_checks=True)

    assert bring(client, coming, CONTENT, 0).status_code == 403
