"""Which jobs a worker takes at once: the fairest, and where its engine paints together, those right behind it.

Nobody is passed over: the first job in line that is not like the others ends the batch.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass

from django.conf import settings
from django.db import Error as DatabaseTrouble

from tfapp import loading, workers
from tfapp.decoding import sizes
from tfapp.engines.base import EngineError, TogetherEngine
from tfapp.models import Job, JobInput, Worker

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Likeness:
    """What jobs have in common that may be painted at once."""

    engine: str
    size: tuple[int, int]  # width and height with which the photo is read
    parameters: tuple


def claim() -> list[Job]:
    """The jobs that are this worker's now, the fairest first; none where nothing waits."""
    first = _claim_next()
    if first is None:
        return []
    batch = [first]
    try:
        _claim_those_like_it(batch)
    except (DatabaseTrouble, EngineError) as error:  # what is claimed already is painted all the same
        log.warning("Nothing more is painted beside job %s: %r", first.pk, error)
    return batch


def _claim_those_like_it(batch: list[Job]) -> None:
    first = batch[0]
    engine = loading.get(first.engine) if first.engine in loading.loaded() else None
    if not hasattr(engine, "render_together") or (settings.TOGETHER or engine.n_together) == 1:
        return

    alike = _find_likeness(first, engine)
    n_wanted = _count_at_once(alike.size, engine) if alike else 1
    while len(batch) < n_wanted and (job := _claim_next(lambda other: _is_like(other, alike, engine))):
        batch.append(job)


def _claim_next(only_if: Callable[[Job], bool] | None = None) -> Job | None:
    name, coming, missing = workers.name(), loading.coming(), loading.missing()
    return Job.objects.claim_next(name, coming=coming, missing=missing, only_if=only_if)


def _is_like(job: Job, alike: Likeness, engine: TogetherEngine) -> bool:
    """A waiting one: its last worker may have died of a job that is still called running."""
    return job.state == Job.State.QUEUED and _find_likeness(job, engine) == alike


def _find_likeness(job: Job, engine: TogetherEngine) -> Likeness | None:
    """None for one that is painted alone: whatever failed before is, so that it takes nobody with it a second time."""
    inputs = {one.role: one for one in job.inputs.all()}
    if job.n_failures or "content" not in inputs or "mask" in inputs:
        return None
    parameters = tuple(job.parameters.get(name) for name in engine.alike)
    return Likeness(job.engine, _find_size(job, inputs["content"]), parameters)


def _find_size(job: Job, content: JobInput) -> tuple[int, int]:
    size = content.width, content.height
    return sizes.fit(size, job.parameters.get("size") or max(size))


def _count_at_once(size: tuple[int, int], engine: TogetherEngine) -> int:
    """As many as the device gains from and holds, and no more than this worker's share of the line."""
    width, height = size
    share = 1 + Job.objects.waiting().count() // max(1, Worker.objects.alive().count())
    return min(settings.TOGETHER or engine.n_together, engine.most_pixels // (width * height), share)
