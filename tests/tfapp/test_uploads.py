"""Uploads too large for memory lie beside the pictures for as long as their request; a disk without room is told."""

import resource

import pytest
from django.urls import reverse

from tests import pictures
from tfapp import files, images, uploads
from tfapp.models import Job

ROOM = 1000  # bytes that a file may have on a disk that is as good as full

pytestmark = pytest.mark.django_db


@pytest.fixture
def incoming(settings):
    """Where they lie, when memory holds nothing of them."""
    settings.FILE_UPLOAD_MAX_MEMORY_SIZE = 0
    return settings.MEDIA_ROOT / "incoming"


def receive(*chunks: bytes) -> uploads.Kept:
    """One file, as Django's parser hands it over."""
    handler = uploads.BesideThePictures()
    handler.new_file("content", "photo.jpg", "image/jpeg", None)
    for start, chunk in enumerate(chunks):
        assert handler.receive_data_chunk(chunk, start) is None
    return handler.file_complete(sum(map(len, chunks)))


def ask(client):
    wish = {"engine": "echo", "content": pictures.upload(pictures.file()), "shelf": "starry-swirls"}
    return client.post(reverse("create"), wish)


def test_a_large_upload_lies_where_the_sweeper_looks_until_its_request_ends(incoming):
    upload = receive(b"abc", b"def")

    assert [b"".join(upload.chunks()), upload.size, upload.name] == [b"abcdef", 6, "photo.jpg"]
    [name] = files.leftovers()
    assert (incoming / name.rpartition("/")[2]).read_bytes() == b"abcdef"

    upload.close()
    assert files.leftovers() == []


def test_a_picture_is_asked_for_with_it_and_nothing_is_left(client, incoming):
    response = ask(client)

    assert response.status_code == 302
    assert Job.objects.get().inputs.count() == 2
    assert list(incoming.iterdir()) == []


def test_an_upload_that_breaks_off_leaves_nothing(incoming):
    handler = uploads.BesideThePictures()
    handler.upload_interrupted()
    handler.new_file("content", "photo.jpg", "image/jpeg", None)
    handler.receive_data_chunk(b"abc", 0)

    handler.upload_interrupted()

    assert list(incoming.iterdir()) == []


def test_where_no_file_can_be_made_the_page_says_so(client, incoming):
    incoming.parent.mkdir()
    incoming.write_text("in the way")

    response = ask(client)

    assert response.status_code == 429
    assert "There is no room to store pictures right now." in response.content.decode()
    assert not Job.objects.exists()


@pytest.mark.parametrize("n_bytes", [2 * ROOM, 100_000])  # noticed at the end, and when it is written
def test_a_file_that_finds_no_room_tells_its_reader_and_frees_what_it_took(incoming, n_bytes):
    most = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (ROOM, most[1]))
    try:
        upload = receive(b"x" * n_bytes, b"x")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, most)

    assert list(incoming.iterdir()) == []
    with pytest.raises(images.Refused) as refusal:
        images.open_upload(upload)
    assert refusal.value.status == 429
    upload.close()
    assert list(incoming.iterdir()) == []
