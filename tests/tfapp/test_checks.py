"""What is wrong with an installation is said before it starts."""

import os
import subprocess
import sys
from dataclasses import replace

import pytest

from tests.sources import ROOT
from tfapp import checks, engines

PRODUCTION = {
    "STYLESITE_SECRET_KEY": "k" * 30 + "0123456789abcdefghijklmnopqrstuvwxyz",
    "STYLESITE_ALLOWED_HOSTS": "studio.example",
    "STYLESITE_HTTPS": "1",
}


def ids(messages) -> set[str]:
    return {message.id for message in messages}


def test_a_fresh_clone_is_sound():
    assert checks.engines_exist(None) == []
    assert checks.engine_names_are_known(None) == []
    assert checks.media_is_writable(None) == []


def test_a_missing_module_of_an_engine_is_found(monkeypatch):
    lost = replace(engines.SPECS["echo"], path="tfapp.nowhere.at_all.LostEngine")
    monkeypatch.setitem(engines.SPECS, "echo", lost)

    assert ids(checks.engines_exist(None)) == {"tfapp.E001"}


@pytest.mark.parametrize("name", ["ENGINES", "PRELOAD"])
def test_an_unknown_engine_is_found(settings, name):
    setattr(settings, name, ["adain", "picasso"])

    messages = checks.engine_names_are_known(None)

    assert ids(messages) == {"tfapp.E002"}
    assert "picasso" in messages[0].msg


def test_a_studio_without_engines_is_found(settings):
    settings.ENGINES = []

    assert ids(checks.engine_names_are_known(None)) == {"tfapp.E003"}


def test_media_in_the_place_of_a_file_are_found(settings, tmp_path):
    (tmp_path / "file").touch()
    settings.MEDIA_ROOT = tmp_path / "file" / "media"

    assert ids(checks.media_is_writable(None)) == {"tfapp.E004"}


def test_an_unsafe_deployment_is_found(settings):
    settings.HTTPS = False
    settings.ALLOWED_HOSTS = ["*"]
    settings.LIMITS_FACTOR = 0

    assert ids(checks.production_is_safe(None)) == {
        "tfapp.W001",
        "tfapp.W002",
        "tfapp.W003",
        "tfapp.W005",
        "tfapp.W006",
    }


def deploy_check(tmp_path, **environment: str) -> subprocess.CompletedProcess:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("STYLESITE_", "DJANGO_"))}
    return subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
        cwd=ROOT,
        env={**kept, "STYLESITE_DATA": str(tmp_path), **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_production_settings_pass_every_check(tmp_path):
    done = deploy_check(tmp_path, **PRODUCTION)

    assert done.returncode == 0, done.stderr


def test_a_laptops_settings_do_not_pass_as_production(tmp_path):
    done = deploy_check(tmp_path)

    assert done.returncode == 1
    assert "tfapp.W001" in done.stderr
