"""Where each file of a dataset belongs, told from names alone: kinds, splits, sides, and names that are our own.

Folders may bear the names of splits and sides in any order and any case; all other folders become part of the name.
"""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import PurePath

from django.utils.translation.trans_null import gettext_noop

from trainer.datasets.archives import Member

KINDS = ("pairs", "folders", "unpaired", "pictures", "captioned")
RECIPES = {  # that can read it
    "pairs": ("pix2pix",),
    "folders": ("pix2pix", "cyclegan"),
    "unpaired": ("cyclegan", "adain"),
}
PLAIN = "pictures"  # the preview of a kind that no recipe reads yet
WITH_SIDES = ("folders", "unpaired")
MATCHED = ("folders", "captioned")  # what belongs together has the same name

SIDELESS = gettext_noop("lies in no folder A or B")
DOUBLE = gettext_noop("has the same name as another file of its folder")

SPLITS = {"train": "train", "training": "train", "test": "test", "testing": "test"}
SPLITS |= dict.fromkeys(("val", "valid", "validation"), "val")
BOTH = re.compile(rf"({'|'.join(SPLITS)})[-_ ]?([ab])")
HOLDERS = {"images", "pictures", "photos", "captions", "text", "texts", "txt"}  # of a captioned dataset, and no names
CAPTION = ".txt"
NAME_BYTES = 120  # of a name of ours in UTF-8: file systems take 255


@dataclass(frozen=True)
class Place:
    """Where a member goes: `folder` is a path like `train/A`, `stem` a name without its ending."""

    folder: str
    stem: str
    is_caption: bool = False


@dataclass(frozen=True)
class Plan:
    """A place for each member that has one, by its key; and the others, by name and reason."""

    places: dict[str, Place]
    misplaced: list[tuple[str, str]]


def plan(members: list[Member], kind: str) -> Plan:
    """The same for the same members, always: an import that is taken up again relies on it."""
    found, misplaced = {}, []
    for member, parts in zip(members, _without_tops([member.parts for member in members], kind), strict=True):
        split, side, stem, suffix = _read_path(parts, kind)
        if kind in WITH_SIDES and not side:
            misplaced.append((member.title, SIDELESS))
        else:
            found[member.key] = member, split, side, stem, suffix
    names = _name_splits({split for _, split, *_ in found.values()}, kind)

    places, taken, paths = {}, {}, set()
    for key, (member, split, side, stem, suffix) in found.items():
        is_caption = kind == "captioned" and suffix == CAPTION
        place = Place(_folder(names[split], side, kind), _shorten(stem), is_caption)
        if kind not in MATCHED and member.parts not in paths:
            place = _set_apart(place, taken)
        if _identity(place) in taken:
            misplaced.append((member.title, DOUBLE))
            continue
        taken[_identity(place)] = 1
        paths.add(member.parts)
        places[key] = place
    return Plan(places, misplaced)


def _without_tops(paths: list[tuple[str, ...]], kind: str) -> list[tuple[str, ...]]:
    """Without the folders that lie around everything and say nothing."""
    while paths and len(paths[0]) > 1 and not _is_word(paths[0][0], kind):
        if any(len(parts) < 2 or parts[0] != paths[0][0] for parts in paths):
            break
        paths = [parts[1:] for parts in paths]
    return paths


def _is_word(folder, kind):
    word = folder.casefold()
    return word in SPLITS or (kind in WITH_SIDES and (word in ("a", "b") or BOTH.fullmatch(word)))


def _read_path(parts, kind) -> tuple[str, str, str, str]:
    """Split ('' where none is named), side, stem and suffix of a member. The deepest folder that says so counts."""
    split, side, others = "", "", []
    for folder in parts[:-1]:
        word = folder.casefold()
        both = BOTH.fullmatch(word) if kind in WITH_SIDES else None
        if both:
            split, side = SPLITS[both[1]], both[2].upper()
        elif word in SPLITS:
            split = SPLITS[word]
        elif kind in WITH_SIDES and word in ("a", "b"):
            side = word.upper()
        elif not (kind == "captioned" and word in HOLDERS):
            others.append(folder)
    name = PurePath(parts[-1])
    stem, suffix = (name.stem, name.suffix) if 1 < len(name.suffix) <= 6 else (name.name, "")
    return split, side, "-".join([*others, stem.rstrip(". ") or "_"]), suffix.lower()


def _name_splits(found: Iterable[str], kind) -> dict[str, str]:
    """What each split is called where recipes look for it."""
    found = set(found)
    if "train" not in found and len(found) == 1:
        return dict.fromkeys(found, "train")  # one split alone is what there is to learn from
    names = {"": "train", "train": "train", "val": "val", "test": "test" if "val" in found else "val"}
    return names | {"val": "test", "test": "test"} if kind == "unpaired" else names


def _folder(split, side, kind):
    if kind == "unpaired":
        return split + side
    return f"{split}/{side}" if side else split


def _identity(place):
    """Equal for two that some disk would hold for the same file. A picture and its caption are two."""
    return place.folder, place.stem.casefold(), place.is_caption


def _set_apart(place, taken):
    """Under a name of its own: 1.jpg and 1.png are two pictures."""
    first, apart = _identity(place), place
    while _identity(apart) in taken:
        taken[first] += 1  # how far one has counted for this name: a hundred thousand of it take no longer
        apart = replace(place, stem=f"{place.stem}~{taken[first]}")
    return apart


def _shorten(stem):
    """Short enough for every disk; what is cut off leaves a trace, so that partners stay partners."""
    whole = stem.encode()
    if len(whole) <= NAME_BYTES:
        return stem
    return f"{whole[: NAME_BYTES - 9].decode(errors='ignore')}~{hashlib.sha256(whole).hexdigest()[:8]}"
