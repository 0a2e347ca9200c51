"""Is everything that people read translated, and is what was compiled what was written? Needs GNU gettext."""

import gettext
import os
import shutil
import subprocess
import sys

import pytest

from tests.sources import PACKAGES, ROOT

LOCALE = ROOT / "stylesite" / "locale"


@pytest.fixture(autouse=True)
def gnu_gettext():
    if not shutil.which("msgfmt"):
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)("gettext is not installed")


@pytest.mark.parametrize("language", ["ko"])
def test_the_compiled_translation_is_the_written_one(language, tmp_path):
    folder = LOCALE / language / "LC_MESSAGES"
    compiled = tmp_path / "django.mo"
    subprocess.run(["msgfmt", "--check", "-o", compiled, folder / "django.po"], check=True, capture_output=True)

    assert read_catalogue(folder / "django.mo") == read_catalogue(compiled)


@pytest.mark.parametrize("language", ["ko"])
def test_every_sentence_is_translated(language, tmp_path):
    for name in (*PACKAGES, "templates", "static", "manage.py"):
        source = ROOT / name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, tmp_path / name)
    environment = {**os.environ, "STYLESITE_DATA": str(tmp_path / "var")}
    command = [sys.executable, "manage.py", "makemessages", "-l", language, "--no-obsolete", "--no-location"]
    subprocess.run([*command, "-i", "var"], cwd=tmp_path, env=environment, check=True, capture_output=True)
    written = tmp_path / "stylesite" / "locale" / language / "LC_MESSAGES" / "django.po"

    missing = subprocess.run(["msgattrib", "--untranslated", written], check=True, capture_output=True, text=True)
    doubtful = subprocess.run(["msgattrib", "--only-fuzzy", written], check=True, capture_output=True, text=True)

    assert sentences(missing.stdout) == []
    assert sentences(doubtful.stdout) == []


def read_catalogue(path) -> dict:
    with path.open("rb") as file:
        catalogue = gettext.GNUTranslations(file)._catalog
    return {key: value for key, value in catalogue.items() if key}


def sentences(text: str) -> list[str]:
    entries = [entry.strip() for entry in text.split("\n\n")]
    return [entry for entry in entries if entry and "Project-Id-Version" not in entry]
