"""From POST of a photo and a style to the finished picture, through a whole running site with a warm worker."""

import tempfile
import time
from pathlib import Path

import requests

from tests import pictures, sites
from tests.benchmarks.tables import Figure, milliseconds

N_TIMES = 7
POLL_SECONDS = 0.05  # a page asks less often; asking takes the processor from the painter


def measure(argument: str) -> list[Figure]:
    """Total time, and the share of it outside the engine."""
    photo = pictures.encoded(pictures.photo(1600, 1200), "jpeg")
    totals, outside, posts = [], [], []
    with (
        tempfile.TemporaryDirectory(prefix="stylesite-bench-") as folder,
        sites.running(Path(folder), STYLESITE_ENGINES="adain", STYLESITE_LIMITS="0") as site,
    ):
        session = requests.Session()
        session.get(f"{site.url}/api/v1/engines", timeout=30)
        for round_number in range(N_TIMES + 2):
            style = pictures.encoded(pictures.painting(800 + round_number, 600), "jpeg")
            started = time.perf_counter()
            job = post(session, site.url, photo, style, size=argument)
            posted = time.perf_counter()
            while job["state"] in ("queued", "running"):
                time.sleep(POLL_SECONDS)
                job = session.get(f"{site.url}/api/v1/jobs/{job['id']}", timeout=30).json()
            total = time.perf_counter() - started
            if job["state"] != "done":
                raise RuntimeError(f"The job ended as {job['state']}: {job['error']}")
            if round_number >= 2:  # the first ones compile
                totals.append(total)
                outside.append(total - job["seconds"])
                posts.append(posted - started)

    how = f"median of {N_TIMES}: 1600×1200 JPEG and a new style, picture of {argument} px, polled every 50 ms"
    return [
        Figure("POST to finished picture", milliseconds(totals), "within 4 s", how),
        Figure("of which outside the engine", milliseconds(outside), "0.5 s", "answering the POST, waiting, storing"),
        Figure("of which answering the POST", milliseconds(posts), "", "upload decoded, cleaned, stored; row written"),
    ]


def post(session: requests.Session, url: str, photo: bytes, style: bytes, *, size: str, engine: str = "adain") -> dict:
    answer = session.post(
        f"{url}/api/v1/jobs",
        data={"engine": engine, "size": size},
        files={"content": ("photo.jpg", photo), "style": ("style.jpg", style)},
        headers={"X-CSRFToken": session.cookies["csrftoken"], "Referer": url},
        timeout=60,
    )
    answer.raise_for_status()
    return {"state": "queued", **answer.json()}
