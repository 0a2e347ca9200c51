"""The child process that reads strangers' pictures into a dataset's folder, one after the other, and notes each.

Run as `python -m trainer.datasets.reading ORDER`. It may crash, be killed or run out of anything: `checking` starts
another, which goes on behind the last that was noted.
"""

import base64
import contextlib
import ctypes
import errno
import fcntl
import json
import math
import resource
import signal
import sys
import time
import traceback
import unicodedata
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from django.utils.translation.trans_null import gettext_noop
from PIL import Image

from trainer.datasets import archives, decoding, layouts, likeness

PART = "pictures.part"  # what becomes `pictures` when all of it is there
JOURNAL = "import.jsonl"  # a line for each file that is done
NOW = "import.now"  # the file that is being decoded: the culprit, should this process die
PROGRESS = "progress"
UNFINISHED = ".part"  # a file that is being written

ODD = gettext_noop("has an odd width: two pictures side by side have an even one")
NO_TEXT = gettext_noop("is no text in UTF-8")
LONG_TEXT = gettext_noop("is too long for captions")
NO_ROOM = gettext_noop("There is no room left on the disk. Free some, then check this dataset again.")

FULL = (errno.ENOSPC, errno.EDQUOT)
MEMORY = 2 * 2**30  # bytes of address space, for pictures of up to MEMORY_PIXELS
MEMORY_PIXELS = 60_000_000
SECONDS = 20  # of processor time for a picture of that size; the kernel then ends this process
CAPTION_BYTES = 64 * 1024
TELL_SECONDS = 0.5
READ_SHARE = 0.95  # of the whole work
PR_SET_PDEATHSIG = 1  # from linux/prctl.h


@dataclass(frozen=True)
class Order:
    """What is to be read, and into which folder."""

    source: str
    kind: str
    folder: str
    limits: archives.Limits


def main(order: Order) -> int:
    """The exit status; on stdout, where there is something to say, a line of JSON."""
    _die_with_parent()
    _limit(order.limits.pixels)
    warnings.simplefilter("ignore")
    decoding.register()
    try:
        read_all(order)
    except archives.Refused as refusal:
        print(json.dumps({"refused": str(refusal)}))
        return 1
    except OSError as error:
        if error.errno not in FULL:
            raise
        print(json.dumps({"full": error.errno}))
        return 1
    return 0


def read_all(order: Order) -> None:
    """Read what is not noted yet. Raises Refused for the whole, OSError where nothing can be written."""
    folder = Path(order.folder)
    with (
        contextlib.closing(archives.open_source(Path(order.source), order.limits)) as source,
        open(folder / JOURNAL, "ab", buffering=0) as journal,
        open(folder / NOW, "wb", buffering=0) as now,
    ):
        fcntl.flock(journal, fcntl.LOCK_EX)  # one of an attempt before may not be quite dead
        places = layouts.plan(source.members, order.kind).places
        done = {line["key"] for line in read_journal(folder) if "broke" not in line}
        told_at = 0.0
        for i, member in enumerate(source.members):
            if member.key in done or member.key not in places:
                continue
            now.seek(0)
            now.write(json.dumps({"key": member.key, "name": member.title}).encode())
            now.truncate()
            _limit_processor_time(order.limits.pixels)
            found = _take(source, member, places[member.key], order)
            write_whole(journal, json.dumps({"key": member.key, "name": member.title, **found}).encode() + b"\n")
            if time.monotonic() - told_at > TELL_SECONDS:
                told_at = time.monotonic()
                tell(folder, READ_SHARE * i / len(source.members))


def read_journal(folder: Path) -> Iterator[dict]:
    """The whole lines; a last one that was cut short is cut off, for the next stands behind it."""
    path = folder / JOURNAL
    if not path.exists():
        return
    with open(path, "rb") as file:
        for line in file:
            if line.endswith(b"\n"):
                yield json.loads(line)


def mend_journal(folder: Path) -> None:
    """Cut off a last line that was not finished."""
    path = folder / JOURNAL
    with contextlib.suppress(FileNotFoundError), open(path, "rb+") as file:
        length = whole = 0
        for line in file:
            length += len(line)
            whole = length if line.endswith(b"\n") else whole
        file.truncate(whole)


def drop_lost_notes(folder: Path) -> None:
    """Forget what was noted and is not on the disk: after a power cut, files may be empty that nobody synced."""
    path = folder / JOURNAL
    if not path.exists():
        return
    lines = path.read_bytes().splitlines(keepends=True)
    kept = [line for line in lines if _is_true(folder, line)]
    if len(kept) < len(lines):
        beside = path.with_name(f".{JOURNAL}")
        beside.write_bytes(b"".join(kept))
        beside.replace(path)


def _is_true(folder, line):
    try:
        note = json.loads(line)
        is_stored = "stored" in note and note.get("captions") != 0  # captions of no line are not stored
        return not is_stored or (folder / PART / note["stored"]).stat().st_size > 0
    except (ValueError, TypeError, OSError):
        return False


def take_note(image: Image.Image, stored: str, *, n_beside: int) -> dict:
    """What the report needs to know of an RGB picture."""
    hashed, thumbnail = likeness.fingerprint(image, n_beside=n_beside)
    return {
        "stored": stored,
        "size": [image.width // n_beside, image.height],
        "hash": f"{hashed:016x}",
        "thumbnail": base64.b64encode(thumbnail).decode(),
    }


def tell(folder: Path, share: float) -> None:
    """Leave word of how far it is."""
    beside = folder / f".{PROGRESS}"
    beside.write_text(f"{share:.4f}")
    beside.replace(folder / PROGRESS)


def write_whole(file, data: bytes) -> None:
    """All of it: a disk that is nearly full takes a part without a word."""
    while data:
        data = data[file.write(data) :]


def _take(source, member, place, order):
    """Store one file; what is to be noted of it."""
    try:
        if place.is_caption:
            return _take_caption(source, member, place, order)
        picture = decoding.decode(source.read(member), max_pixels=order.limits.pixels)
    except archives.BadMember as bad:
        return {"reason": bad.reason}
    beside = 2 if order.kind == "pairs" else 1
    if picture.image.width % beside:
        return {"mismatch": ODD}
    stored = f"{place.folder}/{place.stem}{picture.suffix}"
    _store(Path(order.folder, PART, stored), picture.encode())
    return take_note(_on_white(picture.image), stored, n_beside=beside)


def _take_caption(source, member, place, order):
    if member.n_bytes > CAPTION_BYTES:
        raise archives.BadMember(LONG_TEXT)
    try:
        text = source.read(member).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise archives.BadMember(NO_TEXT) from error
    lines = [line for line in (" ".join(_without_controls(each).split()) for each in text.splitlines()) if line]
    stored = f"{place.folder}/{place.stem}{layouts.CAPTION}"
    if lines:
        _store(Path(order.folder, PART, stored), "".join(f"{line}\n" for line in lines).encode())
    return {"stored": stored, "captions": len(lines)}


def _without_controls(line):
    return "".join(" " if unicodedata.category(x)[0] == "C" else x for x in line)


def _on_white(image):
    if image.mode == "RGB":
        return image
    return Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")


def _store(path, data):
    """Whole or not at all. A folder that is gone was deleted: it is not made anew."""
    for missing in [each for each in (path.parent.parent, path.parent) if not each.exists()]:
        missing.mkdir()
    beside = path.with_name(UNFINISHED)
    with open(beside, "wb", buffering=0) as file:
        write_whole(file, data)
    beside.replace(path)


def _die_with_parent():
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def _limit(max_pixels):
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":  # macOS knows no such limit
        held = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        _set_limit(resource.RLIMIT_AS, held + round(MEMORY * max(1, max_pixels / MEMORY_PIXELS)))


def _limit_processor_time(max_pixels):
    used = resource.getrusage(resource.RUSAGE_SELF)
    seconds = SECONDS * max(1, max_pixels / MEMORY_PIXELS)
    _set_limit(resource.RLIMIT_CPU, math.ceil(used.ru_utime + used.ru_stime + seconds))


def _set_limit(kind, most):
    hard = resource.getrlimit(kind)[1]
    resource.setrlimit(kind, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))


if __name__ == "__main__":
    _asked = json.loads(sys.argv[1])
    try:
        sys.exit(main(Order(**{**_asked, "limits": archives.Limits(**_asked["limits"])})))
    except Exception as error:  # noqa: BLE001  said to whoever started us, who cannot see stderr
        how = "trouble" if isinstance(error, OSError) else "broke"  # of the machine, which may pass, or of the archive
        print(json.dumps({how: traceback.format_exc()[-2000:]}))
        sys.exit(2)
