"""How much one person or address may do: counted in the database, exact however many ask at once."""

from datetime import timedelta
from math import ceil

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from tfapp.models import Job, Person, Tally

WINDOW = timedelta(hours=1)
SECONDS_A_JOB = 10  # after which somebody with too many unfinished jobs may well try again


class Exceeded(Exception):
    """Too much of something; `retry_after` seconds it will be possible again."""

    def __init__(self, retry_after: int, sentence: str = ""):
        self.retry_after = retry_after
        self.sentence = sentence or too_often(retry_after)
        super().__init__(self.sentence)


def too_often(seconds: float) -> str:
    """When it will be possible again, for people."""
    minutes = ceil(seconds / 60)
    return ngettext(
        "That was too much at once. Please try again in a minute.",
        "That was too much at once. Please try again in %(n)d minutes.",
        minutes,
    ) % {"n": minutes}


def take(action: str, subject: object) -> None:
    """Count one `action` of the subject in this hour, or raise Exceeded."""
    n_allowed = allowed(settings.LIMITS_PER_HOUR[action])
    if n_allowed is None:
        return

    now = timezone.now()
    window_at = now.replace(minute=0, second=0, microsecond=0)
    key = {"action": action, "subject": str(subject), "window_at": window_at}
    if _count(key, n_allowed):
        return
    Tally.objects.bulk_create([Tally(**key)], ignore_conflicts=True)
    if not _count(key, n_allowed):
        raise Exceeded(max(1, round((window_at + WINDOW - now).total_seconds())))


def give_back(action: str, subject: object) -> None:
    """What was counted just now turned out to be well."""
    latest = Tally.objects.filter(action=action, subject=str(subject), count__gt=0).order_by("-window_at").first()
    if latest:
        Tally.objects.filter(pk=latest.pk, count__gt=0).update(count=F("count") - 1)


def take_from(person: Person, action: str) -> None:
    """Count for the person, and for where a visitor comes from: dropping a cookie makes nobody new there."""
    take(action, person.pk)
    if person.origin:
        take(f"{action}_visitors", person.origin)


def take_place(person: Person) -> None:
    """Raise Exceeded when the person has as many unfinished jobs as they may. Call in the transaction that adds one."""
    row = Person.objects.select_for_update(no_key=True).filter(pk=person.pk).first()
    if row is None:
        raise PermissionDenied("This person is no more.")
    active = Job.objects.active()
    n_allowed = allowed(settings.LIMIT_ACTIVE_JOBS)
    if n_allowed is not None and active.filter(person=row).count() >= n_allowed:
        sentence = _("You have %(n)d unfinished pictures. Wait for one of them, or cancel one.") % {"n": n_allowed}
        raise Exceeded(SECONDS_A_JOB, sentence)
    n_allowed = allowed(settings.LIMIT_ACTIVE_JOBS_VISITORS)
    if not row.origin or n_allowed is None:
        return
    _one_at_a_time(row.origin)
    if active.filter(person__origin=row.origin).count() >= n_allowed:
        raise Exceeded(SECONDS_A_JOB, _("Too many people paint where you are. Wait a moment, or sign up."))


def allowed(limit: int) -> int | None:
    """A limit after STYLESITE_LIMITS; None: no limit."""
    return max(1, round(limit * settings.LIMITS_FACTOR)) if settings.LIMITS_FACTOR else None


def forget() -> None:
    """Drop the counts of windows that are over."""
    Tally.objects.filter(window_at__lt=timezone.now() - 2 * WINDOW).delete()


def _count(key: dict, n_allowed: int) -> bool:
    """One conditional update: of many at once, exactly as many as are allowed change the row."""
    return bool(Tally.objects.filter(**key, count__lt=n_allowed).update(count=F("count") + 1))


def _one_at_a_time(subject: str) -> None:
    """Whoever asks for the same waits for the end of this transaction; on SQLite, transactions wait anyway."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [subject])
