"""The real PostgreSQL and Redis that tests marked `services` use, and what happens where there is none."""

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
import redis

SWITCH = "STYLESITE_TEST_SERVICES"
DEFAULT_DATABASE_URL = "postgresql://root@127.0.0.1:5432/test"
DEFAULT_REDIS_URL = "redis://127.0.0.1:6379/15"

_urls: dict[str, str] = {}


def remember() -> None:
    """Take the addresses out of the environment, so that all other tests run on SQLite without a broker."""
    _urls["database"] = os.environ.get("DATABASE_URL", "") or DEFAULT_DATABASE_URL
    _urls["redis"] = os.environ.get("REDIS_URL", "") or DEFAULT_REDIS_URL
    if os.environ.get(SWITCH) != "1":
        os.environ.pop("DATABASE_URL", None)
        os.environ.pop("REDIS_URL", None)


def redis_url() -> str:
    """A Redis that answers; else the test is skipped, or fails where CI=true."""
    try:
        redis.Redis.from_url(_urls["redis"], socket_connect_timeout=2, socket_timeout=2).ping()
    except redis.RedisError as error:
        give_up(f"no Redis at {_urls['redis']}: {error}")
    return _urls["redis"]


@contextmanager
def postgresql() -> Iterator[str]:
    """The address of an empty database of the test's own, dropped afterwards."""
    name = f"stylesite_test_{uuid.uuid4().hex[:12]}"
    try:
        connection = psycopg.connect(_urls["database"], autocommit=True, connect_timeout=3)
    except psycopg.Error as error:
        give_up(f"no PostgreSQL at {_urls['database']}: {error}")
    with connection:
        connection.execute(f'CREATE DATABASE "{name}"')
        try:
            yield urlunsplit(urlsplit(_urls["database"])._replace(path=f"/{name}"))
        finally:
            connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def give_up(reason: str) -> None:
    """Skip the test with its reason; fail where everything must be there."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)
