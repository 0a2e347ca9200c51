"""Do the rows and the files still agree? Looks at everything, changes nothing.

Folders of the training studio that have no row are named and never deleted, not by a repair either: they may hold
days of work that an older copy of the database knows nothing of.
"""

import hashlib
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.db.models import Count, F, Q
from django.utils import timezone

from tfapp import files
from tfapp.models import Artwork, Job, JobInput, MixPicture
from tfapp.models.artwork import REPORTS_THAT_HIDE
from trainer import checkpoints
from trainer.models import Dataset, Run, Version

BLOCK = 2**20  # bytes read at a time
KEY = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")  # what folders of runs and datasets are called


@dataclass(frozen=True)
class Finding:
    """Something that should not be so: what kind of thing, which one, and what is wrong."""

    kind: str
    subject: str
    sentence: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.subject} {self.sentence}"


def findings(*, is_strict: bool) -> Iterator[Finding]:
    """All that is wrong. Strict: on a site at rest, where nothing can still be on its way."""
    age = 0 if is_strict else settings.INCOMING_KEEP_SECONDS
    yield from _inputs()
    yield from _artworks()
    yield from _states()
    yield from _leases()
    yield from _reports()
    yield from _trained()
    for folder in _folders_without_rows(older_than=age):
        yield Finding("folder without a row", str(folder), "is of no row here; it is never deleted by itself.")
    for name in files.orphans(older_than=age):
        yield Finding("file without a row", name, "belongs to nothing.")
    for name in files.leftovers(older_than=age):
        yield Finding("leftover", name, "was never finished.")


def _inputs() -> Iterator[Finding]:
    for kind, rows in (("input", JobInput.objects.order_by("job")), ("mix", MixPicture.objects.order_by("mix"))):
        for row in rows.iterator():
            if wrong := _compare(row.file, n_bytes=row.n_bytes, sha256=row.sha256):
                yield Finding(kind, row.file, wrong)


def _artworks() -> Iterator[Finding]:
    for row in Artwork.objects.order_by("pk").iterator():
        master = f"{row.folder}/master.png"
        if wrong := _compare(master, n_bytes=row.n_bytes, sha256=row.sha256):
            yield Finding("artwork", master, wrong)
        for width in row.thumbnails:
            for extension in ("avif", "webp", "jpg"):
                name = f"{row.folder}/{width}.{extension}"
                if not files.path(name).is_file():
                    yield Finding("artwork", name, "is missing.")


def _states() -> Iterator[Finding]:
    """A job has a result when it is done, and none otherwise. A second one the database itself refuses."""
    for key in Job.objects.filter(state=Job.State.DONE, artwork=None).values_list("pk", flat=True):
        yield Finding("job", str(key), "is done but has no artwork.")
    for key in Artwork.objects.exclude(job__state=Job.State.DONE).values_list("pk", flat=True):
        yield Finding("artwork", str(key), "belongs to a job that is not done.")
    for key in Artwork.objects.exclude(person=F("job__person")).values_list("pk", flat=True):
        yield Finding("artwork", str(key), "belongs to somebody else than its job.")
    stuck = Job.objects.filter(state=Job.State.QUEUED, cancel_requested_at__isnull=False)
    for key in stuck.values_list("pk", flat=True):
        yield Finding("job", str(key), "waits although it was cancelled.")


def _leases() -> Iterator[Finding]:
    """The reaper of any worker takes a job back soon after its lease ran out."""
    patience = timedelta(seconds=2 * settings.REAP_SECONDS)
    for job in Job.objects.expired().filter(lease_until__lt=timezone.now() - patience):
        yield Finding("job", str(job.pk), f"has a lease that ran out at {job.lease_until:%H:%M:%S} (UTC).")


def _reports() -> Iterator[Finding]:
    """What three voices reported is hidden until staff have looked."""
    counted = Artwork.objects.annotate(n_reports=Count("reports", filter=Q(reports__looked_at=None)))
    for key in counted.filter(n_reports__gte=REPORTS_THAT_HIDE, hidden_at=None).values_list("pk", flat=True):
        yield Finding("artwork", str(key), f"was reported {REPORTS_THAT_HIDE} times and is not hidden.")


def _trained() -> Iterator[Finding]:
    """What runs, datasets and versions need to have."""
    for run in Run.objects.filter(step__gt=0).iterator():
        if not run.folder.is_dir():
            yield Finding("run", str(run.pk), "has lost its folder.")
    for dataset in Dataset.objects.filter(state=Dataset.State.DONE).iterator():
        if not dataset.pictures.is_dir():
            yield Finding("dataset", str(dataset.pk), "has lost its pictures.")
    for version in Version.objects.order_by("pk").iterator():
        if wrong := _compare_weights(version):
            yield Finding("version", version.engine, wrong)


def _compare_weights(version: Version) -> str:
    try:
        found = checkpoints.hash_file(version.folder / checkpoints.WEIGHTS)
    except OSError:
        return "has lost its weights."
    return "" if found == version.sha256 else "has other weights than were published."


def _folders_without_rows(*, older_than: float) -> Iterator[Path]:
    """Of runs, datasets and versions, below the training folder."""
    root = Path(settings.TRAINING_ROOT)
    for name, kind in (("runs", Run), ("datasets", Dataset)):
        known = {str(key) for key in kind.objects.values_list("pk", flat=True)}
        found = [folder for folder in root.glob(f"{name}/*-*") if KEY.fullmatch(folder.name)]
        yield from (folder for folder in sorted(found) if folder.name not in known and _is_old(folder, older_than))
    versions = {version.folder for version in Version.objects.only("slug", "number")}
    for folder in sorted(root.glob("versions/[!.]*/[0-9]*")):
        if folder not in versions and _is_old(folder, older_than):
            yield folder


def _is_old(folder: Path, seconds: float) -> bool:
    try:
        return time.time() - folder.stat().st_mtime >= seconds
    except OSError:
        return False  # gone meanwhile


def _compare(name: str, *, n_bytes: int, sha256: str) -> str:
    """What is wrong with a file, or nothing."""
    path = files.path(name)
    try:
        n_found = path.stat().st_size
        digest = hashlib.sha256()
        with path.open("rb") as file:
            while block := file.read(BLOCK):
                digest.update(block)
    except FileNotFoundError:
        return "is missing."
    if n_found != n_bytes:
        return f"has {n_found} bytes instead of {n_bytes}."
    if digest.hexdigest() != sha256:
        return "does not match its checksum."
    return ""
