"""The page of a run stays open while the run goes on: what is new comes by itself. And curves can be read by all."""

import json
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests import sites
from tests.journeys import steps
from tests.journeys.test_pages import findings
from tests.sources import ROOT

MAKE = """
import django
django.setup()
from datetime import timedelta
from django.contrib.auth.models import User
from django.utils import timezone
from tests.trainer import factories
from trainer.models import Run

User.objects.create_user("watcher", password={password!r}, is_staff=True)
run = factories.make_run(state="running", steps=1000, title="Shapes at work")
Run.objects.filter(pk=run.pk).update(lease_until=timezone.now() + timedelta(days=1))  # no worker takes it over
print(run.pk, run.folder)
"""
SAMPLE_SECONDS = 5  # until a picture that was made is on the page


@dataclass
class Trainer:
    """Whoever trains: here the test itself, by hand."""

    address: str
    folder: Path
    step: int = 0

    def take(self, n: int) -> None:
        with open(self.folder / "history.jsonl", "a") as lines:
            for _ in range(n):
                self.step += 1
                line = {"step": self.step, "loss": 5 + 50 / self.step, "l1": 0.2, "seconds": 0.1, "waited": 0.0}
                lines.write(json.dumps(line) + "\n")

    def sample(self) -> None:
        (self.folder / "samples").mkdir(exist_ok=True)
        beside = self.folder / "samples" / ".part.png"
        Image.new("RGB", (96, 48), (self.step % 255, 90, 60)).save(beside)
        beside.rename(self.folder / "samples" / f"step-{self.step:07d}.png")

    def validate(self, l1: float) -> None:
        with open(self.folder / "validation.jsonl", "a") as lines:
            lines.write(json.dumps({"step": self.step, "l1": l1, "ssim": 0.6}) + "\n")

    def say(self, words: str) -> None:
        with open(self.folder / "train.log", "a") as log:
            log.write(words + "\n")


@pytest.fixture(scope="module")
def trainer(site) -> Trainer:
    data = str(site.log.parent / "var")
    environment = sites.environment(STYLESITE_DATA=data, DJANGO_SETTINGS_MODULE="stylesite.settings")
    script = MAKE.format(password=steps.PASSWORD)
    made = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, env=environment, check=True, capture_output=True, text=True
    )
    key, folder = made.stdout.split()[-2:]
    trainer = Trainer(f"/studio/runs/{key}/", Path(folder))
    trainer.folder.mkdir(parents=True)
    return trainer


@pytest.fixture
def staff(visitor, trainer):
    def arrive(**options) -> Page:
        page = visitor(**options)
        steps.sign_in(page, "watcher")
        page.goto(trainer.address)
        page.evaluate("window.isTheSamePage = true")
        return page

    return arrive


def test_the_page_is_live_from_the_first_step_on(staff, trainer):
    page = staff()
    expect(page.get_by_text("Curves begin with the first numbers")).to_be_visible()

    trainer.take(100)
    expect(page.locator("[data-curves=losses] .curve__line")).to_have_count(2)

    trainer.take(50)
    expect(page.locator(".run-facts")).to_contain_text("150 of 1,000")
    expect(page.locator("[data-curves=losses] [data-curves-at]")).to_have_text("Step 150")

    trainer.validate(0.3)
    expect(page.locator("[data-run-validation] [data-curves]")).to_have_count(2)
    trainer.take(10)
    trainer.validate(0.2)
    expect(page.locator("[data-curves=l1] [data-curves-at]")).to_have_text("Step 160")
    expect(page.locator(".run-facts")).to_contain_text("step 160")

    trainer.say("step 160 of 1000 <b>")
    trainer.take(1)
    expect(page.locator("[data-run-log-text]")).to_have_text("step 160 of 1000 <b>", timeout=15_000)
    assert page.evaluate("window.isTheSamePage")


def test_a_sample_appears_within_five_seconds_of_being_made(staff, trainer):
    page = staff()
    shown = page.locator("[data-scrubber-stage] img")
    for _ in range(3):
        trainer.take(10)
        trainer.sample()
        made_at = time.monotonic()

        expect(shown).to_have_attribute("alt", f"Samples of step {trainer.step}", timeout=1000 * SAMPLE_SECONDS)

        assert time.monotonic() - made_at < SAMPLE_SECONDS
        assert shown.evaluate("image => image.naturalWidth") == 96
    assert page.evaluate("window.isTheSamePage")

    slider = page.get_by_label("Which samples to show")
    slider.focus()
    page.keyboard.press("Home")
    expect(shown).not_to_have_attribute("alt", f"Samples of step {trainer.step}")
    trainer.take(10)
    trainer.sample()
    expect(slider).to_have_attribute("max", "3")
    expect(slider).to_have_value("0")  # who looks back is left in peace


def test_a_resumed_run_that_was_cut_back_is_drawn_anew(staff, trainer):
    page = staff()
    lines = (trainer.folder / "history.jsonl").read_text().splitlines(keepends=True)
    (trainer.folder / "beside").write_text("".join(lines[:120]))
    (trainer.folder / "beside").rename(trainer.folder / "history.jsonl")
    trainer.step = 120

    expect(page.locator("[data-curves=losses] [data-curves-at]")).to_have_text("Step 120")
    trainer.take(5)
    expect(page.locator("[data-curves=losses] [data-curves-at]")).to_have_text("Step 125")


def test_curves_are_zoomed_and_read_by_pointer_and_by_keys(staff, trainer):
    page = staff()
    figure = page.locator("[data-curves=losses]")
    stage, slider, whole = (
        figure.locator("svg.plot"),
        figure.get_by_label("Read values"),
        figure.get_by_text("All of it"),
    )
    expect(whole).to_be_disabled()
    box = stage.bounding_box()

    page.mouse.move(box["x"] + 0.4 * box["width"], box["y"] + 60)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.6 * box["width"], box["y"] + 60, steps=4)
    expect(figure.locator(".plot__selection")).to_have_count(1)
    page.mouse.up()
    expect(whole).to_be_enabled()
    expect(figure.locator(".plot__selection")).to_have_count(0)
    whole.click()
    expect(whole).to_be_disabled()

    slider.focus()
    page.keyboard.press("Home")
    expect(slider).to_have_attribute("aria-valuetext", "Step 1, total loss 55, distance to the original (L1) 0.2")
    page.keyboard.press("+")
    expect(whole).to_be_enabled()
    page.keyboard.press("0")
    expect(whole).to_be_disabled()

    figure.get_by_role("button", name="total loss").click()
    expect(figure.locator(".curve__line")).to_have_count(1)
    figure.get_by_role("button", name="total loss").click()
    figure.get_by_text("Log scale").click()
    expect(figure.locator(".curve__line")).to_have_count(2)
    figure.get_by_text("As a table").click()
    expect(figure.get_by_role("table")).to_be_visible()


@pytest.mark.parametrize("colours", ["light", "dark"])
def test_a_scan_finds_no_serious_barrier_and_it_fits_a_telephone(staff, trainer, colours):
    page = staff(color_scheme=colours, width=390)
    expect(page.locator("[data-curves=losses] .curve__line")).to_have_count(2)

    assert findings(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 390

    page.goto(f"/studio/runs/compare/?run={trainer.address.split('/')[3]}")
    assert findings(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
