"""The page of a run stays open while the run goes on: what is new comes by itself. And curves can be read by all."""

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from tests import sites
from tests.journeys import steps, training
from tests.journeys.test_pages import findings
from tests.sources import ROOT

MAKE = """
import django
django.setup()
from datetime import timedelta
from django.utils import timezone
from tests.trainer import factories
from trainer.models import Run

run = factories.make_run(state="running", steps=1000, title={title!r}, seed={seed!r})
Run.objects.filter(pk=run.pk).update(lease_until=timezone.now() + timedelta(days=1))  # no worker takes it over
print(run.pk, run.folder)
"""
SAMPLE_SECONDS = 5  # until a picture that was made is on the page; docs/benchmarks.md says how soon it really is


@dataclass
class Trainer:
    """Whoever trains: here the test itself, by hand."""

    key: str
    folder: Path
    step: int = 0

    @property
    def address(self) -> str:
        return f"/studio/runs/{self.key}/"

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

    def list_samples(self) -> list[str]:
        return [path.name for path in (self.folder / "samples").glob("step-*.png")]

    def validate(self, l1: float) -> None:
        with open(self.folder / "validation.jsonl", "a") as lines:
            lines.write(json.dumps({"step": self.step, "l1": l1, "ssim": 0.6}) + "\n")

    def say(self, words: str) -> None:
        with open(self.folder / "train.log", "a") as log:
            log.write(words + "\n")


def begin(site: sites.Site, title: str = "Shapes at work", *, seed: int = 0) -> Trainer:
    """A run at which somebody is at work, and of which nothing is there yet."""
    data = str(site.log.parent / "var")
    environment = sites.environment(STYLESITE_DATA=data, DJANGO_SETTINGS_MODULE="stylesite.settings")
    script = MAKE.format(title=title, seed=seed)
    made = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, env=environment, check=True, capture_output=True, text=True
    )
    key, folder = made.stdout.split()[-2:]
    trainer = Trainer(key, Path(folder))
    trainer.folder.mkdir(parents=True)
    return trainer


@pytest.fixture(scope="module")
def name(site) -> str:
    return training.make_staff(site)


@pytest.fixture
def make_trainer(site) -> Callable[..., Trainer]:
    """Begins a run of which nothing is there yet."""
    return partial(begin, site)


@pytest.fixture
def trainer(make_trainer) -> Trainer:
    return make_trainer()


@pytest.fixture
def staff(visitor, name, trainer):
    """At the page of the run."""

    def arrive(**options) -> Page:
        page = visitor(**options)
        steps.sign_in(page, name)
        page.goto(trainer.address)
        page.evaluate("window.isTheSamePage = true")
        return page

    return arrive


def wait_until_loaded(picture: Locator) -> None:
    picture.scroll_into_view_if_needed()
    picture.page.wait_for_function("image => image.complete && image.naturalWidth === 96", arg=picture.element_handle())


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
    expect(page.locator("[data-run-log-text]")).to_have_text("step 160 of 1000 <b>")
    assert page.evaluate("window.isTheSamePage")


def test_a_sample_appears_by_itself_and_who_looks_back_is_left_in_peace(staff, trainer):
    trainer.take(10)
    page = staff()
    assert 0 < float(page.locator("[data-run-watch]").get_attribute("data-wait")) < SAMPLE_SECONDS
    shown = page.locator("[data-scrubber-stage] img")
    for _ in range(3):
        trainer.take(10)
        trainer.sample()

        expect(shown).to_have_attribute("alt", f"Samples of step {trainer.step}")
        wait_until_loaded(shown)
    assert page.evaluate("window.isTheSamePage")

    slider = page.get_by_label("Which samples to show")
    slider.focus()
    page.keyboard.press("Home")
    expect(shown).not_to_have_attribute("alt", f"Samples of step {trainer.step}")
    trainer.take(10)
    trainer.sample()
    expect(slider).to_have_attribute("max", "3")
    expect(slider).to_have_value("0")


def test_a_resumed_run_that_was_cut_back_is_drawn_anew(staff, trainer):
    trainer.take(150)
    page = staff()
    expect(page.locator("[data-curves=losses] [data-curves-at]")).to_have_text("Step 150")
    lines = (trainer.folder / "history.jsonl").read_text().splitlines(keepends=True)
    (trainer.folder / "beside").write_text("".join(lines[:120]))
    (trainer.folder / "beside").rename(trainer.folder / "history.jsonl")
    trainer.step = 120

    expect(page.locator("[data-curves=losses] [data-curves-at]")).to_have_text("Step 120")
    trainer.take(5)
    expect(page.locator("[data-curves=losses] [data-curves-at]")).to_have_text("Step 125")


def test_curves_are_zoomed_and_read_by_pointer_and_by_keys(staff, trainer):
    trainer.take(120)
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
    trainer.take(100)
    trainer.sample()
    trainer.validate(0.3)
    page = staff(color_scheme=colours, width=390)
    expect(page.locator("[data-curves=losses] .curve__line")).to_have_count(2)

    assert findings(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_two_runs_are_ticked_and_compared(staff, trainer, make_trainer):
    other = make_trainer("Shapes with another seed", seed=7)
    for one, l1 in ((trainer, 0.3), (other, 0.2)):
        one.take(50)
        one.validate(0.4)
        one.take(50)
        one.sample()
        one.validate(l1)  # a curve has two points
    page = staff(width=390)

    page.goto("/studio/runs/")
    for one in (trainer, other):
        page.locator(f'input[name="run"][value="{one.key}"]').check()
    page.get_by_role("button", name="Compare", exact=True).click()
    page.wait_for_url("**/compare/?*")
    expect(page.locator("[data-curves=compared] .curve__line")).to_have_count(2)
    best = (
        page.get_by_role("region", name="At its best step").locator("tr").filter(has_text="(L1)").locator("[data-best]")
    )
    expect(best).to_contain_text("0.2")
    expect(page.get_by_role("region", name="What differs").get_by_role("row", name="seed 7 0")).to_be_visible()
    for title in ("Shapes at work", "Shapes with another seed"):
        wait_until_loaded(page.get_by_alt_text(f"Samples of {title} at step 100", exact=True))
    assert findings(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 390

    page.get_by_label("Measure").select_option("loss")
    page.get_by_role("button", name="Show", exact=True).click()
    expect(page.locator("[data-curves=compared] .curves__title")).to_contain_text("total loss, in training")
    expect(page.locator("[data-curves=compared] .curve__line")).to_have_count(2)


def test_the_numbers_of_many_curves_scroll_on_a_phone_and_the_page_does_not(staff, trainer):
    names = [f"{name}_{side}" for name in ("adversarial", "cycle", "identity", "discriminator") for side in "ab"]
    with open(trainer.folder / "history.jsonl", "a") as lines:
        for step in range(1, 20):
            lines.write(json.dumps({"step": step, **dict.fromkeys(names, 0.123456), "seconds": 0.1}) + "\n")
    page = staff(width=390)

    page.locator("[data-curves-table] > summary").first.click()

    expect(page.locator("[data-curves-table] table").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") == 390
