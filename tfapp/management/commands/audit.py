"""`manage.py audit`: do the rows and the files agree? The exit status says: 0 is yes, 1 is no."""

import sys

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from tfapp import auditing, files, jobs


class Command(BaseCommand):
    help = "Compare rows and files: lost, superfluous and changed files, expired leases, states that cannot be."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--strict", action="store_true", help="for a site at rest: nothing unfinished is excused by its age"
        )
        parser.add_argument(
            "--repair", action="store_true", help="first take back lost jobs and delete files that belong to nothing"
        )

    def handle(self, *args, strict: bool, repair: bool, **options) -> None:
        if repair:
            self._repair(age=0 if strict else settings.INCOMING_KEEP_SECONDS)
        n_findings = 0
        for finding in auditing.findings(is_strict=strict):
            n_findings += 1
            self.stdout.write(str(finding))
        self.stdout.write(f"{n_findings} findings." if n_findings else "Rows and files agree.")
        if n_findings:
            sys.exit(1)

    def _repair(self, *, age: float) -> None:
        jobs.reap()
        names = [*files.leftovers(older_than=age), *files.orphans(older_than=age)]
        files.remove(names)
        self.stdout.write(f"Deleted {len(names)} files and folders that belonged to nothing.")
