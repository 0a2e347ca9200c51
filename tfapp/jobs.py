"""The stories of a job as the web tells them: ask for a picture, ask again, take it back; and put right what broke."""

import logging
import shutil
import uuid
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from django.db import transaction
from django.db.models.functions import Now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from tfapp import doorbell, files, images, limits, offers, previews
from tfapp.engines.base import EngineSpec
from tfapp.models import Artwork, Job, JobInput, Person
from tfapp.models.stored_picture import StoredPicture

INPUT_GONE = gettext_noop("The photo of this job is not there any more. Please send it again.")
NO_ROOM = gettext_noop("There was no room left to keep your picture. Please try again later.")

log = logging.getLogger(__name__)


def submit(
    person: Person,
    *,
    spec: EngineSpec,
    parameters: dict[str, Any],
    pictures: list[tuple[str, images.Picture]],
    shelf: dict[int, str],
) -> Job:
    """Ask for a picture: the job, its inputs and their files, or nothing at all. Raises limits.Exceeded.

    `pictures` are (role, picture); `shelf` says which styles, by position, are from the shelf.
    """
    job = Job(person_id=person.pk, kind=spec.kind, engine=spec.name, parameters=parameters)
    inputs = _inputs(job, pictures, shelf)

    with ExitStack() as undo:
        undo.callback(images.discard, [picture for _role, picture in pictures])
        undo.callback(files.remove, [_folder(job)])
        with transaction.atomic():
            limits.take_place(person)
            limits.take_from(person, "jobs")
            job.save(force_insert=True)
            JobInput.objects.bulk_create(inputs)
            for one, (_role, picture) in zip(inputs, pictures, strict=True):
                files.settle(picture.part, one.file)
            transaction.on_commit(undo.pop_all)  # first: the files belong to rows now, whatever happens to the bell
            transaction.on_commit(lambda: _announce([job.pk]), robust=True)
        undo.pop_all()
    return job


def retry(job: Job, *, parameters: dict[str, Any] | None = None) -> Job:
    """A new job with the inputs of one that failed or was cancelled, and its parameters unless others are given.

    Raises limits.Exceeded or images.Refused.
    """
    spec = available(job.engine)
    inputs = list(job.inputs.all())
    pictures = copies_of(inputs)
    shelf = {one.position: one.shelf for one in inputs if one.role == "style" and one.shelf}
    wanted = job.parameters if parameters is None else parameters
    return submit(job.person, spec=spec, parameters=wanted, pictures=pictures, shelf=shelf)


def copies_of(rows: Iterable[StoredPicture]) -> list[tuple[str, images.Picture]]:
    """The same pictures, with their roles, for something new. Raises images.Refused, and leaves nothing then."""
    pictures = []
    with ExitStack() as undo:
        undo.callback(lambda: images.discard([picture for _role, picture in pictures]))
        for one in rows:
            part = files.begin(".jpg")
            values = {"width": one.width, "height": one.height, "n_bytes": one.n_bytes, "sha256": one.sha256}
            pictures.append((one.role, images.Picture(part=part, label=one.label, **values)))
            _copy(files.path(one.file), part)
        undo.pop_all()
    return pictures


def available(name: str) -> EngineSpec:
    """An engine that can be had now. Raises images.Refused."""
    offer = next((offer for offer in offers.everything() if offer.spec.name == name), None)
    if offer is None:
        raise images.Refused(_("There is no such engine."), 409)
    if not offer.is_available:
        raise images.Refused(_("This engine is not available here. %(why)s") % {"why": offer.reason}, 409)
    return offer.spec


def remove(job: Job) -> None:
    """Delete a job with its inputs and its picture, whatever it is doing: a worker that paints it finds no row."""
    with transaction.atomic():
        row = Job.objects.select_for_update().filter(pk=job.pk).first()  # finishing waits, and then finds nothing
        if row is None:
            return
        names = [
            _folder(row),
            *previews.names(row, row.attempt),
            *Artwork.objects.filter(job=row).values_list("folder", flat=True),
        ]
        row.delete()
        files.remove_on_commit(names)


def ring(n: int = 1) -> bool:
    """Wake workers; False when nobody can have heard it. Workers without a bell look for themselves."""
    return doorbell.ring(n)


def reap() -> None:
    """Take jobs back from workers that fell silent. Any number of workers may do this at once."""
    for job in Job.objects.expired():
        if job.lose():
            log.warning("The lease of job %s ran out (attempt %d, %s).", job.pk, job.attempt, job.lease_owner)
            discard_attempt(job, job.attempt)


def announce_overdue() -> int:
    """Ring again for jobs that wait although no bell was heard; say how many they are."""
    overdue = list(Job.objects.overdue().values_list("pk", flat=True)[:100])
    if overdue:
        _announce(overdue)
    return len(overdue)


def discard_attempt(job: Job, attempt: int) -> None:
    """Delete what an attempt that came to nothing may have left on the disk."""
    result = job.result_id_of(attempt)
    files.remove([f"{files.INCOMING}/{result}.part", Artwork.folder_of(result), *previews.names(job, attempt)])


def _copy(source: Path, part: Path) -> None:
    try:
        shutil.copyfile(source, part)
    except FileNotFoundError as error:
        raise images.Refused(_(INPUT_GONE), 409) from error
    except OSError as error:
        log.exception("%s could not be copied.", source)
        raise images.Refused(_(NO_ROOM), 409) from error


def _announce(keys: list[uuid.UUID]) -> None:
    if ring(len(keys)):
        Job.objects.filter(pk__in=keys).update(announced_at=Now())


def _folder(job: Job) -> str:
    return f"inputs/{job.pk}"


def _inputs(job: Job, pictures: list[tuple[str, images.Picture]], shelf: dict[int, str]) -> list[JobInput]:
    inputs = []
    for role, picture in pictures:
        position = sum(one.role == role for one in inputs)
        inputs.append(
            JobInput(
                job=job,
                role=role,
                position=position,
                file=f"{_folder(job)}/{role}-{position}{picture.part.suffixes[0]}",
                width=picture.width,
                height=picture.height,
                n_bytes=picture.n_bytes,
                sha256=picture.sha256,
                label=picture.label,
                shelf=shelf.get(position, "") if role == "style" else "",
            )
        )
    return inputs
