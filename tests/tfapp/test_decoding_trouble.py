"""Crowds, full disks, inherited limits and very large pictures: whoever sends a good picture never hears it is damaged.

Limits and environments are real: they are set in a process of the test's own.
"""

import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests import sites
from tests.sources import ROOT
from tfapp.decoding import pool
from tfapp.management.commands import studio

MEGABYTE = 2**20

DJANGO = """
import ctypes, resource, sys
import django
django.setup()
from PIL import Image
from tests import pictures
from tfapp import images
from tfapp.decoding import structure

def limit(kind, most):
    # prctl(PR_CAPBSET_DROP, CAP_SYS_RESOURCE): where tests run as root, a child could raise its limits again
    ctypes.CDLL(None).prctl(24, 24, 0, 0, 0)
    resource.setrlimit(kind, (most, most))

def refusal_of(upload):
    try:
        images.open_upload(upload)
    except images.Refused as refused:
        return refused.status, str(refused.sentence)
"""

FULL = (429, "There is no room to store pictures right now. Please try again later.")


def run(script: str, folder, **settings: str) -> str:
    """Run it in a Django of its own with its data in a folder; returns what it prints."""
    settings = sites.environment(STYLESITE_DATA=str(folder), DJANGO_SETTINGS_MODULE="stylesite.settings", **settings)
    child = subprocess.run(
        [sys.executable, "-B", "-c", DJANGO + script],
        cwd=ROOT,
        env=settings,
        capture_output=True,
        text=True,
        timeout=180,
    )
    assert child.returncode == 0, child.stderr
    return child.stdout.strip()


def left_in(folder) -> list:
    return list((folder / "media" / "incoming").iterdir())


# Crowds


@pytest.fixture
def crowded():
    """A pool whose only child never comes free, with as many callers as it takes."""
    children = pool.Pool(memory=2048 * MEGABYTE, n_children=1, n_callers=3)
    child = children.places.get()
    with ThreadPoolExecutor(3) as threads:
        waiting = [threads.submit(children.ask, {}, seconds=3) for _ in range(3)]
        while children.callers._value:  # until the last of them is inside
            time.sleep(0.01)
        yield children
        for caller in waiting:
            assert isinstance(caller.exception(), pool.Busy)
    children.places.put(child)


def test_one_caller_too_many_is_sent_away_at_once(crowded):
    answers = []

    def ask() -> None:
        try:
            crowded.ask({}, seconds=60)
        except pool.Busy as busy:
            answers.append(busy)

    caller = threading.Thread(target=ask, daemon=True)
    caller.start()
    caller.join(3)

    assert len(answers) == 1


def test_callers_are_welcome_again_when_the_crowd_has_gone(tmp_path):
    children = pool.Pool(memory=2048 * MEGABYTE, n_children=1, n_callers=1)

    for _ in range(3):
        answer = children.ask({"story": "clean", "source": str(tmp_path / "nothing")}, seconds=10)
        assert answer["refused"] == "unreadable"

    children.close()


def test_decoding_never_holds_every_thread_of_the_web_server():
    assert pool.N_CHILDREN <= pool.N_CALLERS <= studio.THREADS - 2


def test_a_child_that_cannot_be_started_is_no_damaged_picture(monkeypatch):
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    children = pool.Pool(memory=2048 * MEGABYTE, n_children=1)

    children.warm()
    with pytest.raises(pool.Busy):
        children.ask({}, seconds=1)

    assert children.places.qsize() == 1


# A full disk: no file of these processes may grow beyond a few bytes


def test_a_disk_that_is_full_when_the_upload_comes_is_told_so(tmp_path):
    script = """
limit(resource.RLIMIT_FSIZE, 1000)
print(refusal_of(pictures.upload(pictures.photo(640, 400))))
"""

    assert run(script, tmp_path) == str(FULL)
    assert left_in(tmp_path) == []


def test_a_disk_that_is_full_when_the_clean_picture_is_written_is_told_so(tmp_path):
    script = """
data = pictures.encoded(Image.new("RGB", (1500, 1500), "red"), "webp")
assert len(data) < 6000, len(data)
limit(resource.RLIMIT_FSIZE, 6000)
print(refusal_of(pictures.upload(data)))
"""

    assert run(script, tmp_path) == str(FULL)
    assert left_in(tmp_path) == []


def test_a_disk_that_is_full_when_a_download_is_made_is_told_so(tmp_path):
    script = """
from django.conf import settings
pictures.photo(640, 400).save(settings.MEDIA_ROOT / "master.png")
limit(resource.RLIMIT_FSIZE, 1000)
try:
    images.encode(settings.MEDIA_ROOT / "master.png", format="webp", provenance=None)
except images.Refused as refused:
    print((refused.status, str(refused.sentence)))
"""
    (tmp_path / "media").mkdir()

    assert run(script, tmp_path) == str(FULL)
    assert left_in(tmp_path) == []


def test_a_folder_that_cannot_be_made_is_told_so(tmp_path):
    (tmp_path / "media").mkdir()
    (tmp_path / "media" / "incoming").write_text("in the way")

    assert run("print(refusal_of(pictures.upload(pictures.photo(640, 400))))", tmp_path) == str(FULL)


# Limits that our process was started with


@pytest.mark.skipif(sys.platform != "linux", reason="macOS does not limit address space")
@pytest.mark.parametrize(
    ("kind", "most"),
    [("RLIMIT_CPU", 600), ("RLIMIT_FSIZE", 100 * MEGABYTE), ("RLIMIT_AS", 1536 * MEGABYTE), ("RLIMIT_CORE", 0)],
)
def test_a_limit_that_we_were_started_with_does_not_make_pictures_unreadable(kind, most, tmp_path):
    script = f"""
limit(resource.{kind}, {most})
for _ in range(2):
    print(images.open_upload(pictures.upload(pictures.photo(640, 400))).width)
child = images._children().places.queue[-1].process.pid
print(resource.prlimit(child, resource.{kind})[1] <= {most})
"""

    assert run(script, tmp_path).split() == ["640", "640", "True"]


# Larger pictures than the default takes


@pytest.mark.parametrize(("megapixels", "factor"), [("10", 1), ("60", 1), ("120", 2), ("1000", 16_000**2 / 60e6)])
def test_time_and_memory_of_decoding_grow_with_the_pictures(megapixels, factor, tmp_path):
    script = """
from django.conf import settings
print(settings.UPLOAD_DECODE_SECONDS, settings.UPLOAD_DECODE_MEMORY - settings.UPLOAD_MAX_BYTES)
"""

    found = run(script, tmp_path, STYLESITE_UPLOAD_MAX_MEGAPIXELS=megapixels).split()

    assert [int(number) for number in found] == [round(20 * factor), round(2**31 * factor)]


# The first upload need not wait for a child to start


def test_the_web_server_has_a_child_before_anybody_asks(tmp_path):
    script = """
import psutil
from stylesite.wsgi import application
print(*(word for child in psutil.Process().children() for word in child.cmdline()))
"""

    assert run(script, tmp_path).count("tfapp.decoding.child") == 1


def test_a_command_starts_no_child(tmp_path):
    script = """
import psutil
from django.core.management import call_command
call_command("check", verbosity=0)
print(len(psutil.Process().children()))
"""

    assert run(script, tmp_path).splitlines()[-1] == "0"
