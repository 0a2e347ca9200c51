"""Paint the probes of a run with all its checkpoints, by the engines that visitors get: the training worker's child."""

import json
import shutil
import signal
import uuid
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext_noop

from stylesite import turns
from stylesite.lifecycle import stopping
from tfapp import chatter, engines, images, menu, shelf
from tfapp.engines.base import Engine, EngineError, EngineSpec, Inputs
from trainer import checkpoints
from trainer.models import Probe, ProbeRound
from trainer.models.probe import FACTS, name_painted, ways_of

LEAST_SIDE, MOST_SIDE = 256, 512  # pixels of what is painted
STYLE_SIDE = 1024
FACTS_OF_CONFIG = ("step", "metrics")

GONE = gettext_noop("This round of probes is not there any more.")
NO_PROBE = gettext_noop("The picture of this probe is gone.")
NONE_LOADED = gettext_noop("None of the checkpoints could be loaded; the log says why.")


class Command(BaseCommand):
    """`manage.py probe ID`: what is painted already stays; a checkpoint that comes meanwhile is painted, too."""

    help = "Paint all probes of a run with each of its checkpoints (the training worker calls this)."
    requires_system_checks = ()

    def add_arguments(self, parser) -> None:
        parser.add_argument("id", type=uuid.UUID, metavar="ID")

    def handle(self, *args, id, **options) -> None:
        signal.signal(signal.SIGTERM, stopping.ask)
        row = ProbeRound.objects.select_related("run").filter(pk=id).first()
        if row is None:
            raise CommandError(GONE)
        n_done, given_up = 0, set()
        while not stopping and (left := [found for found in row.missing() if found[0].stamp not in given_up]):
            n_left = sum(len(probes) for _export, probes in left)
            export, probes = left[0]
            tell = _Progress(row.folder / "progress", n_done, n_left)
            if not _paint(row, export, probes, tell, self.stdout.write):
                given_up.add(export.stamp)
            n_done += len(probes)
        if given_up and not any(row.folder.glob("*/*.png")):
            raise CommandError(NONE_LOADED)


class _Progress:
    """The share done, written where the worker reads it."""

    def __init__(self, path: Path, n_done: int, n_left: int):
        self._path, self._n_done, self._n_all = path, n_done, n_done + n_left

    def tell(self, n_painted: int) -> None:
        checkpoints.write_text(self._path, f"{(self._n_done + n_painted) / max(1, self._n_all):.4f}")


def _paint(row: ProbeRound, export, probes: list[Probe], progress: _Progress, say) -> bool:
    """All that one checkpoint has not painted yet; False where it cannot be loaded or is gone."""
    folder = row.folder / export.name
    try:
        facts = {name: export.config[name] for name in FACTS_OF_CONFIG if name in export.config}
        facts |= {"stamp": export.stamp}
        _open_folder(folder, facts)
        ways = ways_of(export.config["recipe"])
        loaded: dict[str, dict[str, Engine]] = {}
        for number, probe in enumerate(probes):
            if stopping:
                return True
            turns.give_way(_should_stop)
            kind = _kind_for(probe, export)
            if kind not in loaded:
                loaded[kind] = {way: _load(export, kind, way) for way in ways}
            _paint_one(loaded[kind], kind, probe, export, folder)
            progress.tell(number + 1)
    except (EngineError, OSError, ValueError) as error:
        say(f"{export.name} cannot paint: {error}")
        return False
    say(f"{export.name} painted {len(probes)} probes.")
    return True


def _open_folder(folder: Path, facts: dict) -> None:
    """What other weights painted under this name is thrown away."""
    path = folder / FACTS
    if path.exists() and json.loads(path.read_text()).get("stamp") != facts["stamp"]:
        shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)
    checkpoints.write_text(path, json.dumps(facts))


def _kind_for(probe: Probe, export: checkpoints.Export) -> str:
    """The kind of input an engine takes it as."""
    kinds = checkpoints.kinds_of(export.config)
    return probe.kind if probe.kind in kinds else "style"


def _load(export: checkpoints.Export, kind: str, way: str) -> Engine:
    """The engine that visitors would get."""
    path = menu.path_of(export.config["recipe"], kind, way)
    spec = EngineSpec("probe", "", "", kind, (), path, source=lambda: str(export.folder))
    with chatter.hushed():
        return engines.load(spec)


def _paint_one(ways: dict[str, Engine], kind: str, probe: Probe, export: checkpoints.Export, folder: Path) -> None:
    """A picture for each direction, or the sentence why there is none."""
    side = min(MOST_SIDE, max(LEAST_SIDE, export.trained_at))
    try:
        if kind == "sketch":
            inputs = Inputs(sketch=images.read(probe.path), parameters={"size": side})
        else:
            inputs = Inputs(content=images.read(probe.path, side), styles=_styles() if kind == "style" else ())
        for way, engine in ways.items():
            picture = engine.render(inputs, lambda share: turns.give_way(_should_stop))
            images.write_png(picture, folder / name_painted(probe.pk, way))
    except FileNotFoundError:
        checkpoints.write_text(folder / f"{probe.pk}.txt", NO_PROBE)
    except EngineError as error:
        checkpoints.write_text(folder / f"{probe.pk}.txt", str(error.message))


def _should_stop() -> bool:
    return bool(stopping)


def _styles() -> tuple:
    """For networks that take any style: the first picture of the shelf."""
    return (images.read(shelf.path(shelf.STYLES[0].slug), STYLE_SIDE),)
