"""Rows for tests, with real small files where the row speaks of one."""

import hashlib
import io
import uuid
from datetime import timedelta
from functools import cache
from typing import Any

import numpy as np
from django.contrib.auth.models import User
from django.utils import timezone
from PIL import Image

from tfapp import files
from tfapp.models import Artwork, EngineStatus, Job, JobInput, Mix, MixPicture, Person, Report, Worker

PASSWORD = "a long pass phrase"
ENDED = {Job.State.DONE, Job.State.FAILED, Job.State.CANCELLED}


def make_user(username: str = "", **kwargs: Any) -> User:
    return User.objects.create_user(username or f"user-{uuid.uuid4().hex[:8]}", password=PASSWORD, **kwargs)


def make_person(user: User | None = None, **kwargs: Any) -> Person:
    """A visitor, or the person of an account."""
    return Person.objects.create(user=user, **kwargs)


def make_job(person: Person | None = None, *, state: str = "queued", with_files: bool = True, **kwargs: Any) -> Job:
    """A job with a photo and a style. A job that is done comes without its artwork: see make_artwork."""
    times = {"created_at": kwargs.pop("created_at", None)}
    defaults = {"kind": "style", "engine": "echo", "parameters": {"strength": 0.5, "size": 64}}
    if state == Job.State.RUNNING:
        lease = {"lease_owner": "tests", "lease_until": timezone.now() + timedelta(seconds=30)}
        defaults |= lease | {"attempt": 1, "started_at": timezone.now(), "progress_at": timezone.now()}
    if state in ENDED:
        defaults |= {"finished_at": timezone.now(), "attempt": 1}
    if state == Job.State.FAILED:
        defaults |= {"error": "It did not work.", "error_code": "test"}
    job = Job.objects.create(person=person or make_person(), state=state, **(defaults | kwargs))
    if times["created_at"]:
        Job.objects.filter(pk=job.pk).update(**times)
        job.refresh_from_db()
    if with_files:
        make_input(job, role="content")
        make_input(job, role="style", colour=(180, 60, 30))
    return job


def make_input(job: Job, *, role: str, position: int = 0, colour: tuple = (30, 90, 160), **kwargs: Any) -> JobInput:
    name = f"inputs/{job.pk}/{role}-{position}.jpg"
    content = make_picture(48, 32, colour=colour, format="JPEG")
    put(name, content)
    values = {"width": 48, "height": 32, "n_bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    return JobInput.objects.create(job=job, role=role, position=position, file=name, **(values | kwargs))


def make_mix(person: Person | None = None, *, n_styles: int = 2, n_masks: int = 0, **kwargs: Any) -> Mix:
    """A photo on the mixer's table, with styles."""
    mix = Mix.objects.create(person=person or make_person(), **({"engine": "echo"} | kwargs))
    for role, n in (("content", 1), ("preview", 1), ("style", n_styles), ("mask", n_masks)):
        for position in range(n):
            make_mix_picture(mix, role=role, position=position, colour=(200 - 90 * position, 60, 30 + 90 * position))
    return mix


def make_mix_picture(mix: Mix, *, role: str, position: int = 0, **kwargs: Any) -> MixPicture:
    name = f"mixes/{mix.pk}/{role}-{uuid.uuid4().hex[:12]}.jpg"
    content = make_picture(48, 32, colour=kwargs.pop("colour", (30, 90, 160)), format="JPEG")
    put(name, content)
    values = {"width": 48, "height": 32, "n_bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    return MixPicture.objects.create(mix=mix, role=role, position=position, file=name, **(values | kwargs))


def make_artwork(person: Person | None = None, *, job: Job | None = None, is_public: bool = False, **kwargs: Any):
    """A finished picture with its job, its master and its smallest thumbnail in three formats."""
    job = job or make_job(person, state=Job.State.DONE, progress=1.0, seconds=0.5)
    key = uuid.uuid4()
    folder = f"artworks/{str(key)[:2]}/{key}"
    master = make_picture(64, 48, format="PNG")
    put(f"{folder}/master.png", master)
    for extension, format in (("avif", "AVIF"), ("webp", "WEBP"), ("jpg", "JPEG")):
        put(f"{folder}/64.{extension}", make_picture(64, 48, format=format))
    values = {
        "kind": job.kind,
        "engine": job.engine,
        "parameters": job.parameters,
        "width": 64,
        "height": 48,
        "folder": folder,
        "n_bytes": len(master),
        "sha256": hashlib.sha256(master).hexdigest(),
        "thumbnails": {"64": 48},
        "is_public": is_public,
        "published_at": timezone.now() if is_public else None,
    }
    return Artwork.objects.create(pk=key, job=job, person=job.person, **(values | kwargs))


def make_report(artwork: Artwork, person: Person | None = None, **kwargs: Any) -> Report:
    """What a person, or a visitor from nowhere, finds wrong with it."""
    person = person or make_person()
    return Report.objects.create(artwork=artwork, person=person, **({"voice": str(person.pk)} | kwargs))


def make_worker(name: str = "tests", **kwargs: Any) -> Worker:
    """A worker that has just been seen."""
    return Worker.objects.create(name=name, **({"seen_at": timezone.now()} | kwargs))


def make_engine_status(engine: str = "echo", **kwargs: Any) -> EngineStatus:
    defaults = {"is_available": True, "checked_at": timezone.now()}
    return EngineStatus.objects.update_or_create(engine=engine, defaults=defaults | kwargs)[0]


@cache  # a thousand tests want the same few
def make_picture(width: int, height: int, *, colour: tuple = (30, 90, 160), format: str = "PNG") -> bytes:
    """A small picture with something to see: the colour, fading to white."""
    fade = np.linspace(0, 1, width)[None, :, None] * np.ones((height, 1, 1))
    pixels = (np.array(colour) * (1 - fade) + 255 * fade).round().astype("uint8")
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, format)
    return buffer.getvalue()


def put(name: str, content: bytes) -> None:
    """A file at its place below MEDIA_ROOT."""
    place = files.path(name)
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(content)
