"""A job is one picture somebody asked for. Its row is the truth; messages are only doorbells."""

import uuid
from contextlib import suppress
from datetime import timedelta

from django.conf import settings
from django.db import models
from django.db.models import Case, F, Q, Value, When
from django.db.models.functions import Coalesce, Now
from django.utils.translation import gettext_noop

from tfapp.models.person import Person
from tfapp.models.stored_picture import StoredPicture
from tfapp.models.waiting_line import JobQuerySet, State

PARAMETERS_VERSION = 1
LOST = gettext_noop(
    "The painter broke down over this picture several times, so we stopped. Another photo or size may help."
)


class Job(models.Model):
    """Moves between states are methods, done by conditional, fenced updates; `attempt` is the fencing token.

    A worker that lost its lease finds no row to change, is told so by False, and throws its work away.
    """

    State = State

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="jobs")
    kind = models.CharField(max_length=20)  # the engine's kind of input
    engine = models.CharField(max_length=40)
    parameters = models.JSONField(default=dict)
    parameters_version = models.PositiveSmallIntegerField(default=PARAMETERS_VERSION)
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    progress = models.FloatField(default=0.0)  # 0 to 1
    seconds = models.FloatField(null=True, blank=True)  # time inside the engine
    error_code = models.CharField(max_length=40, blank=True)
    error = models.TextField(blank=True)  # a sentence for the visitor, in English; shown through gettext

    attempt = models.PositiveIntegerField(default=0)
    n_failures = models.PositiveSmallIntegerField(default=0)  # attempts that ended badly; a released one does not count
    lease_owner = models.CharField(max_length=100, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    heartbeat_at = models.DateTimeField(null=True, blank=True)
    progress_at = models.DateTimeField(null=True, blank=True)
    cancel_requested_at = models.DateTimeField(null=True, blank=True)
    announced_at = models.DateTimeField(null=True, blank=True)
    not_before = models.DateTimeField(null=True, blank=True)  # when to try again after a failure that may pass

    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = JobQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["state", "created_at"], name="job_state_created"),
            models.Index(fields=["person", "-created_at"], name="job_person_created"),
            models.Index(fields=["person"], name="job_active_by_person", condition=Q(state__in=["queued", "running"])),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["queued", "running", "done", "failed", "cancelled"]), name="job_state_known"
            ),
            models.CheckConstraint(condition=Q(progress__gte=0, progress__lte=1), name="job_progress_is_a_share"),
            models.CheckConstraint(
                condition=~Q(state="running") | (~Q(lease_owner="") & Q(lease_until__isnull=False)),
                name="job_running_has_a_lease",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["queued", "running"]) | Q(finished_at__isnull=False),
                name="job_ended_has_a_time",
            ),
            models.CheckConstraint(condition=~Q(state="failed") | ~Q(error=""), name="job_failed_has_a_reason"),
        ]

    def __str__(self) -> str:
        return f"{self.engine} {self.id} ({self.state})"

    @property
    def is_finished(self) -> bool:
        """Whether nothing will happen to it any more."""
        return self.state not in (State.QUEUED, State.RUNNING)

    @property
    def result_id(self) -> uuid.UUID:
        """The id of the artwork that this attempt makes: what a killed worker left behind is found by it."""
        return self.result_id_of(self.attempt)

    def result_id_of(self, attempt: int) -> uuid.UUID:
        return uuid.uuid5(self.pk, str(attempt))

    def place(self) -> int | None:
        """How many jobs are taken before this one; None when it is not waiting."""
        return Job.objects.place_of(self) if self.state == State.QUEUED else None

    def eta_seconds(self) -> float | None:
        """About how long until it is finished; None when it is, or when nobody knows."""
        return None if self.is_finished else Job.objects.seconds_until(self)

    # Moves of the worker, each fenced: they say whether they happened.

    def claim(self, worker: str) -> None:
        """Begin an attempt. The caller holds the row's lock: see JobQuerySet.claim_next."""
        Job.objects.filter(pk=self.pk).update(
            state=State.RUNNING,
            attempt=F("attempt") + 1,
            n_failures=F("n_failures") + (1 if self.state == State.RUNNING else 0),
            lease_owner=worker,
            lease_until=_lease(),
            heartbeat_at=Now(),
            progress=0.0,
            progress_at=Now(),
            started_at=Now(),
            not_before=None,
        )
        self.refresh_from_db()

    def beat(self, progress: float) -> bool:
        """Extend the lease and tell the progress. False: the job is no longer this worker's."""
        share = min(max(progress, 0.0), 1.0)
        progress_at = Case(When(progress=share, then=F("progress_at")), default=Now())
        return bool(
            self._fenced().update(lease_until=_lease(), heartbeat_at=Now(), progress_at=progress_at, progress=share)
        )

    def finish(self, *, seconds: float) -> bool:
        """It is painted. Call in the transaction that saves the artwork; a job that was cancelled is not finished."""
        return self._end(self._fenced().filter(cancel_requested_at=None), State.DONE, progress=1.0, seconds=seconds)

    def fail(self, sentence: str, *, code: str, is_permanent: bool = True) -> bool:
        """It did not work; when that may pass, the job waits a moment for its next attempt."""
        return self._fail(self._fenced(), sentence, code=code, is_permanent=is_permanent)

    def lose(self) -> bool:
        """Its lease ran out: back to the line, or the end after so many attempts. Happens once a lost attempt."""
        rows = self._fenced().filter(lease_until__lte=Now())
        return self._fail(rows, LOST, code="lost", is_permanent=False, wait=0)

    def release(self) -> bool:
        """Give it back unfinished, because the worker stops; the attempt does not count."""
        return self._queue(self._fenced(), n_failures=self.n_failures, wait=0) or self.cancel()

    def cancel(self) -> bool:
        """Do what request_cancel asked for."""
        return self._end(self._fenced().filter(cancel_requested_at__isnull=False), State.CANCELLED)

    def is_cancel_requested(self) -> bool:
        return self._fenced().filter(cancel_requested_at__isnull=False).exists()

    # The move of the person.

    def request_cancel(self) -> bool:
        """Cancel now if it waits, soon if it is being painted. False: it has ended already."""
        is_queued = Q(state=State.QUEUED)
        has_happened = (
            Job.objects.active()
            .filter(pk=self.pk)
            .update(
                state=Case(When(is_queued, then=Value(State.CANCELLED)), default=F("state")),
                finished_at=Case(When(is_queued, then=Now()), default=F("finished_at")),
                cancel_requested_at=Coalesce("cancel_requested_at", Now()),
            )
        )
        with suppress(Job.DoesNotExist):  # it was deleted meanwhile
            self.refresh_from_db()
        return bool(has_happened)

    def _fenced(self) -> models.QuerySet:
        """The row, as long as it is in the hands of this very attempt."""
        return Job.objects.filter(pk=self.pk, attempt=self.attempt, state=State.RUNNING)

    def _fail(self, rows, sentence: str, *, code: str, is_permanent: bool, wait: float | None = None) -> bool:
        n_failures = self.n_failures + 1
        if not is_permanent and n_failures < settings.MAX_ATTEMPTS:
            wait = settings.RETRY_SECONDS * n_failures if wait is None else wait
            return self._queue(rows, n_failures=n_failures, wait=wait) or self.cancel()
        rows = rows.filter(cancel_requested_at=None)
        return self._end(rows, State.FAILED, error=sentence, error_code=code, n_failures=n_failures) or self.cancel()

    def _queue(self, rows, *, n_failures: int, wait: float) -> bool:
        changes = {"state": State.QUEUED, "n_failures": n_failures, "progress": 0.0, "announced_at": None}
        not_before = Now() + timedelta(seconds=wait) if wait else None
        rows = rows.filter(cancel_requested_at=None)
        return bool(rows.update(lease_owner="", lease_until=None, started_at=None, not_before=not_before, **changes))

    def _end(self, rows, state: State, **changes) -> bool:
        return bool(rows.update(state=state, finished_at=Now(), lease_owner="", lease_until=None, **changes))


def _lease():
    return Now() + timedelta(seconds=settings.LEASE_SECONDS)


class JobInput(StoredPicture):
    """A picture that goes into a job."""

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="inputs")

    class Meta:
        ordering = ["role", "position"]
        constraints = [models.UniqueConstraint(fields=["job", "role", "position"], name="job_input_once")]

    def __str__(self) -> str:
        return f"{self.role} {self.position} of {self.job_id}"
