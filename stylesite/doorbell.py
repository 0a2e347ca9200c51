"""The bell that wakes Celery's workers. When it is dead or hung it is soon given up: workers then look themselves."""

import logging
import time

import celery
import kombu.exceptions
import redis
from django.conf import settings

from stylesite.celery import PUBLISHING, app

SILENT_SECONDS = 10  # after it did not ring, it is left alone so long: nobody waits for it twice
FAILURES = (kombu.exceptions.OperationalError, redis.RedisError, OSError)

log = logging.getLogger(__name__)
_silent_until = 0.0


def ring(task: celery.Task, n: int = 1) -> bool:
    """Send a task, which is only a door, to `n` workers; False when there is no bell, or nobody can have heard it."""
    global _silent_until
    if not settings.REDIS_URL or time.monotonic() < _silent_until:
        return False

    try:
        with app.connection_for_write(settings.REDIS_URL, transport_options=PUBLISHING) as connection:
            producer = app.amqp.Producer(connection.default_channel)  # any other channel tries twice
            for _ in range(n):
                task.apply_async(producer=producer, retry=False)
    except FAILURES as error:
        _silent_until = time.monotonic() + SILENT_SECONDS
        log.warning("Redis does not answer (%s); workers will find the work themselves.", error)
        return False
    return True


def answers() -> bool:
    """Whether Redis is there; asked without waiting long."""
    try:
        client = redis.Redis.from_url(settings.REDIS_URL, socket_connect_timeout=0.5, socket_timeout=0.5, retry=None)
        with client:
            return bool(client.ping())
    except FAILURES:
        return False
