"""The whole way in one browser, in both languages: from an archive to a picture by what was trained on it."""

import itertools
import re

import pytest
from playwright.sync_api import Page, expect

from tests.journeys import drawing, steps, training
from tests.journeys.test_pages import findings

HOUSE = drawing.load("house")
EVERY = 20  # steps between two checkpoints, and two samples
OPTIONS = {"n_steps": 100_000} | dict.fromkeys(("checkpoint_every", "sample_every", "validate_every"), EVERY)
NUMBERS = itertools.count(1)
WORDS = {"en": ("Training studio", "stopped", "Your picture is ready"), "ko": ("학습 스튜디오", "멈춤", "완성됐어요")}


def press(page: Page, story: str) -> None:
    """The button of one of a run's stories."""
    page.locator(f'.run-status form[action$="/{story}/"] button').first.click()


def wait_for_state(page: Page, state: str) -> None:
    badge = page.locator(f'.run-status .badge[data-state="{state}"]')
    expect(badge).to_be_visible(timeout=training.TRAIN_MILLISECONDS)


def wait_for_samples(page: Page, *, beyond: int) -> int:
    """Until the page, which nobody reloads, shows samples of a later step; that step."""
    shown = page.locator("[data-scrubber-step]")
    for _ in range(training.TRAIN_MILLISECONDS // 500):
        digits = re.sub(r"\D", "", shown.inner_text())
        if digits and int(digits) > beyond:
            return int(digits)
        page.wait_for_timeout(500)
    raise AssertionError(f"No samples after step {beyond}: {shown.inner_text()!r}")


@pytest.mark.timeout(1200)
@pytest.mark.parametrize("language", WORDS)
def test_from_an_archive_to_a_picture_by_what_was_trained_on_it(language, site, visitor, tmp_path):
    studio, stopped, ready = WORDS[language]
    title = f"Houses {next(NUMBERS)} {language}"
    page = visitor(language=language)
    steps.sign_in(page, training.make_staff(site))
    page.goto("/studio/")
    expect(page.locator("h1")).to_have_text(studio)

    training.bring(page, training.make_archive(tmp_path / "houses.zip"), title=title)
    training.wait_until_checked(page)
    expect(page.locator(".dataset__body")).to_contain_text("letter.png")  # what was left out has a name
    address = training.start_run(page, title=title, **OPTIONS)
    first = wait_for_samples(page, beyond=0)
    press(page, "stop")
    wait_for_state(page, "stopped")
    expect(page.locator(".run-status .badge").first).to_have_text(stopped)
    press(page, "resume")
    wait_for_samples(page, beyond=first)
    press(page, "stop")
    wait_for_state(page, "stopped")
    assert findings(page) == []

    page.goto(f"{address}probes/")
    drawing.draw(page, HOUSE)
    page.locator('.probe-form [name="label"]').fill("A house")
    page.locator(".probe-form [data-paint]").click()
    painted = page.locator(".probe-grid tbody td img")
    expect(painted.nth(1)).to_be_visible(timeout=training.TRAIN_MILLISECONDS)  # two checkpoints at least
    assert findings(page) == []

    page.locator(".probe-grid__publish").last.click()
    for name, words in (("title", title), ("title_ko", title), ("blurb", "Colours."), ("slug", f"houses-{language}")):
        page.locator(f'.publish [name="{name}"]').fill(words)
    page.locator(".publish .actions button").click()
    page.wait_for_url("**/versions/")

    page.goto("/?kind=sketch")
    page.get_by_text(title, exact=True).click()
    drawing.draw(page, HOUSE)
    steps.press_paint(page)
    steps.wait_until_painted(page)
    expect(page.get_by_role("heading", level=1)).to_have_text(ready)
    page.locator(".result__side a[href*='/pictures/']").first.click()
    expect(page.locator(".facts")).to_contain_text(f"{title} 1")

    page.goto("/studio/versions/")
    page.locator(".version-card").filter(has_text=f"houses-{language}.1").locator("form button").first.click()
    expect(page.locator(".version-card").filter(has_text=f"houses-{language}.1")).to_contain_text(title)
