"""A run: a recipe being trained on a dataset, in an ordinary folder that the command line can resume."""

import sys
from pathlib import Path

from django.conf import settings
from django.db import models

from trainer import checkpoints, history
from trainer.models.dataset import Dataset
from trainer.models.labour import Labour


class Run(Labour):
    """Its folder is what `manage.py train --out` writes; the row says who works on it and how far it is."""

    title = models.CharField(max_length=80)
    recipe = models.CharField(max_length=40)
    dataset = models.ForeignKey(Dataset, on_delete=models.PROTECT, null=True, blank=True, related_name="runs")
    data = models.CharField(max_length=500, blank=True)  # the folder with the pictures, where there is no dataset
    options = models.JSONField(default=dict, blank=True)  # those that differ from the recipe's defaults
    steps = models.PositiveIntegerField()
    seed = models.PositiveIntegerField(default=0)
    init = models.CharField(max_length=500, blank=True)  # a checkpoint folder whose weights it began with
    step = models.PositiveIntegerField(default=0)  # how far it is; history.jsonl knows better
    cloned_from = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, blank=True, related_name="clones")

    class Meta:
        indexes = [models.Index(fields=["state", "queued_at"], name="run_state_queued")]

    def __str__(self) -> str:
        return self.title

    @property
    def folder(self) -> Path:
        return Path(settings.TRAINING_ROOT) / "runs" / str(self.pk)

    @property
    def log(self) -> Path:
        return self.folder / "train.log"

    @property
    def data_folder(self) -> Path:
        """Where its pictures lie."""
        return self.dataset.pictures if self.dataset_id else Path(self.data)

    def read_step(self) -> int:
        """How far it is, as the folder says."""
        return history.read_last_step(self.folder / history.FILE)

    def read_progress(self) -> float:
        return self.read_step() / self.steps

    def look(self) -> dict:
        step = self.read_step()
        return {"progress": step / self.steps, "step": step}

    def read_savings(self) -> int:
        """The step of the newest checkpoint: no death of a process takes it back."""
        return checkpoints.read_last_step(self.folder / "checkpoints")

    def take_over(self) -> dict:
        return {"step": self.read_step()}

    def has_all(self) -> bool:
        return self.read_step() >= self.steps

    def command(self) -> list[str]:
        return [sys.executable, "manage.py", "train", "--run", str(self.pk)]
