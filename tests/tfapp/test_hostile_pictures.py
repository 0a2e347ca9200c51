"""Whatever is sent, it is a picture or a refusal: nothing hangs, nothing crashes, nothing is left behind."""

import random
import time
from pathlib import Path

import numpy as np
import pytest

from tests import factories, hostile, pictures
from tfapp import images
from tfapp.models import Job

STATUSES = {400, 413, 415, 422}
SECONDS = 15  # generous: the slowest takes well under one on an idle machine
N_MUTATIONS = 200


@pytest.fixture
def incoming(settings):
    return settings.MEDIA_ROOT / "incoming"


def outcome(data: bytes) -> tuple[int | str, np.ndarray | str]:
    """The status and sentence of a refusal, or CLEAN and the pixels; anything else is an error of ours."""
    try:
        picture = images.open_upload(pictures.upload(data, name="photo.jpg"))
    except images.Refused as refusal:
        return refusal.status, str(refusal.sentence)
    stored = picture.part.read_bytes()
    assert stored.endswith(b"\xff\xd9") and b"<script" not in stored and b"Exif" not in stored
    array = images.read(picture.part)
    images.discard([picture])
    return hostile.CLEAN, array


def is_the_photo(array: np.ndarray) -> bool:
    expected = np.asarray(pictures.photo(96, 64), "float32")
    return array.shape == expected.shape and np.abs(array * 255 - expected).mean() < 6


@pytest.mark.parametrize("kind", hostile.KINDS)
def test_a_hostile_picture_is_refused_with_a_sentence_and_leaves_nothing(kind, incoming):
    wrong = []
    for format, data, verdict in hostile.make(kind):
        start = time.monotonic()
        status, found = outcome(data)
        seconds = time.monotonic() - start

        if verdict not in (status, hostile.EITHER) or status not in STATUSES | {hostile.CLEAN}:
            wrong.append(f"{format}: {status}, not {verdict}")
        if status == hostile.CLEAN == verdict and not is_the_photo(found):
            wrong.append(f"{format}: other pixels")
        if status != hostile.CLEAN and not found.endswith("."):
            wrong.append(f"{format}: no sentence, but {found!r}")
        if seconds > SECONDS:
            wrong.append(f"{format}: {seconds:.1f} s")
        if list(incoming.iterdir()):
            wrong.append(f"{format}: left something behind")

    assert not wrong
    assert outcome(pictures.file())[0] == hostile.CLEAN  # and the next visitor is served


@pytest.mark.django_db
@pytest.mark.parametrize("kind", hostile.KINDS)
def test_the_api_answers_a_hostile_picture_with_a_sentence(kind, client, settings, incoming):
    settings.LIMITS_FACTOR = 0
    factories.make_engine_status("echo")
    good, wrong = pictures.file(), []
    for number, (format, data, verdict) in enumerate(hostile.make(kind)):
        for role, other in (("content", "style"), ("style", "content"))[: 1 if number else 2]:
            files = {role: pictures.upload(data, "photo.jpg"), other: pictures.upload(good, "photo.jpg")}

            answer = client.post("/api/v1/jobs", {"engine": "echo", **files})

            allowed = {hostile.CLEAN: {202}, hostile.EITHER: {202, *STATUSES}}.get(verdict, {verdict})
            if answer.status_code not in allowed:
                wrong.append(f"{format} as {role}: {answer.status_code} {answer.content[:200]}")
            elif answer.status_code != 202 and not answer.json()["detail"].endswith("."):
                wrong.append(f"{format} as {role}: {answer.content[:200]}")
            if answer.status_code != 202 and files_below(settings.MEDIA_ROOT):
                wrong.append(f"{format} as {role}: left something behind")
            Job.objects.all().delete()
            remove_all(settings.MEDIA_ROOT)

    assert not wrong


def files_below(folder: Path) -> list[Path]:
    return [place for place in folder.rglob("*") if place.is_file()]


def remove_all(folder: Path) -> None:
    for place in files_below(folder):
        place.unlink()


def test_the_corpus_is_as_large_as_promised():
    assert len(hostile.KINDS) >= 25


@pytest.mark.parametrize("kind", pictures.FORMATS)
def test_random_damage_gives_a_picture_or_a_refusal(kind, incoming):
    dice = random.Random(kind)
    good = pictures.file(kind)
    statuses = set()

    for _ in range(N_MUTATIONS):
        statuses.add(outcome(mutated(good, dice))[0])

    assert statuses <= STATUSES | {hostile.CLEAN}
    assert 422 in statuses
    assert list(incoming.iterdir()) == []
    assert outcome(good)[0] == hostile.CLEAN


def mutated(data: bytes, dice: random.Random) -> bytes:
    """One to eight small accidents: bytes changed, cut out, repeated, swapped or set to an extreme."""
    data = bytearray(data)
    for _ in range(dice.randint(1, 8)):
        at, length = dice.randrange(len(data)), dice.randint(1, 16)
        accident = dice.randrange(5)
        if accident == 0:
            data[at] ^= 1 << dice.randrange(8)
        elif accident == 1:
            data[at : at + length] = dice.randbytes(length)
        elif accident == 2:
            data[at : at + 4] = dice.choice([b"\0\0\0\0", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\x80\0\0\0"])
        elif accident == 3 and len(data) > 64:
            del data[at : at + length]
        else:
            data[at:at] = data[at : at + length]
    return bytes(data)
