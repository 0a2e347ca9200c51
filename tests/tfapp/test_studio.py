"""What the studio does before and beside its processes; what it does with them is tested in tests/faults."""

import http.server
import threading
from collections.abc import Iterator

import pytest
from django.core.management.base import CommandError
from django.db import OperationalError

from stylesite.lifecycle import stopping
from tests import sites
from tfapp.management.commands import studio


class Healthy(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()

    def log_message(self, *args) -> None:
        pass


@pytest.fixture
def healthy_port() -> Iterator[int]:
    server = http.server.HTTPServer(("127.0.0.1", 0), Healthy)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port
    server.shutdown()
    server.server_close()


def test_it_asks_its_own_web_server_and_no_proxy(settings, monkeypatch, healthy_port):
    settings.PORT = healthy_port
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    monkeypatch.delenv("no_proxy", raising=False)

    assert studio.ask_health("127.0.0.1") == ""
    assert studio.ask_health("0.0.0.0") == ""


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("127.0.0.1", "http://127.0.0.1:8000"),
        ("0.0.0.0", "http://127.0.0.1:8000"),
        ("::", "http://[::1]:8000"),
        ("192.168.1.5", "http://192.168.1.5:8000"),
    ],
)
def test_it_looks_for_the_server_where_that_listens(settings, host, address):
    settings.PORT = 8000

    assert studio.address(host) == address


@pytest.mark.parametrize(
    ("redis_url", "painter", "trainer"),
    [
        ("", "manage.py worker", "manage.py worker --training"),
        ("redis://127.0.0.1:1/0", "worker -Q render -n render@%h", "worker -Q train -n train@%h"),
    ],
)
def test_it_keeps_a_painter_and_a_trainer_that_poll_or_hear_bells(settings, redis_url, painter, trainer):
    settings.REDIS_URL = redis_url

    assert painter in " ".join(studio.worker_command())
    assert trainer in " ".join(studio.training_command())


@pytest.mark.parametrize(
    ("trouble", "sentence"),
    [
        (OperationalError("connection refused"), "The database cannot be used: connection refused"),
        (KeyboardInterrupt(), "Stopped before anything was started"),
    ],
)
def test_trouble_before_anything_runs_is_told_in_a_sentence(settings, monkeypatch, trouble, sentence):
    settings.PORT = sites.free_port()

    def migrate(*args, **kwargs) -> None:
        raise trouble

    monkeypatch.setattr(studio, "call_command", migrate)

    with pytest.raises(CommandError, match=sentence):
        studio.Command().handle(host="127.0.0.1")
    assert not stopping
