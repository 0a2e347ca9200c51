"""Many jobs at once: who may see them, who is next and how long that takes."""

from collections import Counter
from collections.abc import Callable, Collection
from datetime import timedelta

from django.conf import settings
from django.db import models, transaction
from django.db.models import Count, Min, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce, Now
from django.utils.translation import gettext_lazy as _

from tfapp import engines
from tfapp.models.engine_status import EngineStatus
from tfapp.models.person import Person
from tfapp.models.worker import Worker

SINCE = Coalesce("person__served_at", "person__created_at")  # nobody gets ahead by coming as somebody new
SKETCH_MEGAPIXELS = 512**2 / 1e6  # painting a drawing takes as long whatever the size of the result
N_JOBS_ESTIMATED = 200  # of a long line, so many are looked at; the rest count as their average


class State(models.TextChoices):
    """Where a job stands."""

    QUEUED = "queued", _("waiting")
    RUNNING = "running", _("painting")
    DONE = "done", _("finished")
    FAILED = "failed", _("failed")
    CANCELLED = "cancelled", _("cancelled")


class JobQuerySet(models.QuerySet):
    """Which jobs, for whom, and the one that is next. Time is the database's: workers' clocks may differ."""

    def visible_to(self, person: Person | None) -> "JobQuerySet":
        """A person's own jobs, nobody else's."""
        return self.filter(person_id=person.pk) if person else self.none()

    def newest(self) -> "JobQuerySet":
        """Last asked for first."""
        return self.order_by("-created_at", "pk")

    def active(self) -> "JobQuerySet":
        """Not ended: they count against a person's limit."""
        return self.filter(state__in=[State.QUEUED, State.RUNNING])

    def waiting(self) -> "JobQuerySet":
        """Queued, and not held back after a failure."""
        return self.filter(state=State.QUEUED).filter(Q(not_before=None) | Q(not_before__lte=Now()))

    def expired(self) -> "JobQuerySet":
        """Their worker has been silent for longer than its lease."""
        return self.filter(state=State.RUNNING, lease_until__lte=Now())

    def overdue(self) -> "JobQuerySet":
        """Waiting, but the bell was never rung, or so long ago that it must have been lost."""
        long_ago = Now() - timedelta(seconds=settings.ANNOUNCE_AGAIN_SECONDS)
        return self.waiting().filter(Q(announced_at=None) | Q(announced_at__lte=long_ago))

    def claimable(self) -> "JobQuerySet":
        """Waiting, or running with an expired lease and attempts left."""
        is_waiting = Q(state=State.QUEUED) & (Q(not_before=None) | Q(not_before__lte=Now()))
        is_lost = Q(state=State.RUNNING, lease_until__lte=Now(), n_failures__lt=settings.MAX_ATTEMPTS - 1)
        return self.filter(is_waiting | is_lost, cancel_requested_at=None)

    def fairest_first(self) -> "JobQuerySet":
        """Fewest running jobs of the owner, then the owner who was served or came longest ago, then age."""
        running = self.model.objects.filter(person=OuterRef("person"), state=State.RUNNING, lease_until__gt=Now())
        n_running = running.order_by().values("person").annotate(n=Count("pk")).values("n")
        return self.annotate(n_running=Coalesce(Subquery(n_running), 0), since=SINCE).order_by(
            "n_running", "since", "created_at", "pk"
        )

    def paintable_without(self, *, coming: Collection[str], missing: Collection[str]) -> "JobQuerySet":
        """Not with engines that are coming; with missing ones only if nobody has them, so that their jobs can fail."""
        had_elsewhere = EngineStatus.objects.filter(engine__in=missing, is_available=True).values("engine")
        return self.exclude(engine__in=coming).exclude(engine__in=had_elsewhere)

    def claim_next(
        self,
        worker: str,
        *,
        coming: Collection[str] = (),
        missing: Collection[str] = (),
        only_if: Callable[..., bool] | None = None,
    ):
        """Take the job that is fairest to run, with a lease and a new fencing token; None when there is none.

        With `only_if` that very job is left where it is when the function, called with it, says no. It is not locked
        for that: whoever finds it locked has heard its bell in vain.
        """
        claimable = self.claimable()
        if coming or missing:
            claimable = claimable.paintable_without(coming=coming, missing=missing)
        if not claimable.exists():  # nobody takes a write lock to learn that there is nothing to do
            return None
        if only_if:
            fairest = claimable.fairest_first().first()
            if fairest is None or not only_if(fairest):
                return None
            claimable = claimable.filter(pk=fairest.pk)

        with transaction.atomic():
            job = claimable.fairest_first().select_for_update(skip_locked=True, of=("self",)).first()
            if job is None:
                return None
            job.claim(worker)
        Person.objects.filter(pk=job.person_id).update(served_at=Now())
        return job

    def place_of(self, job) -> int:
        """How many jobs will be taken before this one: everybody's turn comes once a round."""
        n_running = Counter(self.filter(state=State.RUNNING).values_list("person", flat=True))
        lines = {
            line["person"]: line
            for line in self.filter(state=State.QUEUED)
            .order_by()
            .values("person")
            .annotate(since=SINCE, n=Count("pk"), oldest=Min("created_at"))
        }
        own_before = self.filter(state=State.QUEUED, person=job.person_id, created_at__lt=job.created_at).count()

        def turn(line: dict) -> tuple:
            return n_running[line["person"]], line["since"], line["oldest"]

        own = lines.pop(job.person_id, None)
        if own is None:  # it has just been taken
            return 0
        return own_before + sum(min(line["n"], own_before + (turn(line) < turn(own))) for line in lines.values())

    def seconds_until(self, job) -> float | None:
        """About how long until this job is finished; None before anything was measured."""
        speeds = dict(EngineStatus.objects.values_list("engine", "seconds_per_megapixel"))
        own = _seconds(job.kind, job.engine, job.parameters, speeds)
        if own is None:
            return None
        running = self.filter(state=State.RUNNING)
        if job.state == State.RUNNING:  # a worker has several where it paints them at once: each waits for all
            running = running.filter(lease_owner=job.lease_owner)
        whats = running.values_list("kind", "engine", "parameters", "progress")
        before = sum((_seconds(*what, speeds) or own) * (1 - done) for *what, done in whats)
        if job.state == State.RUNNING:
            return before

        waiting = list(self.filter(state=State.QUEUED).values_list("kind", "engine", "parameters")[:N_JOBS_ESTIMATED])
        if waiting:
            usual = sum(_seconds(*what, speeds) or own for what in waiting) / len(waiting)
            before += usual * self.place_of(job)
        return before / max(1, Worker.objects.alive().count()) + own


def _seconds(kind: str, engine: str, parameters: dict, speeds: dict[str, float | None]) -> float | None:
    """What a picture of that size usually takes: a photo is about 4 to 3, a texture a square."""
    speed = speeds.get(engine)
    if speed is None:
        return None
    megapixels = SKETCH_MEGAPIXELS
    if kind != "sketch":
        megapixels = (1 if kind == "texture" else 0.75) * float(parameters.get("size", 1024)) ** 2 / 1e6
    return speed * engines.measure_work(engine, parameters, megapixels)
