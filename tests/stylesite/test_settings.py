"""Settings that follow from others, read in a process of their own."""

import os
import subprocess
import sys

from tests.sources import ROOT


def read_engines(tmp_path, **variables) -> str:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("STYLESITE_")}
    command = [sys.executable, "-c", "from stylesite import settings; print(*settings.ENGINES)"]
    environment = kept | {"STYLESITE_DATA": str(tmp_path)} | variables
    child = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    return child.stdout.strip()


def test_every_engine_with_shipped_weights_is_offered(tmp_path):
    assert read_engines(tmp_path) == "adain tfhub tflite gatys emoji painter photograph texture"


def test_somebody_may_offer_fewer(tmp_path):
    assert read_engines(tmp_path, STYLESITE_ENGINES="adain") == "adain"
