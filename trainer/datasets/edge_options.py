"""How edges are drawn of a dataset's pictures: what is a line, and the frame around it. Free of OpenCV, for forms."""

from dataclasses import dataclass, field, fields

from django.utils.translation.trans_null import gettext_noop

EDGE_STEPS = (  # columns of the preview
    gettext_noop("picture"),
    gettext_noop("differences of colour"),
    gettext_noop("lines found"),
    gettext_noop("finished drawing"),
    gettext_noop("as if drawn by hand"),
    gettext_noop("and once more"),
)


def _option(default, help):
    return field(default=default, metadata={"help": help})


@dataclass(frozen=True)
class EdgeOptions:
    """What is a line. Differences are those of CIE Lab: 2 is just visible, 100 is black beside white."""

    sigma: float = _option(0.9, "pixels; the blur before differences of colour are taken")
    strong: float = _option(
        14.0, "a line has at least one place with this difference of colour (100 is black beside white)"
    )
    weak: float = _option(6.0, "a line ends where the difference of colour is smaller")
    calm: float = _option(1.0, "times the surroundings' usual difference that is taken off; 0 draws textures too")
    merge: float = _option(3.0, "pixels; borders closer than about this become one line")
    shortest: int = _option(9, "pixels; shorter lines are left out")
    spur: int = _option(4, "pixels; shorter side branches are left out")
    thickness: float = _option(2.0, "pixels of the pen")
    fineness: int = _option(
        1, "work on a picture this many times as large; 2 keeps small eyes in pictures of 128 pixels"
    )

    def __post_init__(self):
        if not (self.sigma >= 0.3 and 0 < self.weak <= self.strong and self.thickness >= 0.5):
            raise ValueError(gettext_noop("Edges need sigma >= 0.3, 0 < weak <= strong and thickness >= 0.5."))
        if min(self.calm, self.merge, self.shortest, self.spur) < 0:
            raise ValueError(gettext_noop("Edges need calm, merge, shortest and spur of at least 0."))
        if not 1 <= self.fineness <= 4:
            raise ValueError(gettext_noop("Edges need a fineness of 1 to 4."))


@dataclass(frozen=True)
class Frame:
    """What is done to a picture before its edges are drawn, and which pairs are kept out."""

    size: int | None = _option(None, "cut the centre square and make it this many pixels wide")
    margin: int = _option(0, "pixels of white put around each picture")
    split_by_prefix: bool = _option(
        False, "keep out by the name up to its first hyphen or dot, so that variants stay together"
    )

    def __post_init__(self):
        if (self.size is not None and not 1 <= self.size <= 4096) or not 0 <= self.margin <= 1024:
            raise ValueError(gettext_noop("A size is 1 to 4096 pixels, a margin 0 to 1024."))


def read(values: dict) -> tuple[EdgeOptions, Frame]:
    """Both from one flat dictionary of numbers, as a form or JSON gives it. Raises ValueError, with a sentence."""
    known = {each.name: (kind, each) for kind in (EdgeOptions, Frame) for each in fields(kind)}
    if unknown := set(values) - set(known):
        raise ValueError(f"Edges have no option {', '.join(sorted(unknown))}.")
    given = {EdgeOptions: {}, Frame: {}}
    for name, value in values.items():
        kind, each = known[name]
        given[kind][name] = _fit(name, value, each.type)
    return EdgeOptions(**given[EdgeOptions]), Frame(**given[Frame])


def _fit(name, value, wanted):
    """A whole number will do where a fraction may stand."""
    if wanted is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if not isinstance(value, wanted) or (isinstance(value, bool) and wanted is not bool):
        raise ValueError(f"{name} cannot be {value!r}.")
    return value
