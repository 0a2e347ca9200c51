"""From the POST that publishes a checkpoint until visitors can choose it on the create page, through a running site."""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

import requests

from tests import sites
from tests.benchmarks.journey import POLL_SECONDS
from tests.benchmarks.tables import Figure, milliseconds
from tests.sources import ROOT

PASSWORD = "a-green-teapot-7"
LOST_SECONDS = 120
CHECKPOINT = "step-0000002"
MAKE = f"""
import django
django.setup()
from django.contrib.auth.models import User
from tests.tfapp.engines import tiny
from tests.trainer import factories
from trainer import checkpoints

User.objects.create_user("publisher", password={PASSWORD!r}, is_staff=True)
run = factories.make_run(state="done", steps=2)
folder = run.folder / "checkpoints" / {CHECKPOINT!r}
tiny.save_pix2pix(folder)
checkpoints.write_config(folder, checkpoints.read_config(folder) | {{"step": 2}})
print(run.pk)
"""


def measure(argument: str) -> list[Figure]:
    """Seconds of so many publications, each under a name of its own."""
    with (
        tempfile.TemporaryDirectory(prefix="stylesite-bench-") as name,
        sites.running(Path(name), STYLESITE_ENGINES="echo", STYLESITE_LIMITS="0") as site,
    ):
        run = make_run(Path(name))
        session = sign_in(site.url)
        seconds = [publish(session, f"{site.url}/studio/runs/{run}/publish/", f"n{n}") for n in range(int(argument))]
    how = f"median of {argument}, from the POST on, polled every 50 ms; the longest {1000 * max(seconds):.0f} ms"
    return [Figure("a published checkpoint on the create page", milliseconds(seconds), "within 5 s", how)]


def make_run(folder: Path) -> str:
    """One with a checkpoint of real, tiny weights; its key."""
    environment = sites.environment(STYLESITE_DATA=str(folder / "var"), DJANGO_SETTINGS_MODULE="stylesite.settings")
    command = [sys.executable, "-c", MAKE]
    made = subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True, text=True)
    return made.stdout.split()[-1]


def sign_in(url: str) -> requests.Session:
    session = requests.Session()
    send(session, f"{url}/account/sign-in/", {"username": "publisher", "password": PASSWORD})
    return session


def publish(session: requests.Session, address: str, slug: str) -> float:
    """Seconds until a visitor is offered what is published under that name."""
    words = {"title": slug, "blurb": "Colours faces.", "slug": slug, "licence": "CC0"}
    page = f"{address.split('/studio/')[0]}/?kind=sketch"
    session.get(address, timeout=60)
    started = time.perf_counter()
    send(session, address, {"checkpoint": CHECKPOINT, "kind": "sketch", **words})
    while f'value="{slug}.1"' not in requests.get(page, timeout=60).text:
        if time.perf_counter() - started > LOST_SECONDS:
            raise RuntimeError(f"{slug}.1 is not offered after {LOST_SECONDS} s.")
        time.sleep(POLL_SECONDS)
    return time.perf_counter() - started


def send(session: requests.Session, address: str, values: dict[str, str]) -> None:
    """A form, which has to be good: whoever is let through is led elsewhere."""
    if "csrftoken" not in session.cookies:
        session.get(address, timeout=60)
    values = values | {"csrfmiddlewaretoken": session.cookies["csrftoken"]}
    answer = session.post(address, data=values, headers={"Referer": address}, allow_redirects=False, timeout=60)
    if answer.status_code != 302:
        raise RuntimeError(f"{address} answers {answer.status_code}.")
