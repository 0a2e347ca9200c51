"""`manage.py worker`: render jobs, looking for them in the database; with `--training`: runs. Needs no Redis."""

import os
import sys

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandParser

from stylesite import lifecycle
from tfapp import workers


class Command(BaseCommand):
    help = "Render jobs, looking for them in the database, until SIGTERM or Ctrl-C."
    requires_system_checks = ()  # they load pages, which a training worker has no use for

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--training", action="store_true", help="paint nothing, train: do what `supervise` does")

    def handle(self, *args, training: bool, **options) -> None:
        if training:
            call_command("supervise")
            return
        self.check()
        if not lifecycle.is_worker():  # a worker's environment must be there before Django starts: begin again with it
            os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], lifecycle.worker_environment())
        lifecycle.stop_on_signals()
        workers.poll()
