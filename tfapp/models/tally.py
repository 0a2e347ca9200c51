"""Counts for rate limits: exact under parallel requests, without Redis."""

from django.db import models


class Tally(models.Model):
    """How often one subject (a person or an address) did one thing in one window of time."""

    action = models.CharField(max_length=20)
    subject = models.CharField(max_length=100)
    window_at = models.DateTimeField()
    count = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["action", "subject", "window_at"], name="tally_once")]

    def __str__(self) -> str:
        return f"{self.action} by {self.subject}: {self.count}"
