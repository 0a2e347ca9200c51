"""`manage.py runs`: the stories of the studio's runs, from the shell."""

import json
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from trainer import runs
from trainer.models import Dataset, Run
from trainer.models.labour import Labour
from trainer.recipes import configs


class Command(BaseCommand):
    """`manage.py runs list`, `runs start RECIPE --dataset ID`, `runs stop ID` and so on. An id may be cut short."""

    help = "Start, stop, pause, resume, clone, delete and list the studio's runs; adopt one of the command line."
    requires_system_checks = ()

    def add_arguments(self, parser) -> None:
        stories = parser.add_subparsers(dest="story", required=True, metavar="STORY")
        stories.add_parser("list", help="all of them, the newest first")

        start = stories.add_parser("start", help="let a new run wait for the training worker")
        start.add_argument("recipe", choices=sorted(configs.BY_RECIPE))
        source = start.add_mutually_exclusive_group(required=True)
        source.add_argument("--dataset", metavar="ID", help="what it learns from")
        source.add_argument("--data", type=Path, help="a folder with pictures instead")
        start.add_argument("--init", type=Path, help="checkpoint folder whose weights to begin with")

        for name, what in (("stop", "end it, to be resumed or not"), ("pause", "let it rest, to be resumed")):
            _take_run(stories.add_parser(name, help=what))
        resume = stories.add_parser("resume", help="go on from the last checkpoint")
        _take_run(resume)
        resume.add_argument("--steps", type=int, help="updates in all, when it is to take more than before")
        clone = stories.add_parser("clone", help="a new one like it, with changes")
        _take_run(clone)
        clone.add_argument("--dataset", metavar="ID", help="what it learns from instead")
        for one in (start, clone):
            one.add_argument("--title", default="")
            one.add_argument("--config", type=Path, help="JSON file with options that differ")
            one.add_argument("--steps", type=int, help="updates in all")
            one.add_argument("--seed", type=int, help="what all chance comes from")
        _take_run(stories.add_parser("delete", help="the run and its folder; what was published of it stays"))
        adopt = stories.add_parser("adopt", help="take in a folder that `train --out` wrote; it is moved")
        adopt.add_argument("folder", type=Path)
        adopt.add_argument("--title", default="")

    def handle(self, *args, story: str, **given) -> None:
        try:
            self.stdout.write(STORIES[story](given))
        except runs.Refused as error:
            raise CommandError(str(error)) from error


def _list(_given) -> str:
    lines = []
    for run in Run.objects.newest():
        of = f"{run.step} of {run.steps} steps"
        lines.append(f"{run.pk}  {run.state:8} {run.recipe:9} {of:24} {run.title}  {run.error}".rstrip())
    return "\n".join(lines) or "There are no runs."


def _start(given) -> str:
    dataset = _find(Dataset, given["dataset"]) if given["dataset"] else None
    run = runs.start(
        dataset,
        recipe=given["recipe"],
        title=given["title"] or (dataset.title if dataset else given["data"].name),
        options=_read_options(given["config"]),
        steps=given["steps"],
        seed=given["seed"] or 0,
        init=str(given["init"].resolve()) if given["init"] else "",
        data=str(given["data"] or ""),
    )
    return f"{run.pk} waits for the training worker."


def _stop(given) -> str:
    run = _find(Run, given["run"])
    return _tell(run, runs.stop(run), "is being stopped")


def _pause(given) -> str:
    run = _find(Run, given["run"])
    return _tell(run, runs.pause(run), "is being paused")


def _resume(given) -> str:
    run = _find(Run, given["run"])
    return _tell(run, runs.resume(run, steps=given["steps"]), "waits for the training worker")


def _clone(given) -> str:
    changes = {name: given[name] for name in ("steps", "seed") if given[name] is not None}
    if given["dataset"]:
        changes["dataset"] = _find(Dataset, given["dataset"])
    options = _read_options(given["config"])
    run = runs.clone(_find(Run, given["run"]), title=given["title"], options=options, **changes)
    return f"{run.pk} waits for the training worker."


def _delete(given) -> str:
    run = _find(Run, given["run"])
    key = run.pk
    runs.delete(run)
    return f"{key} is gone."


def _adopt(given) -> str:
    run = runs.adopt(given["folder"], title=given["title"])
    return f"{run.pk} is in the studio, at step {run.step} of {run.steps}: {run.folder}"


STORIES = {
    "list": _list,
    "start": _start,
    "stop": _stop,
    "pause": _pause,
    "resume": _resume,
    "clone": _clone,
    "delete": _delete,
    "adopt": _adopt,
}


def _take_run(parser) -> None:
    parser.add_argument("run", metavar="ID")


def _tell(run: Run, has_happened: bool, what: str) -> str:
    if not has_happened:
        raise CommandError(f"{run.pk} is {run.get_state_display()}; nothing was changed.")
    return f"{run.pk} {what}."


def _find(kind: type[Labour], key: str) -> Labour:
    """The one whose id begins so."""
    found = [row for row in kind.objects.all() if str(row.pk).startswith(key.lower())] if key else []
    if len(found) != 1:
        raise CommandError(f"{len(found) or 'No'} {kind._meta.verbose_name}s have an id that begins with {key!r}.")
    return found[0]


def _read_options(path: Path | None) -> dict:
    if path is None:
        return {}
    try:
        options = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise CommandError(f"{path} cannot be read: {error}") from error
    if not isinstance(options, dict):
        raise CommandError(f"{path} holds no JSON object.")
    return options
