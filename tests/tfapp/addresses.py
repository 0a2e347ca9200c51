"""What an address promises to each role: rows of the tables in test_access.py and tests/trainer/addresses.py."""

from dataclasses import dataclass, field

ROLES = ("nobody", "visitor", "other", "owner", "staff")


@dataclass(frozen=True)
class Address:
    """What GET, POST, PUT and DELETE answer to each of ROLES; None where the method is refused with 405.

    `of` names the thing it is about.
    """

    get: str | None = None
    post: str | None = None
    put: str | None = None
    delete: str | None = None
    of: str = ""
    extra: dict = field(default_factory=dict)  # further arguments of the address

    def changes(self) -> dict[str, str]:
        lines = {"POST": self.post, "PUT": self.put, "DELETE": self.delete}
        return {method: line for method, line in lines.items() if line}
