"""Proofs through Redis, for workers on any machine: a list of wishes, and a list of one answer for each."""

import logging
from functools import cache

import redis
from django.conf import settings

from tfapp.proofs import SECONDS, Proof, Silent, Wish

WISHES = "proofs"
THERE = "proofs:there"  # a worker takes wishes
THERE_SECONDS = 10  # it says so again with each look
ANSWER_SECONDS = 5  # an answer that nobody fetched
CONNECT_SECONDS = 1
ANSWER_PATIENCE = 0.3  # Redis itself tells when the time is up; a hung one does not
MOST_WISHES = 200  # nobody waits for older ones
FAILURES = (redis.RedisError, OSError)

log = logging.getLogger(__name__)


# The web process


def ask(wish: Wish) -> bytes:
    """The answer of a worker. Raises Silent."""
    client = _client()
    try:
        _wish_for(client, wish)
        answer = client.blpop([_answer_of(wish.key)], timeout=SECONDS)
    except FAILURES as error:
        log.warning("Redis does not carry a wish: %s", error)
        raise Silent("nobody") from error
    if answer is None:
        raise Silent("late")
    return answer[1]


def _wish_for(client: redis.Redis, wish: Wish) -> None:
    """Newest wins: what the person wished for before is answered, and no worker will paint it."""
    mine = _newest_of(wish.person)
    with client.pipeline(transaction=False) as pipeline:
        pipeline.exists(THERE)
        pipeline.set(mine, wish.key, px=round(SECONDS * 1000), get=True)
        is_there, before = pipeline.execute()
    if not is_there:
        raise Silent("nobody")
    with client.pipeline(transaction=False) as pipeline:
        if before:
            _answer(pipeline, before.decode(), Proof(refused="superseded"))
        pipeline.rpush(WISHES, wish.as_bytes())
        pipeline.ltrim(WISHES, -MOST_WISHES, -1)
        pipeline.execute()


@cache
def _client() -> redis.Redis:
    return _connect(socket_timeout=SECONDS + ANSWER_PATIENCE)


# The worker


class Counter:
    """Where wishes are taken from and proofs put. A wish that is late, or not the person's newest, is passed over."""

    def __init__(self):
        self._client = _connect(socket_timeout=SECONDS + ANSWER_PATIENCE)

    def take(self, seconds: float) -> Wish | None:
        """The next wish, if one comes in that time. Raises redis.RedisError."""
        self._client.set(THERE, 1, ex=THERE_SECONDS)
        popped = self._client.blpop([WISHES], timeout=seconds)
        if popped is None:
            return None
        try:
            wish = Wish.from_bytes(popped[1])
        except (ValueError, TypeError, KeyError) as error:
            log.warning("A wish was not understood: %s", error)
            return None
        return wish if self._client.get(_newest_of(wish.person)) == wish.key.encode() else None

    def answer(self, wish: Wish, proof: Proof) -> None:
        """Raises redis.RedisError."""
        with self._client.pipeline(transaction=False) as pipeline:
            _answer(pipeline, wish.key, proof)
            pipeline.execute()

    def close(self) -> None:
        self._client.close()


# Both


def _connect(*, socket_timeout: float) -> redis.Redis:
    timeouts = {"socket_connect_timeout": CONNECT_SECONDS, "socket_timeout": socket_timeout}
    return redis.Redis.from_url(settings.REDIS_URL, retry=None, **timeouts)


def _answer(pipeline, key: str, proof: Proof) -> None:
    pipeline.rpush(_answer_of(key), proof.as_bytes())
    pipeline.expire(_answer_of(key), ANSWER_SECONDS)


def _answer_of(key: str) -> str:
    return f"proofs:answer:{key}"


def _newest_of(person: str) -> str:
    return f"proofs:newest:{person}"
