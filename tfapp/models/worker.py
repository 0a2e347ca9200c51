"""The workers that are alive, by their own word."""

from datetime import timedelta

from django.conf import settings
from django.db import models
from django.db.models.functions import Now


class WorkerQuerySet(models.QuerySet):
    """Who is there."""

    def alive(self) -> "WorkerQuerySet":
        """Seen a moment ago."""
        return self.filter(seen_at__gt=Now() - timedelta(seconds=settings.WORKER_ALIVE_SECONDS))


class Worker(models.Model):
    """One worker process: it has loaded its engines, writes `seen_at` every few seconds and leaves when it stops."""

    name = models.CharField(max_length=100, primary_key=True)  # host:pid:random
    device = models.CharField(max_length=40, blank=True)
    started_at = models.DateTimeField(auto_now_add=True)
    seen_at = models.DateTimeField()

    objects = WorkerQuerySet.as_manager()

    def __str__(self) -> str:
        return self.name
