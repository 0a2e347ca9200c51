"""The register of hostile kinds, and words they share."""

from collections.abc import Callable, Iterator

from tests import pictures

CLEAN, EITHER = "clean", "either"
MEGABYTE = 2**20
HTML = b"<script>alert(1)</script>"

Made = Iterator[tuple[str, bytes, int | str]]  # format, bytes, verdict
KINDS: dict[str, Callable[[], Made]] = {}


def kind(make: Callable[[], Made]) -> Callable[[], Made]:
    """Enter a generator into the corpus; its name says what is wrong."""
    KINDS[make.__name__.replace("_", " ")] = make
    return make


def good_files() -> dict[str, bytes]:
    """A good file of every format, to be spoiled."""
    return {name: pictures.file(name) for name in pictures.FORMATS}
