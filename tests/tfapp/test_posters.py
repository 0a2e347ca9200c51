"""Photos read and results written a few rows at a time: the same files, whatever the rows, and nothing half made."""

import errno
import hashlib
import threading
import time

import numpy as np
import pytest
from django.db import connection
from django.urls import reverse
from PIL import Image

from tests import factories, pictures
from tfapp import files, images, loading, posters, rendering, watching
from tfapp.models import Artwork, Job


def noise(height: int, width: int) -> np.ndarray:
    small = Image.fromarray(np.random.default_rng(1).integers(0, 256, (9, 7, 3), np.uint8))
    return np.asarray(small.resize((width, height), Image.Resampling.BICUBIC), "float32") / 255


def in_pieces(array: np.ndarray, n_rows: int):
    return (array[top : top + n_rows] for top in range(0, len(array), n_rows))


# Photos


@pytest.mark.parametrize("longest_side", [None, 301, 90])
@pytest.mark.parametrize("n_bytes", [1, 10_000, 10**8])
def test_rows_of_a_photo_are_those_of_the_whole(longest_side, n_bytes, tmp_path, monkeypatch):
    monkeypatch.setattr(posters, "BYTES_AT_ONCE", n_bytes)
    pictures.portrait(300, 401).save(tmp_path / "photo.jpg", quality=95)
    whole = images.read(tmp_path / "photo.jpg", longest_side)

    with posters.open_photo(tmp_path / "photo.jpg", longest_side) as photo:
        assert photo.shape == whole.shape
        assert np.abs(photo[5:40] - whole[5:40]).mean() < 0.5 / 255
        assert np.abs(photo[0 : photo.shape[0]] - whole).max() < 12 / 255
        assert photo[1:3].dtype == np.float32
    assert list(files.incoming().iterdir()) == []


# Results


@pytest.mark.parametrize("n_rows", [1, 7, 1000])
@pytest.mark.parametrize(("height", "width"), [(203, 331), (331, 203), (16, 190)])
def test_a_poster_is_stored_like_any_other_artwork(height, width, n_rows, monkeypatch):
    monkeypatch.setattr(images, "VIEW_SIDE", 160)
    monkeypatch.setattr(images, "THUMBNAIL_WIDTHS", (16, 64))
    array = noise(height, width)
    whole = images.store_artwork(array)

    stored = posters.store(in_pieces(array, n_rows), array.shape)

    assert (stored.width, stored.height, stored.thumbnails) == (width, height, whole.thumbnails)
    assert {place.name for place in stored.part.iterdir()} == {place.name for place in whole.part.iterdir()}
    master = (stored.part / "master.png").read_bytes()
    assert (stored.n_bytes, stored.sha256) == (len(master), hashlib.sha256(master).hexdigest())
    with Image.open(stored.part / "master.png") as found, Image.open(whole.part / "master.png") as expected:
        assert np.array_equal(found, expected)
    for side in stored.thumbnails:
        with Image.open(stored.part / f"{side}.webp") as found, Image.open(whole.part / f"{side}.webp") as expected:
            assert np.abs(np.asarray(found, "float32") - np.asarray(expected)).mean() < 10


def test_a_large_picture_has_a_copy_to_look_at():
    assert images.thumbnail_widths(12000, 8000) == {320, 640, 1280, 4096}
    assert images.thumbnail_widths(8000, 12000) == {320, 640, 1280, 2731}
    assert images.thumbnail_widths(4096, 3000) == {320, 640, 1280}
    assert images.thumbnail_widths(1300, 15600) == {320, 341}


@pytest.mark.parametrize("trouble", ["too few", "an error"])
def test_a_poster_that_does_not_come_in_whole_leaves_nothing(trouble):
    def rows():
        yield noise(20, 40)
        if trouble == "an error":
            raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises((OSError, ValueError)):
        posters.store(rows(), (50, 40, 3))

    assert list(files.incoming().iterdir()) == []


def test_nothing_lies_there_to_be_swept_away_before_there_are_rows():
    def rows():
        assert files.leftovers() == []
        yield noise(20, 40)

    assert posters.store(rows(), (20, 40, 3)).part.is_dir()


def test_what_went_wrong_is_told_though_the_folder_is_gone():
    def rows():
        yield noise(20, 40)
        files.remove(files.leftovers())
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        posters.store(rows(), (50, 40, 3))


# Jobs


class Painter:
    """Paints its photo 2 rows at a time, with what a test wants between them."""

    most_pixels = 100

    def __init__(self, between=lambda share: None):
        self.between, self.is_closed = between, False

    def render(self, inputs, progress):
        raise AssertionError("This is a poster.")

    def render_rows(self, inputs, progress, folder):
        assert folder == files.incoming()
        try:
            for top in range(0, inputs.content.shape[0], 2):
                progress(top / inputs.content.shape[0])
                self.between(top / inputs.content.shape[0])
                yield inputs.content[top : top + 2]
        finally:
            self.is_closed = True


@pytest.fixture
def use(monkeypatch):
    monkeypatch.setattr(watching, "LOOK_SECONDS", 0.05)
    return lambda painter: monkeypatch.setitem(loading._loaded, "echo", painter)


@pytest.mark.django_db(transaction=True)
def test_a_large_photo_is_painted_in_rows(use):
    factories.make_engine_status()
    use(Painter())
    factories.make_job()

    artwork = rendering.render(Job.objects.claim_next("tests"))

    assert (artwork.width, artwork.height) == (48, 32)
    assert (Job.objects.get().state, Job.objects.get().seconds > 0) == ("done", True)
    assert files.leftovers() == [] and list(files.orphans()) == []


@pytest.mark.django_db(transaction=True)
def test_a_small_one_of_the_same_photo_is_not(use):
    use(Painter())
    factories.make_job(parameters={"size": 8})

    assert rendering.render(Job.objects.claim_next("tests")) is None
    assert Job.objects.get().n_failures == 1  # of `render`


@pytest.mark.django_db(transaction=True)
def test_a_poster_is_cancelled_between_two_bands(use):
    painter = Painter(lambda share: time.sleep(0.2))
    use(painter)
    factories.make_job()
    job = Job.objects.claim_next("tests")

    def cancel():
        time.sleep(0.5)
        Job.objects.get(pk=job.pk).request_cancel()
        connection.close()

    thread = threading.Thread(target=cancel)
    thread.start()
    assert rendering.render(job) is None
    thread.join()

    job.refresh_from_db()
    assert job.state == "cancelled"
    assert painter.is_closed
    assert files.leftovers() == [] and not Artwork.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_disk_that_fills_up_is_told_in_plain_words(use):
    def fill_up(share):
        if share > 0.5:
            raise OSError(errno.ENOSPC, "No space left on device")

    use(Painter(fill_up))
    factories.make_job()
    for _ in range(3):
        Job.objects.update(not_before=None)
        rendering.render(Job.objects.claim_next("tests"))

    job = Job.objects.get()
    assert (job.state, job.error_code) == ("failed", "disk")
    assert "room" in job.error
    assert files.leftovers() == []


# Pages


@pytest.mark.django_db
def test_of_a_poster_people_look_at_a_copy(client):
    sizes = {"width": 12000, "height": 8000, "thumbnails": {"320": 213, "4096": 2731}}
    poster, small = factories.make_artwork(is_public=True, **sizes), factories.make_artwork(is_public=True)

    of_poster, of_small = (client.get(reverse("artwork", args=[one.pk])).content.decode() for one in (poster, small))

    assert f'href="{reverse("artwork_thumbnail", args=[poster.pk, 4096, "webp"])}"' in of_poster
    assert "12000 × 8000 pixels" in of_poster and "smaller copy" in of_poster
    assert 'value="webp"' in of_small and 'value="webp"' not in of_poster
    assert client.get(reverse("artwork_download", args=[poster.pk]), {"format": "webp"}).status_code == 400
    assert f'href="{reverse("artwork_image", args=[small.pk])}"' in of_small and "smaller copy" not in of_small
