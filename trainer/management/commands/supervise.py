"""`manage.py supervise`, also called `manage.py worker --training`: have runs and errands done by child processes."""

from django.core.management.base import BaseCommand

from stylesite import lifecycle
from trainer import supervising


class Command(BaseCommand):
    help = "Train what waits in the studio, and check its datasets, until SIGTERM or Ctrl-C. Needs no Redis."
    requires_system_checks = ()

    def handle(self, *args, **options) -> None:
        lifecycle.stop_on_signals()
        supervising.poll()
