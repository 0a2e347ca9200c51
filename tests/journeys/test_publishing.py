"""Staff draw a probe, let two checkpoints paint it, and publish one; a visitor finds it, draws, and gets a picture."""

import subprocess
import sys
import time

import pytest
from playwright.sync_api import Page, expect

from tests import sites
from tests.journeys import drawing, steps
from tests.journeys.test_pages import findings
from tests.sources import ROOT

FACE = drawing.load("smiling-face")
PAINT_MILLISECONDS = 240_000  # a child that starts, and two networks
PUBLISH_SECONDS = 5  # until visitors see it
MAKE = """
import django
django.setup()
from django.contrib.auth.models import User
from tests.tfapp.engines import tiny
from tests.trainer import factories
from trainer import checkpoints

User.objects.create_user("publisher", password={password!r}, is_staff=True)
run = factories.make_run(state="done", steps=4, title="Tiny faces")
for step in (2, 4):
    folder = run.folder / "checkpoints" / f"step-{{step:07d}}"
    tiny.save_pix2pix(folder)
    config = checkpoints.read_config(folder) | {{"step": step, "metrics": {{"step": step, "l1": 1 / step}}}}
    checkpoints.write_config(folder, config)
print(run.pk)
"""


@pytest.fixture(scope="module")
def run(site) -> str:
    """A run with two checkpoints of real weights; its key."""
    data = str(site.log.parent / "var")
    environment = sites.environment(
        STYLESITE_DATA=data, DJANGO_SETTINGS_MODULE="stylesite.settings", CUDA_VISIBLE_DEVICES="-1"
    )
    script = MAKE.format(password=steps.PASSWORD)
    made = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, env=environment, check=True, capture_output=True, text=True
    )
    return made.stdout.split()[-1]


def offered(page: Page) -> list[str]:
    page.goto("/?kind=sketch")
    return [one.get_attribute("value") for one in page.locator('input[name="engine"]').all()]


def test_staff_draw_choose_and_publish_and_a_visitor_paints(visitor, run):
    staff, guest = visitor(), visitor(width=390, has_touch=True, is_mobile=True)
    steps.sign_in(staff, "publisher")
    assert offered(guest) == ["emoji"]

    staff.goto(f"/studio/runs/{run}/probes/")
    drawing.draw(staff, FACE)
    staff.get_by_label("Name").fill("A face")
    staff.get_by_role("button", name="Add").click()
    grid = staff.locator(".probe-grid")
    expect(grid.get_by_alt_text("A face, painted at step 4")).to_be_visible(timeout=PAINT_MILLISECONDS)  # by itself
    expect(grid.get_by_alt_text("A face, painted at step 2")).to_be_visible(timeout=PAINT_MILLISECONDS)
    assert findings(staff) == []

    staff.get_by_role("row", name="step 2").get_by_role("link", name="Publish this one").click()
    expect(staff.locator('input[name="checkpoint"]:checked')).to_have_value("step-0000002")
    staff.locator("#id_title").fill("Faces")
    staff.locator("#id_title_ko").fill("얼굴")
    staff.locator("#id_blurb").fill("Colours faces.")
    staff.locator("#id_slug").fill("faces")
    assert findings(staff) == []
    staff.locator(".publish").get_by_role("button", name="Publish").click()
    staff.wait_for_url("**/versions/")
    published_at = time.monotonic()

    assert offered(guest) == ["emoji", "faces.1"]
    assert time.monotonic() - published_at < PUBLISH_SECONDS
    guest.get_by_text("Faces", exact=True).click()
    drawing.draw(guest, FACE)
    steps.press_paint(guest)
    steps.wait_until_painted(guest)
    painted = guest.get_by_role("link", name="Open the picture").get_attribute("href")

    staff.get_by_role("button", name="Take back").click()
    expect(staff.get_by_role("heading", name="Taken back or replaced")).to_be_visible()
    assert findings(staff) == []
    assert offered(guest) == ["emoji"]
    guest.goto(painted)
    expect(guest.locator(".facts")).to_contain_text("Faces 1")


def test_a_version_is_carried_away_and_brought_back_in_korean(visitor, run, tmp_path):
    staff = visitor(language="ko")
    steps.sign_in(staff, "publisher")
    staff.goto("/studio/versions/")
    with staff.expect_download() as download:
        staff.locator("a[href$='/export/']").first.click()
    download.value.save_as(tmp_path / "faces.zip")

    staff.goto("/studio/versions/import/")
    staff.locator("#id_archive").set_input_files(tmp_path / "faces.zip")
    staff.locator("#id_slug").fill("brought")
    staff.locator("main form button").click()
    staff.wait_for_url("**/versions/")

    card = staff.locator(".version-card", has_text="brought.1")
    expect(card).to_be_visible()
    card.locator("form button").click()
    staff.wait_for_url("**/versions/")
    assert "brought.1" in offered(visitor())


@pytest.mark.parametrize("width", [390, 1440])
def test_the_grid_scrolls_and_the_page_does_not(visitor, run, width):
    staff = visitor(width=width)
    steps.sign_in(staff, "publisher")

    for place in (f"/studio/runs/{run}/probes/", f"/studio/runs/{run}/publish/", "/studio/versions/"):
        staff.goto(place)
        assert staff.evaluate("document.documentElement.scrollWidth") <= width
        assert findings(staff) == []
