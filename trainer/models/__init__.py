"""What the training studio remembers: datasets, runs, drawn probes, published versions. One subject a file."""

from trainer.models.dataset import Dataset
from trainer.models.labour import Labour, LabourQuerySet
from trainer.models.probe import Probe, ProbeRound
from trainer.models.run import Run
from trainer.models.version import Version

__all__ = ["Dataset", "Labour", "LabourQuerySet", "Probe", "ProbeRound", "Run", "Version"]
