"""The stories of probes: add one, take it away, have all of them painted; and the grid to choose a checkpoint by.

An uploaded picture is opened in quarantine alone, staff or not; one of the canvas goes the same way.
"""

import logging
import time
import uuid
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from trainer import checkpoints, quarantine, runs
from trainer.models import Probe, ProbeRound, Run
from trainer.models.labour import State
from trainer.models.probe import PAINTED, is_painted, name_painted, read_facts, ways_of

MOST_PROBES = 24  # that a run can have: each is painted by every checkpoint
INCOMING = ".incoming-"  # how names of files begin that are being looked at
LEFT_SECONDS = 3600  # what a killed process left of them is removed after so long
SIDE = 1024  # pixels; no network here is trained with more
LATELY = timedelta(minutes=5)
CLOCK_SECONDS = 2  # by which the database's clock and the disk's may differ
WAYS = {"": "", "AtoB": gettext_noop("A to B"), "BtoA": gettext_noop("B to A")}  # as people call them
MEASURES = ("l1", "ssim", "kid", "loss")

log = logging.getLogger(__name__)


class Refused(Exception):
    """It cannot be done; the message is a sentence for staff, in their language."""


@dataclass(frozen=True)
class Cell:
    """What one checkpoint made of one probe: a picture for each direction, a reason, or nothing yet."""

    probe: Probe
    pictures: tuple[tuple[str, str], ...] = ()  # directions that are painted, each with its title
    reason: str = ""
    is_missing: bool = True  # some direction is not painted, and nothing says why

    @property
    def is_painted(self) -> bool:
        return bool(self.pictures)


@dataclass(frozen=True)
class Row:
    """A checkpoint of the grid. One that is gone stays, to be looked at."""

    name: str
    step: int
    is_best: bool
    is_here: bool
    measures: list[tuple[str, float]]
    cells: list[Cell]
    stamp: str  # of the weights that painted: for addresses that a browser may keep


def add(run: Run, chunks: Iterable[bytes], *, kind: str, label: str = "", is_for_all: bool = False) -> Probe:
    """A new probe of a run, or of all runs. Raises Refused."""
    if kind not in suitable_kinds(run):
        raise Refused(_("The networks of this run cannot paint such a picture."))
    if Probe.objects.of(run).count() >= MOST_PROBES:
        raise Refused(_("There are %(n)d probes already. Take one away first.") % {"n": MOST_PROBES})
    probe = Probe(run=None if is_for_all else run, kind=kind, label=label)
    root = Path(settings.TRAINING_ROOT) / "probes"
    name = f"{INCOMING}{uuid.uuid4().hex}"
    source, target = root / f"{name}.source", root / f"{name}.png"
    try:
        root.mkdir(parents=True, exist_ok=True)
        _sweep(root)
        _receive(chunks, source)
        quarantine.clean_picture(source, target, longest_side=SIDE)  # takes seconds: before the transaction
        _keep(probe, target)
    except quarantine.Refused as error:
        raise Refused(_(str(error))) from error
    except OSError as error:
        log.warning("A probe could not be kept: %s", error)
        raise Refused(_("It could not be written: %(why)s.") % {"why": error.strerror or error}) from error
    finally:
        for path in (source, target):
            with suppress(OSError):
                path.unlink()
    return probe


def remove(probe: Probe) -> None:
    """The probe and what was painted of it."""
    key, path = probe.pk, probe.path
    folders = [probe.run.folder] if probe.run_id else [run.folder for run in Run.objects.all()]
    probe.delete()

    def clean() -> None:
        path.unlink(missing_ok=True)
        for painted in (found for folder in folders for found in _find_painted(folder, key)):
            painted.unlink(missing_ok=True)

    transaction.on_commit(clean)


def _find_painted(folder: Path, key: int) -> list[Path]:
    return [*folder.glob(f"{PAINTED}/*/{key}.*"), *folder.glob(f"{PAINTED}/*/{key}-*.png")]


def begin_wanted_rounds() -> None:
    """For runs at work, and those that have just ended: let new checkpoints paint. The training worker calls this."""
    lately = timezone.now() - LATELY
    for run in Run.objects.filter(Q(state=State.RUNNING) | Q(finished_at__gte=lately)):
        if wants_round(run):
            begin_round(run)


def wants_round(run: Run) -> bool:
    """Whether a checkpoint has probes to paint that are newer than the last round, and nobody is asked to.

    What that round could not paint is not tried again by itself.
    """
    last = run.rounds.order_by("created_at").first()
    if (last and last.is_active) or not Probe.objects.of(run).exists():
        return False
    since = last.started_at.timestamp() - CLOCK_SECONDS if last and last.started_at else 0
    return any(
        export.written_at > since or any(probe.created_at.timestamp() > since for probe in probes)
        for export, probes in ProbeRound(run=run).missing()
    )


def begin_round(run: Run) -> ProbeRound:
    """Let all that is missing be painted. A run has one round, which is queued again; one at work looks itself."""
    with transaction.atomic():
        Run.objects.select_for_update(of=("self",)).get(pk=run.pk)  # two who ask at once get one round
        found = run.rounds.order_by("created_at").first()
        if found is None:
            found = ProbeRound.objects.create(run=run, state=State.STOPPED)
    found.enqueue()
    runs.ring()
    return found


def suitable_kinds(run: Run) -> tuple[str, ...]:
    """What probes of a run can be: of its newest checkpoint, or before there is one, of its options."""
    exports = checkpoints.list_exports(run.folder)
    kinds = checkpoints.kinds_of(exports[0].config) if exports else _expected_kinds(run)
    return tuple(kind for kind in Probe.Kind.values if Probe(kind=kind).suits(kinds))


def grid(run: Run, probes: list[Probe]) -> list[Row]:
    """Checkpoints, newest first, with what they made of these probes; those that are gone but painted, too."""
    here = {export.name: export for export in checkpoints.list_exports(run.folder)}
    folder = run.folder / PAINTED
    names = {path.name for path in checkpoints.list_folders(folder)} | set(here)
    ways = ways_of(run.recipe)
    return [_row(folder / name, here.get(name), probes, ways) for name in sorted(names, reverse=True)]


def choose_row(run: Run, probes: list[Probe]) -> Row | None:
    """The row to show for a run: of its best checkpoint, else of its newest that has painted something."""
    rows = grid(run, probes)
    painted = [row for row in rows if any(cell.is_painted for cell in row.cells)]
    return next((row for row in painted if row.is_best), painted[0] if painted else None)


def _row(folder: Path, export: checkpoints.Export | None, probes: list[Probe], ways: tuple[str, ...]) -> Row:
    facts = read_facts(folder)
    is_current = export is None or facts.get("stamp") == export.stamp
    metrics = (export.config if export else facts).get("metrics", {})
    metrics = metrics if isinstance(metrics, dict) else {}
    return Row(
        name=folder.name,
        step=int(folder.name.removeprefix("step-")),
        is_best=bool(export and export.is_best),
        is_here=export is not None,
        measures=[(name, metrics[name]) for name in MEASURES if isinstance(metrics.get(name), int | float)],
        cells=[_cell(folder, probe, ways) if is_current else Cell(probe) for probe in probes],
        stamp=str(facts.get("stamp", "")),
    )


def _cell(folder: Path, probe: Probe, ways: tuple[str, ...]) -> Cell:
    try:
        reason = (folder / f"{probe.pk}.txt").read_text().strip()
    except OSError:
        reason = ""
    if reason:
        return Cell(probe, reason=_(reason), is_missing=False)
    painted = [way for way in ways if (folder / name_painted(probe.pk, way)).is_file()]
    titled = tuple((way, _(WAYS[way]) if way else "") for way in painted)
    return Cell(probe, pictures=titled, is_missing=not is_painted(folder, probe.pk, ways))


def _expected_kinds(run: Run) -> tuple[str, ...]:
    if run.recipe == "pix2pix":
        return ("sketch",) if run.options.get("condition_channels", 1) == 1 else ("photo", "sketch")
    return ("style",) if run.recipe == "adain" else ("photo",)


def _keep(probe: Probe, picture: Path) -> None:
    """The row and its picture, or neither."""
    try:
        with transaction.atomic():
            probe.save()
            picture.rename(probe.path)
    except BaseException:
        probe.path.unlink(missing_ok=True)
        raise


def _sweep(root: Path) -> None:
    """Remove what processes that were killed left half made. Another's may vanish meanwhile."""
    for left in root.glob(f"{INCOMING}*"):
        with suppress(OSError):
            if time.time() - left.stat().st_mtime > LEFT_SECONDS:
                left.unlink()


def _receive(chunks: Iterable[bytes], target: Path) -> None:
    n_bytes = 0
    with target.open("xb") as file:
        for chunk in chunks:
            n_bytes += len(chunk)
            if n_bytes > settings.UPLOAD_MAX_BYTES:
                raise Refused(_("This file is too large."))
            file.write(chunk)
