"""Previews and drafts of the mixer over HTTP: one person sliding, and three at once, each with their own photo."""

import json
import random
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median, quantiles

from tests import pictures, sites
from tests.benchmarks.tables import Figure, milliseconds
from tests.faults import worlds
from tests.faults.mixing import Mixer
from tfapp import mixes, weights

WIDTHS = 1600, 1500, 1700  # of three people's photos, each of a shape of its own
N_TIMES = 60  # previews of each
N_WARM = 8
WARM_SECONDS = 120


def measure(argument: str) -> list[Figure]:
    """Round trips of a slider and a point on the pad that never rest."""
    settings = {"STYLESITE_ENGINES": "adain", "STYLESITE_LIMITS": "0"}
    with (
        tempfile.TemporaryDirectory(prefix="stylesite-bench-") as folder,
        sites.running(Path(folder), **settings) as site,
    ):
        photos = [pictures.encoded(pictures.photo(width, 1200), "jpeg") for width in WIDTHS]
        people = [Mixer(site.url, photo=photo) for photo in photos]
        for one in people:
            warm(one)
            warm(one, draft="on")
        before = processor_seconds(site)
        alone, inside = slide(people[0])
        used = processor_seconds(site) - before
        crowd = slide_together(people)
        draft, _inside = slide(people[0], draft="on")
        drafts = slide_together(people, draft="on")
    together = [second for seconds in crowd for second in seconds]
    drafted = [second for seconds in drafts for second in seconds]

    small = f"{mixes.DRAFT_SIDE} px"
    how = f"{argument} px, four styles, strength and shares changed each time"
    return [
        Figure("mixer preview, one person", milliseconds(alone), "", f"median of {len(alone)} over HTTP, {how}"),
        Figure("of which in the engine", milliseconds(inside), "", "the rest: HTTP, rows, socket, JPEG"),
        Figure(
            "mixer preview, processor time",
            f"{1000 * used / len(alone):.0f} ms",
            "",
            "of worker and web server together, over all cores: hardly any longer on a busy machine",
        ),
        Figure("mixer preview, three at once", milliseconds(together), "", f"median of {len(together)}"),
        Figure("mixer preview, three at once, 95th percentile", f"{1000 * late(together):.0f} ms", "< 250 ms", how),
        Figure(
            "mixer previews, three at once, a second",
            f"{sum(len(seconds) / sum(seconds) for seconds in crowd):.1f}",
            "",
            f"slowest person's median {1000 * max(median(seconds) for seconds in crowd):.0f} ms",
        ),
        Figure("mixer draft, one person", milliseconds(draft), "", f"{small}, for pages that wait more than 200 ms"),
        Figure("mixer drafts, three at once, 95th percentile", f"{1000 * late(drafted):.0f} ms", "< 250 ms", small),
    ]


def processor_seconds(site: sites.Site) -> float:
    """What web server and worker have used so far."""
    processes = [*site.web_processes(), *worlds.workers_of(site.children())]
    return sum(sum(process.cpu_times()[:2]) for process in processes)


def warm(mixer: Mixer, **fields: str) -> None:
    """The first ones compile, and may come too late."""
    n, until = 0, time.monotonic() + WARM_SECONDS
    while n < N_WARM and time.monotonic() < until:
        n += touch(mixer, random.Random(n), **fields)[0] is not None


def slide_together(people: list[Mixer], **fields: str) -> list[list[float]]:
    """Of each person the seconds of each preview, over HTTP."""
    with ThreadPoolExecutor(len(people)) as threads:
        return [seconds for seconds, _inside in threads.map(lambda one: slide(one, **fields), people)]


def slide(mixer: Mixer, **fields: str) -> tuple[list[float], list[float]]:
    """Seconds of each preview over HTTP, and inside the engine."""
    dice = random.Random(mixer.address)
    touches = [touch(mixer, dice, **fields) for _ in range(N_TIMES)]
    answered = [(seconds, inside) for seconds, inside in touches if seconds is not None]
    if len(answered) < 0.95 * N_TIMES:
        raise RuntimeError(f"Only {len(answered)} of {N_TIMES} previews came.")
    return [seconds for seconds, _inside in answered], [inside for _seconds, inside in answered]


def touch(mixer: Mixer, dice: random.Random, **fields: str) -> tuple[float | None, float]:
    rows = [weights.at(dice.random(), dice.random(), 4)]
    response, seconds = mixer.preview(strength=f"{dice.uniform(0.3, 1):.2f}", weights=json.dumps(rows), **fields)
    if response.status_code != 200:
        return None, 0.0
    return seconds, float(response.headers["X-Seconds"])


def late(seconds: list[float]) -> float:
    return quantiles(seconds, n=20)[-1]
