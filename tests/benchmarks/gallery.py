"""The gallery page with many pictures and with few: time and number of queries."""

import time
import uuid
from statistics import median

from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext, setup_test_environment
from django.utils import timezone

from tests.benchmarks.tables import Figure
from tfapp.models import Artwork, Job, Person

FEW = 100
N_TIMES = 15


def measure(argument: str) -> list[Figure]:
    """First and last page with `argument` pictures, and the first page with a hundred."""
    setup_test_environment()
    call_command("migrate", verbosity=0)
    call_command("collectstatic", verbosity=0, interactive=False)
    many = int(argument)
    figures = []
    for n_pictures in (FEW, many):
        fill(n_pictures - Artwork.objects.count())
        seconds, n_queries = visit("/gallery/")
        figures.append(
            Figure(
                f"gallery with {n_pictures:,} pictures", words(seconds, n_queries), "≤ 8 queries, flat", "first page"
            )
        )
    seconds, n_queries = visit("/gallery/?page=100")
    figures.append(Figure("its 100th page", words(seconds, n_queries), "≤ 8 queries", ""))
    return figures


def words(seconds: float, n_queries: int) -> str:
    return f"{1000 * seconds:.0f} ms, {n_queries} queries"


def visit(address: str) -> tuple[float, int]:
    """Median seconds of the processor, SQLite's included, and number of queries of a page, without the network."""
    client = Client(headers={"host": "localhost"})
    client.get(address)
    times = []
    for _ in range(N_TIMES):
        with CaptureQueriesContext(connection) as queries:
            started = time.process_time()
            answer = client.get(address)
            b"".join(answer) if answer.streaming else answer.content
            times.append(time.process_time() - started)
        if answer.status_code != 200:
            raise RuntimeError(f"{address} answered {answer.status_code}")
    return median(times), len(queries)


def fill(n_pictures: int) -> None:
    """Public pictures of a hundred people, rows only."""
    people = Person.objects.bulk_create(Person() for _ in range(100))
    now = timezone.now()
    jobs = Job.objects.bulk_create(
        Job(person=people[i % 100], kind="style", engine="adain", state="done", finished_at=now, attempt=1)
        for i in range(n_pictures)
    )
    Artwork.objects.bulk_create(
        Artwork(
            job=job,
            person=job.person,
            kind="style",
            engine="adain",
            parameters={"strength": 1.0, "keep_colours": False, "size": 1024},
            width=1024,
            height=768,
            folder=f"artworks/00/{uuid.uuid4()}",
            n_bytes=1_000_000,
            sha256="0" * 64,
            thumbnails={"320": 240, "640": 480},
            is_public=True,
            published_at=now - timezone.timedelta(seconds=i),
        )
        for i, job in enumerate(jobs)
    )
