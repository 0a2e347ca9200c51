"""/healthz is 200 once a job would be rendered, and says why when it is not."""

import json
import time
from datetime import timedelta

import pytest
from django.db import DatabaseError, connection
from django.utils import timezone

from tests import factories

pytestmark = pytest.mark.django_db


def ask(client) -> tuple[int, dict]:
    response = client.get("/healthz")
    return response.status_code, json.loads(response.content)


def test_it_is_well_when_a_worker_is_there_with_an_engine(client):
    factories.make_worker()
    factories.make_engine_status("echo")

    status, body = ask(client)

    assert status == 200
    assert body == {"status": "ok", "workers": 1, "engines": ["echo"], "doorbell": "none"}


def test_it_is_unwell_without_a_worker(client):
    factories.make_engine_status("echo")

    status, body = ask(client)

    assert status == 503
    assert body["status"] == "unavailable" and "worker" in body["reason"]


def test_a_worker_that_was_not_seen_for_a_while_does_not_count(client):
    factories.make_engine_status("echo")
    factories.make_worker(seen_at=timezone.now() - timedelta(seconds=25))

    assert ask(client)[0] == 503


def test_it_is_unwell_when_no_engine_can_be_used(client):
    factories.make_worker()
    factories.make_engine_status("echo", is_available=False, reason="No file.")

    status, body = ask(client)

    assert status == 503
    assert "engine" in body["reason"]


def test_it_is_unwell_when_the_database_does_not_answer(client):
    def refuse(*args):
        raise DatabaseError("gone")

    with connection.execute_wrapper(refuse):
        status, body = ask(client)

    assert status == 503
    assert "database" in body["reason"]


def test_a_dead_redis_is_told_and_does_not_make_it_unwell(client, settings):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    factories.make_worker()
    factories.make_engine_status("echo")

    started = time.monotonic()
    status, body = ask(client)

    assert (status, body["doorbell"]) == (200, "silent")
    assert time.monotonic() - started < 2


def test_it_changes_nothing_and_is_not_kept_by_anybody(client):
    assert client.post("/healthz").status_code == 405
    assert "no-store" in client.get("/healthz")["Cache-Control"]
