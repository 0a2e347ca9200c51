"""One process at a time trains in a folder."""

import os
import subprocess
import sys
import threading

import pytest

from tests.sources import ROOT
from trainer import folders

HOLDER = """
import sys, time
from trainer import folders
with folders.occupy(sys.argv[1]):
    print("held", flush=True)
    time.sleep(600)
"""


def test_a_second_process_is_refused_and_a_dead_one_forgotten(tmp_path):
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path)], cwd=ROOT, env=os.environ, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "held\n"

    assert folders.is_occupied(tmp_path)
    with pytest.raises(folders.Occupied, match="Another process is training"), folders.occupy(tmp_path):
        pass

    process.kill()
    process.communicate()
    assert not folders.is_occupied(tmp_path)


def test_with_patience_it_waits_for_the_other_to_end(tmp_path):
    held = folders.occupy(tmp_path)
    held.__enter__()
    threading.Timer(0.3, lambda: held.__exit__(None, None, None)).start()

    with folders.occupy(tmp_path, patience=60):
        assert folders.is_occupied(tmp_path)
