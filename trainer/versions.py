"""The stories of a version: a checkpoint is published as an engine, taken back, put back. Nothing is ever deleted.

Older pictures name the version that painted them, so that it keeps its row, its number and its weights.
"""

import logging
import re
import shutil
import time
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.contrib.auth.models import User
from django.db import IntegrityError, connection, transaction
from django.db.models import Max
from django.db.models.functions import Now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from trainer import checkpoints
from trainer.models import Run, Version

BEST, LAST = "best", "last"
SLUG = re.compile(r"[a-z0-9][a-z0-9-]*")
NO_SLUG = gettext_noop("A short name is made of small letters, digits and dashes.")
UNREADABLE = gettext_noop("There are line breaks or characters that nobody can see in these words. Type them anew.")
N_SAMPLES = 4
N_TRIES = 3  # when something lies already where the next number's folder belongs
INCOMING = ".incoming-"  # how names of archives begin that are being looked at
LEFT_SECONDS = 3600  # what a killed process left half made is removed after so long

log = logging.getLogger(__name__)


class Refused(Exception):
    """It cannot be done; the message is a sentence for staff, in their language."""


@dataclass(frozen=True)
class Words:
    """What people read about a version. `card` is the owner's part of it."""

    slug: str
    title: str
    blurb: str
    licence: str
    title_ko: str = ""
    blurb_ko: str = ""
    card: str = ""

    def fields(self) -> dict[str, str]:
        """Those that are columns."""
        return {name: value for name, value in vars(self).items() if name != "card"}


def publish(
    run: Run, checkpoint: int | str, words: Words, *, kind: str, direction: str = "", owner: User | None = None
) -> Version:
    """A checkpoint (its step, `best` or `last`) becomes the live version of the slug. Raises Refused.

    All of it or nothing: the folder is made beside and renamed, the row comes last.
    """
    export = find_export(run, checkpoint)
    check_kind(export.config, kind, direction)
    facts = {"licence": words.licence, "data": _describe_data(run), "title": words.title}

    def fill(folder: Path) -> None:
        before = export.hash()
        checkpoints.shrink(export.folder, folder, facts)
        if checkpoints.read_config(folder).get("step", 0) != export.step or export.hash() != before:
            raise Refused(_("This checkpoint was replaced by a newer one just now. Look again, and choose."))
        _copy_samples(run, export, folder / "samples", direction)

    return keep(words, fill, kind=kind, direction=direction, owner=owner, run=run, is_live=True)


def keep(
    words: Words,
    fill: Callable[[Path], None],
    *,
    kind: str,
    direction: str,
    owner: User | None,
    run: Run | None = None,
    is_live: bool = False,
) -> Version:
    """A new version of the slug, of the folder that `fill` makes; the card is written here. Raises Refused.

    `fill` leaves config.json, the weights and samples/.
    """
    root = Path(settings.TRAINING_ROOT) / "versions"
    check_words(words)
    beside = root / f".writing-{uuid.uuid4().hex}"
    try:
        beside.mkdir(parents=True)
        _sweep(root)
        fill(beside)
        config = checkpoints.read_config(beside)
        version = Version(
            **words.fields(),
            kind=kind,
            direction=direction if config["recipe"] == "cyclegan" else "",
            recipe=config["recipe"],
            step=int(config.get("step", 0)),
            trained_at=int(config.get("sizes", {}).get("trained_at", 128)),
            sha256=checkpoints.hash_file(beside / checkpoints.WEIGHTS),
            run=run,
            owner=owner,
            is_imported=run is None,
        )
        checkpoints.write_text(beside / "card.md", write_card(version, config, words.card))
        return _settle(version, beside, is_live=is_live)
    except OSError as error:
        log.warning("%s could not be kept: %s", words.slug, error)
        raise Refused(_("It could not be written: %(why)s.") % {"why": error.strerror or error}) from error
    except (ValueError, TypeError) as error:
        log.warning("%s is no checkpoint: %s", words.slug, error)
        raise Refused(_("These weights cannot be published: %(why)s") % {"why": error}) from error
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def take_back(version: Version) -> bool:
    """Off the create page, at once. Pictures that were asked for are still painted."""
    rows = Version.objects.filter(pk=version.pk, is_live=True)
    return bool(rows.update(is_live=False, taken_back_at=Now()))


def put_back(version: Version) -> bool:
    """On the create page (again), instead of the live version of its slug. False: it is there. Raises Refused."""
    if version.reason:
        raise Refused(_("This version cannot be loaded: %(why)s") % {"why": _(version.reason)})
    with transaction.atomic():
        _one_at_a_time(version.slug)
        row = Version.objects.get(pk=version.pk)
        if row.is_live:
            return False
        _retire(row.slug)
        published_at = row.published_at or Now()
        Version.objects.filter(pk=row.pk).update(is_live=True, taken_back_at=None, published_at=published_at)
    return True


def look_again(version: Version) -> bool:
    """A worker tries once more to load one that it could not. False: there was nothing wrong."""
    return bool(Version.objects.filter(pk=version.pk).exclude(reason="").update(reason="", checked_at=None))


def find_export(run: Run, checkpoint: int | str) -> checkpoints.Export:
    """The checkpoint of that step, the best or the last. Raises Refused where it is gone."""
    exports = checkpoints.list_exports(run.folder)
    if checkpoint == LAST:
        found = exports[:1]
    elif checkpoint == BEST:
        found = [export for export in exports if export.is_best]
    else:
        found = [export for export in exports if export.step == checkpoint]
    if not found:
        raise Refused(_("There is no such checkpoint any more. Choose another."))
    return found[0]


def check_kind(config: dict, kind: str, direction: str) -> None:
    """Raise Refused where no engine takes that kind of input with such a checkpoint."""
    if kind not in checkpoints.kinds_of(config):
        raise Refused(_("No engine of that kind can use these weights."))
    if config["recipe"] == "cyclegan" and direction not in ("AtoB", "BtoA"):
        raise Refused(_("Choose the direction."))


def check_words(words: Words) -> None:
    """Raise Refused for a name that is no address, and for characters that nobody sees: NUL, turned text, new lines."""
    if not SLUG.fullmatch(words.slug):
        raise Refused(_(NO_SLUG))
    if not all(is_readable(value) for value in words.fields().values()):
        raise Refused(_(UNREADABLE))


def is_readable(text: str) -> bool:
    """Whether all of it can be seen, in any language."""
    return text.isprintable()


def write_card(version: Version, config: dict, words: str) -> str:
    """A model card: the facts, then what its owner has to say."""
    data = config.get("data", "")
    if isinstance(data, dict):
        data = "; ".join(f"{name}: {value}" for name, value in data.items())
    metrics = config.get("metrics", {}) if isinstance(config.get("metrics"), dict) else {}
    measured = ", ".join(f"{name} {value:g}" for name, value in metrics.items() if isinstance(value, int | float))
    facts = {
        "Recipe": f"`{version.recipe}`",
        "Step": f"{version.step:,}",
        "Trained at": f"{version.trained_at} × {version.trained_at} pixels",
        "Takes": version.kind,
        "Data": str(data),
        "Licence": version.licence,
        "Measured": measured,
        "Weights": f"`{checkpoints.WEIGHTS}`, sha256 `{version.sha256}`",
    }
    rows = [f"| {name} | {_in_a_cell(value)} |" for name, value in facts.items() if value]
    parts = [f"# {version.title}", version.blurb, "\n".join(["| | |", "|---|---|", *rows]), _visible(words)]
    return "\n\n".join(part for part in parts if part) + "\n"


def _visible(text):
    return "".join(letter for letter in text if letter.isprintable() or letter == "\n").strip()


def _in_a_cell(text):
    return " ".join(text.split()).replace("|", "/")


def _settle(version, beside, *, is_live):
    """The folder to its place, then the row; if that cannot be, neither."""
    n_failed = 0
    while True:
        try:
            _take_number(version, beside, is_live)
        except (IntegrityError, OSError) as error:
            n_failed += 1
            if n_failed < N_TRIES:
                continue  # somebody was quicker
            if isinstance(error, OSError):
                raise
            raise Refused(_("Somebody else publishes under this name just now. Try again.")) from error
        version.refresh_from_db()
        return version


def _take_number(version, beside, is_live):
    try:
        with transaction.atomic():
            _one_at_a_time(version.slug)
            version.number = _next_number(version.slug)
            version.folder.parent.mkdir(parents=True, exist_ok=True)
            beside.rename(version.folder)
            _save(version, is_live)
    except BaseException:
        if version.folder.exists() and not beside.exists():
            version.folder.rename(beside)
        raise


def _one_at_a_time(slug):
    """Whoever changes a version of this slug waits for the end of this transaction; on SQLite, all wait anyway."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"version {slug}"])


def _save(version, is_live):
    if is_live:
        _retire(version.slug)
    version.pk = None
    version.is_live = is_live
    version.published_at = Now() if is_live else None
    version.save(force_insert=True)


def _next_number(slug):
    """After all rows and all folders: one that a killed process left is nobody's."""
    highest = Version.objects.filter(slug=slug).aggregate(highest=Max("number"))["highest"] or 0
    folders = (Path(settings.TRAINING_ROOT) / "versions" / slug).glob("[0-9]*")
    return 1 + max([highest, *(int(folder.name) for folder in folders if folder.name.isdigit())])


def _retire(slug):
    Version.objects.filter(slug=slug, is_live=True).update(is_live=False, taken_back_at=Now())


def _describe_data(run):
    if run.dataset_id is None:
        return Path(run.data).name
    return f"{run.dataset.title} ({run.dataset.licence}; {run.dataset.source})"


def _copy_samples(run, export, target, direction):
    """Probes that this checkpoint painted in the direction that visitors get; else the newest sample picture of the
    run that is not from later."""
    target.mkdir()
    found = (run.folder / "painted" / export.name).glob("*.png")
    painted = sorted(path for path in found if path.stem.endswith("-BtoA") == (direction == "BtoA"))[:N_SAMPLES]
    if not painted:
        painted = [path for path in sorted((run.folder / "samples").glob("*.png")) if _step_of(path) <= export.step]
        painted = painted[-1:]
    for number, path in enumerate(painted):
        shutil.copyfile(path, target / f"{number}.png")


def _step_of(path):
    digits = "".join(letter for letter in path.stem if letter.isdigit())
    return int(digits) if digits else 0


def _sweep(root):
    """Remove what processes that were killed left half made. Another's may vanish meanwhile."""
    for left in [*root.glob(".writing-*"), *root.glob(f"{INCOMING}*")]:
        with suppress(OSError):
            if time.time() - left.stat().st_mtime > LEFT_SECONDS:
                shutil.rmtree(left) if left.is_dir() else left.unlink()
