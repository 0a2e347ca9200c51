"""The contract every engine keeps. Knows no Django models, users or requests."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np

KINDS = ("style", "sketch", "photo", "texture")  # of input: a photo and styles, a drawing, a photo, styles alone


class Progress(Protocol):
    """Told the share done, 0 to 1; may raise to stop the work.

    An engine that paints before one's eyes also gives a function that shows the picture so far. It is called now and
    then, later and from another thread.
    """

    def __call__(self, share: float, show: Callable[[], np.ndarray] | None = None, /) -> None: ...


@dataclass(frozen=True)
class Parameter:
    """One control of an engine: the form field, the API's schema and the page's control are made from it."""

    name: str
    label: str
    kind: str  # a number: "range"; longest side in pixels: "size"; yes or no: "switch"; one of a few words: "choice";
    # the number from which chance starts, drawn where none was sent: "seed"
    default: Any
    minimum: float = 0
    maximum: float = 1
    step: float = 0.01
    help: str = ""
    # Of a size, what the page offers; nothing: the usual ones and the photo's own. Of a choice, (value, label) pairs.
    choices: tuple[int | tuple[str, str], ...] = ()
    is_fine: bool = False  # few people want it: the page keeps it behind "More settings"
    is_effort: bool = False  # twice as much of it takes twice as long
    extra: float = 0  # of a switch that is on: as much more work as so many megapixels, for each region of a mix
    needs: str = ""  # the switch without which it means nothing, and nobody is told of it


@dataclass(frozen=True)
class EngineSpec:
    """An entry of the menu. `path` is dotted, `module.Class`; `source` gives what `load` is called with."""

    name: str
    title: str
    blurb: str
    kind: str  # the kind of input, which decides the form: one of KINDS
    parameters: tuple[Parameter, ...]
    path: str
    source: Callable[[], str] = field(compare=False)
    is_listed: bool = True  # False: for tests and checks of an installation, not on the create page
    mixes: bool = False  # takes `weights` and masks, and paints a small picture at once: fit for the mixer

    def measure_work(self, parameters: Mapping[str, Any], megapixels: float) -> float:
        """How many megapixels with usual settings take as long as so many with these."""
        values = [(p, parameters.get(p.name, p.default)) for p in self.parameters]
        efforts = [value / p.default for p, value in values if p.is_effort]
        n_regions = len(parameters.get("weights") or [1])
        return math.prod(efforts) * megapixels + n_regions * sum(p.extra for p, value in values if value)


class Rows(Protocol):
    """A photo too large to be held as numbers: a slice of it is float32 (so many rows, width, 3) in 0..1."""

    shape: tuple[int, int, int]

    def __getitem__(self, rows: slice) -> np.ndarray: ...


@dataclass(frozen=True)
class Inputs:
    """What goes into one rendering: pictures are float32 (height, width, 3) in 0..1.

    Of a poster the content is Rows, and the masks may be smaller than it.
    """

    content: np.ndarray | Rows | None = None
    styles: tuple[np.ndarray, ...] = ()
    parameters: Mapping[str, Any] = field(default_factory=dict)
    sketch: np.ndarray | None = None
    masks: np.ndarray | None = None  # float32 (height, width, k) in 0..1 of the content: regions, beside a background


class Engine(Protocol):
    """A network, ready to paint."""

    def load(self, source: str) -> None:
        """Load from a folder or handle. Raises EngineError when it cannot be had."""

    def render(self, inputs: Inputs, progress: Progress) -> np.ndarray:
        """Return a float32 (height, width, 3) picture in 0..1. Raises EngineError."""


class PosterEngine(Engine, Protocol):
    """One that paints pictures of any size, too, with memory that does not grow with them."""

    most_pixels: int  # of a content that `render` gets; a larger one goes to `render_rows`

    def render_rows(self, inputs: Inputs, progress: Progress, folder: Path) -> Iterator[np.ndarray]:
        """The picture from top to bottom, a few rows at a time, as float32 (so many rows, width, 3) in 0..1.

        Its temporary files lie in `folder`, and are gone however it ends. Raises EngineError; OSError on a full disk.
        """


class TogetherEngine(Engine, Protocol):
    """One whose device may gain from painting several pictures at once."""

    n_together: int  # so many; 1 where each is painted as quickly alone
    most_pixels: int  # of all their contents
    alike: tuple[str, ...]  # names of parameters that they must have in common

    def render_together(self, inputs: Sequence[Inputs], progress: Progress) -> list[np.ndarray]:
        """What `render` would give for each, within rounding. Contents have one size, and there are no masks.

        Raises EngineError where one of them cannot be painted: then each is painted alone.
        """


class EngineError(Exception):
    """A failure with a sentence fit for a visitor; `permanent` when trying again cannot help."""

    def __init__(self, message: str, permanent: bool = True):
        super().__init__(message)
        self.message = message
        self.permanent = permanent
