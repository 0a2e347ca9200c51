"""The tests of jobs, claims, limits and the API once more, on a real PostgreSQL."""

import os
import subprocess
import sys

import pytest

from tests import services
from tests.sources import ROOT

FILES = ["claims", "limits", "jobs", "rendering", "workers", "audit", "health", "people", "api"]


@pytest.mark.services
def test_what_holds_on_sqlite_holds_on_postgresql():
    with services.postgresql() as url:
        environment = {**os.environ, "DATABASE_URL": url, services.SWITCH: "1"}
        environment.pop("REDIS_URL", None)
        places = [f"tests/tfapp/test_{name}.py" for name in FILES]
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *places]
        outcome = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=600)

    assert outcome.returncode == 0, outcome.stdout[-8000:]
