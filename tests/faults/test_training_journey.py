"""The whole journey: a dataset is sent, a run trained, published, and a visitor painted for.

Everything goes through the web; on SQLite polling workers train and paint, on PostgreSQL and Redis Celery's.
"""

import io
import re
from collections.abc import Iterator

import pytest
import requests
from PIL import Image

from tests import pictures
from tests.faults import worlds
from tests.faults.worlds import World
from tests.trainer import factories
from tests.trainer.datasets import archived
from trainer import history

LONG = 240  # seconds for what takes some on an idle machine
STEPS = 4
NAME, PASSWORD = "teacher", "a long word nobody guesses"
SETTINGS = {
    "STYLESITE_ENGINES": "echo",
    "STYLESITE_PRELOAD": "echo",
    "CUDA_VISIBLE_DEVICES": "-1",
    "DJANGO_SUPERUSER_PASSWORD": PASSWORD,
}
WORDS = {"title": "Squares", "title_ko": "네모", "blurb": "Colours squares.", "slug": "squares", "licence": "CC0"}


class Browser:
    """A session that sends forms as a browser without scripts does."""

    def __init__(self, url: str):
        self.url = url
        self.session = requests.Session()

    def get(self, path: str) -> requests.Response:
        response = self.session.get(self.url + path, timeout=60)
        assert response.status_code == 200, (path, response.status_code, response.text[:2000])
        return response

    def send(self, path: str, files: dict | None = None, **fields) -> str:
        """Fill in the form of a page; the page that it leads to."""
        self.get(path)
        data = {"csrfmiddlewaretoken": self.session.cookies["csrftoken"], **fields}
        response = self.session.post(self.url + path, data=data, files=files, timeout=60)
        assert response.history and response.status_code == 200, (path, response.status_code, response.text[:4000])
        return response.url.removeprefix(self.url)

    def sign_in(self) -> None:
        self.send("/account/sign-in/", username=NAME, password=PASSWORD)

    def ask(self, engine: str, sketch: bytes) -> str:
        """As a program does; where it says how far the picture is."""
        self.get("/api/v1/engines")
        response = self.session.post(
            f"{self.url}/api/v1/jobs",
            data={"engine": engine},
            files={"sketch": ("sketch.png", sketch)},
            headers={"X-CSRFToken": self.session.cookies["csrftoken"]},
            timeout=60,
        )
        assert response.status_code == 202, response.text
        return f"/api/v1/jobs/{response.json()['id']}"


def key_in(path: str) -> str:
    return re.search(r"[0-9a-f-]{36}", path)[0]


@pytest.fixture(params=["polling", pytest.param("celery", marks=pytest.mark.services)])
def world(request, tmp_path) -> Iterator[World]:
    if request.param == "polling":
        yield World(tmp_path, **SETTINGS)
        return
    with worlds.on_services(tmp_path, **SETTINGS) as world:
        yield world


@pytest.mark.timeout(1200)
def test_from_an_archive_to_a_visitor_s_picture(world, tmp_path):
    world.migrate()
    made = world.manage("createsuperuser", "--noinput", "--username", NAME, "--email", "teacher@example.org")
    assert made.returncode == 0, made.stderr

    def wait_for(table: str, what: str) -> None:
        def is_over() -> bool:
            [(state, error)] = world.ask(f"SELECT state, error FROM {table}")
            assert state != "failed", error
            return state == "done"

        world.wait(is_over, seconds=LONG, what=what)

    with world.web() as url, world.training_worker() as trainer, world.worker() as painter:
        staff, guest = Browser(url), Browser(url)
        staff.sign_in()

        pairs = {
            f"{split}/{n}.png": archived.png(n, width=64, height=32) for n in range(4) for split in ("train", "val")
        }
        archive = archived.pack(tmp_path / "squares.zip", pairs)
        about = {"kind": "pairs", "title": "Squares", "licence": "CC0", "source": "drawn by the tests"}
        with archive.open("rb") as file:
            dataset = staff.send("/studio/datasets/new/", files={"archive": file}, **about)
        wait_for("trainer_dataset", "the report on the dataset")
        assert "Squares" in staff.get(dataset).text

        form = {"recipe": "pix2pix", "title": "Squares", "dataset": key_in(dataset), "steps": STEPS}
        run = staff.send("/studio/runs/new/?recipe=pix2pix", **form, **factories.TINY)
        wait_for("trainer_run", "the run")
        assert "Squares" in staff.get(run).text
        folder = world.folder / "var" / "training" / "runs" / key_in(run)
        assert history.read_last_step(folder / history.FILE) == STEPS

        staff.send(f"{run}publish/", checkpoint=f"step-{STEPS:07d}", kind="sketch", **WORDS)

        offered = {each["name"] for each in guest.get("/api/v1/engines").json()}
        assert offered == {"echo", "squares.1"}
        job = guest.ask("squares.1", pictures.encoded(pictures.sketch(), "png"))
        wait_for("tfapp_job", "the picture")
        artwork = guest.get(job).json()["artwork"]
        assert artwork["engine"] == "squares.1"
        image = Image.open(io.BytesIO(guest.get(artwork["image_url"].removeprefix(url)).content))
        assert image.size == (artwork["width"], artwork["height"])
        assert trainer.poll() is painter.poll() is None

    world.check_that_nothing_is_lost(1)
