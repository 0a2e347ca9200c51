"""A wish goes through a real Redis to a worker, and a proof comes back; or a reason why not, soon."""

import threading
import time
from collections.abc import Iterator

import pytest
import redis

from tests import services
from tests.tfapp.proofs.wishes import PROOF, answering, make_wish
from tfapp.proofs import Proof, Silent, lists

pytestmark = pytest.mark.services


@pytest.fixture(autouse=True)
def server(settings) -> Iterator[redis.Redis]:
    settings.REDIS_URL = services.redis_url()
    lists._client.cache_clear()
    client = redis.Redis.from_url(settings.REDIS_URL)
    client.delete(*client.keys("proofs*") or ["proofs"])
    yield client
    client.delete(*client.keys("proofs*") or ["proofs"])
    lists._client.cache_clear()


def test_a_wish_is_answered_and_leaves_nothing_behind_for_long(server):
    counter = lists.Counter()
    counter.take(0.01)  # says that it is there

    with answering(counter) as heard:
        proof = Proof.from_bytes(lists.ask(wish := make_wish(styles=("a",), parameters={"strength": 1})))

    assert heard == [wish]
    assert proof == PROOF
    assert all(server.ttl(key) > 0 for key in server.keys("proofs*"))


def test_nobody_is_there_at_once():
    started = time.monotonic()

    with pytest.raises(Silent) as silent:
        lists.ask(make_wish())

    assert silent.value.code == "nobody"
    assert time.monotonic() - started < 1


def test_a_hung_worker_is_given_up_after_two_seconds():
    lists.Counter().take(0.01)
    started = time.monotonic()

    with pytest.raises(Silent) as silent:
        lists.ask(make_wish())

    assert silent.value.code == "late"
    assert 1.5 < time.monotonic() - started < 3


def test_the_newest_wish_of_a_person_wins():
    counter = lists.Counter()
    counter.take(0.01)
    came: list[Proof] = []
    old = threading.Thread(target=lambda: came.append(Proof.from_bytes(lists.ask(make_wish(photo="old")))))
    old.start()
    time.sleep(0.3)
    new = threading.Thread(target=lambda: came.append(Proof.from_bytes(lists.ask(make_wish(photo="new")))))
    new.start()
    old.join(1)

    with answering(counter) as heard:
        new.join(3)

    assert [wish.photo for wish in heard] == ["new"]
    assert came == [Proof(refused="superseded"), PROOF]


def test_a_wish_that_nobody_waits_for_is_passed_over(server):
    counter = lists.Counter()
    server.rpush(lists.WISHES, make_wish().as_bytes(), b"nonsense", b"{}")

    assert [counter.take(0.01) for _ in range(3)] == [None] * 3


def test_a_redis_that_is_not_there_is_nobody(settings):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    lists._client.cache_clear()
    started = time.monotonic()

    with pytest.raises(Silent) as silent:
        lists.ask(make_wish())

    assert silent.value.code == "nobody"
    assert time.monotonic() - started < 2
