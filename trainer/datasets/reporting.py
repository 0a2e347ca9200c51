"""What there is to say about a dataset: counts, sizes, what was left out and why, what is there twice, leaks.

Made of the notes taken while reading; what recipes could not read (a picture without its partner) is removed here.
"""

import base64
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path, PurePath

import numpy as np
from django.utils.translation.trans_null import gettext_noop

from trainer.datasets import archives, decoding, layouts, likeness, pictures, reading

NO_PICTURES = gettext_noop("No file in it could be taken as a picture of this kind of dataset.")
NO_TRAINING = gettext_noop("There is nothing to train on: the part for training, or one of its sides, has no pictures.")
ALL_ENCRYPTED = gettext_noop("The files in this archive are encrypted. Please pack it anew, without a password.")
ALL_SIDELESS = gettext_noop("This kind of dataset has its pictures in folders A and B, or trainA and trainB.")
ALL_ODD = gettext_noop("Its pictures have an odd width: two pictures side by side have an even one.")
ALL_ALONE = gettext_noop("No picture in A has a partner of the same name in B.")
ALL_WORDLESS = gettext_noop("No picture has a text file of the same name with its captions.")
ALL_NESTED = gettext_noop("It holds archives instead of pictures. Please unpack those first.")
ALONE = gettext_noop("has no partner of the same name")
OTHER_SHAPE = gettext_noop("has another shape than its partner")
OTHER_SIZE = gettext_noop("has another size than its partner, and is scaled to it")
NO_CAPTION = gettext_noop("has no caption")
EMPTY_CAPTION = gettext_noop("has an empty caption")
CAPTION_ALONE = gettext_noop("belongs to no picture")

USUAL = {  # what to say where all was left out, most of it for this reason
    archives.ENCRYPTED: ALL_ENCRYPTED,
    layouts.SIDELESS: ALL_SIDELESS,
    reading.ODD: ALL_ODD,
    ALONE: ALL_ALONE,
    NO_CAPTION: ALL_WORDLESS,
    CAPTION_ALONE: ALL_WORDLESS,
    decoding.NESTED: ALL_NESTED,
}
LISTED = 2000  # names of a kind; all are counted
LISTED_GROUPS = 200
LISTED_OF_A_GROUP = 12
COMMON = 12  # sizes that are named
SIDES = (0, 64, 128, 256, 512, 1024, 2048)  # of the shorter side: where a bar of the histogram begins
ASPECTS = (0.0, 0.4, 0.6, 0.7, 0.9, 1.12, 1.45, 1.7, 2.5)  # width over height: the same
SAME_SHAPE = 0.02  # of the ratio, by which partners may differ
PALER = 12  # of 255: so much less colour on one side, and it is probably the drawings


@dataclass
class Found:
    """What the notes say, sorted."""

    pictures: list[dict] = field(default_factory=list)
    captions: list[dict] = field(default_factory=list)
    left_out: list[dict] = field(default_factory=list)  # name and reason
    mismatched: list[dict] = field(default_factory=list)


def make(folder: Path, journal: Iterable[dict], kind: str, bad: list[tuple[str, str]]) -> dict:
    """The report on what lies in a folder. Raises Refused where nothing can be trained with it."""
    found = _sort(journal, bad)
    if kind == "folders":
        _match_sides(found, folder)
    elif kind == "captioned":
        _match_captions(found, folder)
    counts = Counter(str(PurePath(note["stored"]).parent) for note in found.pictures)
    _check_counts(counts, kind, found)
    _remove_empty(folder)

    return {
        "kind": kind,
        "recipes": list(layouts.RECIPES.get(kind, ())),
        "counts": dict(sorted(counts.items())),
        "n_pictures": sum(counts.values()),
        "n_captions": sum(note["captions"] for note in found.captions),
        "unreadable": _list(found.left_out),
        "mismatched": _list(found.mismatched),
        **_measure(found.pictures),
        **_compare(found.pictures, kind),
        **({"direction": _suggest_direction(found.pictures, kind)} if kind in ("pairs", "folders") else {}),
    }


def _sort(journal, bad):
    found = Found(left_out=[{"name": name, "reason": reason} for name, reason in bad])
    for note in journal:
        if "captions" in note:
            found.captions.append(note)
        elif "stored" in note:
            found.pictures.append(note)
        elif "mismatch" in note:
            found.mismatched.append({"name": note["name"], "reason": note["mismatch"]})
        elif "reason" in note:
            found.left_out.append({"name": note["name"], "reason": note["reason"]})
    found.pictures.sort(key=lambda note: note["stored"])
    return found


def _match_sides(found, folder):
    """Only pairs stay. Both of other sizes may: recipes scale the condition; but not both of other shapes."""
    sides = {side: {_pair(note): note for note in found.pictures if _side(note) == side} for side in "AB"}
    kept = []
    for note in found.pictures:
        partner = sides["B" if _side(note) == "A" else "A"].get(_pair(note))
        shapes = [width / height for width, height in (note["size"], partner["size"])] if partner else []
        if not partner or abs(shapes[0] / shapes[1] - 1) > SAME_SHAPE:
            _drop(note, folder, found.mismatched, OTHER_SHAPE if partner else ALONE)
            continue
        if note["size"] != partner["size"] and _side(note) == "A":
            found.mismatched.append({"name": note["name"], "reason": OTHER_SIZE})
        kept.append(note)
    found.pictures = kept


def _match_captions(found, folder):
    """Only pictures with a caption stay, and captions with a picture. Empty captions were not even stored."""
    there = {_stem(note) for note in found.pictures}
    for note in found.captions:
        if _stem(note) not in there:
            _drop(note, folder, found.mismatched, CAPTION_ALONE)
    captions = {_stem(note): note for note in found.captions}
    kept = []
    for note in found.pictures:
        caption = captions.get(_stem(note))
        if caption and caption["captions"]:
            kept.append(note)
        else:
            _drop(note, folder, found.mismatched, EMPTY_CAPTION if caption else NO_CAPTION)
    found.pictures = kept
    found.captions = [note for note in found.captions if note["captions"] and _stem(note) in there]


def _drop(note, folder, listed, reason):
    (folder / note["stored"]).unlink(missing_ok=True)
    listed.append({"name": note["name"], "reason": reason})


def _check_counts(counts, kind, found):
    needed = {"folders": ("train/A", "train/B"), "unpaired": ("trainA", "trainB")}.get(kind, ("train",))
    if all(counts[part] for part in needed):
        return
    if counts:
        raise archives.Refused(NO_TRAINING)
    reasons = Counter(each["reason"] for each in found.left_out + found.mismatched)
    usual = reasons.most_common(1)[0][0] if reasons else ""
    raise archives.Refused(USUAL.get(usual, NO_PICTURES))


def _remove_empty(folder):
    for inner in sorted(folder.rglob("*/"), reverse=True):
        if not any(inner.iterdir()):
            inner.rmdir()


def _list(entries):
    """How many, how many for each reason, and the first by name."""
    return {
        "n": len(entries),
        "reasons": dict(Counter(each["reason"] for each in entries).most_common()),
        "files": sorted(entries, key=lambda each: each["name"])[:LISTED],
    }


def _measure(notes):
    """Sizes and shapes; of pictures side by side, of one of them."""
    sizes = np.array([note["size"] for note in notes])
    shorter, shapes = sizes.min(1), sizes[:, 0] / sizes[:, 1]
    areas = sizes.prod(1)
    common = Counter(map(tuple, sizes.tolist())).most_common(COMMON)
    return {
        "sizes": {
            "smallest": sizes[areas.argmin()].tolist(),
            "largest": sizes[areas.argmax()].tolist(),
            "common": [{"width": width, "height": height, "n": n} for (width, height), n in common],
            "sides": _histogram(shorter, SIDES),
        },
        "aspects": _histogram(shapes, ASPECTS),
    }


def _histogram(values, edges):
    """Bars: from where, to where (None: no end), how many."""
    which = np.searchsorted(edges, values, side="right") - 1
    counts = np.bincount(which, minlength=len(edges))
    ends = [*edges[1:], None]
    return [{"from": low, "to": high, "n": int(n)} for low, high, n in zip(edges, ends, counts, strict=True)]


def _compare(notes, kind):
    """What is there twice, and what of it lies both in training and in validation."""
    if kind == "folders":  # a pair is there twice when both its pictures are
        partners = {_pair(note): note for note in notes if _side(note) == "A"}
        notes = [note for note in notes if _side(note) == "B"]
        thumbnails = [_thumbnail(note) + _thumbnail(partners[_pair(note)]) for note in notes]
    else:
        thumbnails = [_thumbnail(note) for note in notes]
    hashes = np.array([int(note["hash"], 16) for note in notes], "uint64")
    cells = np.frombuffer(b"".join(thumbnails), "uint8").reshape(len(notes), -1)
    groups = [[notes[i] for i in group] for group in likeness.find_groups(hashes, cells)]
    splits, validation = _find_splits(notes, kind)
    leaks = []
    for group in groups:
        learned = [note for note in group if splits[note["stored"]] == "train"]
        leaks += [(learned[0], note) for note in group if learned and splits[note["stored"]] != "train"]
    groups.sort(key=len, reverse=True)
    return {
        "duplicates": {
            "n": sum(len(group) - 1 for group in groups),
            "groups": [[note["stored"] for note in group[:LISTED_OF_A_GROUP]] for group in groups[:LISTED_GROUPS]],
        },
        "leaks": {
            "n": len(leaks),
            "validation": validation,
            "pairs": [{"train": one["stored"], "validation": other["stored"]} for one, other in leaks[:LISTED_GROUPS]],
        },
    }


def _find_splits(notes, kind):
    """Which split recipes will see each picture in; and what validation is made of: a folder, names, or nothing."""
    splits = {note["stored"]: PurePath(note["stored"]).parts[0].rstrip("AB") for note in notes}
    if set(splits.values()) != {"train"}:
        return splits, "folder"
    if kind == "unpaired":
        return splits, "none"
    for stored in splits:
        name = PurePath(stored).stem if kind == "folders" else PurePath(stored).name
        splits[stored] = "val" if pictures.is_kept_out(name) else "train"
    return splits, "names" if "val" in splits.values() else "none"


def _suggest_direction(notes, kind):
    """Which side looks like drawings: paler by far. The condition is usually that one."""
    colours = {"A": [], "B": []}
    for note in notes:
        spread = np.ptp(likeness.read_colours(_thumbnail(note)), axis=2).mean(axis=1)
        for side, value in zip("AB" if kind == "pairs" else _side(note), spread, strict=True):
            colours[side].append(value)
    a, b = (float(np.mean(colours[side])) for side in "AB")
    suggested = "AtoB" if b - a > PALER else "BtoA" if a - b > PALER else ""
    return {"choices": ["AtoB", "BtoA"], "suggested": suggested}


def _thumbnail(note):
    return base64.b64decode(note["thumbnail"])


def _stem(note):
    return note["stored"].rpartition(".")[0]


def _pair(note):
    """Equal for both pictures of a pair."""
    path = PurePath(note["stored"])
    return path.parts[0], path.stem


def _side(note):
    return PurePath(note["stored"]).parts[1]
