"""Imports that are killed, meet decoders that crash, or find the disk full: nothing is lost and nothing half-made."""

import errno
import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from tests import pictures as good
from tests.sources import ROOT
from tests.trainer.datasets.archived import LIMITS, names_below, pack, png
from trainer.datasets import archives, checking, reading


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "dataset").mkdir()
    return tmp_path / "dataset"


def check(folder, members, kind="pictures", **kwargs):
    source = pack(folder.parent / "archive.zip", members) if isinstance(members, dict) else members
    return checking.check(source, kind, folder, limits=LIMITS, **kwargs)


def stored(folder):
    return names_below(folder / "pictures")


@pytest.fixture
def spoil_reader(tmp_path, monkeypatch):
    """Have the child run some lines of ours before it reads."""

    def spoil(lines: str) -> None:
        script = tmp_path / "reader.py"
        script.write_text(
            "import errno, json, os, signal, sys\n"
            "from trainer.datasets import archives, decoding, reading\n"
            f"{lines}\n"
            "asked = json.loads(sys.argv[1])\n"
            "sys.exit(reading.main(reading.Order(**{**asked, 'limits': archives.Limits(**asked['limits'])})))\n"
        )
        monkeypatch.setattr(checking, "READER", [str(script)])
        monkeypatch.setenv("PYTHONPATH", str(ROOT))

    return spoil


def make_many(n, n_bad=0):
    """Names and bytes; every so many-th is cut off."""
    every = n // n_bad if n_bad else n + 1
    return {f"{i:04d}.png": png(i)[: 60 if i % every == every - 1 else None] for i in range(n)}


def test_one_in_twenty_bad_ones_are_listed_by_name_and_the_others_imported(folder):
    shares = []

    report = check(folder, make_many(400, n_bad=20), "pictures", tell=shares.append)

    assert report["counts"] == {"train": 380}
    assert [each["name"] for each in report["unreadable"]["files"]] == [f"{i:04d}.png" for i in range(19, 400, 20)]
    assert report["unreadable"]["reasons"] == {archives.DAMAGED: 20}
    assert shares[-1] == 1.0 and float((folder / "progress").read_text()) == 1.0


SLOWLY = """
import time
real = decoding.decode
def decode(*args, **kwargs):
    time.sleep(0.02)
    return real(*args, **kwargs)
decoding.decode = decode
"""
CHILD = """
import sys
from pathlib import Path
import django; django.setup()
from trainer.datasets import archives, checking
limits = archives.Limits(entries=10_000, bytes_in_all=200_000_000, pixels=4_000_000)
checking.READER = sys.argv[3:]
checking.check(Path(sys.argv[1]), "pictures", Path(sys.argv[2]), limits=limits)
"""


def start(source, folder):
    return subprocess.Popen([sys.executable, "-c", CHILD, str(source), str(folder), *checking.READER], cwd=ROOT)


def is_alive(process):
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def wait_for(what, seconds=120):
    until = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < until, "it never happened"
        time.sleep(0.005)


def count_notes(folder):
    try:
        return (folder / reading.JOURNAL).read_bytes().count(b"\n")
    except FileNotFoundError:
        return 0


def test_killed_at_any_moment_it_goes_on_where_it_was(folder, tmp_path, spoil_reader, monkeypatch):
    spoil_reader(SLOWLY)  # or it is done before it is killed
    source = pack(tmp_path / "a.zip", make_many(900, n_bad=45))
    seen = 0
    for _ in range(3):
        process = start(source, folder)
        wait_for(lambda seen=seen: count_notes(folder) > seen + 100)
        readers = psutil.Process(process.pid).children()
        process.kill()
        process.wait()
        wait_for(lambda readers=readers: not any(map(is_alive, readers)))
        assert not (folder / "pictures").exists() and count_notes(folder) >= seen
        seen = count_notes(folder)
    done_before = {path.name: path.stat().st_mtime_ns for path in (folder / reading.PART / "train").glob("*.png")}
    monkeypatch.undo()

    report = check(folder, source, "pictures")

    assert report["counts"] == {"train": 855} and report["unreadable"]["n"] == 45
    assert len(stored(folder)) == 855
    times = {path.name: path.stat().st_mtime_ns for path in (folder / "pictures" / "train").iterdir()}
    n_anew = sum(times[name] != when for name, when in done_before.items())
    assert len(done_before) > 250 and n_anew <= 1  # the one that was stored and not noted


def test_a_finished_import_is_not_done_again(folder):
    report = check(folder, {"a.png": png(1)}, "pictures")
    (folder.parent / "archive.zip").unlink()

    assert checking.check(folder.parent / "archive.zip", "pictures", folder, limits=LIMITS) == report


def test_a_picture_that_breaks_its_reader_is_listed_and_the_others_are_read(folder, spoil_reader):
    spoil_reader(
        "real = decoding.decode\n"
        "def decode(data, **kwargs):\n"
        "    picture = real(data, **kwargs)\n"
        "    if picture.image.size == (13, 13):\n"
        "        os.kill(os.getpid(), signal.SIGSEGV)\n"
        "    return picture\n"
        "decoding.decode = decode"
    )
    members = {"a.png": png(1), "b.png": png(2, width=13, height=13), "c.png": png(3)}
    members |= {"d.png": png(4, width=13, height=13), "e.png": png(5)}

    report = check(folder, members, "pictures")

    assert stored(folder) == ["train/a.png", "train/c.png", "train/e.png"]
    assert report["unreadable"]["files"] == [{"name": f"{x}.png", "reason": checking.KILLED} for x in "bd"]


def test_a_picture_over_which_even_the_checking_process_died_twice_is_not_tried_a_third_time(folder):
    (folder / reading.PART).mkdir()
    (folder / reading.JOURNAL).write_text('{"broke": "0"}\n{"key": "1", "na')  # cut short in its second line
    (folder / reading.NOW).write_text('{"key": "0", "name": "a.png"}')

    report = check(folder, {"a.png": png(1), "b.png": png(2)}, "pictures")

    assert stored(folder) == ["train/b.png"]
    assert report["unreadable"]["files"] == [{"name": "a.png", "reason": checking.KILLED}]


def test_what_a_power_cut_left_empty_is_read_again(folder):
    members = {f"{x}.png": png(i) for i, x in enumerate("abc")}
    part = folder / reading.PART / "train"
    part.mkdir(parents=True)
    (part / "a.png").touch()
    notes = [{"key": str(i), "name": f"{x}.png", "stored": f"train/{x}.png"} for i, x in enumerate("ab")]
    lines = [*(json.dumps(note).encode() for note in notes), bytes(20), b""]
    (folder / reading.JOURNAL).write_bytes(b"\n".join(lines))

    check(folder, members, "pictures")

    assert stored(folder) == ["train/a.png", "train/b.png", "train/c.png"]
    assert all((folder / "pictures" / name).stat().st_size for name in stored(folder))


def test_a_picture_that_takes_for_ever_is_ended_by_the_kernel(folder, spoil_reader):
    spoil_reader("reading.SECONDS = 1\ndef decode(data, **kwargs):\n    while True: pass\ndecoding.decode = decode")

    with pytest.raises(archives.Refused):
        check(folder, {"a.png": png(1)}, "pictures")


def test_a_full_disk_is_a_sentence_and_gives_its_room_back(folder, monkeypatch):
    answers = iter([(1, {"full": errno.ENOSPC})])
    monkeypatch.setattr(checking, "_start_reader", lambda *_: next(answers))
    pack(folder / "archive.zip", {"a.png": png(1)})

    with pytest.raises(checking.NoRoom, match="no room left on the disk"):
        checking.check(folder / "archive.zip", "pictures", folder, limits=LIMITS)
    assert names_below(folder) == ["archive.zip"]

    monkeypatch.undo()
    assert checking.check(folder / "archive.zip", "pictures", folder, limits=LIMITS)["n_pictures"] == 1


def test_a_full_disk_is_noticed_by_the_reader(folder, spoil_reader):
    spoil_reader(
        "def write_whole(file, data):\n"
        "    if file.name.endswith('.part'): raise OSError(errno.ENOSPC, 'No space left on device')\n"
        "    file.write(data)\n"
        "reading.write_whole = write_whole"
    )

    with pytest.raises(checking.NoRoom):
        check(folder, {"a.png": png(1)}, "pictures")
    assert names_below(folder) == []


PEAK = """
import atexit
from pathlib import Path
def tell():  # not ru_maxrss, which begins with that of the process that started this one
    lines = Path("/proc/self/status").read_text().splitlines()
    Path({path!r}).write_text(next(line.split()[1] for line in lines if line.startswith("VmHWM")))
atexit.register(tell)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel tells a process's peak on Linux alone")
def test_memory_does_not_grow_with_the_number_of_pictures(folder, tmp_path, spoil_reader):
    """The reader's peak over a few hundred pictures of a megapixel each and over a few."""
    spoil_reader(PEAK.format(path=str(tmp_path / "peak")))
    data = good.encoded(good.photo(1000, 1000), "jpeg")
    peaks = []
    for n in (10, 150):
        (tmp_path / f"d{n}").mkdir()
        source = pack(tmp_path / f"{n}.zip", {f"{i}.jpg": data for i in range(n)})
        checking.check(source, "pictures", tmp_path / f"d{n}", limits=LIMITS)
        peaks.append(int((tmp_path / "peak").read_text()))

    assert peaks[1] - peaks[0] < 25 * 2**10, peaks  # kilobytes


def test_no_signal_of_the_checking_process_is_needed_to_end_its_reader(folder, tmp_path, spoil_reader):
    spoil_reader(SLOWLY)
    process = start(pack(tmp_path / "a.zip", make_many(900)), folder)
    wait_for(lambda: count_notes(folder) > 20)
    (reader,) = psutil.Process(process.pid).children()

    process.send_signal(signal.SIGTERM)

    assert process.wait(timeout=60) == -signal.SIGTERM
    wait_for(lambda: not is_alive(reader))
    assert Path(folder / reading.JOURNAL).exists()


def test_a_picture_that_needs_too_much_memory_is_listed_and_the_others_are_read(folder, spoil_reader):
    spoil_reader("reading.MEMORY = 24 * 2**20")
    large = good.encoded(good.photo(2000, 2000), "png")

    report = check(folder, {"a.png": png(1), "b.png": large, "c.png": png(3)})

    assert stored(folder) == ["train/a.png", "train/c.png"]
    assert [each["name"] for each in report["unreadable"]["files"]] == ["b.png"]
