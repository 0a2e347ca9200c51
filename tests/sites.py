"""A whole studio on a port of its own, as `make run` starts it: for benchmarks and tests that look at processes."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
import requests

from tests.sources import ROOT

READY_SECONDS = 300  # on two cores that are full of other work; half a minute on idle ones
STOP_SECONDS = 50  # a training step ends first


@dataclass(frozen=True)
class Site:
    """A running studio: its address, and the process that started all others."""

    url: str
    process: subprocess.Popen
    log: Path

    def children(self) -> list[psutil.Process]:
        """Every process below the one we started."""
        return psutil.Process(self.process.pid).children(recursive=True)

    def web_processes(self) -> list[psutil.Process]:
        """The web server's."""
        return [child for child in self.children() if "gunicorn" in " ".join(child.cmdline())]


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def environment(**settings: str) -> dict[str, str]:
    """Our own environment without anybody's settings of a studio, and these."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("STYLESITE_")}
    for name in ("DATABASE_URL", "REDIS_URL", "PORT", "DJANGO_SETTINGS_MODULE", "CUDA_VISIBLE_DEVICES"):
        kept.pop(name, None)
    return {**kept, **settings}


def start(folder: Path, command: list[str], *, cwd: Path, settings: dict[str, str]) -> Site:
    """Start a studio in a session of its own, as a terminal does; its words go to a file in `folder`."""
    log = folder / "studio.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            cwd=cwd,
            env=settings,
            stdout=output,
            stderr=output,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
    return Site(f"http://127.0.0.1:{settings['PORT']}", process, log)


@contextmanager
def running(folder: Path, **settings: str) -> Iterator[Site]:
    """A studio with its data below `folder`, ready to paint; it and all its processes end with the block."""
    settings = {"STYLESITE_DATA": str(folder / "var"), "PORT": str(free_port()), **settings}
    site = start(folder, [sys.executable, "manage.py", "studio"], cwd=ROOT, settings=environment(**settings))
    try:
        wait_until_ready(site)
        yield site
    finally:
        stop(site)


def wait_until_ready(site: Site, seconds: float = READY_SECONDS) -> None:
    """Wait for /healthz to answer 200; a studio that ended instead is an error with its last words."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if site.process.poll() is not None:
            break
        try:
            if requests.get(f"{site.url}/healthz", timeout=5).status_code == 200:
                return
        except requests.RequestException:
            pass
        time.sleep(0.2)
    raise RuntimeError(f"The studio is not ready.\n{site.log.read_text(errors='replace')[-4000:]}")


def stop(site: Site, *, sign: signal.Signals = signal.SIGTERM, is_typed: bool = False) -> list[psutil.Process]:
    """End the studio by a signal to it alone, or typed (Ctrl-C reaches all its processes at once).

    Returns what was left of it after that; nothing is left after this.
    """
    if site.process.poll() is not None:
        return []
    family = site.children()
    if is_typed:
        os.killpg(site.process.pid, sign)
    else:
        site.process.send_signal(sign)
    try:
        site.process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        family.append(psutil.Process(site.process.pid))
    _, left = psutil.wait_procs(family, timeout=5)
    for process in left:
        process.kill()
    return left
