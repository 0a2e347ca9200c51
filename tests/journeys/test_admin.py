"""Staff in Django's admin: a run started there, on the studio's page and by the command line is one and the same."""

import json
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
from playwright.sync_api import Page, expect

from tests import sites
from tests.journeys import steps, training
from tests.sources import ROOT
from trainer import checkpoints, history, options

N_STEPS, SEED = 4, 11
LOOK_MILLISECONDS = 1000  # between two looks at a list that does not renew itself
CHECKED = {"deterministic": True, "compiled": False}
OPTIONS = training.TINY | CHECKED
BY_ADMIN, BY_PAGE, BY_COMMAND = TITLES = ("By the admin", "By the page", "By the command line")
CLOCK = re.compile(r"tfevents\..*")  # in the name of a file of events
STATE = f"checkpoints/step-{N_STEPS:07d}/{checkpoints.STATE}"
WHAT_A_RUN_LEAVES = (checkpoints.WEIGHTS, checkpoints.CONFIG, options.FILE, history.FILE, STATE, "train.log")
SHOW_RUNS = """
import json
import django
django.setup()
from trainer.models import Run
names = ("recipe", "dataset__title", "data", "options", "steps", "seed", "init", "cloned_from", "step", "state")
names += ("wish", "error", "progress", "attempt", "n_failures", "owner__username")
rows = [Run.objects.filter(title=title).values("pk", *names).get() for title in {titles!r}]
print(json.dumps(rows, default=str))
"""


@pytest.fixture(scope="module")
def python(site) -> Callable[..., str]:
    """What a command says that has the site's settings."""
    environment = sites.environment(
        STYLESITE_DATA=str(site.log.parent / "var"),
        DJANGO_SETTINGS_MODULE="stylesite.settings",
        DJANGO_SUPERUSER_PASSWORD=steps.PASSWORD,
        CUDA_VISIBLE_DEVICES="-1",
    )

    def run(*words: object) -> str:
        command = [sys.executable, *map(str, words)]
        outcome = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300)
        assert outcome.returncode == 0, outcome.stderr
        return outcome.stdout.strip()

    return run


@pytest.fixture(scope="module")
def head(python) -> str:
    """Somebody who may do everything; a name to sign in with."""
    python("manage.py", "createsuperuser", "--noinput", "--username", "head", "--email", "head@example.com")
    return "head"


@pytest.fixture(scope="module")
def dataset(python, tmp_path_factory) -> str:
    """The key of one that came by the command line; it may not be ready yet."""
    path = training.make_archive(tmp_path_factory.mktemp("archives") / "shapes.zip")
    facts = ("--kind", "pairs", "--title", "Shapes of the shell", "--licence", "CC0", "--source", "the tests")
    return python("manage.py", "dataset", "add", path, *facts)


@pytest.fixture
def admin(visitor, head) -> Callable[..., Page]:
    """At the list of datasets, signed in."""

    def arrive(**options) -> Page:
        page = visitor(**options)
        page.set_default_timeout(training.CHECK_MILLISECONDS)
        page.goto("/admin/trainer/dataset/")
        page.locator("#id_username").fill(head)
        page.locator("#id_password").fill(steps.PASSWORD)
        page.locator("main form button").click()
        page.wait_for_url("**/admin/trainer/dataset/")
        return page

    return arrive


def act(page: Page, row: str, action: str) -> None:
    """Choose a row of a list, and what is done with it."""
    page.locator("#result_list tbody tr").filter(has_text=row).locator("input.action-select").check()
    page.locator('select[name="action"]').select_option(action)
    with page.expect_navigation():
        page.locator('.actions button[name="index"]').click()


def wait_for_state(page: Page, model: str, row: str, state: str) -> None:
    """Look at a list of the admin again and again."""
    cell = page.locator("#result_list tbody tr").filter(has_text=row).locator(".field-state")
    for _ in range(training.TRAIN_MILLISECONDS // LOOK_MILLISECONDS):
        page.goto(f"/admin/trainer/{model}/")
        if (found := cell.inner_text()) in (state, "failed"):
            break
        page.wait_for_timeout(LOOK_MILLISECONDS)
    assert found == state, page.locator("#result_list").inner_text()


def send(page: Page) -> None:
    with page.expect_navigation():
        page.get_by_role("button", name="Start training").click()


def start_in_the_admin(page: Page, dataset: str, *, title: str) -> None:
    act(page, dataset, "start_training")
    expect(page.locator("h1", has_text="Start training")).to_be_visible()
    expect(page.get_by_label("Options")).to_have_value('{"direction": "AtoB"}')  # of its report
    page.get_by_label("Recipe").select_option("pix2pix")
    page.get_by_label("Title").fill(title)
    page.get_by_label("Steps").fill(str(N_STEPS))
    page.get_by_label("Seed").fill(str(SEED))
    page.get_by_label("Options").fill(json.dumps(OPTIONS | {"size": 33}))
    send(page)
    expect(page.locator(".errorlist")).to_contain_text("The size must be a multiple of")
    page.get_by_label("Options").fill(json.dumps(OPTIONS))
    send(page)
    expect(page.locator(".messagelist .success")).to_contain_text(f"{title} waits to be trained.")


@contextmanager
def sleeping(site: sites.Site) -> Iterator[None]:
    """The training worker begins nothing meanwhile, however slow the browser is."""
    workers = [child for child in site.children() if child.cmdline()[-1:] == ["--training"]]
    assert len(workers) == 1
    workers[0].send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        if psutil.pid_exists(workers[0].pid):
            workers[0].send_signal(signal.SIGCONT)


def pause_and_resume(page: Page, title: str) -> None:
    page.goto("/admin/trainer/run/")
    state = page.locator("#result_list tbody tr").filter(has_text=title).locator(".field-state")
    act(page, title, "pause")
    expect(page.locator(".messagelist .success")).to_contain_text(f"{title} is being paused.")
    expect(state).to_have_text("paused")
    act(page, title, "resume")
    expect(page.locator(".messagelist .success")).to_contain_text(f"{title} waits to be trained.")
    expect(state).to_have_text("waiting")


def read_files(folder: Path) -> dict[str, bytes]:
    """What a run left, by name, but for what tells the time or the process: events, log, and seconds in its history."""
    paths = (path for path in sorted(folder.rglob("*")) if path.is_file())
    found = {CLOCK.sub("", str(path.relative_to(folder))): path.read_bytes() for path in paths}
    own = {name: b"" for name in found if name in (history.FILE, "train.log") or name.startswith("events/")}
    return found | own


def losses(folder: Path) -> list[dict]:
    timing = ("seconds", "waited", "memory")
    lines = history.read(folder / history.FILE)
    return [{name: value for name, value in line.items() if name not in timing} for line in lines]


@pytest.mark.timeout(900)
def test_a_run_is_the_same_by_the_admin_the_page_and_the_command_line(site, admin, python, head, dataset, tmp_path):
    page = admin()
    wait_for_state(page, "dataset", "Shapes of the shell", "finished")
    config = tmp_path / "options.json"
    config.write_text(json.dumps(OPTIONS))
    with sleeping(site):
        start_in_the_admin(page, "Shapes of the shell", title=BY_ADMIN)
        page.goto(f"/studio/datasets/{dataset}/")
        training.start_run(page, title=BY_PAGE, n_steps=N_STEPS, seed=SEED, **CHECKED)
        words = ("--title", BY_COMMAND, "--config", config, "--steps", N_STEPS, "--seed", SEED)
        python("manage.py", "runs", "start", "pix2pix", "--dataset", dataset, *words)
        pause_and_resume(page, BY_ADMIN)

    for title in TITLES:
        wait_for_state(page, "run", title, "finished")

    rows = json.loads(python("-c", SHOW_RUNS.format(titles=TITLES)))
    folders = [site.log.parent / "var" / "training" / "runs" / row.pop("pk") for row in rows]
    assert [row.pop("owner__username") for row in rows] == [head, head, None]
    assert rows[0] == rows[1] == rows[2]
    assert (rows[0]["dataset__title"], rows[0]["options"]) == ("Shapes of the shell", OPTIONS)
    assert (rows[0]["state"], rows[0]["step"], rows[0]["attempt"], rows[0]["seed"]) == ("done", N_STEPS, 1, SEED)

    by_admin, by_page, by_command = map(read_files, folders)
    assert by_admin.keys() == by_page.keys() == by_command.keys()
    assert {*WHAT_A_RUN_LEAVES} <= by_admin.keys()
    for name, content in by_admin.items():
        assert content == by_page[name] == by_command[name], name
    assert losses(folders[0]) == losses(folders[1]) == losses(folders[2])
    assert len(losses(folders[0])) == N_STEPS


@pytest.mark.parametrize(("language", "words"), [("en", "Start training"), ("ko", "학습 시작하기")])
def test_the_page_that_starts_a_run_speaks_and_fits_a_phone(admin, dataset, language, words):
    page = admin(language=language, width=390, is_mobile=True, has_touch=True)

    act(page, "Shapes of the shell", "start_training")

    expect(page.locator("#content h1")).to_have_text(words)
    expect(page.get_by_role("button", name=words)).to_be_in_viewport()
    assert page.evaluate("document.documentElement.scrollWidth") == 390
