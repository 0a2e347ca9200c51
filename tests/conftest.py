"""The environment of all tests, set before Django reads its settings: a folder and a database of their own.

`DATABASE_URL` and `REDIS_URL` are for tests marked `services` alone, which take them from `tests.services`.
The same tests run on PostgreSQL and Redis when STYLESITE_TEST_SERVICES is 1: `tests/faults` does that.
"""

import atexit
import os
import shutil
import tempfile

import django
import pytest
from django.utils import translation

from tests import services

DATA_FOLDER = tempfile.mkdtemp(prefix="stylesite-tests-")
os.mkdir(os.path.join(DATA_FOLDER, "static"))  # WhiteNoise warns where it finds none
PARENT = os.getpid()


def remove_data() -> None:
    if os.getpid() == PARENT:  # not from a forked child of a test
        shutil.rmtree(DATA_FOLDER, ignore_errors=True)


atexit.register(remove_data)
services.remember()
for name in [name for name in os.environ if name.startswith("STYLESITE_") and name != services.SWITCH]:
    del os.environ[name]
os.environ |= {
    "DJANGO_SETTINGS_MODULE": "stylesite.settings",  # not in pyproject.toml: it would be read before this file
    "STYLESITE_DATA": DATA_FOLDER,
    "STYLESITE_ENGINES": "adain,tfhub,tflite,gatys,emoji,painter,photograph,texture,echo",
    "CUDA_VISIBLE_DEVICES": "-1",
    "TF_CPP_MIN_LOG_LEVEL": "2",
}


def pytest_configure() -> None:
    """Only now may Django read its settings."""
    django.setup()


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix) -> None:
    """SQLite in a file, as on a laptop: threads of a test then meet each other as in production."""
    from django.conf import settings

    database = settings.DATABASES["default"]
    if database["ENGINE"].endswith("sqlite3"):
        database["TEST"]["NAME"] = os.path.join(DATA_FOLDER, "test.sqlite3")


@pytest.fixture(autouse=True)
def in_english():
    """A request in Korean leaves its language behind in the thread; the next test shall not speak it."""
    with translation.override("en"):
        yield


@pytest.fixture(autouse=True)
def plain_settings(settings, tmp_path):
    """No manifest of static files, no slow password hashes, media in a folder of each test."""
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.TRAINING_ROOT = tmp_path / "training"
