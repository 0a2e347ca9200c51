"""Calls of the JSON API, as programs make them, and what every refusal must look like."""

from django.test import Client

from tests import factories, pictures
from tfapp import files, tokens
from tfapp.models import Job

JOBS = "/api/v1/jobs"


def send(client: Client, headers: dict | None = None, **fields):
    data = {
        "engine": "echo",
        "content": pictures.upload(pictures.photo(320, 240)),
        "style": pictures.upload(pictures.painting(), name="style.png"),
        **fields,
    }
    return client.post(JOBS, {name: value for name, value in data.items() if value is not None}, headers=headers)


def job_at(client: Client, job: Job, headers: dict | None = None):
    return client.get(f"{JOBS}/{job.pk}", headers=headers)


def bearer(user=None) -> dict[str, str]:
    return {"authorization": f"Bearer {tokens.make(user or factories.make_user(), 'program')}"}


def assert_refused(response, status: int) -> None:
    assert response.status_code == status, response.content
    assert list(response.json()) == ["detail"]
    assert isinstance(response.json()["detail"], str)
    assert len(response.json()["detail"]) > 5


def n_files() -> int:
    root = files.begin().parent.parent
    return sum(path.is_file() for path in root.rglob("*"))
