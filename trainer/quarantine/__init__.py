"""Files that somebody brought, opened in a child process with limits, and written anew from what is in them.

What the children refuse, and what kills one of them, is a `Refused`; nobody else opens such a file.
"""

import json
import logging
import subprocess
import sys
from pathlib import Path

from django.conf import settings

from trainer.quarantine.cage import gettext_noop

SECONDS = 60  # for one file
UNREADABLE = gettext_noop("This file is damaged, or it is something else than its name says.")
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}

log = logging.getLogger(__name__)


class Refused(Exception):
    """A file that is not taken; the message is a sentence in English, marked for translation."""


def clean_picture(source: Path, target: Path, *, longest_side: int, seconds: float = SECONDS) -> tuple[int, int]:
    """Write the picture anew as a PNG, no larger than asked; its width and height. Raises Refused."""
    answer = _ask("pictures", source, target, longest_side, seconds=seconds)
    return answer["width"], answer["height"]


def clean_weights(source: Path, target: Path, *, recipe: str, architecture: dict, seconds: float = SECONDS) -> int:
    """Write weights anew, if they can be those of the architecture; how many numbers they are. Raises Refused."""
    return _ask("weights", source, target, recipe, json.dumps(architecture), seconds=seconds)["n_values"]


def _ask(story: str, *arguments, seconds: float) -> dict:
    command = [sys.executable, "-m", f"{__name__}.{story}", *map(str, arguments)]
    try:
        done = subprocess.run(
            command, cwd=settings.BASE_FOLDER, env=ENVIRONMENT, capture_output=True, timeout=seconds, check=False
        )
        answer = json.loads(done.stdout or b"{}")
    except (subprocess.TimeoutExpired, ValueError) as error:
        log.warning("The child that looks at %s did not answer: %s", story, error)
        raise Refused(UNREADABLE) from error
    if done.returncode or "reason" in answer:
        if done.returncode:
            log.info("The child that looks at %s ended with %d: %s", story, done.returncode, done.stderr[-500:])
        raise Refused(answer.get("reason", UNREADABLE))
    return answer
