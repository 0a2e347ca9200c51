"""The bell of the workers that paint. How it rings, and when it is given up: stylesite/doorbell.py."""

from stylesite import doorbell
from tfapp import tasks


def ring(n: int = 1) -> bool:
    """Wake workers for `n` jobs; False when there is no bell, or nobody can have heard it."""
    return doorbell.ring(tasks.render_next, n)


def answers() -> bool:
    """Whether Redis is there; asked without waiting long."""
    return doorbell.answers()
