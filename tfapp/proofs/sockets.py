"""Proofs on one machine: every worker listens at a socket of its own in a folder that only we may enter."""

import logging
import os
import socket
import struct
import threading
import time
import zlib
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from django.conf import settings

from tfapp.proofs import SECONDS, Proof, Silent, Wish

LENGTH = struct.Struct(">I")
MOST_BYTES = 4 * 2**20  # of a wish or a proof: more than a small picture has
HEAR_SECONDS = 0.5  # a wish is said at once, or not at all
N_WAITING = 16
NOT_THERE = (ConnectionRefusedError, FileNotFoundError)
DESCRIPTORS = Path("/proc/self/fd")

log = logging.getLogger(__name__)


# The web process


def ask(wish: Wish) -> bytes:
    """The answer of a worker on this machine. Raises Silent."""
    until = time.monotonic() + SECONDS
    for path in _sockets(wish.photo):
        with socket.socket(socket.AF_UNIX) as line:
            line.settimeout(SECONDS)
            try:
                _connect(line, path)
            except NOT_THERE:
                path.unlink(missing_ok=True)  # its worker was killed
                continue
            except (BlockingIOError, TimeoutError) as error:  # so many wait there already
                raise Silent("late") from error
            return _talk(line, wish, until)
    raise Silent("nobody")


def _sockets(photo: str) -> list[Path]:
    """Those of this machine's workers; a photo always goes to the same one, which remembers it."""
    paths = folder().glob(f"{_host()}-*.sock") if folder().exists() else []
    return sorted(paths, key=lambda path: zlib.crc32(f"{path.name} {photo}".encode()))


def _talk(line: socket.socket, wish: Wish, until: float) -> bytes:
    message = wish.as_bytes()
    try:
        line.sendall(LENGTH.pack(len(message)) + message)
        return _hear(line, until)
    except TimeoutError as error:
        raise Silent("late") from error
    except OSError as error:
        raise Silent("lost") from error


def _hear(line: socket.socket, until: float) -> bytes:
    """A message with its length before it. Raises TimeoutError, or OSError when the other end is gone, or talks on."""
    [n_bytes] = LENGTH.unpack(_exactly(line, LENGTH.size, until))
    if n_bytes > MOST_BYTES:
        raise ConnectionError(f"a message of {n_bytes} bytes is none of ours")
    return _exactly(line, n_bytes, until)


def _exactly(line: socket.socket, n_bytes: int, until: float) -> bytes:
    data = b""
    while len(data) < n_bytes:
        line.settimeout(max(0.001, until - time.monotonic()))
        piece = line.recv(n_bytes - len(data))
        if not piece:
            raise ConnectionResetError("the other end is gone")
        data += piece
    return data


# The worker


class Counter:
    """Where wishes are taken in and proofs handed out. Of each person only the newest wish waits."""

    def __init__(self):
        self._waiting: OrderedDict[str, tuple[Wish, socket.socket, float]] = OrderedDict()
        self._changed = threading.Condition()
        self._is_open = True
        self._listener = socket.socket(socket.AF_UNIX)
        folder().mkdir(mode=0o700, exist_ok=True)
        self._path = folder() / f"{_host()}-{os.getpid()}.sock"
        self._path.unlink(missing_ok=True)  # of another process with that number
        with _reachable(self._path) as place:
            self._listener.bind(place)
        self._path.chmod(0o600)
        self._listener.listen(N_WAITING)
        threading.Thread(target=self._listen, name="proofs-counter", daemon=True).start()

    def take(self, seconds: float) -> Wish | None:
        """The wish whose turn it is, if one comes in that time; None also for one that nobody waits for any more."""
        with self._changed:
            if not self._waiting:
                self._changed.wait(seconds)
            if not self._waiting:
                return None
            _person, (wish, line, until) = self._waiting.popitem(last=False)
        if time.monotonic() > until or _has_left(line):
            line.close()
            return None
        self._line = line
        return wish

    def answer(self, wish: Wish, proof: Proof) -> None:
        """To the wish that was taken last."""
        _say(self._line, proof)

    def close(self) -> None:
        self._is_open = False
        self._path.unlink(missing_ok=True)
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # wakes the thread that listens
        self._listener.close()

    def _listen(self) -> None:
        while self._is_open:
            try:
                line, _address = self._listener.accept()
            except OSError:
                if self._is_open:
                    log.exception("No wishes can be heard any more.")
                return
            self._let_in(line)

    def _let_in(self, line: socket.socket) -> None:
        now = time.monotonic()
        try:
            line.settimeout(HEAR_SECONDS)
            wish = Wish.from_bytes(_hear(line, now + HEAR_SECONDS))
        except (OSError, ValueError, TypeError, KeyError) as error:
            log.warning("A wish was not understood: %s", error)
            line.close()
            return
        with self._changed:
            before = self._waiting.get(wish.person)
            self._waiting[wish.person] = wish, line, now + SECONDS  # in the place that the person had already
            self._changed.notify()
        if before:
            _say(before[1], Proof(refused="superseded"))


def _say(line: socket.socket, proof: Proof) -> None:
    message = proof.as_bytes()
    with suppress(OSError), line:  # whoever asked may have gone
        line.settimeout(HEAR_SECONDS)
        line.sendall(LENGTH.pack(len(message)) + message)


def _has_left(line: socket.socket) -> bool:
    line.setblocking(False)
    try:
        return line.recv(1, socket.MSG_PEEK) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True


# Both


def folder() -> Path:
    """Where the sockets lie."""
    return Path(settings.DATA_FOLDER) / "proofs"


def _host() -> str:
    return socket.gethostname()[:40]


def _connect(line: socket.socket, path: Path) -> None:
    with _reachable(path) as place:
        line.connect(place)


@contextmanager
def _reachable(path: Path) -> Iterator[str]:
    """The address of a socket, which may have about a hundred bytes: Linux knows a shorter way to any folder."""
    if not DESCRIPTORS.exists():
        yield str(path)
        return
    descriptor = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield str(DESCRIPTORS / str(descriptor) / path.name)
    finally:
        os.close(descriptor)
