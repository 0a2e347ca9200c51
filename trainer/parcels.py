"""A version as one file: its weights, config, card and samples in a ZIP, with a manifest of hashes; and back.

What comes back may come from anybody: the archive is read member by member, each is looked at in quarantine and
written anew, and the config keeps only what we know. Nothing in it is ever run.
"""

import hashlib
import io
import json
import math
import re
import tempfile
import time
import zipfile
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from django.conf import settings
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from trainer import checkpoints, folders, quarantine, versions
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
MOST_FILES, PIECE = 16, 2**20
MOST_NUMBER = 2**53  # what is larger is no number of anything
PATIENCE_SECONDS = 3
MOST_SECONDS = 60  # of a request, for all that is looked at; the largest archive takes twelve
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
    with _alone(), _open(path) as parcel:
        manifest = _parse(parcel.read(MANIFEST), MANIFEST)
        parcel.hashes = _read_hashes(manifest, parcel)
        config = clean_config(_parse(parcel.read(checkpoints.CONFIG), checkpoints.CONFIG))
        words = _read_words(manifest, slug, _decode(parcel.read(CARD)) if CARD in parcel.members else "")
        kind, direction = str(manifest.get("kind", "")), str(manifest.get("direction", ""))
        versions.check_kind(config, kind, direction)

        def fill(folder: Path) -> None:
            _clean_weights(parcel, folder, config)
            _clean_samples(parcel, folder)
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


@contextmanager
def _alone():
    """One archive at a time is taken in: networks are large, and so is what looks at them."""
    root = Path(settings.TRAINING_ROOT) / "versions"
    try:
        root.mkdir(parents=True, exist_ok=True)
        with folders.occupy(root, patience=PATIENCE_SECONDS):
            yield
    except folders.Occupied as error:
        raise Refused(_("Another version is being brought in just now. Try again in a minute.")) from error


class _Parcel:
    """An archive that was looked at: its members by name, each read where it is wanted, and its hash compared."""

    def __init__(self, archive: archives.Archive, file: zipfile.ZipFile):
        names = ["/".join(member.parts) for member in archive.members]
        _check_names(names)
        self.members = dict(zip(names, archive.members, strict=True))
        self.hashes: dict[str, str] = {}
        self._file = file
        self._until = time.monotonic() + MOST_SECONDS

    def seconds_left(self) -> float:
        """To look at what is in it. Raises Refused when there are none."""
        left = self._until - time.monotonic()
        if left <= 0:
            raise Refused(_("Looking at this archive takes too long."))
        return left

    def samples(self) -> list[str]:
        return sorted(name for name in self.members if name.startswith("samples/"))

    def read(self, name: str) -> bytes:
        """A text. Raises Refused for a long one."""
        if self.members[name].n_bytes > MOST_TEXT:
            raise Refused(_("%(name)s cannot be read.") % {"name": name})
        memory = io.BytesIO()
        self._copy(name, memory)
        return memory.getvalue()

    def save(self, name: str, target: Path) -> None:
        """Something large, piece by piece."""
        with target.open("xb") as out:
            self._copy(name, out)

    def _copy(self, name: str, out: BinaryIO) -> None:
        member, digest, n_bytes = self.members[name], hashlib.sha256(), 0
        try:
            with self._file.open(self._file.infolist()[int(member.key)]) as stream:
                while piece := stream.read(PIECE):
                    n_bytes += len(piece)
                    if n_bytes > member.n_bytes:
                        raise Refused(_("%(name)s cannot be read.") % {"name": name})
                    digest.update(piece)
                    out.write(piece)
        except archives.BROKEN as error:
            raise Refused(_("%(name)s cannot be read.") % {"name": name}) from error
        if name in self.hashes and digest.hexdigest() != self.hashes[name]:
            raise Refused(_("%(name)s is not what the manifest says: it was changed on the way.") % {"name": name})


@contextmanager
def _open(path):
    """The archive, if only that lies in it which belongs there."""
    limits = archives.Limits(entries=MOST_FILES, bytes_in_all=settings.VERSION_MAX_BYTES)
    try:
        with closing(archives.Archive(path, limits)) as archive, zipfile.ZipFile(path) as file:
            if archive.bad:
                name, reason = archive.bad[0]
                raise Refused(_("%(name)s %(reason)s.") % {"name": name, "reason": _(reason)})
            yield _Parcel(archive, file)
    except archives.Refused as error:
        sentence = str(error)
        if sentence in TOO_MUCH:  # said of datasets
            raise Refused(_("This archive holds more than an exported version does.")) from error
        raise Refused(_(sentence)) from error


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


def _read_hashes(manifest, parcel):
    """What each of the others must be."""
    if manifest.get("format") != FORMAT:
        raise Refused(_("This is no exported version, or one of another time."))
    hashes = manifest.get("sha256")
    if not isinstance(hashes, dict) or set(hashes) != set(parcel.members) - {MANIFEST}:
        raise Refused(_("The manifest names other files than there are."))
    return hashes


def _parse(content, name):
    def refuse(word):
        raise ValueError(word)

    try:
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


def _decode(content):
    return content.decode("utf-8", errors="replace")


def _clean_weights(parcel, folder, config):
    source, target = folder / ".source.h5", folder / checkpoints.WEIGHTS
    parcel.save(checkpoints.WEIGHTS, source)
    try:
        quarantine.clean_weights(
            source, target, recipe=config["recipe"], architecture=config["architecture"], seconds=parcel.seconds_left()
        )
    except quarantine.Refused as error:
        raise Refused(_(str(error))) from error
    source.unlink()


def _clean_samples(parcel, folder):
    (folder / "samples").mkdir()
    for number, name in enumerate(parcel.samples()):
        source = folder / ".source"
        parcel.save(name, source)
        try:
            quarantine.clean_picture(
                source, folder / "samples" / f"{number}.png", longest_side=SAMPLE_SIDE, seconds=parcel.seconds_left()
            )
        except quarantine.Refused as error:
            raise Refused(_("A sample is not taken: %(why)s") % {"why": _(str(error))}) from error
        source.unlink()


def _is_plain(value, depth=0):
    if isinstance(value, dict):
        is_small = len(value) <= MOST_ENTRIES and depth < MOST_DEPTH
        return is_small and all(_is_plain(name) and _is_plain(one, depth + 1) for name, one in value.items())
    if isinstance(value, list):
        return len(value) <= MOST_ENTRIES and depth < MOST_DEPTH and all(_is_plain(one, depth + 1) for one in value)
    if isinstance(value, str):
        return len(value) <= MOST_LETTERS and (value.isprintable() or not value)
    if isinstance(value, int):
        return abs(value) <= MOST_NUMBER
    return value is None or (isinstance(value, float) and math.isfinite(value))


def _is_whole(value, least, most):
    return type(value) is int and least <= value <= most
