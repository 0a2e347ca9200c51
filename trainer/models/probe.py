"""Probes: drawings and photos that every checkpoint of a run is asked to paint, so that people can choose one.

What was painted lies in the run's folder: `painted/<checkpoint>/<probe>.png`, or `.txt` with the reason why not, and
`facts.json`, which tells the checkpoint and its measures when it itself is gone. A cyclegan paints each twice: the way
back, from B to A, is `<probe>-BtoA.png`.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from trainer import checkpoints
from trainer.models.labour import Labour
from trainer.models.run import Run

PAINTED, FACTS = "painted", "facts.json"
WAYS = {"cyclegan": ("AtoB", "BtoA")}  # in which the networks of a recipe paint; the others know one


class ProbeQuerySet(models.QuerySet):
    """Which probes."""

    def of(self, run: Run) -> "ProbeQuerySet":
        """Its own, and those of all runs."""
        return self.filter(Q(run=run) | Q(run=None))


class Probe(models.Model):
    """One drawing or photo, `probes/<id>.png` below the training folder. Without a run it belongs to all runs."""

    class Kind(models.TextChoices):
        """What it is, and so which engines can paint it."""

        SKETCH = "sketch", _("a drawing")
        PHOTO = "photo", _("a photo")

    run = models.ForeignKey(Run, on_delete=models.CASCADE, null=True, blank=True, related_name="probes")
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.SKETCH)
    label = models.CharField(max_length=80, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ProbeQuerySet.as_manager()

    class Meta:
        ordering = ["created_at", "pk"]

    def __str__(self) -> str:
        return self.label or str(_("probe %(n)s") % {"n": self.pk})

    @property
    def path(self) -> Path:
        return Path(settings.TRAINING_ROOT) / "probes" / f"{self.pk}.png"

    def suits(self, kinds: tuple[str, ...]) -> bool:
        """Whether engines of these kinds of input can paint it: a style engine takes a photo."""
        return self.kind in kinds or (self.kind == self.Kind.PHOTO and "style" in kinds)


class ProbeRound(Labour):
    """An errand: paint all probes of a run with all its checkpoints. A run has one, which is queued again."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="rounds")

    def __str__(self) -> str:
        return f"probes of {self.run}"

    @property
    def folder(self) -> Path:
        return self.run.folder / PAINTED

    def command(self) -> list[str]:
        return [sys.executable, "manage.py", "probe", str(self.pk)]

    def read_progress(self) -> float:
        try:
            return float((self.folder / "progress").read_text())
        except (OSError, ValueError):
            return 0.0

    def missing(self) -> Iterator[tuple[checkpoints.Export, list[Probe]]]:
        """What is still to be painted: checkpoints, newest first, each with its probes."""
        probes = list(Probe.objects.of(self.run))
        exports = [export for export in checkpoints.list_exports(self.run.folder) if export.stamp]
        for export in exports:
            kinds = checkpoints.kinds_of(export.config)
            suiting = [probe for probe in probes if probe.suits(kinds)]
            folder, ways = self.folder / export.name, ways_of(self.run.recipe)
            is_known = read_facts(folder).get("stamp") == export.stamp
            left = [probe for probe in suiting if not (is_known and is_painted(folder, probe.pk, ways))]
            if left:
                yield export, left


def ways_of(recipe: str) -> tuple[str, ...]:
    """In which directions its networks paint; one without a name where there is no choice."""
    return WAYS.get(recipe, ("",))


def name_painted(probe: int, way: str = "") -> str:
    """The file of what was painted."""
    return f"{probe}-{way}.png" if way == "BtoA" else f"{probe}.png"


def is_painted(folder: Path, probe: int, ways: tuple[str, ...] = ("",)) -> bool:
    """Whether a checkpoint's folder of painted probes has that one in all directions, or says why not."""
    has_all = all((folder / name_painted(probe, way)).is_file() for way in ways)
    return has_all or (folder / f"{probe}.txt").is_file()


def read_facts(folder: Path) -> dict:
    """What was noted of the checkpoint that painted the probes in a folder."""
    try:
        facts = json.loads((folder / FACTS).read_text())
    except (OSError, ValueError):
        return {}
    return facts if isinstance(facts, dict) else {}
