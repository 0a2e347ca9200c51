"""A worker paints what was wished for, whatever engines and files do, and gives jobs their time."""

import os
import threading
import time
from io import BytesIO
from unittest.mock import Mock

import numpy as np
import pytest
from django.db import Error as DatabaseTrouble
from PIL import Image

from stylesite import turns
from stylesite.lifecycle import stopping
from tests import factories
from tests.tfapp.proofs.wishes import make_wish
from tfapp import loading, menu, mixes, rendering
from tfapp.engines import SPECS
from tfapp.engines.base import EngineError
from tfapp.proofs import Proof, asking, serving, sockets

pytestmark = pytest.mark.django_db(transaction=True)


class Stub:
    """An engine that does what a test wants."""

    def __init__(self, behave):
        self.behave = behave

    def render(self, inputs, progress):
        return self.behave(inputs, progress)


@pytest.fixture
def engine(monkeypatch):
    def use(behave) -> None:
        monkeypatch.setitem(loading._loaded, "echo", Stub(behave))

    return use


@pytest.fixture(autouse=True)
def forgetful():
    yield
    serving._memory.forget()


@pytest.fixture
def worker(settings, tmp_path):
    """A thread that answers wishes, as a worker's does."""
    settings.DATA_FOLDER = tmp_path
    has_left = threading.Event()
    thread = threading.Thread(target=serving._serve, args=(has_left,))
    thread.start()
    until = time.monotonic() + 5
    while not list(tmp_path.glob("proofs/*.sock")) and time.monotonic() < until:
        time.sleep(0.01)
    yield
    has_left.set()
    thread.join(10)
    assert not thread.is_alive()


def wish_of(mix, **controls):
    return mixes.wish(mix, controls, spec=SPECS["echo"])


def test_it_paints_the_mix(worker):
    mix = factories.make_mix(n_masks=1)

    proof = asking.ask(wish_of(mix, strength=1.0, weights=[[1, 0], [0, 1]]))

    with Image.open(BytesIO(proof.picture)) as picture:
        assert (picture.format, picture.size) == ("JPEG", (48, 32))
    assert 0 <= proof.seconds < 2


def test_an_engine_is_given_everything(engine):
    seen = []
    engine(lambda inputs, progress: seen.append(inputs) or inputs.content)
    mix = factories.make_mix(n_styles=2, n_masks=2)

    serving.paint(wish_of(mix, strength=0.3, weights=[[1, 0]]))

    [inputs] = seen
    assert inputs.content.shape == (32, 48, 3)
    assert len(inputs.styles) == 2
    assert inputs.masks.shape == (32, 48, 2)
    assert inputs.masks.min() >= 0 and inputs.masks.sum(-1).max() <= 1.0001
    assert inputs.parameters == {"strength": 0.3, "weights": [[1, 0], [0.5, 0.5], [0.5, 0.5]]}


def test_an_engine_that_would_have_to_be_fetched_first_is_not_waited_for(monkeypatch):
    monkeypatch.setattr(loading, "_load", lambda name: pytest.fail(f"{name} was loaded"))

    assert serving.paint(make_wish(engine="tfhub")) == Proof(refused="slow")


def fail(error):
    def behave(*_given):
        raise error

    return behave


@pytest.mark.parametrize(
    ("behave", "expected"),
    [
        (fail(EngineError("No.")), Proof(refused="engine", sentence="No.")),
        (fail(RuntimeError("?")), Proof(refused="broken")),
        (fail(MemoryError()), Proof(refused="broken")),
        (lambda inputs, progress: None, Proof(refused="broken")),
    ],
)
def test_whatever_an_engine_does_there_is_an_answer(engine, behave, expected):
    engine(behave)

    assert serving.paint(wish_of(factories.make_mix())) == expected


def test_a_picture_that_has_gone_is_told(engine):
    wish = wish_of(mix := factories.make_mix())
    mixes.remove(mix)

    assert serving.paint(wish) == Proof(refused="gone")


def test_a_name_outside_of_the_media_reads_nothing():
    assert serving.paint(make_wish(photo="../../secret_key")) == Proof(refused="broken")


def test_an_engine_is_stopped_when_nobody_waits_any_more(engine, monkeypatch):
    monkeypatch.setattr(serving, "SECONDS", 0.1)

    def dawdle(inputs, progress):
        for step in range(100):
            time.sleep(0.02)
            progress(step / 100)

    engine(dawdle)
    started = time.monotonic()

    assert serving.paint(wish_of(factories.make_mix())) == Proof(refused="late")
    assert time.monotonic() - started < 1


def test_training_keeps_away_while_a_hand_slides(worker, engine, monkeypatch):
    held = []
    engine(lambda inputs, progress: held.append(turns.is_held()) or inputs.content)

    asking.ask(wish_of(factories.make_mix()))

    assert held == [True]
    time.sleep(serving.LINGER_SECONDS / 4)
    assert turns.is_held()
    time.sleep(serving.LINGER_SECONDS * 2)
    assert not turns.is_held()


def test_a_preview_is_followed_by_a_pause_while_a_picture_is_painted(worker, engine):
    painted = []

    def behave(inputs, progress):
        painted.append(time.monotonic())
        time.sleep(0.2)
        return inputs.content

    engine(behave)
    mixes_of_three = [factories.make_mix() for _ in range(3)]

    def ask_all() -> None:
        threads = [threading.Thread(target=asking.ask, args=(wish_of(mix),)) for mix in mixes_of_three]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(5)

    with rendering._one_at_a_time:
        ask_all()

    assert np.diff(painted).min() > 0.35


def test_a_preview_that_hangs_ends_its_worker(engine, monkeypatch, settings):
    settings.HUNG_SECONDS = 0.2
    monkeypatch.setattr(serving, "LOOK_SECONDS", 0.05)
    has_left = threading.Event()
    statuses = []

    def end(status: int) -> None:
        statuses.append(status)
        has_left.set()

    def hang(inputs, progress):
        assert has_left.wait(10)
        return inputs.content

    engine(hang)
    monkeypatch.setattr(serving.os, "_exit", end)
    wish = wish_of(factories.make_mix())
    counter = Mock(take=Mock(side_effect=[wish, None]))
    threading.Thread(target=serving._watch, args=(has_left,)).start()

    serving._serve_once(counter)

    assert statuses == [os.EX_SOFTWARE]
    assert serving._begun_at == []


def test_the_subject_of_a_photo_is_found_and_told(worker):
    mix = factories.make_mix()
    name = f"mixes/{mix.pk}/preview-subject.jpg"
    disc = Image.new("RGB", (96, 96), (40, 120, 60))
    disc.paste((230, 60, 30), (30, 30, 66, 80))
    buffer = BytesIO()
    disc.save(buffer, "JPEG", quality=95)
    factories.put(name, buffer.getvalue())
    mix.pictures.filter(role="preview").update(file=name)

    proof = asking.ask(mixes.wish_for_subject(mix))

    with Image.open(BytesIO(proof.picture)) as mask:
        pixels = np.asarray(mask)
    assert pixels.shape == (96, 96)
    assert pixels[55, 48] > 200 and pixels[10, 10] < 50


def test_a_photo_without_a_subject_gets_a_sentence(worker):
    mix = factories.make_mix()
    name = f"mixes/{mix.pk}/preview-plain.png"
    buffer = BytesIO()
    Image.new("RGB", (64, 64), (100, 100, 100)).save(buffer, "PNG")
    factories.put(name, buffer.getvalue())
    mix.pictures.filter(role="preview").update(file=name)

    with pytest.raises(asking.Refused, match="could not tell a subject"):
        asking.ask(mixes.wish_for_subject(mix))


def test_engines_that_mix_are_tried_once_with_and_once_without_a_region(engine, monkeypatch):
    seen = []
    monkeypatch.setattr(loading, "_loaded", {"echo": None, "tflite": None})
    engine(lambda inputs, progress: seen.append(inputs.masks) or inputs.content)

    serving.warm()

    assert [masks is None for masks in seen] == [True, False]


def test_a_database_that_is_gone_when_engines_are_tried_ends_no_worker(monkeypatch):
    monkeypatch.setattr(loading, "_loaded", {"echo": None})
    monkeypatch.setattr(menu, "look_up", fail(DatabaseTrouble()))

    serving.warm()


def test_an_engine_that_breaks_when_it_is_tried_ends_no_worker(engine, monkeypatch):
    monkeypatch.setattr(loading, "_loaded", {"echo": None})
    engine(fail(RuntimeError("?")))

    serving.warm()


def test_it_goes_when_its_worker_goes(settings, tmp_path):
    settings.DATA_FOLDER = tmp_path
    stopping.ask()
    try:
        serving._serve(threading.Event())
    finally:
        stopping.forget()

    assert not list(tmp_path.glob("proofs/*.sock"))


def test_a_folder_without_sockets_ends_no_worker(settings, tmp_path, monkeypatch):
    settings.DATA_FOLDER = tmp_path
    monkeypatch.setattr(serving, "TROUBLE_SECONDS", 0.05)
    has_left = threading.Event()
    tries = []

    def refuse():
        tries.append(1)
        if len(tries) == 3:
            has_left.set()
        raise PermissionError("no sockets here")

    monkeypatch.setattr(sockets, "Counter", refuse)

    serving._serve(has_left)

    assert len(tries) == 3
