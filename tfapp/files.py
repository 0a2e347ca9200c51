"""Where files lie below MEDIA_ROOT, and how they come and go: whole or not at all.

A file is written as a part in `incoming/`, then moved to its place in one step; a row that dies takes its
files along when the transaction commits, and `sweep` clears what a crash left behind.
"""

import logging
import os
import shutil
import time
import uuid
from collections.abc import Iterable, Iterator
from functools import partial
from itertools import islice
from pathlib import Path

from django.conf import settings
from django.core.exceptions import SuspiciousFileOperation
from django.db import transaction

from tfapp.models import Artwork, JobInput, MixPicture

INCOMING = "incoming"
ROWS_AT_ONCE = 500
SETTLE_TRIES = 50

log = logging.getLogger(__name__)


def path(name: str) -> Path:
    """The absolute path of a file or folder below MEDIA_ROOT; anything outside is refused."""
    root = _root()
    place = (root / name).resolve() if name and "\0" not in str(name) else root
    if place == root or not place.is_relative_to(root):
        raise SuspiciousFileOperation(f"{name!r} does not lie below the media folder.")
    return place


def begin(suffix: str = "", *, name: str = "") -> Path:
    """A new name for something that is still being written; the caller makes the file or folder.

    With a `name`, somebody else who knows it can clear the part away when its writer was killed.
    """
    return incoming() / f"{name or uuid.uuid4()}{suffix}.part"


def incoming() -> Path:
    """Where what is being written lies; files without a name may, too."""
    folder = _root() / INCOMING
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def settle(part: Path, name: str) -> Path:
    """Move a finished part (file or folder) to its place, in one step that survives a power cut."""
    place = path(name)
    _sync_all(part)
    for attempt in range(1, SETTLE_TRIES + 1):
        try:
            made = _make_parents(place)
            os.replace(part, place)
            break
        except (FileNotFoundError, FileExistsError):
            # A deletion elsewhere has just cleared the parent away, between two of our looks at it.
            if attempt == SETTLE_TRIES or not part.exists():
                raise
    for folder in {place.parent, *(folder.parent for folder in made)}:
        _sync(folder)
    return place


def remove(names: Iterable[str]) -> None:
    """Delete files or folders now, and the folders they leave empty. What is missing is fine."""
    for name in names:
        place = path(name)
        try:
            if place.is_dir():
                shutil.rmtree(place)
            else:
                place.unlink(missing_ok=True)
        except FileNotFoundError:
            pass  # somebody else was faster
        except OSError:
            log.exception("Could not delete %s; the sweeper will try again.", name)
        _clear_empty_parents(place)


def remove_on_commit(names: Iterable[str]) -> None:
    """Rows first, files on commit: call inside the transaction that deletes the rows."""
    transaction.on_commit(partial(remove, list(names)))


def sweep() -> int:
    """Delete parts and files without rows that are older than INCOMING_KEEP_SECONDS; say how many."""
    seconds = settings.INCOMING_KEEP_SECONDS
    names = [*leftovers(older_than=seconds), *orphans(older_than=seconds)]
    remove(names)
    if names:
        log.info("Swept away %d leftover files.", len(names))
    return len(names)


def leftovers(*, older_than: float = 0) -> list[str]:
    """Names of the parts that nobody finished."""
    return [name for name in _names(f"{INCOMING}/*") if _age(name) >= older_than]


def orphans(*, older_than: float = 0) -> Iterator[str]:
    """Names of stored inputs, pictures of mixes, artwork folders and empty folders that no row knows."""
    # The folders are listed before the rows are read: what settles in between is younger, not an orphan.
    yield from _unknown(_names("inputs/*/*"), JobInput.objects.all(), field="file", older_than=older_than)
    yield from _unknown(_names("mixes/*/*"), MixPicture.objects.all(), field="file", older_than=older_than)
    yield from _unknown(_names("artworks/*/*"), Artwork.objects.all(), field="folder", older_than=older_than)
    for name in (*_names("inputs/*"), *_names("mixes/*"), *_names("artworks/*")):
        if _is_empty(name) and _age(name) >= older_than:
            yield name


def _unknown(names: Iterable[str], rows, *, field: str, older_than: float) -> Iterator[str]:
    old = (name for name in names if _age(name) >= older_than)
    while batch := list(islice(old, ROWS_AT_ONCE)):
        known = set(rows.filter(**{f"{field}__in": batch}).values_list(field, flat=True))
        yield from (name for name in batch if name not in known)


def _is_empty(name: str) -> bool:
    """Whether nothing lies in it; a file where folders belong is as good as that."""
    try:
        return not any(path(name).iterdir())
    except NotADirectoryError:
        return True
    except FileNotFoundError:
        return False


def _names(pattern: str) -> list[str]:
    root = _root()
    return [str(place.relative_to(root)) for place in root.glob(pattern)]


def _age(name: str) -> float:
    """Seconds since it was written or moved; nothing, when it has gone meanwhile."""
    try:
        found = (_root() / name).stat()
    except FileNotFoundError:
        return -1.0
    return time.time() - max(found.st_mtime, found.st_ctime)


def _root() -> Path:
    return Path(settings.MEDIA_ROOT).resolve()


def _make_parents(place: Path) -> list[Path]:
    """Make the folders above a place; return the new ones."""
    missing = []
    folder = place.parent
    while not folder.exists():
        missing.append(folder)
        folder = folder.parent
    place.parent.mkdir(parents=True, exist_ok=True)
    return missing


def _clear_empty_parents(place: Path) -> None:
    """Remove empty folders above a deleted place, but not the first level below MEDIA_ROOT."""
    root = _root()
    for folder in place.parents:
        if folder.parent in (root, folder) or root not in folder.parents:
            return
        try:
            folder.rmdir()
        except FileNotFoundError:
            continue
        except OSError:
            return  # not empty


def _sync_all(part: Path) -> None:
    if part.is_dir():
        for inner in part.iterdir():
            _sync_all(inner)
    _sync(part)


def _sync(place: Path) -> None:
    handle = os.open(place, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
