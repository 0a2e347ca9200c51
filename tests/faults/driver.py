"""What a fault test does inside a site: `python -m tests.faults.driver STORY …` under that site's environment."""

import argparse
import io
import json

import django
import numpy as np
from PIL import Image

django.setup()

from django.core.files.base import File  # noqa: E402

from tfapp import engines, images, jobs  # noqa: E402
from tfapp.models import Person  # noqa: E402


def submit(n_jobs: int, *, n_people: int, seconds: float, engine: str, size: int) -> list[str]:
    """Ask for pictures as the create page does; the ids of the jobs."""
    people = [Person.objects.create() for _ in range(n_people)]
    photo = make_noise(size)
    keys = []
    for n in range(n_jobs):
        pictures = [
            (role, images.open_upload(File(io.BytesIO(photo), name=f"{role}.png"))) for role in ("content", "style")
        ]
        job = jobs.submit(
            people[n % n_people],
            spec=engines.SPECS[engine],
            parameters={"strength": 0.5, "size": size, "seconds": seconds},
            pictures=pictures,
            shelf={},
        )
        keys.append(str(job.pk))
    return keys


def make_noise(side: int) -> bytes:
    """A picture that no format makes small."""
    pixels = np.random.default_rng(0).integers(0, 256, (2 * side // 3, side, 3), dtype="uint8")
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("n_jobs", type=int)
    parser.add_argument("--people", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=0.2)
    parser.add_argument("--engine", default="echo")
    parser.add_argument("--size", type=int, default=96)
    options = parser.parse_args()
    wishes = {"n_people": options.people, "seconds": options.seconds, "engine": options.engine, "size": options.size}
    print(json.dumps(submit(options.n_jobs, **wishes)))
