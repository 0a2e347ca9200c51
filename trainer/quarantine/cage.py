"""What every child does first: give up the right to much memory, time and disk. It has no settings and no database."""

import json
import resource
import sys
from collections.abc import Callable

MEMORY, CPU_SECONDS, FILE_BYTES = 3 * 2**30, 40, 1 * 2**30


class Bad(Exception):
    """What the file is refused for: a sentence in English."""


def gettext_noop(sentence: str) -> str:
    """Marks a sentence for translation, as Django's does, which asks for settings."""
    return sentence


def run(story: Callable[..., dict]) -> None:
    """Call the story with the words of the command line; print its answer, or the reason."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (FILE_BYTES, FILE_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        answer = story(*sys.argv[1:])
    except Bad as error:
        answer = {"reason": str(error)}
    sys.stdout.write(json.dumps(answer))
