"""At the mixer: drag strength and pad, paint an area, ask for the whole picture and take it home."""

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests import pictures
from tests.journeys import steps
from tests.journeys.test_pages import findings

PICTURE = "[data-compare]"
KNOB = "[data-knob]"
MIDDLE = pictures.encoded(Image.new("L", (96, 72), 255), "png")
OVERLAY = "[data-overlay]"
POSTER = 1600, 1200  # more pixels than a processor paints in one piece


def bring(page: Page, photo: bytes | None = None) -> None:
    """A photo alone; four styles come to it."""
    page.goto("/mixer/")
    steps.drop(page, "content", photo or steps.photo())
    page.locator("[data-paint]").click()
    page.wait_for_url("**/mixer/*-*/")
    wait_for_preview(page)


def shown(page: Page) -> int:
    return int(page.locator("[data-mixer]").get_attribute("data-shown") or 0)


def wait_for_preview(page: Page, after: int = 0) -> None:
    """Until a preview is there that is newer than that one, and no other is on its way."""
    page.locator("[data-mixer][data-shown]").wait_for()
    for _ in range(300):
        if shown(page) > after:
            return
        page.wait_for_timeout(100)
    raise AssertionError(page.locator("[data-trouble]").text_content())


def looks(page: Page) -> bytes:
    """The preview as it is on the screen."""
    return page.locator("[data-preview]").screenshot()


def changes_with(page: Page, action) -> bool:
    """Whether the picture is another one after the action."""
    before, n = looks(page), shown(page)
    action()
    wait_for_preview(page, after=n)
    page.wait_for_timeout(200)
    return looks(page) != before


def slide(page: Page, name: str, value: str) -> None:
    page.locator(f'[data-mix-form] [name="{name}"]').evaluate(
        "(slider, value) => { slider.value = value; slider.dispatchEvent(new Event('input', { bubbles: true })); }",
        value,
    )


def swipe(page: Page, place: str, points: list[tuple[float, float]]) -> None:
    """A finger over something, as a touch screen tells it."""
    page.locator(place).scroll_into_view_if_needed()
    box = page.locator(place).bounding_box()
    screen = page.context.new_cdp_session(page)
    for number, (x, y) in enumerate(points):
        at = {"x": box["x"] + x * box["width"], "y": box["y"] + y * box["height"]}
        screen.send("Input.dispatchTouchEvent", {"type": "touchMove" if number else "touchStart", "touchPoints": [at]})
    screen.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


def choose_area(page: Page, number: int) -> None:
    page.locator(f'input[name="region"][value="{number}"]').locator("xpath=..").click()


@pytest.mark.parametrize("language", ["en", "ko"])
def test_a_phone_mixes_paints_an_area_makes_a_poster_and_takes_it_home(visitor, tmp_path, language):
    page = visitor(language=language, width=390, has_touch=True, is_mobile=True)
    bring(page, steps.photo(*POSTER))
    assert page.locator("[data-times]").text_content().count("ms") == 2
    top = page.locator(PICTURE).bounding_box()["height"]

    assert changes_with(page, lambda: swipe(page, '[name="strength"]', [(0.66, 0.5), (0.4, 0.5), (0.13, 0.5)]))
    assert float(page.locator('[name="strength"]').input_value()) < 0.4
    slide(page, "strength", "1")
    assert changes_with(page, lambda: swipe(page, "[data-pad]", [(0.5, 0.5), (0.3, 0.3), (0.1, 0.1)]))
    assert "1" in page.locator('[name="weights"]').input_value()

    choose_area(page, 1)
    expect(page.locator(OVERLAY)).to_be_visible()
    assert changes_with(page, lambda: swipe(page, OVERLAY, [(0.2, 0.2 + n / 20) for n in range(12)]))
    assert page.locator(PICTURE).bounding_box()["height"] == top  # nothing jumps
    assert page.evaluate("document.documentElement.scrollWidth") == 390

    page.locator('select[name="size"]').select_option("own")
    page.locator(".mix__go button").click()
    page.wait_for_url("**/jobs/**")
    expect(page.locator("progress")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") == 390  # though four styles lie beside the photo
    steps.wait_until_painted(page)
    page.locator('input[value="png"]').check()
    with page.expect_download() as download:
        page.locator(".download button").click()
    download.value.save_as(tmp_path / "picture.png")
    with Image.open(tmp_path / "picture.png") as picture:
        assert picture.size == POSTER


def test_keys_alone_mix_and_fill_an_area(visitor):
    page = visitor()
    bring(page)

    page.locator(KNOB).focus()
    assert changes_with(page, lambda: [page.keyboard.press("ArrowLeft") for _ in range(6)])
    assert "%" in page.locator(KNOB).get_attribute("aria-valuetext")

    page.locator('input[name="region"][value="0"]').focus()
    page.keyboard.press("ArrowRight")
    assert changes_with(page, lambda: page.locator("[data-fill]").select_option("left"))
    assert changes_with(page, lambda: page.locator("[data-undo]").press("Enter"))


def test_the_subject_is_found_or_the_page_says_why_not(visitor):
    page = visitor()
    bring(page)
    choose_area(page, 1)
    before = shown(page)

    page.locator("[data-fill]").select_option("subject")

    for _ in range(100):
        if shown(page) > before or page.locator("[data-trouble]").text_content():
            break
        page.wait_for_timeout(100)
    assert shown(page) > before or "subject" in page.locator("[data-trouble]").text_content()


def answers_in_turn(page: Page, address: str, *answers: dict) -> list[int]:
    """The site's answers to what is sent there, after these; how many pictures came along each time."""
    sent: list[int] = []
    left = list(answers)

    def answer(route) -> None:
        sent.append((route.request.post_data_buffer or b"").count(b'name="mask"'))
        route.fulfill(**left.pop(0)) if left else route.continue_()

    page.route(address, answer)
    return sent


BUSY = {"status": 503, "body": "The painter rests.", "content_type": "text/plain"}


def test_the_background_may_be_chosen_while_the_subject_is_searched(visitor):
    page = visitor()
    bring(page)
    sent = answers_in_turn(page, "**/masks/")
    choose_area(page, 1)
    assert changes_with(page, lambda: page.locator("[data-fill]").select_option("left"))
    choose_area(page, 2)
    answers_in_turn(page, "**/subject/", BUSY, {"status": 200, "body": MIDDLE, "content_type": "image/png"})

    with page.expect_response("**/masks/"):
        page.locator("[data-fill]").select_option("subject")
        choose_area(page, 0)

    assert sent == [1, 2]


def test_areas_that_were_not_taken_are_sent_again_before_the_whole_picture_is_asked_for(visitor):
    page = visitor()
    bring(page)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url.rsplit("/", 2)[1]))
    sent = answers_in_turn(page, "**/masks/", BUSY, BUSY)
    choose_area(page, 1)

    page.locator("[data-fill]").select_option("left")
    expect(page.locator("[data-trouble]")).to_have_text("The painter rests.")
    page.locator(".mix__go button").click()
    page.wait_for_url("**/jobs/**")

    assert sent == [1, 1, 1]
    assert [name for name in asked if name in ("masks", "paint")] == ["masks"] * 3 + ["paint"]


def test_a_page_is_no_sentence_and_a_mix_that_is_gone_is_told(visitor):
    page = visitor()
    bring(page)
    broken = {"status": 403, "body": "<!doctype html><p>Forbidden", "content_type": "text/html"}
    answers_in_turn(page, "**/masks/", broken, broken | {"status": 404})
    choose_area(page, 1)

    page.locator("[data-fill]").select_option("left")
    expect(page.locator("[data-trouble]")).to_contain_text("Your mix is safe")

    with page.expect_navigation():
        page.locator("[data-fill]").select_option("right")


def test_styles_are_chosen_shuffled_and_thrown_without_leaving_the_page(visitor):
    page = visitor()
    bring(page)
    address = page.url

    page.locator("#chip-0").click()
    expect(page.locator("[data-chooser]")).to_be_visible()
    assert changes_with(page, lambda: page.locator('.chooser__style[value="great-wave"]').click())
    expect(page.locator("#chip-0")).to_have_attribute("data-title", "Great wave")

    page.locator("#mix-seed").fill("7")
    assert changes_with(page, lambda: page.locator("#mix-seed").press("Enter"))
    expect(page.locator("#mix-seed")).to_have_value("7")
    first = page.locator("#chip-0").get_attribute("data-title")
    page.locator("#dice-shuffle").click()
    page.locator("#mix-seed").fill("7")
    n = shown(page)
    page.locator("#dice-seed").click()
    wait_for_preview(page, after=n)
    expect(page.locator("#chip-0")).to_have_attribute("data-title", first)
    assert page.url == address


def test_a_hand_that_slides_does_not_undo_the_dice(visitor):
    page = visitor()
    bring(page)
    thrown, asked = [], []
    page.route("**/dice/", lambda route: thrown.append(route))  # Playwright takes no bound built-in
    page.on("request", lambda request: asked.append(request.url) if request.url.endswith("/preview/") else None)
    page.locator("#mix-seed").fill("7")
    page.locator("#dice-seed").click()
    page.locator("[data-mixer][aria-busy]").wait_for()
    n_before = len(asked)

    slide(page, "strength", "0.05")
    page.wait_for_timeout(500)
    assert len(asked) == n_before
    n = shown(page)
    thrown[0].continue_()
    wait_for_preview(page, after=n)
    page.reload()

    expect(page.locator("#mix-seed")).to_have_value("7")
    assert float(page.locator('[name="strength"]').input_value()) >= 0.6


def test_holding_shows_the_photo_and_the_slider_the_rest(visitor):
    page = visitor()
    bring(page)

    page.locator("[data-hold]").hover()
    page.mouse.down()
    assert "100%" in page.locator(PICTURE).get_attribute("style")
    page.mouse.up()
    assert "--at: 0%" in page.locator(PICTURE).get_attribute("style")
    page.locator("[data-zoom]").click()
    expect(page.locator("dialog.zoom img")).to_be_visible()
    page.keyboard.press("Escape")


def test_a_silent_worker_is_told_calmly_and_the_picture_comes_when_it_is_back(visitor, site):
    page = visitor()
    bring(page)
    before = shown(page)
    page.route(
        "**/preview/", lambda route: route.fulfill(status=503, body="The painter rests.", content_type="text/plain")
    )

    slide(page, "strength", "0.3")
    expect(page.locator("[data-trouble]")).to_have_text("The painter rests.")
    assert shown(page) == before

    page.unroute("**/preview/")
    wait_for_preview(page, after=before)
    expect(page.locator("[data-trouble]")).to_have_text("")


def test_the_grid_fills_and_leads_back_to_the_mixer(visitor):
    page = visitor()
    bring(page)
    page.get_by_role("link", name="Compare").click()

    expect(page.locator("[data-cell]")).to_have_count(12)
    expect(page.locator("[data-waiting]")).to_have_count(0, timeout=60_000)
    assert page.locator("[data-cell-time]").first.text_content().endswith("ms")
    page.locator("[data-cell]").nth(2).get_by_role("button").click()
    page.wait_for_url("**/mixer/*-*/")
    expect(page.locator("#chip-0")).to_have_attribute("data-title", "Meadow in thick paint")


def test_the_create_page_and_a_picture_lead_to_the_mixer(visitor):
    page = visitor()
    page.goto("/")
    steps.drop(page, "content", steps.photo())
    steps.choose_shelf(page, 2)
    page.get_by_role("button", name="Try it live in the mixer").click()
    page.wait_for_url("**/mixer/*-*/")
    wait_for_preview(page)

    page.locator(".mix__go button").click()
    steps.wait_until_painted(page)
    page.get_by_role("button", name="Open in the mixer").click()
    page.wait_for_url("**/mixer/*-*/")
    wait_for_preview(page)


def test_what_the_mixer_does_not_take_is_told_on_the_create_page(visitor):
    page = visitor()
    page.goto("/")
    steps.drop(page, "content", steps.photo())
    steps.drop(page, "style", b"no picture", name="style.png", kind="image/png")

    page.get_by_role("button", name="Try it live in the mixer").click()

    expect(page.locator('[data-error-for="__all__"]')).to_contain_text("not a picture we can read")


def test_without_scripts_the_mixer_says_so(visitor):
    page = visitor(java_script_enabled=False)

    page.goto("/mixer/")

    expect(page.locator("noscript p, .notice").first).to_contain_text("needs JavaScript")


@pytest.mark.parametrize("colours", ["light", "dark"])
@pytest.mark.parametrize("language", ["en", "ko"])
def test_a_scan_of_the_mixer_finds_no_serious_barrier(visitor, language, colours):
    page = visitor(language=language, color_scheme=colours)
    found = {}
    page.goto("/mixer/")
    found["start"] = findings(page)
    bring(page)
    found["mix"] = findings(page)
    choose_area(page, 2)
    found["area"] = findings(page)
    page.locator("#chip-1").click()
    found["chooser"] = findings(page)
    page.keyboard.press("Escape")
    page.goto(f"{page.url}compare/?by=engines")
    found["grid"] = findings(page)

    assert {name: barriers for name, barriers in found.items() if barriers} == {}
