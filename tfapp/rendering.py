"""From a job to its artwork: read the inputs, let the engine paint, keep the picture. Only workers come here."""

import errno
import logging
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass
from functools import partial

import numpy as np
from django.db import Error as DatabaseTrouble
from django.db import close_old_connections, transaction
from django.db.models import F
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_noop

from stylesite import turns
from stylesite.lifecycle import stopping
from tfapp import engines, files, glances, images, jobs, loading, posters, previews, together
from tfapp.decoding import sizes
from tfapp.engines.base import Engine, EngineError, Inputs, PosterEngine, Rows
from tfapp.models import Artwork, EngineStatus, Job, JobInput
from tfapp.models.waiting_line import SKETCH_MEGAPIXELS
from tfapp.watching import Stopped, Watch

STYLE_SIDE = 1024  # pixels: nobody needs more of a style picture
POSTER_MASK_SIDE = 1024
READ_SHARE, PAINTED_SHARE = 0.03, 0.93  # of the progress that is told
NEW_WEIGHT = 0.2  # of the last picture in an engine's average time
OUT_OF_MEMORY = "ResourceExhaustedError"  # TensorFlow's, which nobody imports here
NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}

NO_MEMORY = gettext_noop("This picture needs more memory than there is here. A smaller size may help.")
BROKEN = gettext_noop("Something broke while this picture was painted. Another photo or another engine may help.")

log = logging.getLogger(__name__)
_one_at_a_time = threading.Lock()  # a device paints one picture; Celery's thread and the one that looks around share it


@dataclass(frozen=True)
class Painted:
    """A picture of so many that were painted at once, and its share of the seconds that took."""

    picture: np.ndarray
    seconds: float
    n_together: int


def render_next() -> bool:
    """Claim the job that is fairest to run, and those to be painted with it, and render them; False without any."""
    with _one_at_a_time:
        batch = [] if stopping else together.claim()
        if len(batch) > 1:
            render_together(batch)
        else:
            for job in batch:
                render(job)
        return bool(batch)


def is_busy() -> bool:
    """Whether this process is painting."""
    return _one_at_a_time.locked()


def wait_until_idle(seconds: float) -> bool:
    """Wait until nothing is painted here; whether that came in time."""
    is_idle = _one_at_a_time.acquire(timeout=seconds)
    if is_idle:
        _one_at_a_time.release()
    return is_idle


def render_together(batch: list[Job]) -> None:
    """Render claimed jobs that can be painted at once. Whatever goes wrong with that, each is then rendered alone.

    Trouble with the database is told when each was tried: what was in the way of one need not be in that of the next.
    """
    trouble = None
    with ExitStack() as watching:
        watches: list[Watch] = []
        for job in batch:
            watches.append(watching.enter_context(Watch(job, behind=watches[-1] if watches else None)))
        painted = _paint_together(batch, watches)
        for job, watch in zip(batch, watches, strict=True):
            try:
                close_old_connections()  # the database may have hung up while the others were painted
                render(job, watch, painted.pop(job, None))
            except DatabaseTrouble as error:
                trouble = error
    if trouble:
        raise trouble


def render(job: Job, watch: Watch | None = None, painted: Painted | None = None) -> Artwork | None:
    """Render a claimed job. However that ends, the row says so, and nothing is left of an attempt that failed.

    Of a batch the job is watched already, and its picture may be painted.
    """
    if job.attempt > 1:
        jobs.discard_attempt(job, job.attempt - 1)
    artwork = None
    try:
        artwork = _paint_and_keep(job, watch or Watch(job), painted)
    except Stopped:
        log.info("Job %s was stopped.", job.pk)
    except EngineError as error:
        job.fail(str(error.message), code="engine", is_permanent=error.permanent)
    except DatabaseTrouble:
        raise  # nothing can be written now: the lease runs out, and the job is taken again
    except Exception as error:  # noqa: BLE001 - whatever a network does with a picture, the worker goes on
        sentence, code, is_permanent = _explain(error)
        log.exception("Job %s failed (%s).", job.pk, code)
        job.fail(sentence, code=code, is_permanent=is_permanent)
    if artwork is None:
        jobs.discard_attempt(job, job.attempt)
    else:
        previews.clear(job)
    return artwork


def _paint_together(batch: list[Job], watches: list[Watch]) -> dict[Job, Painted]:
    """The pictures of those that are still wanted; none where that fails, for whatever reason."""
    try:
        with turns.hold():
            engine = loading.get(batch[0].engine)
            inputs = [_read_whole(job, _find_content(job)) for job in batch]
            wanted = [i for i, watch in enumerate(watches) if not watch.is_over]
            progress = partial(_tell_all, watches)
            progress(0.0)
            started = time.perf_counter()
            pictures = engine.render_together([inputs[i] for i in wanted], progress)
            seconds = (time.perf_counter() - started) / len(wanted)
        n = len(wanted)
        painted = {batch[i]: Painted(picture, seconds, n) for i, picture in zip(wanted, pictures, strict=True)}
    except (Stopped, DatabaseTrouble):  # each of them finds out for itself
        return {}
    except Exception as error:  # noqa: BLE001 - whatever it is, whose job it is shows when each is painted alone
        log.warning("%d jobs could not be painted at once (%r), and are painted one by one.", len(batch), error)
        return {}
    log.info("Painted %d pictures at once, in %.2f s each.", len(wanted), seconds)
    return painted


def _tell_all(watches: list[Watch], share: float, *_show) -> None:
    """The same share of each. Raises Stopped when none of them is wanted any more."""
    for watch in watches:
        with suppress(Stopped):
            _tell(watch, share)
    if all(watch.is_over for watch in watches):
        raise Stopped


def _paint_and_keep(job: Job, watch: Watch, painted: Painted | None) -> Artwork | None:
    with turns.hold(), watch:
        if painted:
            watch.tell(PAINTED_SHARE)
            stored, seconds = images.store_artwork(painted.picture, name=str(job.result_id)), painted.seconds
        else:
            watch.tell(0.0)
            stored, seconds = _paint(job, watch)
        watch.check()
    return _keep(job, stored, seconds=seconds, n_together=painted.n_together if painted else 1)


def _paint(job: Job, watch: Watch) -> tuple[images.StoredArtwork, float]:
    """Alone; and the seconds inside the engine."""
    engine = loading.get(job.engine)
    content = _find_content(job)
    size = (content.width, content.height) if content else (0, 0)
    if content is not None and posters.is_one(engine, size, job.parameters.get("size")):
        return _paint_poster(job, engine, watch, content)
    return _paint_piece(job, engine, watch, content)


def _paint_piece(
    job: Job, engine: Engine, watch: Watch, content: JobInput | None
) -> tuple[images.StoredArtwork, float]:
    inputs = _read_whole(job, content)
    watch.tell(READ_SHARE)

    started = time.perf_counter()
    picture = engine.render(inputs, partial(_tell, watch))
    seconds = time.perf_counter() - started
    watch.tell(PAINTED_SHARE)
    return images.store_artwork(picture, name=str(job.result_id)), seconds


def _paint_poster(job: Job, engine: PosterEngine, watch: Watch, content: JobInput):
    """The same a few rows at a time: only while its photo is unpacked is that in memory in one piece, as bytes."""
    clock = posters.Clock()
    with posters.open_photo(files.path(content.file), job.parameters.get("size")) as photo:
        watch.tell(READ_SHARE)
        rows = engine.render_rows(_read(job, photo), partial(_tell, watch), files.incoming())
        with closing(rows):
            stored = posters.store(clock.time(rows), photo.shape, name=str(job.result_id))
    return stored, clock.seconds


def _tell(watch: Watch, share: float, picture: Callable[[], np.ndarray] | None = None) -> None:
    watch.tell(READ_SHARE + (PAINTED_SHARE - READ_SHARE) * min(max(share, 0.0), 1.0), picture)


def _find_content(job: Job) -> JobInput | None:
    return job.inputs.filter(role="content").first()


def _read_whole(job: Job, content: JobInput | None) -> Inputs:
    """Its pictures, the photo in one piece."""
    return _read(job, images.read(files.path(content.file), job.parameters.get("size")) if content else None)


def _read(job: Job, content: np.ndarray | Rows | None) -> Inputs:
    rows = list(job.inputs.all())
    sketch = next((row for row in rows if row.role == "sketch"), None)
    masks = [files.path(row.file) for row in rows if row.role == "mask"]
    return Inputs(
        content=content,
        masks=glances.read_masks(masks, _size_of_masks(content)) if content is not None else None,
        styles=tuple(images.read(files.path(row.file), STYLE_SIDE) for row in rows if row.role == "style"),
        sketch=images.read(files.path(sketch.file)) if sketch else None,
        parameters=job.parameters,
    )


def _size_of_masks(content: np.ndarray | Rows) -> tuple[int, int]:
    """Height and width: the photo's own; of a poster smaller, for soft edges need no more."""
    height, width = content.shape[:2]
    if isinstance(content, np.ndarray):
        return height, width
    width, height = sizes.fit((width, height), POSTER_MASK_SIDE)
    return height, width


def _keep(job: Job, stored: images.StoredArtwork, *, seconds: float, n_together: int) -> Artwork | None:
    """The files go to their place, where nobody looks; one transaction says `done` and makes the artwork."""
    key = job.result_id
    folder = Artwork.folder_of(key)
    files.settle(stored.part, folder)
    close_old_connections()  # the database may have hung up while the engine painted
    with transaction.atomic():
        if not job.finish(seconds=seconds):
            job.cancel()
            log.info("Job %s (attempt %d) came too late.", job.pk, job.attempt)
            return None
        artwork = Artwork.objects.create(
            pk=key,
            job=job,
            person_id=Job.objects.values_list("person", flat=True).get(pk=job.pk),  # visitors sign up meanwhile
            kind=job.kind,
            engine=job.engine,
            parameters=job.parameters,
            width=stored.width,
            height=stored.height,
            folder=folder,
            n_bytes=stored.n_bytes,
            sha256=stored.sha256,
            thumbnails=stored.thumbnails,
        )
    megapixels = SKETCH_MEGAPIXELS if job.kind == "sketch" else stored.width * stored.height / 1e6
    if not engines.measure_work(job.engine, job.parameters, 0):  # else most of the time was not for its size
        speed = seconds / engines.measure_work(job.engine, job.parameters, megapixels)
        _remember_speed(job.engine, speed, weight=NEW_WEIGHT / n_together)  # a batch counts as one picture
    log.info("Job %s is done: %d × %d in %.2f s.", job.pk, stored.width, stored.height, seconds)
    return artwork


def _remember_speed(engine: str, speed: float, *, weight: float) -> None:
    """The moving average of seconds a megapixel with usual settings: what a visitor is told to expect."""
    average = Coalesce(F("seconds_per_megapixel") * (1 - weight) + speed * weight, speed)
    EngineStatus.objects.filter(engine=engine).update(seconds_per_megapixel=average)


def _explain(error: Exception) -> tuple[str, str, bool]:
    """What the visitor is told, a code, and whether trying again is pointless."""
    if isinstance(error, MemoryError) or type(error).__name__ == OUT_OF_MEMORY:
        return NO_MEMORY, "memory", False
    if isinstance(error, FileNotFoundError):
        return jobs.INPUT_GONE, "input", True
    if isinstance(error, OSError) and error.errno in NO_ROOM:
        return jobs.NO_ROOM, "disk", False
    return BROKEN, "broken", False
