"""Staff draw a probe, let two checkpoints paint it, and publish one; a visitor finds it, draws, and gets a picture."""

import itertools
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
import requests
from playwright.sync_api import Locator, Page, expect

from tests import sites
from tests.journeys import drawing, steps, training
from tests.journeys.test_pages import findings
from tests.sources import ROOT

FACE = drawing.load("smiling-face")
PAINT_MILLISECONDS = 240_000  # a child that starts, and two networks
OFFERED_SECONDS = 60  # no promise: that is 5 s, and `python -m tests.benchmarks publishing` measures it
ENGINE = re.compile(r'name="engine" value="([^"]+)"')
NUMBERS = itertools.count(1)  # names of ours: nothing that was published is ever gone
MAKE = """
import django
django.setup()
from tests import pictures
from tests.tfapp.engines import tiny
from tests.trainer import factories
from trainer import checkpoints, probing, versions

run = factories.make_run(state="done", steps=4, title="Tiny faces")
for step in (2, 4):
    folder = run.folder / "checkpoints" / f"step-{{step:07d}}"
    tiny.save_pix2pix(folder)
    config = checkpoints.read_config(folder) | {{"step": step, "metrics": {{"step": step, "l1": 1 / step}}}}
    checkpoints.write_config(folder, config)
probing.add(run, [pictures.encoded(pictures.sketch(), "png")], kind="sketch", label="Brought before")
words = versions.Words(slug={slug!r}, title="Faces to carry", blurb="Colours faces.", licence="CC0")
version = versions.publish(run, 4, words, kind="sketch")
print(run.pk, version.engine)
"""
TAKE_ALL_BACK = """
import django
django.setup()
from trainer import versions
from trainer.models import Version

for version in Version.objects.live():
    versions.take_back(version)
"""


@dataclass(frozen=True)
class Trained:
    """A run with two checkpoints of real weights and a probe; its key, and the engine that was published of it."""

    run: str
    engine: str


@pytest.fixture(scope="module")
def trained(site) -> Iterator[Trained]:
    """A run to publish from. What was published of it is off the create page again when the module ends."""
    made = run_script(site, MAKE.format(slug=f"carried{next(NUMBERS)}"))
    yield Trained(*made.split()[-2:])
    run_script(site, TAKE_ALL_BACK)


def run_script(site: sites.Site, script: str) -> str:
    """Python with the site's own database; what it printed."""
    data = str(site.log.parent / "var")
    environment = sites.environment(
        STYLESITE_DATA=data, DJANGO_SETTINGS_MODULE="stylesite.settings", CUDA_VISIBLE_DEVICES="-1"
    )
    command = [sys.executable, "-c", script]
    return subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True, text=True).stdout


@pytest.fixture(scope="module")
def name(site) -> str:
    return training.make_staff(site)


def offered(site: sites.Site) -> list[str]:
    """What visitors can choose on the page where they draw."""
    answer = requests.get(f"{site.url}/?kind=sketch", timeout=OFFERED_SECONDS)
    assert answer.status_code == 200
    return ENGINE.findall(answer.text)


def wait_until_offered(site: sites.Site, engine: str) -> None:
    until = time.monotonic() + OFFERED_SECONDS
    while engine not in (names := offered(site)):
        assert time.monotonic() < until, f"{engine} is not among {names}"
        time.sleep(0.2)


def card_of(page: Page, engine: str) -> Locator:
    """One of the versions, while the page shows them."""
    return page.locator(".version-card").filter(has=page.get_by_text(re.compile(rf"^\s*{re.escape(engine)} ·")))


@pytest.mark.timeout(1200)
def test_staff_draw_choose_and_publish_and_a_visitor_paints(site, visitor, name, trained):
    number = next(NUMBERS)
    face, title, engine = f"Face {number}", f"Faces {number}", f"faces{number}.1"
    staff, guest = visitor(), visitor(width=390, has_touch=True, is_mobile=True)
    steps.sign_in(staff, name)
    assert engine not in offered(site)

    staff.goto(f"/studio/runs/{trained.run}/probes/")
    drawing.draw(staff, FACE)
    staff.get_by_label("Name").fill(face)
    staff.get_by_role("button", name="Add").click()
    grid = staff.locator(".probe-grid")
    expect(grid.get_by_alt_text(f"{face}, painted at step 4")).to_be_visible(timeout=PAINT_MILLISECONDS)  # by itself
    expect(grid.get_by_alt_text(f"{face}, painted at step 2")).to_be_visible(timeout=PAINT_MILLISECONDS)
    assert findings(staff) == []

    staff.get_by_role("row", name="step 2").get_by_role("link", name="Publish this one").click()
    expect(staff.locator('input[name="checkpoint"]:checked')).to_have_value("step-0000002")
    staff.locator("#id_title").fill(title)
    staff.locator("#id_title_ko").fill("얼굴")
    staff.locator("#id_blurb").fill("Colours faces.")
    staff.locator("#id_slug").fill(engine.removesuffix(".1"))
    assert findings(staff) == []
    staff.locator(".publish").get_by_role("button", name="Publish").click()
    staff.wait_for_url("**/versions/")

    wait_until_offered(site, engine)
    guest.goto("/?kind=sketch")
    guest.get_by_text(title, exact=True).click()
    expect(guest.locator(f'input[name="engine"][value="{engine}"]')).to_be_checked()
    drawing.draw(guest, FACE)
    steps.press_paint(guest)
    steps.wait_until_painted(guest)
    painted = guest.get_by_role("link", name="Open the picture").get_attribute("href")

    card_of(staff, engine).get_by_role("button", name="Take back").click()
    expect(card_of(staff, engine).get_by_role("button", name="Put back")).to_be_visible()
    expect(staff.get_by_role("heading", name="Taken back or replaced")).to_be_visible()
    assert findings(staff) == []
    assert engine not in offered(site)
    guest.goto(painted)
    expect(guest.locator(".facts")).to_contain_text(f"{title} 1")


def test_a_version_is_carried_away_and_brought_back_in_korean(site, visitor, name, trained, tmp_path):
    brought = f"brought{next(NUMBERS)}.1"
    staff = visitor(language="ko")
    steps.sign_in(staff, name)
    staff.goto("/studio/versions/")
    with staff.expect_download() as download:
        card_of(staff, trained.engine).locator("a[href$='/export/']").click()
    download.value.save_as(tmp_path / "faces.zip")

    staff.goto("/studio/versions/import/")
    staff.locator("#id_archive").set_input_files(tmp_path / "faces.zip")
    staff.locator("#id_slug").fill(brought.removesuffix(".1"))
    staff.locator("main form button").click()
    staff.wait_for_url("**/versions/")

    card = card_of(staff, brought)
    expect(card).to_be_visible()
    expect(staff.locator(".messages")).to_contain_text("Faces to carry")
    assert brought not in offered(site)
    card.locator("form button").click()
    expect(card.locator('.badge[data-state="done"]')).to_be_visible()
    wait_until_offered(site, brought)


@pytest.mark.parametrize("width", [390, 1440])
def test_the_grid_scrolls_and_the_page_does_not(visitor, name, trained, width):
    staff = visitor(width=width)
    steps.sign_in(staff, name)

    for place in (f"/studio/runs/{trained.run}/probes/", f"/studio/runs/{trained.run}/publish/", "/studio/versions/"):
        staff.goto(place)
        assert staff.evaluate("document.documentElement.scrollWidth") <= width
        assert findings(staff) == []
