"""What every worker does around its jobs: say that it is there, take back what others lost, and leave politely."""

import logging
import os
import secrets
import signal
import socket
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from functools import cache

from django.conf import settings
from django.db import Error as DatabaseTrouble
from django.db import close_old_connections, connection
from django.db.models.functions import Now

from stylesite import lifecycle
from stylesite.lifecycle import stopping
from tfapp import files, jobs, limits, loading, mixes, people, tasks
from tfapp.models import Job, Worker
from tfapp.watching import EXIT_SECONDS
from trainer.models import Version

SWEEP_SECONDS = 3600
REPORT_SECONDS = 600
NEW_SECONDS = 2  # a version that was published is looked at so soon
MOST_BELLS = 100
TROUBLE_SECONDS = 1  # a database that is gone is not asked, nor written about, ten times a second
FORGET_SECONDS = 24 * 3600  # a worker that was not seen so long will not come back under its name

log = logging.getLogger(__name__)
_has_left = threading.Event()


@cache
def name() -> str:
    """This process, among all workers there ever were."""
    return f"{_name_on_this_host(os.getpid())}{secrets.token_hex(4)}"


def forget(pid: int) -> None:
    """A worker of this machine is known to be dead: nobody need wait to find out. Its leases run out as always."""
    try:
        Worker.objects.filter(name__startswith=_name_on_this_host(pid)).delete()
    except DatabaseTrouble as error:
        log.warning("The database does not hear that a worker is dead: %s", error)
    connection.close()


def enter() -> None:
    """Load what is not loaded yet, tell everybody which engines there are, and begin to be there.

    Engines that must be fetched come later, while the others paint.
    """
    _has_left.clear()
    if not lifecycle.is_worker():  # a Celery worker that somebody started by hand
        loading.preload(settings.PRELOAD or settings.ENGINES)
    loading.report(is_alone=_is_alone(), known_only=True)
    jobs.reap()
    _say_that_i_am_here()
    _every(settings.HEARTBEAT_SECONDS, _say_that_i_am_here)
    _every(settings.REAP_SECONDS, look_around)
    _every(REPORT_SECONDS, _report, at_once=True)
    _every(NEW_SECONDS, _report_new)
    _every(SWEEP_SECONDS, _tidy_up)
    tasks.answer_proofs(_has_left)
    log.info("A worker is ready (%s).", name())


def leave() -> None:
    """Be there no more."""
    _has_left.set()
    try:
        Worker.objects.filter(name=name()).delete()
    except DatabaseTrouble as error:
        log.warning("The database does not hear that this worker leaves: %s", error)
    connection.close()
    tasks.wait_for_rendering(EXIT_SECONDS + 1)  # beside Celery's own thread, the one that looks around may be at it


def poll() -> None:
    """Work until asked to stop, looking for jobs in the database: the way without Redis."""
    enter()
    while not stopping:
        try:
            close_old_connections()
            found = tasks.render_next()
        except DatabaseTrouble as error:
            log.warning("The database gave trouble (%s); trying again.", error)
            found = False
            time.sleep(TROUBLE_SECONDS)
        if not found:
            time.sleep(settings.POLL_SECONDS)
    leave()


def look_around() -> None:
    """Take back lost jobs. An idle worker also rings for jobs whose bell was lost, and starts with them itself."""
    jobs.reap()
    if settings.REDIS_URL and not stopping and not tasks.is_rendering() and jobs.announce_overdue():
        while not stopping and tasks.render_next():
            pass


def _name_on_this_host(pid: int) -> str:
    return f"{socket.gethostname()[:60]}:{pid}:"


def _say_that_i_am_here() -> None:
    Worker.objects.update_or_create(name=name(), defaults={"seen_at": Now(), "device": settings.DEVICE[:40]})
    if lifecycle.is_orphan() and not stopping:
        log.warning("The process that kept this worker is gone; the worker stops.")
        os.kill(os.getpid(), signal.SIGTERM)  # Celery, too, must hear of it


def _is_alone() -> bool:
    return not Worker.objects.alive().exclude(name=name()).exists()


def _report() -> None:
    """Fetch and try again what is missing; then wake workers for jobs that may have waited for just that."""
    loading.report(is_alone=_is_alone())
    if settings.REDIS_URL and (n_waiting := Job.objects.waiting().count()):
        jobs.ring(min(n_waiting, MOST_BELLS))


def _report_new() -> None:
    """Only the first question is asked while nothing is new."""
    if Version.objects.unknown().exists():
        loading.report_new(is_alone=_is_alone())


def _tidy_up() -> None:
    files.sweep()
    limits.forget()
    mixes.tidy()
    people.tidy()
    Worker.objects.filter(seen_at__lt=Now() - timedelta(seconds=FORGET_SECONDS)).delete()


def _every(seconds: float, function: Callable[[], None], *, at_once: bool = False) -> None:
    """Call it again and again in a thread of its own, until this worker leaves."""

    def run() -> None:
        pause = 0 if at_once else seconds
        while not _has_left.wait(pause):
            pause = seconds
            try:
                close_old_connections()
                function()
            except DatabaseTrouble as error:
                log.warning("%s did not work: %s", function.__name__, error)
            except Exception:  # noqa: BLE001 - nobody starts this thread again
                log.exception("%s broke; it is tried again.", function.__name__)
        connection.close()

    threading.Thread(target=run, name=function.__name__, daemon=True).start()
