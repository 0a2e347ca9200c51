"""The tests of jobs, claims, limits, the API and training once more, on a real PostgreSQL."""

import os
import subprocess
import sys

import pytest

from tests import services
from tests.sources import ROOT

FILES = ["claims", "limits", "jobs", "rendering", "workers", "audit", "health", "people", "api"]
TRAINING = ["models/test_labour", "test_runs", "test_attempts", "test_supervising"]
TRAINING += ["test_collections", "test_versions", "test_parcels", "test_probing"]


@pytest.mark.services
@pytest.mark.timeout(1000)
def test_what_holds_on_sqlite_holds_on_postgresql():
    with services.postgresql() as url:
        environment = {**os.environ, "DATABASE_URL": url, services.SWITCH: "1"}
        environment.pop("REDIS_URL", None)
        places = [f"tests/tfapp/test_{name}.py" for name in FILES]
        places += [f"tests/trainer/{name}.py" for name in TRAINING]
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *places]
        outcome = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=900)

    assert outcome.returncode == 0, outcome.stdout[-8000:]
