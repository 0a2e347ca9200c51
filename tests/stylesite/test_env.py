"""Settings from the environment: good values are read, nonsense stops the program with a sentence."""

import os
import subprocess
import sys

import pytest
from django.conf import settings

from stylesite import env


def test_it_reads_words_switches_and_numbers(monkeypatch):
    monkeypatch.setenv("STYLESITE_WORDS", " adain, tfhub ,,")
    monkeypatch.setenv("STYLESITE_SWITCH", "Yes")
    monkeypatch.setenv("STYLESITE_NUMBER", "0.5")

    assert env.words("STYLESITE_WORDS") == ["adain", "tfhub"]
    assert env.switch("STYLESITE_SWITCH") is True
    assert env.number("STYLESITE_NUMBER", 1, low=0, high=2) == 0.5


def test_a_path_is_whole_whatever_the_current_folder_is_later(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", "/home/somebody")
    for given, path in {"guide": f"{tmp_path}/guide", "~/guide": "/home/somebody/guide", " ": ""}.items():
        monkeypatch.setenv("STYLESITE_PATH", given)
        assert env.absolute("STYLESITE_PATH") == path


def test_it_takes_the_default_where_nothing_is_said(monkeypatch):
    monkeypatch.setenv("STYLESITE_NUMBER", "")

    assert env.whole_number("STYLESITE_NUMBER", 7, low=1, high=9) == 7
    assert env.switch("STYLESITE_UNKNOWN", True) is True


@pytest.mark.parametrize("value", ["many", "nan", "-1", "70000", "80.5"])
def test_it_refuses_a_port_that_makes_no_sense(monkeypatch, value):
    monkeypatch.setenv("PORT", value)

    with pytest.raises(SystemExit, match="PORT is .* but it must be a"):
        env.whole_number("PORT", 8000, low=1, high=65535)


def test_it_refuses_a_switch_that_is_neither_on_nor_off(monkeypatch):
    monkeypatch.setenv("STYLESITE_DEBUG", "perhaps")

    with pytest.raises(SystemExit, match="must be 1 or 0"):
        env.switch("STYLESITE_DEBUG")


def test_it_refuses_a_folder_that_cannot_be_made(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("STYLESITE_DATA", str(tmp_path / "file" / "var"))

    with pytest.raises(SystemExit, match="a folder that can be written"):
        env.folder("STYLESITE_DATA", tmp_path)


@pytest.mark.parametrize(
    "url",
    [
        "mysql://root@localhost/test",
        "nonsense",
        "http://example.org",
        "postgres://localhost",
        "postgres://localhost:five/name",
        "postgres://[::1/name",
        "sqlite://",
        "sqlite://:memory:",
        "sqlite:///:memory:",
    ],
)
def test_it_refuses_other_databases(monkeypatch, tmp_path, url):
    monkeypatch.setenv("DATABASE_URL", url)

    with pytest.raises(SystemExit, match="DATABASE_URL"):
        env.database(tmp_path / "db.sqlite3")


def test_sqlite_waits_for_its_turn_and_writes_ahead(monkeypatch, tmp_path):
    monkeypatch.delenv("DATABASE_URL", raising=False)

    described = env.database(tmp_path / "db.sqlite3")

    assert described["NAME"] == str(tmp_path / "db.sqlite3")
    assert described["OPTIONS"]["transaction_mode"] == "IMMEDIATE"
    assert "journal_mode=WAL" in described["OPTIONS"]["init_command"]


def test_a_refused_address_keeps_its_password_to_itself(monkeypatch, tmp_path):
    monkeypatch.setenv("DATABASE_URL", "postgres://me:geheim@localhost:five/name")

    with pytest.raises(SystemExit) as refusal:
        env.database(tmp_path / "db.sqlite3")

    assert "geheim" not in str(refusal.value)


def test_postgresql_is_not_waited_for_without_end(monkeypatch, tmp_path):
    monkeypatch.setenv("DATABASE_URL", "postgres://me:geheim@localhost:5432/name")

    described = env.database(tmp_path / "db.sqlite3")

    assert (described["NAME"], described["PORT"]) == ("name", 5432)
    assert described["OPTIONS"]["connect_timeout"] == env.CONNECT_SECONDS


@pytest.mark.parametrize("value", [",", " , "])
def test_it_refuses_a_list_of_hosts_without_a_host(monkeypatch, value):
    monkeypatch.setenv("STYLESITE_HOSTS", value)

    with pytest.raises(SystemExit, match="STYLESITE_HOSTS"):
        env.hosts("STYLESITE_HOSTS", "localhost")


def test_hosts_are_read_and_an_empty_value_is_the_default(monkeypatch):
    monkeypatch.setenv("STYLESITE_HOSTS", "a.example, b.example")
    assert env.hosts("STYLESITE_HOSTS", "localhost") == ["a.example", "b.example"]

    monkeypatch.setenv("STYLESITE_HOSTS", "")
    assert env.hosts("STYLESITE_HOSTS", "localhost") == ["localhost"]


@pytest.mark.parametrize(("value", "is_good"), [("cpu", True), ("GPU:1", True), ("0", True), ("banana", False)])
def test_a_device_is_a_number_or_the_processor(monkeypatch, value, is_good):
    monkeypatch.setenv("STYLESITE_DEVICE", value)

    if is_good:
        assert env.device("STYLESITE_DEVICE") == value.lower()
    else:
        with pytest.raises(SystemExit, match="STYLESITE_DEVICE is 'banana'"):
            env.device("STYLESITE_DEVICE")


@pytest.mark.parametrize("url", ["redis://localhost", "redis://:secret@[::1]:6379/9", "unix:///run/redis.sock"])
def test_it_takes_the_addresses_that_redis_has(monkeypatch, url):
    monkeypatch.setenv("REDIS_URL", url)

    assert env.redis_url() == url


@pytest.mark.parametrize(
    "url",
    [
        "amqp://guest@localhost",
        "redis://",
        "redis://localhost:port/0",
        "redis://localhost:99999",
        "redis://localhost/a",
    ],
)
def test_it_refuses_a_broker_that_is_not_redis(monkeypatch, url):
    monkeypatch.setenv("REDIS_URL", url)

    with pytest.raises(SystemExit, match="REDIS_URL"):
        env.redis_url()


def test_nonsense_stops_the_program_with_a_sentence_and_no_traceback():
    environment = {**os.environ, "PORT": "eighty"}

    ended = subprocess.run(
        [sys.executable, "manage.py", "check"],
        cwd=settings.BASE_FOLDER,
        env=environment,
        capture_output=True,
        text=True,
    )

    assert ended.returncode != 0
    assert ended.stderr.strip() == "PORT is 'eighty', but it must be a number from 1 to 65535."


def test_first_starts_at_the_same_time_agree_on_a_secret_key(tmp_path):
    environment = {**os.environ, "STYLESITE_DATA": str(tmp_path)}
    environment.pop("STYLESITE_SECRET_KEY", None)
    command = [sys.executable, "-c", "from stylesite import settings; print(settings.SECRET_KEY)"]

    starts = [
        subprocess.Popen(command, cwd=settings.BASE_FOLDER, env=environment, stdout=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    keys = {start.communicate()[0].strip() for start in starts}

    assert len(keys) == 1
    assert len(keys.pop()) > 50
    assert [path.name for path in tmp_path.iterdir()] == ["secret_key"]


@pytest.mark.parametrize("value", ["", "imagenet", "/nowhere/yet"])
def test_it_takes_what_may_look_at_pictures(monkeypatch, value):
    monkeypatch.setenv("STYLESITE_FEATURES", value)

    assert env.features("STYLESITE_FEATURES") == value


def test_a_folder_that_looks_at_pictures_is_absolute_for_children(monkeypatch, tmp_path):
    (tmp_path / "teachers").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("STYLESITE_FEATURES", "teachers")

    assert env.features("STYLESITE_FEATURES") == str(tmp_path / "teachers")


@pytest.mark.parametrize("value", ["vgg", "https://example.org/vgg.npz", __file__])
def test_it_refuses_what_cannot_look_at_pictures(monkeypatch, value):
    monkeypatch.setenv("STYLESITE_FEATURES", value)

    with pytest.raises(SystemExit, match="STYLESITE_FEATURES is .* but it must be imagenet, or a folder"):
        env.features("STYLESITE_FEATURES")
