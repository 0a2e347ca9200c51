"""Large pictures are decoded one at a time, whoever asks; small ones wait for nobody."""

import fcntl
from concurrent.futures import ThreadPoolExecutor, TimeoutError
from pathlib import Path

import pytest
from PIL import Image

from tests import pictures
from tfapp import images
from tfapp.decoding import Refusal, turns


@pytest.fixture
def other():
    """The door, as another process opens it, and locked."""
    with Path(turns.__file__).open() as door:
        fcntl.flock(door, fcntl.LOCK_EX)
        yield door


def large_picture():
    return pictures.upload(pictures.encoded(Image.new("1", (6000, 5500), 1), "png"))


def test_a_large_picture_waits_for_another_and_a_small_one_does_not(other):
    with ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(images.open_upload, large_picture())
        small = images.open_upload(pictures.upload(pictures.file()))
        with pytest.raises(TimeoutError):
            waiting.result(timeout=2)

        fcntl.flock(other, fcntl.LOCK_UN)

        assert (waiting.result(timeout=30).width, small.width) == (6000, 96)


def test_the_next_large_picture_has_its_turn_when_one_is_done():
    for _ in range(2):
        assert images.open_upload(large_picture()).width == 6000

    with Path(turns.__file__).open() as door:
        fcntl.flock(door, fcntl.LOCK_EX | fcntl.LOCK_NB)  # nobody has it any more


def test_a_turn_that_does_not_come_is_no_damaged_picture(other, monkeypatch):
    monkeypatch.setattr(turns, "WAIT_SECONDS", 0.1)

    with pytest.raises(Refusal) as caught:
        turns.take((6000, 5500))

    assert images.REFUSALS[caught.value.code][0] == 429
    turns.take((6000, 4000))
