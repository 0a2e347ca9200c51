"""A version as one file: its weights, config, card and samples in a ZIP, with a manifest of hashes; and back.

What comes back may come from anybody: the archive is read member by member, each is looked at in quarantine and
written anew, and the config keeps only what we know. Nothing in it is ever run.
"""

import hashlib
import json
import math
import re
import tempfile
import zipfile
from contextlib import closing
from pathlib import Path
from typing import Any, BinaryIO

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from trainer import checkpoints, quarantine, versions
from trainer.datasets import archives
from trainer.models import Version
from trainer.versions import Refused, Words

FORMAT = "stylesite-version-1"
MANIFEST, CARD = "manifest.json", "card.md"
NEEDED = {MANIFEST, checkpoints.CONFIG, checkpoints.WEIGHTS}
SAMPLE = re.compile(r"samples/[A-Za-z0-9_-]{1,40}\.(png|webp|jpg)")
MOST_SAMPLES, SAMPLE_SIDE = 8, 2048
MOST_TEXT = 64 * 1024  # bytes of each of the texts
MOST_DEPTH, MOST_ENTRIES, MOST_LETTERS = 4, 64, 500  # of a config
LIMITS = archives.Limits(entries=16, bytes_in_all=300 * 2**20)
TOO_MUCH = (archives.TOO_MANY, archives.TOO_LARGE)
IN_CONFIG = {
    *("recipe", "parameters", "architecture", "sizes", "normalisation", "direction", "hint_cells", "step", "seed"),
    *("weights", "metrics", "data", "licence", "title"),
}
IN_WORDS = ("slug", "title", "title_ko", "blurb", "blurb_ko", "licence")


def pack(version: Version) -> BinaryIO:
    """The version as a ZIP: an open file without a name, at its beginning."""
    words = {name: getattr(version, name) for name in IN_WORDS}
    facts = words | {"kind": version.kind, "direction": version.direction, "number": version.number}
    samples = [version.folder / "samples" / name for name in version.samples()]
    texts = [path for path in (version.folder / checkpoints.CONFIG, version.folder / CARD) if path.is_file()]
    files = {path.name: path for path in (version.folder / checkpoints.WEIGHTS, *texts)}
    files |= {f"samples/{path.name}": path for path in samples[:MOST_SAMPLES]}

    manifest = {"format": FORMAT, **facts, "sha256": {name: checkpoints.hash_file(files[name]) for name in files}}
    out = tempfile.TemporaryFile()  # noqa: SIM115  whoever sends it closes it
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:  # weights do not become smaller
        archive.writestr(MANIFEST, json.dumps(manifest, indent=1, ensure_ascii=False))
        for name, path in files.items():
            archive.write(path, name)
    out.seek(0)
    return out


def unpack(path: Path, *, owner: User | None = None, slug: str = "") -> Version:
    """A ZIP becomes a version that is not live yet, under its own slug unless another is given. Raises Refused."""
    members = _read(path)
    manifest = _parse(members.pop(MANIFEST), MANIFEST)
    _check_hashes(manifest, members)
    config = clean_config(_parse(members[checkpoints.CONFIG], checkpoints.CONFIG))
    words = _read_words(manifest, slug, _read_text(members.get(CARD, b"")))
    kind, direction = str(manifest.get("kind", "")), str(manifest.get("direction", ""))
    versions.check_kind(config, kind, direction)

    def fill(folder: Path) -> None:
        _clean_weights(members[checkpoints.WEIGHTS], folder, config)
        _clean_samples(members, folder)
        checkpoints.write_config(folder, config | {"licence": words.licence})

    return versions.keep(words, fill, kind=kind, direction=direction, owner=owner)


def clean_config(values: dict[str, Any]) -> dict[str, Any]:
    """What we know of a config, numbers and words alone. Raises Refused for what makes no sense."""
    config = {name: value for name, value in values.items() if name in IN_CONFIG}
    if not _is_plain(config):
        raise Refused(_("The config holds something else than a few numbers and words."))
    sizes, step = config.get("sizes", {}), config.get("step", 0)
    trained_at = sizes.get("trained_at", 128) if isinstance(sizes, dict) else None
    is_good = _is_whole(trained_at, 8, 4096) and _is_whole(step, 0, 2**31 - 1)
    line = sizes.get("line", 1) if is_good else 1
    if not is_good or type(line) not in (int, float) or not 0 < line <= trained_at:
        raise Refused(_("The sizes in the config make no sense."))
    normalisation = config.get("normalisation", {})
    if not isinstance(normalisation, dict) or not _is_whole(config.get("hint_cells", 0), 0, 64):
        raise Refused(_("The config does not say how pictures go in and out."))
    if not checkpoints.kinds_of(config):
        raise Refused(_("The config describes no network that an engine can use."))
    return config


def _read(path):
    """All members by name; those that belong there, and no others."""
    try:
        with closing(archives.Archive(path, LIMITS)) as archive:
            if archive.bad:
                name, reason = archive.bad[0]
                raise Refused(_("%(name)s %(reason)s.") % {"name": name, "reason": _(reason)})
            names = ["/".join(member.parts) for member in archive.members]
            _check_names(names)
            return {name: archive.read(member) for name, member in zip(names, archive.members, strict=True)}
    except archives.Refused as error:
        sentence = str(error)
        if sentence in TOO_MUCH:  # said of datasets
            raise Refused(_("This archive holds more than an exported version does.")) from error
        raise Refused(_(sentence)) from error
    except archives.BadMember as error:
        sentence = _("A file in this archive %(reason)s.") % {"reason": _(error.reason)}
        raise Refused(sentence) from error


def _check_names(names):
    if len(set(names)) != len(names):
        raise Refused(_("This archive holds the same file twice."))
    if missing := sorted(NEEDED - set(names)):
        raise Refused(_("This is no exported version: %(name)s is missing.") % {"name": missing[0]})
    for name in names:
        if name not in NEEDED and name != CARD and not SAMPLE.fullmatch(name):
            raise Refused(_("%(name)s does not belong into an exported version.") % {"name": name[:100]})
    if sum(name.startswith("samples/") for name in names) > MOST_SAMPLES:
        raise Refused(_("There are too many samples in this archive."))


def _check_hashes(manifest, members):
    if manifest.get("format") != FORMAT:
        raise Refused(_("This is no exported version, or one of another time."))
    hashes = manifest.get("sha256")
    if not isinstance(hashes, dict) or set(hashes) != set(members):
        raise Refused(_("The manifest names other files than there are."))
    for name, content in members.items():
        if hashlib.sha256(content).hexdigest() != hashes[name]:
            raise Refused(_("%(name)s is not what the manifest says: it was changed on the way.") % {"name": name})


def _parse(content, name):
    def refuse(word):
        raise ValueError(word)

    try:
        if len(content) > MOST_TEXT:
            raise ValueError("too long")
        values = json.loads(content, parse_constant=refuse)
    except (ValueError, RecursionError) as error:
        raise Refused(_("%(name)s cannot be read.") % {"name": name}) from error
    if not isinstance(values, dict):
        raise Refused(_("%(name)s cannot be read.") % {"name": name})
    return values


def _read_words(manifest, slug, card):
    """Titles and the rest, as a version may have them."""
    given = {name: manifest.get(name, "") for name in IN_WORDS}
    if not all(isinstance(value, str) for value in given.values()):
        raise Refused(_("The manifest holds something else than words where a title belongs."))
    words = Words(**given | ({"slug": slug} if slug else {}), card=card)
    row = Version(**words.fields(), kind="sketch", recipe="-", sha256="-", number=1)
    try:
        row.clean_fields(exclude=["kind", "recipe", "run", "owner"])
    except ValidationError as error:
        field, (why, *_more) = next(iter(error.message_dict.items()))
        raise Refused(_("The manifest's %(field)s cannot be: %(why)s") % {"field": field, "why": why}) from error
    return words


def _read_text(content):
    if len(content) > MOST_TEXT:
        raise Refused(_("The card is too long."))
    text = content.decode("utf-8", errors="replace")
    return "".join(letter for letter in text if letter.isprintable() or letter == "\n")


def _clean_weights(content, folder, config):
    source = folder / ".source.h5"
    source.write_bytes(content)
    try:
        target = folder / checkpoints.WEIGHTS
        quarantine.clean_weights(source, target, recipe=config["recipe"], architecture=config["architecture"])
    except quarantine.Refused as error:
        raise Refused(_(str(error))) from error
    finally:
        source.unlink()


def _clean_samples(members, folder):
    (folder / "samples").mkdir()
    pictures = [content for name, content in sorted(members.items()) if name.startswith("samples/")]
    for number, content in enumerate(pictures):
        source = folder / ".source"
        source.write_bytes(content)
        try:
            quarantine.clean_picture(source, folder / "samples" / f"{number}.png", longest_side=SAMPLE_SIDE)
        except quarantine.Refused as error:
            raise Refused(_("A sample is not taken: %(why)s") % {"why": _(str(error))}) from error
        finally:
            source.unlink()


def _is_plain(value, depth=0):
    if isinstance(value, dict):
        is_small = len(value) <= MOST_ENTRIES and depth < MOST_DEPTH
        return is_small and all(len(name) <= MOST_LETTERS and _is_plain(one, depth + 1) for name, one in value.items())
    if isinstance(value, list):
        return len(value) <= MOST_ENTRIES and depth < MOST_DEPTH and all(_is_plain(one, depth + 1) for one in value)
    if isinstance(value, str):
        return len(value) <= MOST_LETTERS and (value.isprintable() or not value)
    return value is None or (isinstance(value, int | float) and math.isfinite(value))


def _is_whole(value, least, most):
    return type(value) is int and least <= value <= most
