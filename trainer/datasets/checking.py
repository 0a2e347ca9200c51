"""An archive or a folder made into a dataset that recipes can read, and a report on it.

Strangers' pictures are read by a child process (`reading`). What it noted is never done again: this may be killed at
any moment and started anew. All becomes visible at once, when `pictures.part` is renamed to `pictures`.
"""

import json
import logging
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict
from pathlib import Path

from django.utils.translation.trans_null import gettext_noop

from trainer.datasets import archives, layouts, reading, reporting

PICTURES = "pictures"
REPORT = "report.json"
READER = ("-m", "trainer.datasets.reading")
LOOK_SECONDS = 0.5
TRIES = 2  # of a picture over which the child died: the first death may have had another reason
UNREADABLE = gettext_noop("We could not read this archive. Please pack the pictures anew and send them again.")
KILLED = gettext_noop("broke the program that read it")
ROOT = Path(__file__).resolve().parent.parent.parent
KEPT_ENVIRONMENT = ("PATH", "PYTHONPATH", "LD_LIBRARY_PATH", "LANG", "SYSTEMROOT")  # and no secrets
FEW_THREADS = {"MALLOC_ARENA_MAX": "2", "OPENBLAS_NUM_THREADS": "1"}  # each takes its part of the address space


log = logging.getLogger(__name__)


class NoRoom(OSError):
    """The disk is full: trying again helps once it is not."""


def check(
    source: Path,
    kind: str,
    folder: Path,
    *,
    limits: archives.Limits,
    tell: Callable[[float], None] = lambda share: None,
) -> dict:
    """Leave `pictures/` and `report.json` in a folder that exists; the report. Taken up where it was broken off.

    Raises Refused, with a sentence and nothing left behind, for what can be no dataset; NoRoom where the disk is full.
    """
    if kind not in layouts.KINDS:
        raise ValueError(f"A dataset is one of {', '.join(layouts.KINDS)}, not {kind!r}.")
    folder = Path(folder)
    if (folder / PICTURES).is_dir() and (folder / REPORT).is_file():
        return json.loads((folder / REPORT).read_text())
    try:
        (folder / reading.PART).mkdir(exist_ok=True)
        _read(reading.Order(str(source), kind, str(folder), limits), folder, tell)
        report = reporting.make(
            folder / reading.PART, reading.read_journal(folder), kind, _list_bad(source, kind, limits)
        )
        settle(folder, report)
    except archives.Refused:
        discard(folder)
        raise
    except OSError as error:
        if error.errno not in reading.FULL:
            raise
        shutil.rmtree(folder / reading.PART, ignore_errors=True)  # the room that it took is somebody else's now
        _forget(folder)
        raise NoRoom(reading.NO_ROOM) from error
    tell(1.0)
    return report


def settle(folder: Path, report: dict) -> None:
    """All that lies in `pictures.part` becomes visible at once, and for good."""
    part = folder / reading.PART
    for unfinished in part.rglob(reading.UNFINISHED):
        unfinished.unlink()
    beside = folder / f".{REPORT}"
    beside.write_text(json.dumps(report, ensure_ascii=False))
    beside.replace(folder / REPORT)
    os.sync()  # one for all: syncing twenty thousand small files one by one takes minutes
    part.rename(folder / PICTURES)
    reading.tell(folder, 1.0)
    _forget(folder)


def discard(folder: Path) -> None:
    """Leave nothing of an import that was refused."""
    shutil.rmtree(folder / reading.PART, ignore_errors=True)
    _forget(folder)
    for name in (REPORT, reading.PROGRESS):
        (folder / name).unlink(missing_ok=True)


def _forget(folder):
    for name in (reading.JOURNAL, reading.NOW):
        (folder / name).unlink(missing_ok=True)


def _read(order, folder, tell):
    """Have everything read, by as many children as it takes."""
    reading.mend_journal(folder)
    reading.drop_lost_notes(folder)
    _blame(folder)  # whoever was here before us may have died of a picture
    while True:
        status, answer = _start_reader(order, folder, tell)
        if status == 0:
            return
        if "refused" in answer:
            raise archives.Refused(answer["refused"])
        if "full" in answer:
            raise OSError(answer["full"], reading.NO_ROOM)
        reading.mend_journal(folder)
        if "broke" in answer:
            log.error("%s could not be read. %s", order.source, answer["broke"])
            raise archives.Refused(UNREADABLE)
        if "trouble" in answer or not _blame(folder):
            raise RuntimeError(f"Pictures could not be read (status {status}). {answer.get('trouble', '')}")


def _start_reader(order, folder, tell) -> tuple[int, dict]:
    """One child to its end: its exit status, and what it had to say."""
    environment = {name: os.environ[name] for name in KEPT_ENVIRONMENT if name in os.environ} | FEW_THREADS
    process = subprocess.Popen(
        [sys.executable, "-B", *READER, json.dumps(asdict(order))],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,  # what decoders have to say about hostile files fills no logs
        cwd=ROOT,
        env=environment,
    )
    try:
        while True:
            try:
                said = process.communicate(timeout=LOOK_SECONDS)[0]
                break
            except subprocess.TimeoutExpired:
                tell(read_progress(folder))
    finally:
        process.kill()
        process.wait()
    return process.returncode, json.loads(said) if said.strip() else {}


def read_progress(folder: Path) -> float:
    """The share done, as it was last told."""
    try:
        return float((folder / reading.PROGRESS).read_text())
    except (OSError, ValueError):
        return 0.0


def _blame(folder) -> bool:
    """Note the file over which a child died; after the second time it is listed. False: there was none."""
    try:
        culprit = json.loads((folder / reading.NOW).read_text())
    except (FileNotFoundError, ValueError):
        return False
    lines = [line for line in reading.read_journal(folder) if culprit["key"] in (line.get("key"), line.get("broke"))]
    if any("key" in line for line in lines):
        return True  # it was done, and the next had not begun
    entry = {"broke": culprit["key"]} if len(lines) + 1 < TRIES else culprit | {"reason": KILLED}
    with open(folder / reading.JOURNAL, "ab", buffering=0) as journal:
        reading.write_whole(journal, json.dumps(entry).encode() + b"\n")
    (folder / reading.NOW).unlink()
    return True


def _list_bad(source, kind, limits) -> list[tuple[str, str]]:
    """Those that were bad before anybody looked inside."""
    try:
        with closing(archives.open_source(Path(source), limits)) as opened:
            return opened.bad + layouts.plan(opened.members, kind).misplaced
    except (archives.Refused, OSError):
        raise
    except Exception as error:  # whatever a hostile archive thinks of next
        log.exception("%s could not be read.", source)
        raise archives.Refused(UNREADABLE) from error
