"""The stories of a dataset: upload it piece by piece, take it from a folder, draw edges of it, delete it.

What is slow or touches strangers' bytes is done by a child of the training worker: `manage.py dataset --check`.
"""

import fcntl
import json
import logging
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import timedelta
from functools import partial
from pathlib import Path

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import ProtectedError
from django.db.models.functions import Coalesce, Now
from django.utils.translation import gettext as _

from trainer import folders, runs
from trainer.datasets import archives, edge_options, layouts
from trainer.models import Dataset
from trainer.models.labour import State

SPARE_BYTES = 2**30  # that a new dataset must leave free on the disk
UNPACKED = 2  # times its archive: that, and its pictures
GONE = "gone-"  # how the name of a deleted dataset's folder begins
COVER = "cover"  # the first preview: the pictures at a glance
DRAWN_FROM = (Dataset.Kind.PICTURES, Dataset.Kind.CAPTIONED)
PREVIEW_SECONDS = 30
BUSY_SECONDS = 2  # a request for a preview waits at most so long for its turn: it holds a thread of the web server
LOCK_SECONDS = 5

log = logging.getLogger(__name__)
_one_preview = threading.BoundedSemaphore(1)  # in this process: each is a process of its own, and not a small one


class Refused(Exception):
    """It cannot be done; the message is a sentence for staff, in their language."""


class Busy(Refused):
    """Not now; in a moment it can be."""


class WrongOffset(Refused):
    """A piece does not begin where the last one ended; `offset` says where that was."""

    def __init__(self, offset: int):
        super().__init__(_("Go on at byte %(offset)d.") % {"offset": offset})
        self.offset = offset


def begin(
    *, title: str, kind: str, licence: str, source: str, n_bytes: int, owner: User | None = None, label: str = ""
) -> Dataset:
    """A dataset whose archive of `n_bytes` will come piece by piece. Raises Refused."""
    if n_bytes < 1:
        raise Refused(_("This archive is empty."))
    if n_bytes > settings.DATASET_MAX_BYTES:
        values = {"gigabytes": settings.DATASET_MAX_BYTES // 2**30}
        raise Refused(_("This archive is larger than %(gigabytes)d GB.") % values)
    _check_room(n_bytes * UNPACKED)
    facts = _describe(title, kind, licence, source)
    dataset = Dataset(
        **facts, label=archives.clean_label(label)[:120], owner=owner, state=State.COMING, n_bytes=n_bytes
    )
    dataset.save(force_insert=True)
    return dataset


def receive(dataset: Dataset, data: bytes, offset: int) -> int:
    """Keep a piece of the archive; how much has come by now. With the last piece, checking begins.

    Raises WrongOffset where it does not begin at the end of what has come, Refused where it is too much.
    A piece is on the disk before it counts. Two senders at once get one archive: one of them is told WrongOffset.
    """
    with _receiving(dataset) as file:
        dataset.refresh_from_db()
        if dataset.state != State.COMING:
            raise Refused(_("This dataset has come already, or was deleted."))
        if offset != dataset.n_received:
            raise WrongOffset(dataset.n_received)
        n_received = offset + len(data)
        if n_received > dataset.n_bytes:
            raise Refused(_("This is more than was announced."))
        _keep(file, data, offset)
        rows = Dataset.objects.filter(pk=dataset.pk, state=State.COMING, n_received=offset)
        with transaction.atomic():
            if not rows.update(n_received=n_received, heartbeat_at=Now()):
                dataset.refresh_from_db()
                raise WrongOffset(dataset.n_received)
            dataset.refresh_from_db()
            if n_received == dataset.n_bytes:
                dataset.enqueue()  # the child renames the archive: no file moves in a transaction
                runs.ring()
    return n_received


def take_folder(
    path: Path | str, *, title: str, kind: str, licence: str, source: str, owner: User | None = None
) -> Dataset:
    """A dataset made of a folder or a ZIP on the server, which stays as it is. Raises Refused."""
    place = Path(path).expanduser().absolute()
    if not (place.is_dir() or place.is_file()):
        raise Refused(_("There is no folder or file %(path)s.") % {"path": place})
    if Path(settings.TRAINING_ROOT) in (place, *place.parents):
        raise Refused(_("This folder belongs to the studio itself."))
    _check_room(_weigh(place))
    facts = _describe(title, kind, licence, source)
    dataset = Dataset(
        **facts, label=archives.clean_label(place.name)[:120], server_folder=str(place), owner=owner, queued_at=Now()
    )
    dataset.save(force_insert=True)
    dataset.refresh_from_db()
    runs.ring()
    return dataset


def derive_edges(dataset: Dataset, *, title: str, options: dict, owner: User | None = None) -> Dataset:
    """Pairs of a line drawing and the picture, made of a dataset of pictures. Raises Refused.

    `options` are a flat dictionary of those in datasets/edge_options.py.
    """
    _check_edge_options(options)
    if dataset.kind not in DRAWN_FROM:
        raise Refused(_("Edges are drawn of plain pictures; this dataset holds pairs or two collections."))
    if dataset.state != State.DONE:
        raise Refused(_("This dataset is not ready yet."))
    _check_room(_weigh(dataset.pictures) * UNPACKED)
    facts = _describe(title, Dataset.Kind.PAIRS, dataset.licence, dataset.source)
    made = Dataset(**facts, origin=dataset, recipe={"edges": options}, owner=owner, queued_at=Now())
    made.save(force_insert=True)
    made.refresh_from_db()
    runs.ring()
    return made


def list_previews(dataset: Dataset) -> list[str]:
    """What there is to look at: the cover, then a sheet for each recipe that can read it, named by the recipe."""
    names = (COVER, *layouts.RECIPES.get(dataset.kind, (layouts.PLAIN,)))
    return [name for name in names if (dataset.folder / "previews" / f"{name}.png").exists()]


def preview(dataset: Dataset, n: int) -> bytes:
    """A PNG, the n-th of `list_previews`: the very crops and flips that training will see. Raises Refused."""
    names = list_previews(dataset)
    if not 0 <= n < len(names):
        raise Refused(_("There is no such preview."))
    return (dataset.folder / "previews" / f"{names[n]}.png").read_bytes()


def preview_edges(dataset: Dataset, options: dict, *, seconds: float = PREVIEW_SECONDS) -> bytes:
    """A PNG: three pictures, and each step from there to a drawing by hand. Raises Refused, or Busy.

    Its columns: see EDGE_STEPS in datasets/edge_options.py.
    """
    _check_edge_options(options)
    if dataset.kind not in DRAWN_FROM or dataset.state != State.DONE:
        raise Refused(_("This dataset has no plain pictures to draw."))
    if not _one_preview.acquire(timeout=min(seconds, BUSY_SECONDS)):
        raise Busy(_("Another preview is being drawn. Try again in a moment."))
    try:
        with tempfile.TemporaryDirectory(prefix="stylesite-preview-") as folder:
            return _draw_preview(dataset, options, Path(folder, "preview.png"), seconds)
    finally:
        _one_preview.release()


def check_again(dataset: Dataset) -> bool:
    """Let one that failed or was stopped be looked at again; False where it waits, runs or is ready."""
    if dataset.state not in (State.FAILED, State.STOPPED, State.PAUSED):
        return False
    _check_room(dataset.n_bytes)
    has_happened = dataset.enqueue()
    runs.ring()
    return has_happened


def delete(dataset: Dataset) -> None:
    """The row and its folder. Raises Refused while runs were made with it, or edges are being drawn of it."""
    with ExitStack() as undo, transaction.atomic():
        row = Dataset.objects.select_for_update(of=("self",)).filter(pk=dataset.pk).first()
        if row is None:
            return
        names = list(row.runs.values_list("title", flat=True)[:3])
        if names:
            raise Refused(_("Runs were made with it: %(runs)s. Delete those first.") % {"runs": ", ".join(names)})
        if row.made_of_it.active().exists():
            raise Refused(_("Edges are being drawn of it. Wait until they are, or delete those first."))
        try:  # in one step, so that a child that is still at it finds nothing to write into
            aside = undo.enter_context(folders.set_aside(row.folder, GONE))
            row.delete()
        except OSError as error:
            raise Refused(_("Its folder could not be moved away: %(why)s") % {"why": error}) from error
        except ProtectedError as error:  # started since we looked
            raise Refused(_("A run was just started with it. Delete that first.")) from error
        transaction.on_commit(partial(_remove, aside))


def sweep() -> int:
    """Delete uploads that nobody went on with, and what deleting left behind; say how many. Once an hour is enough.

    A folder that bears the key of a dataset, and has no row, is left alone: see `runs.sweep`.
    """
    long_ago = Now() - timedelta(seconds=settings.DATASET_KEEP_SECONDS)
    abandoned = Dataset.objects.annotate(touched_at=Coalesce("heartbeat_at", "created_at"))
    n_swept = 0
    for dataset in abandoned.filter(state=State.COMING, touched_at__lte=long_ago):
        with suppress(Refused):
            delete(dataset)
            n_swept += 1
    for folder in (Path(settings.TRAINING_ROOT) / "datasets").glob(f"{GONE}*"):
        n_swept += runs.clear_away(folder, Dataset)
    if n_swept:
        log.info("Swept away %d abandoned datasets.", n_swept)
    return n_swept


def _check_edge_options(options):
    try:
        edge_options.read(options)
    except ValueError as error:
        raise Refused(_(str(error))) from error


def _describe(title, kind, licence, source):
    if kind not in Dataset.Kind.values:
        raise Refused(_("A dataset is one of %(kinds)s.") % {"kinds": ", ".join(Dataset.Kind.values)})
    if not (title.strip() and licence.strip() and source.strip()):
        raise Refused(_("A dataset needs a title, a licence and a source."))
    return {"title": title.strip()[:80], "kind": kind, "licence": licence.strip()[:120], "source": source.strip()[:300]}


def _check_room(n_bytes):
    """The disk must hold that much more, and some to spare."""
    root = Path(settings.TRAINING_ROOT)
    root.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(root).free
    if free < n_bytes + SPARE_BYTES:
        values = {"free": f"{free / 2**30:.1f}", "needed": f"{(n_bytes + SPARE_BYTES) / 2**30:.1f}"}
        raise Refused(_("There is not enough room: %(needed)s GB are needed, %(free)s GB are free.") % values)


def _weigh(place):
    """The bytes of a file, or of all files in a folder."""
    if place.is_file():
        return place.stat().st_size
    return sum(entry.lstat().st_size for entry in place.rglob("*") if not entry.is_dir())


@contextmanager
def _receiving(dataset: Dataset) -> Iterator[int]:
    """The file that the archive goes into, ours alone for a moment. Deleted meanwhile, it leaves no folder."""
    is_gone = Refused(_("This dataset has come already, or was deleted."))
    if not Dataset.objects.filter(pk=dataset.pk, state=State.COMING).exists():
        raise is_gone
    try:
        dataset.folder.mkdir(parents=True, exist_ok=True)
        with _held(dataset.arriving) as descriptor:
            yield descriptor
    except FileNotFoundError as error:
        raise is_gone from error
    except Dataset.DoesNotExist as error:
        shutil.rmtree(dataset.folder, ignore_errors=True)  # ours, made after the deleted one was set aside
        raise is_gone from error


@contextmanager
def _held(path: Path) -> Iterator[int]:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        until = time.monotonic() + LOCK_SECONDS
        while not _lock(descriptor):
            if time.monotonic() > until:
                raise Refused(_("Another window is sending this archive."))
            time.sleep(0.05)
        yield descriptor
    finally:
        os.close(descriptor)


def _lock(descriptor):
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _keep(descriptor, data, offset):
    try:
        view = memoryview(data)
        while view:
            n_written = os.pwrite(descriptor, view, offset)
            view, offset = view[n_written:], offset + n_written
        os.fsync(descriptor)
    except OSError as error:
        log.error("A piece of an archive could not be kept: %s", error)
        raise Refused(_("There is no room left on the disk. Free some, then go on.")) from error


def _draw_preview(dataset, options, path, seconds):
    command = [sys.executable, "manage.py", "dataset", "--preview-edges", str(dataset.pictures)]
    command += ["--options", json.dumps(options), "--out", str(path)]
    try:
        done = subprocess.run(
            command,
            cwd=settings.BASE_FOLDER,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise Refused(_("Drawing the preview took too long.")) from error
    if done.returncode or not path.exists():
        said = done.stderr.decode(errors="replace").strip().splitlines()
        log.warning("A preview of edges could not be drawn: %s", said[-1:] or done.returncode)
        raise Refused(_("The preview could not be drawn."))
    return path.read_bytes()


def _remove(aside: Path) -> None:
    try:
        shutil.rmtree(aside)
    except FileNotFoundError:
        return
    except OSError:
        log.exception("Could not delete %s; the sweeper will try again.", aside)
