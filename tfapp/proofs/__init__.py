"""Proofs: small trial pictures for somebody who mixes, painted at once beside the jobs, and kept nowhere.

The web process asks (`asking`), a worker answers (`serving`). Between them lies a socket of this machine (`sockets`),
or Redis where there is one (`lists`): docs/decisions/0032.
"""

import json
import uuid
from dataclasses import asdict, dataclass, field
from typing import Any

SECONDS = 2.0  # so long one waits for an answer, and so long a wish is worth painting
PREVIEW, SUBJECT = "preview", "subject"
SHELF = "shelf:"
END_OF_HEAD = b"\n"


@dataclass(frozen=True)
class Wish:
    """What somebody wants to see: names of files below MEDIA_ROOT or of the shelf, an engine and its parameters."""

    person: str  # newest wins: of one person only the last wish waits
    photo: str
    side: int
    story: str = PREVIEW
    engine: str = ""
    styles: tuple[str, ...] = ()
    masks: tuple[str, ...] = ()
    parameters: dict[str, Any] = field(default_factory=dict)
    key: str = field(default_factory=lambda: uuid.uuid4().hex)

    def as_bytes(self) -> bytes:
        return json.dumps(asdict(self)).encode()

    @classmethod
    def from_bytes(cls, data: bytes) -> "Wish":
        """Raises ValueError or TypeError for what is none."""
        values = json.loads(data)
        return cls(**{**values, "styles": tuple(values["styles"]), "masks": tuple(values["masks"])})


def shelf_name(slug: str) -> str:
    """How a wish names a style of the shelf, which lies in no mix: all people's are the same picture to a worker."""
    return f"{SHELF}{slug}"


@dataclass(frozen=True)
class Proof:
    """The answer: a picture and the seconds inside the engine; or a code, and a sentence where the engine has one."""

    picture: bytes = b""
    seconds: float = 0.0
    refused: str = ""  # one of the codes of `asking`, or nothing
    sentence: str = ""  # in English; shown through gettext

    def as_bytes(self) -> bytes:
        head = {"seconds": self.seconds, "refused": self.refused, "sentence": self.sentence}
        return json.dumps(head).encode() + END_OF_HEAD + self.picture

    @classmethod
    def from_bytes(cls, data: bytes) -> "Proof":
        """Raises ValueError or TypeError for what is none, such as the half of one."""
        head, _end, picture = data.partition(END_OF_HEAD)
        return cls(picture=picture, **json.loads(head))


class Silent(Exception):
    """Nobody answered, and why: `nobody`, `late` or `lost`."""

    def __init__(self, code: str):
        super().__init__(code)
        self.code = code
