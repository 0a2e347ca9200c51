"""The training worker: it claims runs and errands, has child processes do them, and tells the rows how they ended.

It loads no networks: children do, which can die, hang, run out of memory and be killed, and cost it nothing.
"""

import logging
import os
import secrets
import signal
import socket
import threading
import time
from functools import cache

from django.conf import settings
from django.db import Error as DatabaseTrouble
from django.db import close_old_connections, connection

from stylesite import lifecycle
from stylesite.lifecycle import stopping
from trainer import collections, probing, runs
from trainer.attempts import KILL_SECONDS, Attempt
from trainer.models import Dataset, ProbeRound, Run

SLOTS = {"run": (Run,), "errand": (Dataset, ProbeRound)}  # one of each at a time
LOOK_SECONDS = 0.5
GIVE_UP_SECONDS = KILL_SECONDS + 5  # after being asked to stop
SWEEP_SECONDS = 3600
TROUBLE_SECONDS = 2  # a database that is gone is not asked, nor written about, twice a second

log = logging.getLogger(__name__)
_has_left = threading.Event()
_one_at_a_time = threading.Lock()  # Celery's thread and the one that looks around are one worker
_in_hand: dict[str, Attempt] = {}
_beside: threading.Thread | None = None  # what began without a bell
_swept_at = -SWEEP_SECONDS  # at the first look too


@cache
def name() -> str:
    """This process, among all workers there ever were."""
    return f"{socket.gethostname()[:60]}:{os.getpid()}:train:{secrets.token_hex(4)}"


def enter() -> None:
    """Take back what others lost, and begin to look around."""
    _has_left.clear()
    threading.Thread(target=_keep_looking_around, name="look_around", daemon=True).start()
    log.info("A training worker is ready (%s).", name())


def leave() -> None:
    """Be there no more; the children have ended."""
    _has_left.set()
    with _one_at_a_time:
        connection.close()


def poll() -> None:
    """Work until asked to stop, looking for work in the database: the way without Redis."""
    enter()
    while not stopping:
        work()
        time.sleep(LOOK_SECONDS)
    leave()


def work(*, is_patient: bool = True) -> bool:
    """Do what waits until nothing is left, or until asked to stop; False when there was nothing.

    Without patience it does nothing where this worker is at it already.
    """
    if not _one_at_a_time.acquire(blocking=is_patient):
        return False
    has_worked = False
    try:
        while _take_turn():
            has_worked = True
            if stopping.seconds > GIVE_UP_SECONDS:
                log.error("The database does not hear that this worker stops; its leases will run out.")
                break
            time.sleep(LOOK_SECONDS)
    finally:
        for attempt in list(_in_hand.values()):  # only after an error that nobody foresaw
            attempt.kill()
        _in_hand.clear()
        _one_at_a_time.release()
    return has_worked


def reap() -> None:
    """Queue again what was lost by workers that fell silent. Any number of workers may do this at once."""
    mine = [
        attempt.row.pk for attempt in list(_in_hand.values())
    ]  # after trouble with the database they beat again soon
    for kind in runs.LABOURS:
        for row in kind.objects.expired().exclude(pk__in=mine):
            if row.expire():
                log.warning("The lease of %s ran out (attempt %d, %s).", row.pk, row.attempt, row.lease_owner)


def look_around() -> None:
    """Take back what was lost; let new checkpoints paint. Idle, ring for what waits unheard, and begin with it.

    Once an hour, sweep.
    """
    reap()
    if not stopping:
        probing.begin_wanted_rounds()
        _sweep()
    if settings.REDIS_URL and not stopping and not _one_at_a_time.locked() and runs.announce_overdue():
        _begin_to_work()


def _begin_to_work() -> None:
    """In a thread that lives as long as its children, which die with it; whoever looks around goes on doing so."""
    global _beside
    if _beside is None or not _beside.is_alive():
        _beside = threading.Thread(target=_work_beside, name="work", daemon=True)
        _beside.start()


def _work_beside() -> None:
    try:
        work(is_patient=False)
    except Exception:  # noqa: BLE001 - what waits is announced again
        log.exception("Working without a bell broke.")
    finally:
        connection.close()


def _sweep() -> None:
    """Once an hour: uploads that nobody went on with, folders whose rows are gone."""
    global _swept_at
    if time.monotonic() - _swept_at >= SWEEP_SECONDS:
        _swept_at = time.monotonic()
        collections.sweep()
        runs.sweep()


def _take_turn() -> bool:
    """Look once at all that is in hand, and claim what may begin; whether there is anything in hand."""
    try:
        close_old_connections()
        for slot, attempt in list(_in_hand.items()):
            if _look(attempt):
                del _in_hand[slot]
        for slot, kinds in SLOTS.items():
            if slot not in _in_hand and not stopping and (attempt := _claim(kinds)):
                _in_hand[slot] = attempt
    except DatabaseTrouble as error:
        log.warning("The database gave trouble (%s); trying again.", error)
        time.sleep(TROUBLE_SECONDS)
    return bool(_in_hand)


def _look(attempt: Attempt) -> bool:
    """Whether it has ended. An error that nobody foresaw ends this one, and not the other: its lease runs out."""
    try:
        return attempt.look()
    except DatabaseTrouble:
        raise
    except Exception:  # noqa: BLE001 - said in the log
        log.exception("Attempt %d at %s is dropped.", attempt.row.attempt, attempt.row.pk)
        attempt.kill()
        return True


def _claim(kinds) -> Attempt | None:
    for kind in kinds:
        while row := kind.objects.claim_next(name()):
            log.info("Attempt %d at %s %s begins.", row.attempt, kind.__name__.lower(), row.pk)
            try:
                return Attempt(row)
            except Exception:  # noqa: BLE001 - said in the log; the next one may do better
                log.exception("Attempt %d at %s could not begin.", row.attempt, row.pk)
    return None


def _keep_looking_around() -> None:
    pause = 0.0
    while not _has_left.wait(pause):
        pause = settings.REAP_SECONDS
        try:
            close_old_connections()
            look_around()
        except DatabaseTrouble as error:
            log.warning("Looking around did not work: %s", error)
        except Exception:  # noqa: BLE001 - nobody starts this thread again
            log.exception("Looking around broke; it is tried again.")
        if lifecycle.is_orphan() and not stopping:
            log.warning("The process that kept this training worker is gone; the worker stops.")
            os.kill(os.getpid(), signal.SIGTERM)  # Celery, too, must hear of it
    connection.close()
