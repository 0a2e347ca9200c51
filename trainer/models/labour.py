"""Work for the training worker: a row with a lease, done by a child process. The row is the truth."""

import uuid
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.contrib.auth.models import User
from django.db import models, transaction
from django.db.models import Case, F, Q, Value, When
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from trainer import reasons

LOST = gettext_noop("It broke down several times without a word, so we stopped. The log may say more.")


class State(models.TextChoices):
    """Where a piece of work stands."""

    COMING = "coming", _("being sent")  # a dataset that is being uploaded
    QUEUED = "queued", _("waiting")
    RUNNING = "running", _("at work")
    PAUSED = "paused", _("paused")  # a run that its owner means to go on with
    STOPPED = "stopped", _("stopped")  # ended before its end by somebody's wish; a run can be resumed
    DONE = "done", _("finished")
    FAILED = "failed", _("failed")


class Wish(models.TextChoices):
    """What somebody wants of work that is running."""

    NONE = "", ""
    PAUSE = "pause", _("pause")
    STOP = "stop", _("stop")


class LabourQuerySet(models.QuerySet):
    """Which work, and what is next. Time is the database's: workers' clocks may differ."""

    def newest(self) -> "LabourQuerySet":
        return self.order_by("-created_at", "pk")

    def active(self) -> "LabourQuerySet":
        """Waiting or at work."""
        return self.filter(state__in=[State.QUEUED, State.RUNNING])

    def expired(self) -> "LabourQuerySet":
        """Their worker has been silent for longer than its lease."""
        return self.filter(state=State.RUNNING, lease_until__lte=Now())

    def overdue(self) -> "LabourQuerySet":
        """Waiting, but the bell was never rung, or so long ago that it must have been lost."""
        long_ago = Now() - timedelta(seconds=settings.ANNOUNCE_AGAIN_SECONDS)
        return self.waiting().filter(Q(announced_at=None) | Q(announced_at__lte=long_ago))

    def waiting(self) -> "LabourQuerySet":
        """Queued, and not held back after a failure."""
        return self.filter(state=State.QUEUED).filter(Q(not_before=None) | Q(not_before__lte=Now()))

    def claim_next(self, worker: str):
        """Take the oldest that waits, with a lease and a new fencing token; None when there is none."""
        if not self.waiting().exists():  # nobody takes a write lock to learn that there is nothing to do
            return None
        with transaction.atomic():
            row = self.waiting().order_by("queued_at", "pk").select_for_update(skip_locked=True, of=("self",)).first()
            if row is None:
                return None
            row.claim(worker)
        return row


class Labour(models.Model):
    """Moves between states are methods, done by conditional updates; `attempt` is the fencing token.

    A worker that lost its lease finds no row to change, is told so by False, and ends its child.
    """

    State = State
    Wish = Wish

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    wish = models.CharField(max_length=10, choices=Wish.choices, default=Wish.NONE, blank=True)
    wished_at = models.DateTimeField(null=True, blank=True)
    progress = models.FloatField(default=0.0)  # 0 to 1
    error = models.TextField(blank=True)  # a sentence for staff, in English; `reason` is in theirs

    attempt = models.PositiveIntegerField(default=0)
    n_failures = models.PositiveSmallIntegerField(default=0)  # attempts lost since the last good news
    lease_owner = models.CharField(max_length=100, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    heartbeat_at = models.DateTimeField(null=True, blank=True)
    announced_at = models.DateTimeField(null=True, blank=True)
    not_before = models.DateTimeField(null=True, blank=True)  # when to try again after a loss

    created_at = models.DateTimeField(auto_now_add=True)
    queued_at = models.DateTimeField(null=True, blank=True, default=None)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = LabourQuerySet.as_manager()

    class Meta:
        abstract = True

    @property
    def is_active(self) -> bool:
        """Waiting or at work."""
        return self.state in (State.QUEUED, State.RUNNING)

    @property
    def reason(self) -> str:
        """Why it failed, in the reader's language."""
        return reasons.tell(self.error)

    @property
    def folder(self) -> Path:
        """Where it lies on the disk."""
        raise NotImplementedError

    @property
    def log(self) -> Path:
        """What its child processes say."""
        return self.folder / "log"

    def command(self) -> list[str]:
        """What the child process is started with, behind `manage.py`."""
        raise NotImplementedError

    def read_progress(self) -> float:
        """The share done, 0 to 1, as the child left it in the folder."""
        raise NotImplementedError

    def look(self) -> dict:
        """What a look into the folder says about how far it is: fields of the row."""
        return {"progress": self.read_progress()}

    def read_savings(self) -> int:
        """What no death of a process takes back; as it grows, losses are counted anew."""
        return 0

    def has_all(self) -> bool:
        """Whether all is done, once the child has ended well: it may have been asked to end before."""
        return not self.wish

    def take_over(self) -> dict:
        """What the child left in the folder for the row, once all is done: fields of the row."""
        return {}

    # Moves of the worker, each fenced: they say whether they happened.

    def claim(self, worker: str) -> None:
        """Begin an attempt. The caller holds the row's lock: see LabourQuerySet.claim_next."""
        type(self).objects.filter(pk=self.pk).update(
            state=State.RUNNING,
            attempt=F("attempt") + 1,
            lease_owner=worker,
            lease_until=_lease(),
            heartbeat_at=Now(),
            started_at=Now(),
            not_before=None,
        )
        self.refresh_from_db()

    def beat(self, progress: float, **changes) -> bool:
        """Extend the lease and tell the progress. False: it is no longer this worker's."""
        share = min(max(progress, 0.0), 1.0)
        return bool(self._fenced().update(lease_until=_lease(), heartbeat_at=Now(), progress=share, **changes))

    def read_wish(self) -> str | None:
        """What somebody wishes by now; None: it is no longer this worker's."""
        return self._fenced().values_list("wish", flat=True).first()

    def finish(self, **changes) -> bool:
        """The child has done all of it."""
        return self._end(State.DONE, progress=1.0, n_failures=0, **changes)

    def fail(self, sentence: str) -> bool:
        """The child said why it cannot be done; trying again would not help."""
        return self._end(State.FAILED, error=sentence)

    def halt(self) -> bool:
        """Do what somebody wished: it is paused or stopped."""
        paused = self._fenced().filter(wish=Wish.PAUSE)
        return self._end(State.PAUSED, rows=paused) or self._end(State.STOPPED)

    def expire(self) -> bool:
        """Its worker fell silent: it is lost, unless that worker has beaten again by now."""
        with transaction.atomic():
            row = type(self).objects.expired().select_for_update(of=("self",)).filter(pk=self.pk).first()
            return row is not None and row.attempt == self.attempt and row.lose()

    def lose(self, sentence: str = LOST) -> bool:
        """The child died without a word, or its worker did: back to the line, or the end after three such deaths."""
        if self.wish:
            return self.halt()
        n_failures = self.n_failures + 1
        if n_failures >= settings.MAX_ATTEMPTS:
            return self._end(State.FAILED, error=sentence, n_failures=n_failures)
        wait = settings.RETRY_SECONDS * n_failures
        return self._queue(n_failures=n_failures, not_before=Now() + timedelta(seconds=wait))

    def release(self) -> bool:
        """Give it back unfinished, because the worker stops; the attempt does not count."""
        return self.halt() if self.wish else self._queue()

    def note_good_news(self) -> bool:
        """It got further than before: losses from now on are counted anew."""
        return bool(self._fenced().update(n_failures=0))

    # Moves of people.

    def enqueue(self, **changes) -> bool:
        """Let it wait for the worker, from any state in which nobody works on it. Ring on commit: see runs.py."""
        rows = type(self).objects.filter(pk=self.pk).exclude(state__in=[State.QUEUED, State.RUNNING])
        values = {"state": State.QUEUED, "wish": Wish.NONE, "wished_at": None, "error": "", "n_failures": 0}
        values |= {"queued_at": Now(), "announced_at": None, "not_before": None, "finished_at": None}
        has_happened = bool(rows.update(**(values | changes)))
        self.refresh_from_db()
        return has_happened

    def request(self, wish: Wish) -> bool:
        """Pause or stop: now if it waits, soon if it is at work. False: nobody works on it any more."""
        halted = State.PAUSED if wish == Wish.PAUSE else State.STOPPED
        is_queued = Q(state=State.QUEUED)
        has_happened = (
            type(self)
            .objects.active()
            .filter(pk=self.pk)
            .update(
                state=Case(When(is_queued, then=Value(halted)), default=F("state")),
                finished_at=Case(When(is_queued, then=Now()), default=F("finished_at")),
                wish=wish,
                wished_at=Now(),
            )
        )
        self.refresh_from_db()
        return bool(has_happened)

    def _fenced(self) -> models.QuerySet:
        """The row, as long as it is in the hands of this very attempt."""
        return type(self).objects.filter(pk=self.pk, attempt=self.attempt, state=State.RUNNING)

    def _queue(self, **changes) -> bool:
        changes = {"state": State.QUEUED, "announced_at": None, "lease_owner": "", "lease_until": None} | changes
        return bool(self._fenced().filter(wish=Wish.NONE).update(**changes)) or self.halt()

    def _end(self, state: State, *, rows=None, **changes) -> bool:
        rows = self._fenced() if rows is None else rows
        return bool(rows.update(state=state, finished_at=Now(), lease_owner="", lease_until=None, **changes))


def _lease():
    return Now() + timedelta(seconds=settings.LEASE_SECONDS)
