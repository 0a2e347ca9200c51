"""Read settings from the environment; a value that makes no sense stops the program with a sentence."""

import os
import re
from pathlib import Path
from typing import NoReturn
from urllib.parse import SplitResult, urlsplit

import dj_database_url

TRUE_WORDS = {"1", "true", "yes", "on"}
FALSE_WORDS = {"0", "false", "no", "off", ""}
CONNECT_SECONDS = 5  # a PostgreSQL that does not answer must not hold up a start, nor a visitor
DEVICE = re.compile(r"cpu|((gpu|cuda):)?\d+")


def refuse(name: str, value: str, wanted: str) -> NoReturn:
    raise SystemExit(f"{name} is {value!r}, but it must be {wanted}.")


def text(name: str, default: str = "") -> str:
    return os.environ.get(name, default).strip()


def switch(name: str, default: bool = False) -> bool:
    value = text(name, "1" if default else "0").lower()
    if value not in TRUE_WORDS | FALSE_WORDS:
        refuse(name, value, "1 or 0")
    return value in TRUE_WORDS


def number(name: str, default: float, *, low: float, high: float) -> float:
    value = text(name) or str(default)
    try:
        result = float(value)
    except ValueError:
        result = None
    if result is None or not low <= result <= high:
        refuse(name, value, f"a number from {low:g} to {high:g}")
    return result


def whole_number(name: str, default: int, *, low: int, high: int) -> int:
    value = number(name, default, low=low, high=high)
    if value != int(value):
        refuse(name, text(name), f"a whole number from {low} to {high}")
    return int(value)


def words(name: str, default: str = "") -> list[str]:
    """A list, separated by commas."""
    return [word.strip() for word in text(name, default).split(",") if word.strip()]


def absolute(name: str) -> str:
    """A path, which need not exist, for children with another current folder; or nothing."""
    path = text(name)
    return str(Path(path).expanduser().absolute()) if path else ""


def folder(name: str, default: Path) -> Path:
    """A folder that exists or can be made."""
    path = Path(text(name) or default).expanduser().absolute()
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        refuse(name, str(path), f"a folder that can be written ({error.strerror})")
    return path


def database(default_file: Path) -> dict:
    """Django's description of `DATABASE_URL`: PostgreSQL, or SQLite in a file of ours by default."""
    url = text("DATABASE_URL") or f"sqlite:///{default_file}"
    parts = _split(url)
    scheme = parts.scheme if parts else ""
    if scheme in {"postgres", "postgresql"} and parts.path.strip("/"):
        described = dj_database_url.parse(url, conn_max_age=60, conn_health_checks=True)
        described.setdefault("OPTIONS", {}).setdefault("connect_timeout", CONNECT_SECONDS)
        return described
    if scheme != "sqlite" or not parts.path.strip("/") or ":memory:" in url:  # processes share no memory
        refuse("DATABASE_URL", _without_password(url), "postgres://user:password@host:port/name or sqlite:///file")
    options = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    }
    return {**dj_database_url.parse(url), "OPTIONS": options}


def hosts(name: str, default: str) -> list[str]:
    """At least one host name; nothing said means the default."""
    found = [word.strip() for word in (text(name) or default).split(",") if word.strip()]
    if not found:
        refuse(name, text(name), "a list of host names, separated by commas")
    return found


def device(name: str) -> str:
    """A device of this machine; empty: the first."""
    value = text(name).lower()
    if value and not DEVICE.fullmatch(value):
        refuse(name, value, "cpu, or the number of a GPU: 0, 1, gpu:1, cuda:1")
    return value


def features(name: str) -> str:
    """What looks at pictures while they are optimised: nothing said, the word imagenet, or a folder of weights."""
    value = text(name)
    if value in {"", "imagenet"}:
        return value
    path = Path(value).expanduser().absolute()  # one that is not there yet makes the engines unavailable, no more
    if "://" in value or path.is_file() or not (path.is_dir() or "/" in value):
        refuse(name, value, "imagenet, or a folder with the .npz files of VGG-19")
    return str(path)


def redis_url() -> str:
    url = text("REDIS_URL")
    if url and not _is_redis(url):
        refuse(
            "REDIS_URL",
            _without_password(url),
            "a redis://host:port/number address, or empty to let workers poll the database",
        )
    return url


def _is_redis(url: str) -> bool:
    parts = _split(url)
    if parts is None or parts.scheme not in {"redis", "rediss", "unix"}:
        return False
    if parts.scheme == "unix":
        return bool(parts.path)
    number = parts.path.strip("/")
    return bool(parts.hostname) and (not number or number.isdecimal())


def _without_password(url: str) -> str:
    """Fit for a screen: what stands between the colon and the @ stays here."""
    return re.sub(r"(?<=:)(?!//)[^:@]*(?=@)", "…", url)


def _split(url: str) -> SplitResult | None:
    """The parts of an address; None where its host or port makes no sense."""
    try:
        parts = urlsplit(url)
        return parts if parts.port != 0 else None
    except ValueError:
        return None
