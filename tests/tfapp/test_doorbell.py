"""The bell rings in the right queue, and costs little when nobody answers."""

import time

import pytest
import redis

from stylesite import doorbell as bell
from tests import services
from tfapp import doorbell

DEAD = "redis://127.0.0.1:1/0"


@pytest.fixture(autouse=True)
def not_yet_silent(monkeypatch):
    monkeypatch.setattr(bell, "_silent_until", 0.0)


def test_a_dead_redis_is_noticed_at_once_and_left_alone_for_a_while(settings):
    settings.REDIS_URL = DEAD
    started = time.monotonic()

    assert doorbell.ring() is False
    for _ in range(100):
        assert doorbell.ring() is False

    assert time.monotonic() - started < 2


def test_a_dead_redis_does_not_answer(settings):
    settings.REDIS_URL = DEAD

    assert doorbell.answers() is False


@pytest.mark.services
def test_every_ring_is_a_message_without_work_in_the_queue_of_the_painters(settings):
    settings.REDIS_URL = services.redis_url().rpartition("/")[0] + "/14"
    client = redis.Redis.from_url(settings.REDIS_URL)
    client.flushdb()
    try:
        assert doorbell.answers()
        assert doorbell.ring(3) is True

        messages = client.lrange("render", 0, -1)
        assert len(messages) == 3
        assert b"tfapp.render_next" in messages[0]
    finally:
        client.flushdb()
