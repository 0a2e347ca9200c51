"""The picture of a job while it is painted: one small file an attempt, whole or not there, that goes when it ends.

It lies where things are being written, so that whoever clears those away clears it too.
"""

import logging
from collections.abc import Callable

import numpy as np

from tfapp import files, images
from tfapp.models import Job

log = logging.getLogger(__name__)


def show(job: Job, picture: Callable[[], np.ndarray]) -> None:
    """Keep what can be seen by now. That it does not work is no reason to stop painting."""
    shown, part = map(files.path, names(job, job.attempt))
    try:
        part.parent.mkdir(parents=True, exist_ok=True)
        images.write_preview(picture(), shown, part=part)
    except Exception:  # noqa: BLE001 - the engine's own function, and a disk that may be full
        log.exception("Job %s cannot be shown while it is painted.", job.pk)


def clear(job: Job) -> None:
    """There is nothing on the way any more."""
    files.remove(names(job, job.attempt))


def name(job: Job) -> str:
    """The name of the file below MEDIA_ROOT, if there may be one."""
    return names(job, job.attempt)[0]


def version(job: Job) -> str:
    """Tells one preview from the next; empty where there is none."""
    try:
        return str(files.path(name(job)).stat().st_mtime_ns) if job.state == Job.State.RUNNING else ""
    except FileNotFoundError:
        return ""


def names(job: Job, attempt: int) -> list[str]:
    """All that an attempt may have lying about: the preview, and the one that is being written."""
    place = f"{files.INCOMING}/{job.result_id_of(attempt)}.preview.jpg"
    return [place, f"{place}.part"]
