"""The engines that are offered here, each with what the workers found out about it."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from tfapp import menu
from tfapp.engines.base import EngineSpec
from tfapp.models import EngineStatus


@dataclass(frozen=True)
class Offer:
    """An engine, and the reason if it cannot be had. One that no worker has looked at yet may be asked for."""

    spec: EngineSpec
    is_available: bool
    reason: str
    seconds: float | None  # a megapixel, measured on this very installation


def everything() -> list[Offer]:
    """All enabled engines, in the order of the menu."""
    statuses = {status.engine: status for status in EngineStatus.objects.all()}
    return [_offer(spec, statuses.get(spec.name)) for spec in menu.enabled()]


def kinds(offered: list[Offer]) -> list[str]:
    """The kinds of input that something can be made of here, in the order of the engines."""
    return list(dict.fromkeys(offer.spec.kind for offer in offered if offer.is_available))


def widened(offered: list[Offer]) -> set[str]:
    """The kinds for which staff published something: its words are wider than those for the program's engines."""
    return {offer.spec.kind for offer in offered if offer.is_available and menu.is_version(offer.spec.name)}


def _offer(spec: EngineSpec, status: EngineStatus | None) -> Offer:
    if status is None:
        return Offer(spec, is_available=True, reason="", seconds=None)
    reason = _(status.reason) if status.reason and not status.is_available else ""
    return Offer(spec, status.is_available, reason, status.seconds_per_megapixel)
