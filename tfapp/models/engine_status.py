"""What the workers found out about each engine; the web process only reads it."""

from django.db import models


class EngineStatus(models.Model):
    """Whether an engine can be used, the reason if not, and how fast it was here."""

    engine = models.CharField(max_length=40, primary_key=True)
    is_available = models.BooleanField(default=False)
    reason = models.TextField(blank=True)  # a sentence for the visitor, in English; shown through gettext
    seconds_per_megapixel = models.FloatField(null=True, blank=True)  # moving average of finished jobs
    checked_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.engine}: {'available' if self.is_available else self.reason}"
