"""Settings that follow from others, read in a process of their own."""

import os
import subprocess
import sys

import pytest

from tests.sources import ROOT


def read_engines(tmp_path, **variables) -> str:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("STYLESITE_")}
    command = [sys.executable, "-c", "from stylesite import settings; print(*settings.ENGINES)"]
    environment = kept | {"STYLESITE_DATA": str(tmp_path)} | variables
    child = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    return child.stdout.strip()


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({}, "adain tfhub tflite emoji"),
        ({"STYLESITE_PAINTER_CHECKPOINT": "/weights"}, "adain tfhub tflite emoji painter photograph"),
        ({"STYLESITE_PAINTER_CHECKPOINT": "/weights", "STYLESITE_ENGINES": "adain"}, "adain"),
    ],
)
def test_engines_whose_weights_somebody_brought_are_offered(tmp_path, variables, expected):
    assert read_engines(tmp_path, **variables) == expected
