"""The report on a dataset in words and bars for people; what is measured for it: trainer/datasets/reporting.py."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

FOLDERS = {
    "train": gettext_lazy("to learn from"),
    "val": gettext_lazy("to look at"),
    "test": gettext_lazy("kept aside"),
}
VALIDATION = {
    "folder": gettext_lazy("Training looks at the pictures of the folder for validation."),
    "names": gettext_lazy("There is no folder for validation: one picture in twenty is kept out of training for it."),
    "none": gettext_lazy("There is nothing to validate with: training will not be measured."),
}
N_SHOWN = 100  # names of a list


@dataclass(frozen=True)
class Bar:
    """One line of a small chart."""

    label: str
    n: int
    percent: float  # of the longest


@dataclass(frozen=True)
class Trouble:
    """Files that were left out or do not go together: how many, why, and which."""

    n: int
    reasons: list[tuple[str, int]]
    files: list[tuple[str, str]]

    @property
    def n_more(self) -> int:
        return self.n - len(self.files)


@dataclass(frozen=True)
class Report:
    """What the page of a dataset tells."""

    n_pictures: int
    n_captions: int
    counts: list[tuple[str, str, int]]  # folder, what it is for, pictures
    smallest: str
    largest: str
    sides: list[Bar]
    aspects: list[Bar]
    unreadable: Trouble
    mismatched: Trouble
    n_duplicates: int
    duplicates: list[list[str]]
    n_leaks: int
    leaks: list[dict]
    validation: str
    direction: str  # which side looks like drawings; empty where nothing tells

    @property
    def is_clean(self) -> bool:
        return not (self.unreadable.n or self.mismatched.n or self.n_duplicates or self.n_leaks)


def read(values: dict[str, Any]) -> Report | None:
    """The report of a dataset's row; None before there is one."""
    if not values.get("n_pictures"):
        return None
    sizes, duplicates, leaks = (values.get(name, {}) for name in ("sizes", "duplicates", "leaks"))
    return Report(
        n_pictures=values["n_pictures"],
        n_captions=values.get("n_captions", 0),
        counts=[(folder, _purpose(folder), n) for folder, n in values.get("counts", {}).items()],
        smallest=_size(sizes.get("smallest")),
        largest=_size(sizes.get("largest")),
        sides=_bars(sizes.get("sides", ()), _pixels),
        aspects=_bars(values.get("aspects", ()), _shape),
        unreadable=_trouble(values.get("unreadable", {})),
        mismatched=_trouble(values.get("mismatched", {})),
        n_duplicates=duplicates.get("n", 0),
        duplicates=duplicates.get("groups", [])[:N_SHOWN],
        n_leaks=leaks.get("n", 0),
        leaks=leaks.get("pairs", [])[:N_SHOWN],
        validation=str(VALIDATION.get(leaks.get("validation"), "")),
        direction=values.get("direction", {}).get("suggested", ""),
    )


def _purpose(folder: str) -> str:
    """What the pictures of `train/A` or `testB` are for."""
    split, _slash, side = folder.partition("/")
    if not side and split[-1:] in ("A", "B"):
        split, side = split[:-1], split[-1]
    purpose = str(FOLDERS.get(split, ""))
    return _("%(purpose)s, side %(side)s") % {"purpose": purpose, "side": side} if side else purpose


def _size(pair) -> str:
    return f"{pair[0]} × {pair[1]}" if pair else ""


def _bars(histogram: Iterable[dict], label) -> list[Bar]:
    """Those with something in them, from the first to the last."""
    known = list(histogram)
    filled = [i for i, each in enumerate(known) if each["n"]]
    if not filled:
        return []
    most = max(each["n"] for each in known)
    return [
        Bar(label(each["from"], each["to"]), each["n"], round(100 * each["n"] / most, 1))
        for each in known[filled[0] : filled[-1] + 1]
    ]


def _pixels(low: int, high: int | None) -> str:
    if high is None:
        return _("%(low)d pixels and more") % {"low": low}
    if not low:
        return _("less than %(high)d pixels") % {"high": high}
    return _("%(low)d to %(high)d pixels") % {"low": low, "high": high - 1}


def _shape(low: float, high: float | None) -> str:
    """Width over height, in words."""
    if high is None or low >= 1.7:
        name = _("very wide")
    elif low >= 1.12:
        name = _("wide")
    elif low >= 0.9:
        name = _("square")
    else:
        name = _("tall") if low >= 0.6 else _("very tall")
    ends = f"{low:g}+" if high is None else f"{low:g}–{high:g}"
    return f"{name} ({ends})"


def _trouble(values: dict) -> Trouble:
    return Trouble(
        n=values.get("n", 0),
        reasons=[(_(reason), n) for reason, n in values.get("reasons", {}).items()],
        files=[(each["name"], _(each["reason"])) for each in values.get("files", ())[:N_SHOWN]],
    )
