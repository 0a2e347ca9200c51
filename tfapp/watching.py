"""Beside a rendering: keep its lease, tell its progress, and see when it must end."""

import logging
import os
import threading
import time
from collections.abc import Callable

import numpy as np
from django.conf import settings
from django.db import Error as DatabaseTrouble
from django.db import close_old_connections, connection
from django.utils.translation import gettext_noop

from stylesite.lifecycle import stopping
from tfapp import previews
from tfapp.models import Job, Worker

LOOK_SECONDS = 1.0  # how often: a cancelled job is noticed so soon
PREVIEW_SECONDS = 1.5  # between two pictures of what is being painted
FINISH_SECONDS = 4  # a worker that is to stop lets its job finish so long, then gives it back
EXIT_SECONDS = 8  # and so long it waits for an engine that does not come back
HUNG = gettext_noop(
    "The painter got stuck on this picture several times, so we stopped. Another photo or size may help."
)

log = logging.getLogger(__name__)


class Stopped(Exception):
    """This attempt is not wanted any more: cancelled, lost or given back. Its row says so already."""


class Watch:
    """A thread beside one attempt. The engine tells its progress, and is told by Stopped that it may end.

    Of a batch each is watched from its beginning, and waits for the one `behind` which it is painted: progress of that
    is progress of all that wait.
    """

    def __init__(self, job: Job, *, behind: "Watch | None" = None):
        self.job = job
        self._behind = behind
        self.is_over = False
        self._share = 0.0
        self._told_share = 0.0
        self._moved_at = self._beaten_at = self._shown_at = time.monotonic()
        self._picture: Callable[[], np.ndarray] | None = None  # what there is to see, if it was not shown yet
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"watch-{job.pk}", daemon=True)

    def __enter__(self) -> "Watch":
        if self._thread.ident is None:  # of a batch it has been begun already
            self._thread.start()
        return self

    def __exit__(self, *_exception) -> None:
        self._done.set()
        self._thread.join()

    def tell(self, share: float, picture: Callable[[], np.ndarray] | None = None) -> None:
        """The share done, 0 to 1, and what can be seen by now. Raises Stopped when there is no point in going on."""
        self._picture = picture or self._picture
        if share != self._share:
            self._share = share
            self._moved_at = time.monotonic()
        self.check()

    def check(self) -> None:
        if self.is_over:
            raise Stopped

    def _run(self) -> None:
        while not self._done.wait(LOOK_SECONDS):
            try:
                close_old_connections()
                self._look()
                self._show()
            except DatabaseTrouble as error:
                log.warning("Job %s cannot be told about: %s", self.job.pk, error)
            self._exit_if_stuck()
        connection.close()

    def _look(self) -> None:
        """One look at the row; a beat when it is time for one, or when there is progress to tell."""
        if self.is_over:
            return
        if self._is_stuck():
            return  # no beat: the lease is not for engines that hang
        share = self._share
        is_time = time.monotonic() - self._beaten_at >= settings.HEARTBEAT_SECONDS
        if is_time or share - self._told_share >= 0.01:
            if not self.job.beat(share):
                log.warning("Job %s (attempt %d) is not ours any more.", self.job.pk, self.job.attempt)
                self.is_over = True
                return
            self._beaten_at, self._told_share = time.monotonic(), share

        if self.job.is_cancel_requested():
            self.job.cancel()
            self.is_over = True
        elif stopping.seconds > FINISH_SECONDS:
            self.job.release()
            self.is_over = True

    def _is_stuck(self) -> bool:
        return time.monotonic() - self._last_moved() > settings.HUNG_SECONDS

    def _last_moved(self) -> float:
        return max(self._moved_at, self._behind._last_moved()) if self._behind else self._moved_at

    def _show(self) -> None:
        if self._picture and not self.is_over and time.monotonic() - self._shown_at >= PREVIEW_SECONDS:
            picture, self._picture = self._picture, None
            previews.show(self.job, picture)
            self._shown_at = time.monotonic()

    def _exit_if_stuck(self) -> None:
        """An engine that hangs cannot be interrupted: end the process, and let the next one go on."""
        if self._is_stuck():
            log.error("Job %s made no progress for %d s; this worker ends.", self.job.pk, settings.HUNG_SECONDS)
            self._exit(os.EX_SOFTWARE, tell=lambda: self.job.fail(HUNG, code="hung", is_permanent=False))
        if stopping.seconds > EXIT_SECONDS:
            log.warning("The engine does not come back; job %s waits for another worker.", self.job.pk)
            self._exit(os.EX_OK, tell=self.job.release)

    def _exit(self, status: int, *, tell: Callable[[], bool]) -> None:
        """End at once, saying so to whom it concerns: the job, and those who count on this worker."""
        previews.clear(self.job)
        try:
            tell()
            Worker.objects.filter(name=self.job.lease_owner).delete()
        except DatabaseTrouble as error:
            log.warning("The database does not hear that this worker ends: %s", error)
        logging.shutdown()
        os._exit(status)
