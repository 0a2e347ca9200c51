"""What the web process makes of an answer, and of silence."""

import threading

import pytest

from tests.tfapp.proofs.wishes import PROOF, make_wish
from tfapp.proofs import Proof, Silent, asking, sockets


@pytest.fixture
def answer(monkeypatch):
    def use(function) -> None:
        monkeypatch.setattr(sockets, "ask", function)

    return use


def refuse(code):
    def ask(wish):
        raise Silent(code)

    return ask


def test_a_proof_is_given(answer):
    answer(lambda wish: PROOF.as_bytes())

    assert asking.ask(make_wish()) == PROOF


@pytest.mark.parametrize(
    ("code", "status", "retry_after"), [("nobody", 503, 2), ("late", 503, 2), ("lost", 503, 2), ("gone", 409, 0.2)]
)
def test_silence_has_a_sentence_and_a_time_to_try_again(answer, code, status, retry_after):
    answer(refuse(code))

    with pytest.raises(asking.Refused) as refused:
        asking.ask(make_wish())

    assert (refused.value.status, refused.value.retry_after) == (status, retry_after)
    assert refused.value.sentence == asking.SENTENCES[code]


def test_a_sentence_of_the_engine_is_passed_on(answer):
    answer(lambda wish: Proof(refused="engine", sentence="Choose a photo.").as_bytes())

    with pytest.raises(asking.Refused, match="Choose a photo") as refused:
        asking.ask(make_wish())

    assert (refused.value.status, refused.value.retry_after) == (422, None)


@pytest.mark.parametrize("data", [b"", b"{", b"[]\n", b'{"unknown": 1}\n'])
def test_half_an_answer_is_none(answer, data):
    answer(lambda wish: data)

    with pytest.raises(asking.Refused) as refused:
        asking.ask(make_wish())

    assert refused.value.code == "lost"


def test_the_sixth_at_once_is_sent_away_at_once_and_nobody_keeps_a_place(answer):
    is_over = threading.Event()
    answer(lambda wish: is_over.wait(5) and PROOF.as_bytes())
    threads = [threading.Thread(target=asking.ask, args=(make_wish(),)) for _ in range(asking.N_CALLERS)]
    for thread in threads:
        thread.start()

    with pytest.raises(asking.Refused) as refused:
        asking.ask(make_wish())
    is_over.set()
    for thread in threads:
        thread.join(5)

    assert (refused.value.code, refused.value.status) == ("crowd", 503)
    assert asking.ask(make_wish()) == PROOF
