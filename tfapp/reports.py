"""Somebody says that a public picture should not be here; three different voices hide it until staff have looked.

Whoever has an account is a voice. Visitors behind one address are one together: a new cookie is no new opinion.
"""

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from tfapp.models import Artwork, Person, Report
from tfapp.models.artwork import REPORTS_THAT_HIDE


@transaction.atomic
def file(artwork: Artwork, person: Person, *, reason: str) -> bool:
    """Remember the report, once a voice; says whether it hid the picture."""
    Artwork.objects.select_for_update(no_key=True).filter(pk=artwork.pk).first()
    voice = person.origin or str(person.pk)
    if not artwork.reports.filter(Q(person=person.pk) | Q(voice=voice)).exists():
        Report.objects.create(artwork=artwork, person_id=person.pk, voice=voice, reason=clean(reason))
    if artwork.reports.filter(looked_at=None).count() < REPORTS_THAT_HIDE:
        return False
    return bool(Artwork.objects.filter(pk=artwork.pk, hidden_at=None).update(hidden_at=timezone.now()))


@transaction.atomic
def dismiss(artwork: Artwork) -> None:
    """Staff have looked and find nothing wrong: the picture is back, and the same voices cannot hide it again."""
    artwork.reports.filter(looked_at=None).update(looked_at=timezone.now())
    Artwork.objects.filter(pk=artwork.pk).update(hidden_at=None)


def clean(reason: str) -> str:
    """One short line without control characters."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in reason).split())[:300]
