"""What is told about a finished picture: its settings, its neighbours, where it comes from."""

from typing import Any

from django.db.models import Q, QuerySet, Subquery
from django.utils.translation import gettext as _

from tfapp import menu, parameters, shelf
from tfapp.models import Artwork, JobInput, Person


def neighbours(artwork: Artwork) -> tuple[Artwork | None, Artwork | None]:
    """The picture before it and the one after it: in the gallery's order, or among its owner's if it is private."""
    if artwork.is_shown:
        return _around(Artwork.objects.public(), artwork, "published_at")
    return _around(Artwork.objects.filter(person=artwork.person_id), artwork, "created_at")


def title(artwork: Artwork) -> str:
    """What is written above it: its own title, or the styles of the shelf; empty when there is nothing to say."""
    names = artwork.shelf_titles
    return artwork.title or (_("In the style of %(styles)s") % {"styles": ", ".join(names)} if names else "")


def describe(artwork: Artwork) -> list[tuple[str, str]]:
    """How it was made, as (label, value) for people."""
    rows = [(_("Engine"), menu.title_of(artwork.engine))]
    if styles := style_titles(artwork):
        rows.append((_("Style"), ", ".join(styles)))
    return rows + _describe_shares(artwork) + parameters.describe(menu.look_up(artwork.engine), artwork.parameters)


def style_titles(artwork: Artwork) -> list[str]:
    """The names of its styles; an uploaded one is never named, for its name may say too much."""
    entries = [shelf.find(style.shelf) for style in styles(artwork)]
    return [str(entry.title) if entry else _("a picture of their own") for entry in entries]


def styles(artwork: Artwork) -> list[JobInput]:
    """What it was painted in the style of."""
    return [one for one in inputs(artwork) if one.role == "style"]


def inputs(artwork: Artwork) -> list[JobInput]:
    """The photo and the styles it was made from."""
    return list(JobInput.objects.filter(job=artwork.job_id))


def styles_for(person: Person | None, artwork: Artwork) -> list[JobInput]:
    """Its styles, as far as this person may use them too: of other people's pictures, those from the shelf."""
    is_mine = bool(person) and artwork.person_id == person.pk
    return [style for style in styles(artwork) if (shelf.find(style.shelf) if style.shelf else is_mine)]


def provenance(artwork: Artwork) -> dict[str, Any]:
    """What is written into a download when the switch is on: how it was made, and not by whom."""
    return {
        "made_with": "Stylesite",
        "engine": artwork.engine,
        "parameters": artwork.parameters,
        "styles": [style.shelf for style in styles(artwork) if style.shelf],
        "made_at": artwork.created_at.isoformat(timespec="seconds"),
        "machine_made": True,
    }


def _describe_shares(artwork: Artwork) -> list[tuple[str, str]]:
    """How much of each style, in the order of their names; and how many regions were painted apart."""
    shares = artwork.parameters.get("weights") or []
    if not shares or (len(shares) == 1 and len(set(shares[0])) == 1):
        return []
    rows = [(_("Shares"), " · ".join(f"{100 * share:.0f} %" for share in shares[0]))]
    return [*rows, (_("Areas"), str(len(shares) - 1))] if len(shares) > 1 else rows


def _around(queryset: QuerySet, artwork: Artwork, time: str) -> tuple[Artwork | None, Artwork | None]:
    """Neighbours in the order newest first, by id where times are equal. Both are a step along an index."""
    moment = Subquery(Artwork.objects.filter(pk=artwork.pk).values(time))  # the stored one: SQLite compares texts
    newer = queryset.filter(**{f"{time}__gte": moment}).exclude(Q(**{time: moment}) & Q(pk__gte=artwork.pk))
    older = queryset.filter(**{f"{time}__lte": moment}).exclude(Q(**{time: moment}) & Q(pk__lte=artwork.pk))
    return newer.order_by(time, "-pk").first(), older.order_by(f"-{time}", "pk").first()
