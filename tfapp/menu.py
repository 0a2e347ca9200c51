"""What this installation paints with: the program's own engines, and the versions that staff published.

The versions are asked for once a request, however often the menu is looked at; workers ask each time.
"""

from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import replace

from django.http import HttpRequest, HttpResponse

from tfapp import engines
from tfapp.engines.base import EngineSpec, Parameter
from trainer.models import Version

PATHS = {
    ("pix2pix", "sketch"): "tfapp.engines.pix2pix.Pix2PixEngine",
    ("pix2pix", "photo"): "tfapp.engines.pix2pix.Pix2PixPhotoEngine",
    ("cyclegan", "photo"): "tfapp.engines.cyclegan.CycleGANEngine",
    ("adain", "style"): "tfapp.engines.adain.AdainEngine",
}
BACK = "tfapp.engines.cyclegan.CycleGANBackEngine"
TIMES_TRAINED = 3  # a photo is first offered at so many times the size its network was trained at

_answers: ContextVar[list[dict[str, Version]] | None] = ContextVar("versions", default=None)  # at most one a request


class MenuMiddleware:
    """Lets one request ask for the versions once. What another publishes meanwhile, the next request sees."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        token = _answers.set([])
        try:
            return self.get_response(request)
        finally:
            _answers.reset(token)


def enabled() -> list[EngineSpec]:
    """The engines on offer: the program's in the order of the settings, then live versions by name."""
    live = [version for version in _read_versions().values() if version.is_live]
    return engines.enabled() + [describe(version) for version in live]


def find(name: str) -> EngineSpec | None:
    """The engine of that name that is on offer, or None."""
    if spec := engines.find(name):
        return spec
    version = _find_version(name)
    return describe(version) if version and version.is_live else None


def look_up(name: str) -> EngineSpec | None:
    """The same for whatever ever painted here: switched off or taken back, it still has its name and its weights."""
    if spec := engines.SPECS.get(name):
        return spec
    version = _find_version(name)
    return describe(version) if version else None


def first(kind: str) -> EngineSpec:
    """The first engine on offer of that kind of input; of any kind where there is none."""
    offered = enabled()
    return next((spec for spec in offered if spec.kind == kind), offered[0])


def title_of(name: str) -> str:
    """What people are told a picture was painted with: of a version its number, too."""
    if spec := engines.SPECS.get(name):
        return str(spec.title)
    version = _find_version(name)
    return str(version) if version else name


def is_version(name: str) -> bool:
    """Whether that is a published version. No engine of the program has a dot in its name."""
    return "." in name


def describe(version: Version) -> EngineSpec:
    """A version as an entry of the menu, in the reader's language."""
    return EngineSpec(
        name=version.engine,
        title=version.shown_title,
        blurb=version.shown_blurb,
        kind=version.kind,
        parameters=_parameters(version),
        path=path_of(version.recipe, version.kind, version.direction),
        source=lambda: str(version.folder),
        mixes=(version.recipe, version.kind) == ("adain", "style"),
    )


def path_of(recipe: str, kind: str, direction: str) -> str:
    """The engine that loads checkpoints of a recipe for a kind of input. Raises KeyError where there is none."""
    path = PATHS[recipe, kind]
    return BACK if recipe == "cyclegan" and direction == "BtoA" else path


def _parameters(version: Version) -> tuple[Parameter, ...]:
    if version.kind == "style":
        return engines.MIX_PARAMETERS
    if version.kind == "sketch":
        return (engines.EMOJI_SIZE,)
    size = engines.PHOTO_SIZE
    wanted = min(TIMES_TRAINED * version.trained_at, size.default)
    sizes = sorted({size.default, *(choice for choice in size.choices if choice <= size.default)})
    return (replace(size, default=next(side for side in sizes if side >= wanted)),)


def _find_version(name: str) -> Version | None:
    """Pictures by the program's engines cost no question."""
    return _read_versions().get(name) if is_version(name) else None


def _read_versions() -> dict[str, Version]:
    """All there ever were: staff publish them by hand, so that they are few."""
    answers = _answers.get()
    if answers:
        return answers[0]
    rows = Version.objects.order_by("slug", "number")
    found = {row.engine: row for row in rows if (row.recipe, row.kind) in PATHS}
    if answers is not None:
        answers.append(found)
    return found
