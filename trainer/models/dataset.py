"""A dataset: pictures that networks learn from, unpacked and checked, with a licence and a source."""

import json
import sys
from pathlib import Path

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from trainer.models.labour import Labour


class Dataset(Labour):
    """COMING while it is uploaded, QUEUED and RUNNING while it is unpacked and checked, DONE when it can be used.

    In its folder: `archive.zip` until it is unpacked (`archive.zip.part` while it comes), `pictures/` in the layout
    that recipes read, `report.json`, `previews/` of what each recipe will see.
    """

    class Kind(models.TextChoices):
        """How its pictures belong together."""

        PAIRS = "pairs", _("Pairs side by side")
        FOLDERS = "folders", _("Pairs in two folders")
        UNPAIRED = "unpaired", _("Two collections, not paired")
        PICTURES = "pictures", _("Pictures")
        CAPTIONED = "captioned", _("Pictures with captions")

    title = models.CharField(max_length=80)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    licence = models.CharField(max_length=120)
    source = models.CharField(max_length=300)  # where the pictures come from: a name or an address
    origin = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, blank=True, related_name="made_of_it")
    recipe = models.JSONField(default=dict, blank=True)  # how it was made of its origin: options of the edge extractor
    label = models.CharField(max_length=120, blank=True)  # what the archive was called: shown, never used
    server_folder = models.CharField(max_length=500, blank=True)  # taken from there by a command, instead of an upload
    n_bytes = models.PositiveBigIntegerField(default=0)  # of the archive, as announced
    n_received = models.PositiveBigIntegerField(default=0)
    report = models.JSONField(default=dict, blank=True)  # see trainer/datasets/checking.py

    class Meta:
        indexes = [models.Index(fields=["state", "queued_at"], name="dataset_state_queued")]

    def __str__(self) -> str:
        return self.title

    @property
    def folder(self) -> Path:
        return Path(settings.TRAINING_ROOT) / "datasets" / str(self.pk)

    @property
    def pictures(self) -> Path:
        """What recipes read."""
        return self.folder / "pictures"

    @property
    def archive(self) -> Path:
        return self.folder / "archive.zip"

    @property
    def arriving(self) -> Path:
        """The archive, as much of it as has come."""
        return self.folder / "archive.zip.part"

    def command(self) -> list[str]:
        return [sys.executable, "manage.py", "dataset", "--check", str(self.pk)]

    def has_all(self) -> bool:
        return self.pictures.is_dir()

    def take_over(self) -> dict:
        return {"report": json.loads((self.folder / "report.json").read_text())}

    def read_savings(self) -> int:
        """Bytes of the notes on pictures that need not be read again; see trainer/datasets/reading.py."""
        try:
            return (self.folder / "import.jsonl").stat().st_size
        except OSError:
            return 0

    def read_progress(self) -> float:
        try:
            return float((self.folder / "progress").read_text())
        except (OSError, ValueError):
            return 0.0
