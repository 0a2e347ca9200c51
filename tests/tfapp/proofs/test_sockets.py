"""A wish goes through a socket to a worker's counter, and a proof comes back; or a reason why not, soon."""

import os
import socket
import threading
import time
from collections.abc import Iterator

import pytest

from tests import factories
from tests.tfapp.proofs.wishes import answering, make_wish
from tfapp import mixes
from tfapp.engines import SPECS
from tfapp.proofs import PREVIEW, SUBJECT, Proof, Silent, sockets


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.DATA_FOLDER = tmp_path / "a-folder-whose-name-is-far-too-long-for-the-address-of-a-socket" / ("x" * 60)
    settings.DATA_FOLDER.mkdir(parents=True)


@pytest.fixture
def counter() -> Iterator[sockets.Counter]:
    counter = sockets.Counter()
    yield counter
    counter.close()


def ask_beside(wish) -> tuple[threading.Thread, list]:
    """Ask in another thread; what came goes into the list."""
    came: list = []

    def run() -> None:
        try:
            came.append(Proof.from_bytes(sockets.ask(wish)))
        except Silent as silent:
            came.append(silent.code)

    thread = threading.Thread(target=run)
    thread.start()
    return thread, came


def wait_for_waiting(counter: sockets.Counter, n: int) -> None:
    until = time.monotonic() + 5
    while len(counter._waiting) < n and time.monotonic() < until:
        time.sleep(0.01)


def test_a_wish_is_answered(counter):
    wish = make_wish(parameters={"strength": 0.5}, styles=("a", "b"))

    with answering(counter) as heard:
        proof = Proof.from_bytes(sockets.ask(wish))

    assert heard == [wish]
    assert proof == Proof(picture=b"picture\nof two lines", seconds=0.03)


def test_only_we_may_enter(counter):
    [path] = sockets.folder().iterdir()

    assert sockets.folder().stat().st_mode & 0o777 == 0o700
    assert path.stat().st_mode & 0o777 == 0o600


def test_nobody_is_there_at_once():
    started = time.monotonic()

    with pytest.raises(Silent) as silent:
        sockets.ask(make_wish())

    assert silent.value.code == "nobody"
    assert time.monotonic() - started < 0.5


def test_the_socket_of_a_killed_worker_is_passed_over_and_taken_away(counter):
    dead = sockets.folder() / f"{socket.gethostname()[:40]}-0.sock"
    listener = socket.socket(socket.AF_UNIX)
    with sockets._reachable(dead) as place:
        listener.bind(place)
    listener.close()  # the file stays

    with answering(counter):
        proofs = [Proof.from_bytes(sockets.ask(make_wish(photo=f"{n}"))) for n in range(8)]

    assert all(proof.picture for proof in proofs)
    assert not dead.exists()


def test_a_worker_of_another_machine_is_left_alone():
    sockets.folder().mkdir()
    elsewhere = sockets.folder() / "elsewhere-1.sock"
    elsewhere.touch()

    with pytest.raises(Silent):
        sockets.ask(make_wish())

    assert elsewhere.exists()


def test_a_hung_worker_is_given_up_after_two_seconds(counter):
    started = time.monotonic()

    with pytest.raises(Silent) as silent:
        sockets.ask(make_wish())

    assert silent.value.code == "late"
    assert 1.5 < time.monotonic() - started < 3


def test_a_worker_that_dies_over_a_wish_is_noticed_at_once(counter):
    thread, came = ask_beside(make_wish())
    wait_for_waiting(counter, 1)
    counter.take(1)

    counter._line.close()
    thread.join(1)

    assert came == ["lost"]


def test_the_newest_wish_of_a_person_wins_and_keeps_the_place(counter):
    asked = [ask_beside(make_wish(person="a", photo="old"))]
    wait_for_waiting(counter, 1)
    asked.append(ask_beside(make_wish(person="b")))
    wait_for_waiting(counter, 2)
    asked.append(ask_beside(make_wish(person="a", photo="new")))
    asked[0][0].join(1)

    with answering(counter) as heard:
        for thread, _came in asked:
            thread.join(3)

    assert [(wish.person, wish.photo) for wish in heard] == [("a", "new"), ("b", "photo")]
    assert asked[0][1] == [Proof(refused="superseded")]
    assert all(came[0].picture for _thread, came in asked[1:])


@pytest.mark.django_db
def test_a_subject_is_looked_for_beside_the_persons_preview(counter):
    mix = factories.make_mix()
    asked = [ask_beside(mixes.wish(mix, {}, spec=SPECS["echo"]))]
    wait_for_waiting(counter, 1)
    asked.append(ask_beside(mixes.wish_for_subject(mix)))
    wait_for_waiting(counter, 2)

    with answering(counter) as heard:
        for thread, _came in asked:
            thread.join(3)

    assert [wish.story for wish in heard] == [PREVIEW, SUBJECT]


def test_a_wish_is_dropped_when_whoever_asked_has_gone(counter):
    line = socket.socket(socket.AF_UNIX)
    [path] = sockets.folder().iterdir()
    sockets._connect(line, path)
    message = make_wish().as_bytes()
    line.sendall(sockets.LENGTH.pack(len(message)) + message)
    wait_for_waiting(counter, 1)
    line.close()

    assert counter.take(0.1) is None


def test_a_late_wish_is_dropped(counter, monkeypatch):
    thread, came = ask_beside(make_wish())
    wait_for_waiting(counter, 1)
    later = time.monotonic() + 10
    monkeypatch.setattr(sockets.time, "monotonic", lambda: later)

    assert counter.take(0.1) is None

    monkeypatch.undo()
    thread.join(3)
    assert came == ["lost"]


@pytest.mark.parametrize("message", [b"", b"nonsense", b"[]", b"{}", b'{"person": "a"}'])
def test_nonsense_harms_nobody(counter, message):
    line = socket.socket(socket.AF_UNIX)
    [path] = sockets.folder().iterdir()
    sockets._connect(line, path)
    line.sendall(sockets.LENGTH.pack(len(message)) + message)

    with answering(counter):
        assert Proof.from_bytes(sockets.ask(make_wish())).picture
    line.close()


def test_a_message_that_says_to_be_endless_is_not_waited_for(counter, monkeypatch):
    monkeypatch.setattr(sockets, "HEAR_SECONDS", 60)
    line = socket.socket(socket.AF_UNIX)
    line.settimeout(10)
    [path] = sockets.folder().iterdir()
    sockets._connect(line, path)
    line.sendall(sockets.LENGTH.pack(sockets.MOST_BYTES + 1))

    assert line.recv(1) == b""
    line.close()


def test_a_new_worker_takes_the_socket_of_a_dead_one_with_its_number():
    path = sockets.folder() / f"{socket.gethostname()[:40]}-{os.getpid()}.sock"
    sockets.folder().mkdir()
    path.touch()

    counter = sockets.Counter()
    with answering(counter):
        assert Proof.from_bytes(sockets.ask(make_wish())).picture
    counter.close()

    assert not path.exists()
