"""Probes: drawings and pictures that every checkpoint of a run is asked to paint, so that people can choose one."""

import sys
from pathlib import Path

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from trainer.models.labour import Labour
from trainer.models.run import Run


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

    class Meta:
        ordering = ["created_at", "pk"]

    def __str__(self) -> str:
        return self.label or f"probe {self.pk}"

    @property
    def path(self) -> Path:
        return Path(settings.TRAINING_ROOT) / "probes" / f"{self.pk}.png"


class ProbeRound(Labour):
    """An errand: paint all probes of a run with all its checkpoints, into `painted/` in the run's folder."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="rounds")

    def __str__(self) -> str:
        return f"probes of {self.run}"

    @property
    def folder(self) -> Path:
        """`painted/<checkpoint>/<probe>.png`, as large as the generator was trained at or larger."""
        return self.run.folder / "painted"

    def command(self) -> list[str]:
        return [sys.executable, "manage.py", "probe", str(self.pk)]

    def read_progress(self) -> float:
        try:
            return float((self.folder / "progress").read_text())
        except (OSError, ValueError):
            return 0.0
