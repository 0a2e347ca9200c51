"""The grid that compares: one photo through a page of the shelf's styles, or through every painter."""

from dataclasses import dataclass
from typing import Any

from tfapp import menu, offers, parameters, shelf
from tfapp.engines.base import EngineSpec
from tfapp.models import Mix

BY_STYLE, BY_ENGINE = "styles", "engines"
KINDS = ("style", "photo")  # of painters that can be given the photo of a mix
N_CELLS = 12
PATIENCE_SECONDS = 1.5  # of a preview: a painter that takes longer is not asked for one
MEGAPIXELS = 0.11  # of a preview


@dataclass(frozen=True)
class Cell:
    """One picture of the grid. `slug` or `engine` says which; without `is_quick` it is only offered in full size."""

    title: str
    settings: list[tuple[str, str]]
    slug: str = ""
    engine: str = ""
    mixes: bool = False
    is_quick: bool = True
    seconds: int | None = None  # that the picture in full size will take, if one knows


@dataclass(frozen=True)
class Page:
    """Twelve styles, and which others there are."""

    cells: list[Cell]
    number: int
    n_pages: int

    @property
    def next(self) -> int | None:
        return self.number + 1 if self.number < self.n_pages else None

    @property
    def previous(self) -> int | None:
        return self.number - 1 if self.number > 1 else None


def styles(mix: Mix, spec: EngineSpec, wanted: str) -> Page:
    """A page of the shelf, with the settings of the mix."""
    n_pages = -(-len(shelf.STYLES) // N_CELLS)
    number = min(int(wanted), n_pages) if wanted.isdecimal() and len(wanted) < 4 and int(wanted) else 1
    chosen = shelf.STYLES[(number - 1) * N_CELLS : number * N_CELLS]
    told = describe(spec, mix.controls)
    cells = [Cell(title=style.title, settings=told, slug=style.slug, mixes=spec.mixes) for style in chosen]
    return Page(cells, number, n_pages)


def engines(mix: Mix) -> list[Cell]:
    """Every painter of photos that can be had, with what it takes of the settings of the mix."""
    return [
        Cell(
            title=menu.title_of(offer.spec.name),
            settings=describe(offer.spec, mix.controls),
            engine=offer.spec.name,
            mixes=offer.spec.mixes,
            is_quick=offer.spec.mixes or _was_quick(offer),
            seconds=_estimate(mix, offer),
        )
        for offer in offers.everything()
        if offer.spec.kind in KINDS and offer.is_available and offer.spec.is_listed
    ]


def describe(spec: EngineSpec, controls: dict[str, Any]) -> list[tuple[str, str]]:
    """The settings that a preview is painted with, in words; its size is always the same."""
    known = [parameter for parameter in spec.parameters if parameter.kind not in ("size", "seed")]
    values = {parameter.name: controls.get(parameter.name, parameter.default) for parameter in known}
    return parameters.describe(spec, parameters.for_preview(spec, values))


def _was_quick(offer: offers.Offer) -> bool:
    """Whether its pictures so far say that a preview comes in time. Nobody waits to find that out.

    But a painter without styles looks at the photo once, and is tried.
    """
    if offer.seconds is None:
        return offer.spec.kind == "photo"
    return offer.seconds * MEGAPIXELS < PATIENCE_SECONDS


def _estimate(mix: Mix, offer: offers.Offer) -> int | None:
    """Whole seconds, at least one."""
    if offer.seconds is None:
        return None
    spec, photo = offer.spec, mix.photo
    usual = {parameter.name: parameter.default for parameter in spec.parameters}
    wanted = usual | parameters.adapt(spec, mix.controls)
    longest = max(photo.width, photo.height)
    scale = parameters.fit(spec, wanted, longest_side=longest).get("size", longest) / longest
    megapixels = photo.width * photo.height * scale**2 / 1e6
    return max(1, round(offer.seconds * spec.measure_work(wanted, megapixels)))
