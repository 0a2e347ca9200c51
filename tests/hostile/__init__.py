"""Broken and hostile pictures of every kind, each in every format it can have.

`KINDS` names what can be wrong; `make(kind)` gives the files. A verdict is the status of the refusal; or CLEAN, when
the picture must be let in with its pixels and without the rest; or EITHER, where both are right as long as nothing
else happens. Files are made when asked for: some are large.
"""

from collections.abc import Iterator
from typing import NamedTuple

from tests.hostile import boxes, general, gif, jpeg, png, webp  # noqa: F401  they fill the register
from tests.hostile.corpus import CLEAN, EITHER, KINDS

__all__ = ["CLEAN", "EITHER", "KINDS", "Hostile", "make"]


class Hostile(NamedTuple):
    """One file: in which format, its bytes, and what must come of it."""

    format: str
    data: bytes
    verdict: int | str


def make(kind: str) -> Iterator[Hostile]:
    """All files of a kind."""
    return (Hostile(*made) for made in KINDS[kind]())
