"""At the mixer where previews come late: small ones while a hand moves, and a whole one when it rests."""

import time
from collections.abc import Callable

from playwright.sync_api import Page

from tests import pictures
from tests.journeys.test_mixing import BUSY, bring, shown, slide, wait_for_preview

PREVIEW = pictures.encoded(pictures.photo(96, 72), "jpeg")
DRAFT = pictures.encoded(pictures.photo(64, 48), "jpeg")
LATE = 0.3  # seconds: more than a page takes for quick
MOVE = """async () => {
  const slider = document.querySelector('[data-mix-form] [name="strength"]');
  const widths = new Set();
  for (let n = 0; n < 75; n += 1) {
    slider.value = 0.3 + n / 200;
    slider.dispatchEvent(new Event("input", { bubbles: true }));
    widths.add(document.querySelector("[data-preview]").naturalWidth);
    await new Promise((done) => setTimeout(done, 20));
  }
  return [...widths];
}"""


def answer(page: Page, respond: Callable[[bool], dict]) -> list[bool]:
    """Give the page's questions these answers, to drafts or not; which of them asked for drafts."""
    asked: list[bool] = []

    def fulfil(route) -> None:
        asked.append("draft=on" in route.request.post_data)
        route.fulfill(**respond(asked[-1]))

    page.route("**/preview/", fulfil)
    return asked


def picture(is_draft: bool) -> dict:
    return {"status": 200, "body": DRAFT if is_draft else PREVIEW, "content_type": "image/jpeg"}


def late_picture(is_draft: bool) -> dict:
    time.sleep(LATE)
    return picture(is_draft)


def late_draft_alone(is_draft: bool) -> dict:
    found = late_picture(is_draft)
    return found if is_draft else BUSY


def width_of_preview(page: Page) -> int:
    return page.locator("[data-preview]").evaluate("image => image.naturalWidth")


def be_quick(page: Page) -> list[bool]:
    """Answer at once until the page believes it; what the last touch asked for: whether drafts."""
    asked = answer(page, picture)
    for n in range(20):  # this machine may have been slow just now
        asked.clear()
        before = shown(page)
        slide(page, "strength", f"{0.3 + n / 40:.3f}")
        wait_for_preview(page, after=before)
        if asked == [False]:
            break
    page.unroute("**/preview/")
    return asked


def test_where_painting_is_slow_a_moving_hand_sees_drafts_and_a_resting_one_the_whole_preview(visitor):
    page = visitor()
    bring(page)
    asked = answer(page, late_picture)
    n = shown(page)
    slide(page, "strength", "0.3")
    wait_for_preview(page, after=n)

    asked.clear()
    n = shown(page)
    widths = page.evaluate(MOVE)
    wait_for_preview(page, after=n)

    assert asked == [True] * (len(asked) - 1) + [False]
    assert len(asked) > 3
    assert 64 in widths
    assert width_of_preview(page) == 96


def test_where_painting_is_quick_there_are_no_drafts(visitor):
    page = visitor()
    bring(page)

    assert be_quick(page) == [False]


def test_a_preview_that_comes_too_late_is_followed_by_a_draft(visitor):
    page = visitor()
    bring(page)
    be_quick(page)

    asked = answer(page, late_draft_alone)
    slide(page, "strength", "1.2")

    for _ in range(300):
        if width_of_preview(page) == 64:
            break
        page.wait_for_timeout(100)
    assert width_of_preview(page) == 64
    assert asked[:2] == [False, True]
