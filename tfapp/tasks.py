"""The door to the worker: a bell comes in, a job goes out. TensorFlow begins behind the imports in these functions."""

import logging
from threading import Event

from celery import signals

from stylesite.celery import app, serves
from stylesite.lifecycle import stopping

log = logging.getLogger(__name__)


@app.task(name="tfapp.render_next")
def render_next() -> bool:
    """Claim the job that is fairest to run, and render it; False when there is none."""
    from tfapp import rendering

    return rendering.render_next()


def is_rendering() -> bool:
    """Whether this process is at it."""
    from tfapp import rendering

    return rendering.is_busy()


def wait_for_rendering(seconds: float) -> bool:
    """Wait until this process paints nothing; whether that came in time."""
    from tfapp import rendering

    return rendering.wait_until_idle(seconds)


def answer_proofs(has_left: Event) -> None:
    """Paint small trial pictures for those who mix, beside the jobs, until this worker has left."""
    from tfapp.proofs import serving

    serving.begin(has_left)


@signals.worker_init.connect
def enter(sender, **_context) -> None:
    """Celery's worker begins: before it hears a bell, it loads its engines and is there, or it ends."""
    if not serves(sender, "render"):
        return
    from tfapp import workers

    try:
        workers.enter()
    except Exception as error:  # noqa: BLE001 - Celery would log it, and go on with half a worker
        log.exception("This worker cannot begin.")
        raise SystemExit(1) from error


@signals.worker_shutting_down.connect
def ask_to_stop(**_context) -> None:
    """Celery's signal handler runs this: it only sets a flag."""
    stopping.ask()


@signals.worker_shutdown.connect
def leave(sender, **_context) -> None:
    """Celery's worker has ended its last task."""
    if not serves(sender, "render"):
        return
    from tfapp import workers

    workers.leave()
