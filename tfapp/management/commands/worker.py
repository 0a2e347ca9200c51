"""`manage.py worker`: render jobs, looking for them in the database. Needs no Redis."""

import os
import sys

from django.core.management.base import BaseCommand

from stylesite import lifecycle
from tfapp import workers


class Command(BaseCommand):
    help = "Render jobs, looking for them in the database, until SIGTERM or Ctrl-C."

    def handle(self, *args, **options) -> None:
        if not lifecycle.is_worker():  # a worker's environment must be there before Django starts: begin again with it
            os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], lifecycle.worker_environment())
        lifecycle.stop_on_signals()
        workers.poll()
