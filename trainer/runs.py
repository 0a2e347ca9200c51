"""The stories of a run: start it, pause it, stop it, go on, do it again otherwise, take one in, delete it.

Views, the admin and the command line tell the same ones. Only here and in collections.py is the bell rung.
"""

import logging
import shutil
import time
import uuid
from contextlib import ExitStack
from dataclasses import fields
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from stylesite import doorbell
from trainer import folders, history, options, tasks
from trainer.models import Dataset, Probe, ProbeRound, Run
from trainer.models.labour import Labour, State, Wish
from trainer.recipes import configs

LABOURS = (Run, Dataset, ProbeRound)  # what the training worker does
KINDS = {  # of datasets that a recipe can learn from
    "pix2pix": (Dataset.Kind.PAIRS, Dataset.Kind.FOLDERS),
    "cyclegan": (Dataset.Kind.UNPAIRED, Dataset.Kind.FOLDERS),
    "adain": (Dataset.Kind.UNPAIRED,),
}
LEFT_SECONDS = 3600  # after which what has no row was left behind
TAKING, DELETED = ".taking-", ".deleted-"  # how names begin of folders on their way in and out
GIVEN_BY_DATASET = {"photos": "trainA", "paintings": "trainB"}  # to adain: where that kind keeps them

log = logging.getLogger(__name__)


class Refused(Exception):
    """It cannot be done; the message is a sentence for staff, in their language."""


def start(
    dataset: Dataset | None,
    *,
    recipe: str,
    title: str,
    options: dict[str, Any] | None = None,
    steps: int | None = None,
    seed: int = 0,
    owner: User | None = None,
    init: str = "",
    data: str = "",
    cloned_from: Run | None = None,
    key: uuid.UUID | None = None,
) -> Run:
    """Let a new run wait for the training worker; `data` is a folder with pictures, where there is no dataset.

    Who asks twice at once with the same `key`, which becomes its own, gets one run.
    `options` may hold all of the recipe's; those that differ from its defaults are kept. Raises Refused.
    """
    _check_source(dataset, recipe, data)
    chosen, steps = _check_options(dataset, recipe, options or {}, steps)
    if init and not (Path(init) / "model.weights.h5").is_file():
        raise Refused(_("%(folder)s holds no weights to begin with.") % {"folder": init})
    run = Run(
        title=title.strip()[:80] or recipe,
        recipe=recipe,
        dataset=dataset,
        data="" if dataset else str(Path(data).resolve()),
        options=chosen,
        steps=steps,
        seed=seed,
        owner=owner,
        init=init,
        cloned_from=cloned_from,
        queued_at=Now(),
        **({"pk": key} if key else {}),
    )
    try:
        with transaction.atomic():
            run.save(force_insert=True)
    except IntegrityError:
        if key and (begun := Run.objects.filter(pk=key).first()):
            return begun
        raise
    run.refresh_from_db()
    ring()
    return run


def pause(run: Run) -> bool:
    """Soon it is at rest, to be resumed; False when nobody works on it."""
    return run.request(Wish.PAUSE)


def stop(run: Run) -> bool:
    """Soon it is at rest; False when nobody works on it."""
    return run.request(Wish.STOP)


def resume(run: Run, *, steps: int | None = None) -> bool:
    """Let it go on from its last checkpoint, as far as `steps` if given; False when it waits or runs already.

    Raises Refused where there is nothing left to do.
    """
    goal = run.steps if steps is None else steps
    if goal < 1:
        raise Refused(_("A run takes at least one step."))
    if steps is not None and goal < run.read_step():
        raise Refused(_("It has taken %(n)d steps already; it cannot take fewer.") % {"n": run.read_step()})
    if run.read_step() >= goal and run.state == State.DONE:
        raise Refused(_("It has taken all its %(n)d steps; give it more to go on.") % {"n": run.steps})
    if not run.enqueue(steps=goal):
        return False
    ring()
    return True


def clone(run: Run, *, title: str = "", owner: User | None = None, **changes: Any) -> Run:
    """A new run like this one, but for `changes`: dataset, recipe, options, steps, seed, init. Raises Refused.

    Options that are given replace those of the same name.
    """
    given = {"dataset": run.dataset, "recipe": run.recipe, "steps": run.steps, "seed": run.seed, "init": run.init}
    given |= {name: value for name, value in changes.items() if name != "options"}
    own = run.options if given["recipe"] == run.recipe else {}
    return start(
        given.pop("dataset"),
        title=title or _("%(title)s, again") % {"title": run.title[:70]},
        options=own | (changes.get("options") or {}),
        owner=owner,
        data=run.data,
        cloned_from=run,
        **given,
    )


def delete(run: Run) -> None:
    """The row and its folder, its own probes with it. What was published of it stays. Raises Refused while it runs."""
    for one in run.rounds.active():
        one.request(Wish.STOP)
    with ExitStack() as undo, transaction.atomic():
        row = Run.objects.select_for_update(of=("self",)).filter(pk=run.pk).first()  # claiming waits, then finds none
        if row is None:
            return
        if row.state == State.RUNNING:
            raise Refused(_("It is at work. Stop it first, then delete it."))
        if row.rounds.filter(state=State.RUNNING).exists():
            raise Refused(_("Its probes are being painted. Try again in a moment."))
        paths = [probe.path for probe in Probe.objects.filter(run=row)]
        try:  # so that a page that is open finds all or nothing
            aside = undo.enter_context(folders.set_aside(row.folder, DELETED))
        except OSError as error:
            raise Refused(_("Its folder could not be moved away: %(why)s") % {"why": error}) from error
        row.delete()
        transaction.on_commit(lambda: _remove(aside, paths))


def adopt(folder: Path | str, *, title: str = "", owner: User | None = None) -> Run:
    """Take a run made on the command line into the studio. Raises Refused for what is none, or is being trained.

    Its folder is moved by renaming; from another file system it is copied, and what was copied stays where it was.
    One of the studio that has lost its row is taken in again.
    """
    source = Path(folder).expanduser().absolute()
    chosen, config = _read_folder(source)
    try:
        with folders.occupy(source):
            run = _describe(source, chosen, config, title, owner)
            _take(source, run)
    except folders.Occupied as error:
        raise Refused(_("A process is training in %(folder)s. Stop it first.") % {"folder": source}) from error
    run.refresh_from_db()
    return run


def sweep() -> int:
    """Delete what deleting and adopting left behind when they were killed; say how many. Once an hour is enough.

    A folder that bears the key of a run, and has no row, is left alone: an older copy of the database may have come
    back. `manage.py audit` names it.
    """
    n_swept = 0
    for folder in _left_behind():
        n_swept += clear_away(folder, Run)
    if n_swept:
        log.info("Swept away %d folders of runs that are gone.", n_swept)
    return n_swept


def clear_away(aside: Path, kind: type[Labour]) -> bool:
    """Delete what was left behind; False where it stays. Who was killed before the row was deleted gets it back."""
    key = aside.name.partition("-")[2]
    with transaction.atomic():  # it waits for a deletion that goes on now
        row = kind.objects.select_for_update(of=("self",)).filter(pk=key).first() if _is_key(key) else None
        if row is not None and not row.folder.exists():
            aside.rename(row.folder)
            return False
    shutil.rmtree(aside, ignore_errors=True)
    return not aside.exists()


def ring() -> None:
    """Wake the training worker, on commit, for everything that waits and was not announced. Costs little when dead."""
    if settings.REDIS_URL:
        transaction.on_commit(announce_overdue, robust=True)


def announce_overdue() -> int:
    """Ring for what waits although no bell was heard; say how much that is."""
    overdue = [row for kind in LABOURS for row in kind.objects.overdue()[:100]]
    if overdue and doorbell.ring(tasks.train_next):
        for row in overdue:
            type(row).objects.filter(pk=row.pk, state=State.QUEUED).update(announced_at=Now())
    return len(overdue)


def recipes_for(dataset: Dataset) -> list[str]:
    """The names of those that can learn from it."""
    return [recipe for recipe, kinds in KINDS.items() if dataset.kind in kinds]


def _check_source(dataset, recipe, data):
    if recipe not in configs.BY_RECIPE:
        known = ", ".join(configs.BY_RECIPE)
        raise Refused(_("There is no recipe %(name)s; there are %(known)s.") % {"name": recipe, "known": known})
    if dataset is None:
        if not data or not Path(data).is_dir():
            raise Refused(_("Choose a dataset, or a folder with pictures on the server."))
        return
    if dataset.state != State.DONE:
        raise Refused(_("This dataset is not ready yet."))
    if dataset.kind not in KINDS[recipe]:
        values = {"recipe": recipe, "kind": dataset.get_kind_display().lower()}
        raise Refused(_("%(recipe)s cannot learn from this kind of dataset (%(kind)s).") % values)


def _check_options(dataset, recipe, given, steps):
    """The options that differ from the recipe's defaults, and the number of steps."""
    kind = configs.BY_RECIPE[recipe]
    if dataset and recipe == "adain":
        chosen = {"teachers": _choose_teachers(given.get("teachers")), "guide": _choose_guide(given.get("guide"))}
        given = given | GIVEN_BY_DATASET | chosen
    try:
        config = configs.from_dict(kind, given | ({"steps": steps} if steps else {}))
    except (ValueError, TypeError) as error:
        raise Refused(_("These options cannot be: %(why)s") % {"why": error}) from error
    return _differing(kind, configs.to_dict(config), {}), config.steps


def _choose_teachers(given):
    """For adain from a dataset, which holds none: those of this server, or to be downloaded; no other folder of it."""
    if given in (None, "", configs.AdaINConfig.teachers):
        given = settings.TEACHERS or configs.IMAGENET
    if given not in (configs.IMAGENET, settings.TEACHERS):
        raise Refused(_("The teachers are imagenet, or the folder that STYLESITE_TEACHERS names; leave it empty."))
    missing = [name for name in configs.TEACHER_FILES if given != configs.IMAGENET and not Path(given, name).is_file()]
    if missing:
        sentence = _("%(folder)s, which STYLESITE_TEACHERS names, holds no %(name)s: adain cannot learn without it.")
        raise Refused(sentence % {"folder": given, "name": missing[0]})
    return given


def _choose_guide(given):
    """For adain from a dataset, which holds none: that of this server, or none; no other folder of it."""
    if given and given != settings.TFLITE_FOLDER:
        raise Refused(_("The guide is none, or the folder that STYLESITE_TFLITE_FOLDER names; leave it empty."))
    missing = [name for name in configs.GUIDE_FILES if given and not Path(given, name).is_file()]
    if missing:
        sentence = _("%(folder)s, which STYLESITE_TFLITE_FOLDER names, holds no %(name)s: it is no guide.")
        raise Refused(sentence % {"folder": given, "name": missing[0]})
    return given or ""


def _differing(kind, values, ignored):
    usual = configs.to_dict(kind())
    known = {each.name for each in fields(kind)} - {"steps", *ignored}
    return {name: value for name, value in values.items() if name in known and value != usual[name]}


def _read_folder(source):
    """The options and the config of the run in a folder."""
    inside = Path(settings.TRAINING_ROOT).absolute()
    if source.is_symlink() or not source.is_dir():
        raise Refused(_("There is no folder %(folder)s.") % {"folder": source})
    if (source == inside or inside in source.parents or source in inside.parents) and not _has_lost_its_row(source):
        raise Refused(_("%(folder)s belongs to the studio already.") % {"folder": source})
    if not (source / options.FILE).is_file() or not (source / history.FILE).is_file():
        raise Refused(_("%(folder)s holds no run: options.json or history.jsonl is missing.") % {"folder": source})
    try:
        chosen = options.read(source)
        if chosen.recipe not in configs.BY_RECIPE:
            raise ValueError(f"there is no recipe {chosen.recipe!r}")
        return chosen, configs.from_dict(configs.BY_RECIPE[chosen.recipe], chosen.config)
    except (ValueError, TypeError) as error:
        raise Refused(_("%(folder)s cannot be taken in: %(why)s") % {"folder": source, "why": error}) from error


def _has_lost_its_row(source):
    """A folder of the studio's runs that is no run's: an older copy of the database came back."""
    is_ours = source.parent == Path(settings.TRAINING_ROOT).absolute() / "runs" and _is_key(source.name)
    return is_ours and not Run.objects.filter(pk=source.name).exists()


def _is_key(name):
    try:
        return str(uuid.UUID(name)) == name
    except ValueError:
        return False


def _describe(source, chosen, config, title, owner):
    """The row of a run in a folder, not saved yet."""
    run = Run(title=(title.strip() or source.name)[:80], recipe=chosen.recipe, seed=chosen.seed, owner=owner)
    if _has_lost_its_row(source):
        run.pk = uuid.UUID(source.name)
    run.steps = chosen.steps or config.steps
    run.options = _differing(type(config), chosen.config, {"steps": run.steps})
    run.init = chosen.init or ""
    run.dataset = next((one for one in Dataset.objects.all() if str(one.pictures) == chosen.data), None)
    run.data = "" if run.dataset else chosen.data
    run.step = history.read_last_step(source / history.FILE)
    run.state = State.DONE if run.step >= run.steps else State.STOPPED
    run.progress = run.step / run.steps
    return run


def _take(source, run):
    """Save the row and bring the folder to its place, or neither. No copy is made while the database is held up."""
    run.folder.parent.mkdir(parents=True, exist_ok=True)
    if any(path.is_symlink() or not (path.is_dir() or path.is_file()) for path in source.rglob("*")):
        raise Refused(
            _("%(folder)s holds links or special files, which the studio does not take.") % {"folder": source}
        )
    try:
        _settle(source, run)
        return
    except OSError as error:
        log.info("%s cannot be renamed (%s); it is copied.", source, error)
    beside = run.folder.parent / f"{TAKING}{uuid.uuid4().hex}"
    try:
        beside.mkdir()
        with folders.occupy(beside):  # the sweeper leaves it alone
            shutil.copytree(source, beside, dirs_exist_ok=True)
            _settle(beside, run)
    except OSError as error:
        raise Refused(_("%(folder)s could not be copied: %(why)s") % {"folder": source, "why": error}) from error
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def _settle(place, run):
    """The row and the folder become the studio's at once; killed in between, the folder can be taken in again."""
    with ExitStack() as undo:
        with transaction.atomic():
            run.save(force_insert=True)
            place.rename(run.folder)
            undo.callback(run.folder.rename, place)
        undo.pop_all()


def _left_behind():
    """Folders of an hour ago on their way in or out, with which nobody is at work."""
    root = Path(settings.TRAINING_ROOT) / "runs"
    found = [*root.glob(f"{TAKING}*"), *root.glob(f"{DELETED}*")]
    return [folder for folder in found if _is_old(folder) and not folders.is_occupied(folder)]


def _is_old(folder):
    try:
        facts = folder.stat()
    except OSError:
        return False
    return time.time() - max(facts.st_mtime, facts.st_ctime) > LEFT_SECONDS  # renaming changes the latter alone


def _remove(aside, paths):
    shutil.rmtree(aside, ignore_errors=True)  # what stays is swept up
    for path in paths:
        path.unlink(missing_ok=True)
