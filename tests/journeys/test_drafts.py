"""At the mixer where previews come late: small ones while a hand moves, and a whole one when it rests."""

import time

from playwright.sync_api import Page

from tests import pictures
from tests.journeys.test_mixing import BUSY, bring, shown, slide, wait_for_preview

PREVIEW = pictures.encoded(pictures.photo(96, 72), "jpeg")
DRAFT = pictures.encoded(pictures.photo(64, 48), "jpeg")
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


def width_of_preview(page: Page) -> int:
    return page.locator("[data-preview]").evaluate("image => image.naturalWidth")


def test_where_painting_is_slow_a_moving_hand_sees_drafts_and_a_resting_one_the_whole_preview(visitor):
    page = visitor()
    bring(page)
    asked: list[bool] = []

    def answer_slowly(route) -> None:
        is_draft = "draft=on" in route.request.post_data
        asked.append(is_draft)
        time.sleep(0.3)
        route.fulfill(status=200, body=DRAFT if is_draft else PREVIEW, content_type="image/jpeg")

    page.route("**/preview/", answer_slowly)
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


def be_quick(page: Page) -> list[bool]:
    """Answer at once until the page believes it; what the last touch asked for: whether drafts."""
    asked: list[bool] = []

    def answer_at_once(route) -> None:
        asked.append("draft=on" in route.request.post_data)
        route.fulfill(status=200, body=PREVIEW, content_type="image/jpeg")

    page.route("**/preview/", answer_at_once)
    for n in range(20):  # this machine may have been slow just now
        asked.clear()
        before = shown(page)
        slide(page, "strength", f"{0.3 + n / 40:.3f}")
        wait_for_preview(page, after=before)
        if asked == [False]:
            break
    page.unroute("**/preview/")
    return asked


def test_where_painting_is_quick_there_are_no_drafts(visitor):
    page = visitor()
    bring(page)

    assert be_quick(page) == [False]


def test_a_preview_that_comes_too_late_is_followed_by_a_draft(visitor):
    page = visitor()
    bring(page)
    be_quick(page)
    asked: list[bool] = []

    def answer(route) -> None:
        is_draft = "draft=on" in route.request.post_data
        asked.append(is_draft)
        time.sleep(0.3)
        if is_draft:
            route.fulfill(status=200, body=DRAFT, content_type="image/jpeg")
        else:
            route.fulfill(**BUSY)

    page.route("**/preview/", answer)
    slide(page, "strength", "1.2")

    for _ in range(300):
        if width_of_preview(page) == 64:
            break
        page.wait_for_timeout(100)
    assert width_of_preview(page) == 64
    assert asked[:2] == [False, True]
