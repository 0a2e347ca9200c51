"""From white paper to a picture: with a finger on a phone, with a mouse, with keys, and with a file instead."""

import json

import pytest
from playwright.sync_api import Page, expect

from tests import pictures
from tests.journeys import drawing, steps

FACE = drawing.load("smiling-face")


def strokes(page: Page) -> list[dict]:
    """The drawing as the page keeps it."""
    return json.loads(page.evaluate("sessionStorage.getItem('sketch')") or '{"strokes": []}')["strokes"]


def n_dark(page: Page) -> int:
    """How many pixels of the paper are ink."""
    return page.locator(drawing.PAPER).evaluate(
        """(canvas) => canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data
            .filter((value, n) => n % 4 === 0 && value < 128).length"""
    )


def swipe(page: Page, points: list) -> None:
    """A finger on the paper, as a touch screen tells it."""
    page.locator(drawing.PAPER).scroll_into_view_if_needed()
    box = page.locator(drawing.PAPER).bounding_box()
    screen = page.context.new_cdp_session(page)
    for number, (x, y, *_pressure) in enumerate(points):
        place = {"x": box["x"] + x * box["width"], "y": box["y"] + y * box["height"]}
        kind = "touchMove" if number else "touchStart"
        screen.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [place]})
    screen.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


def point(page: Page, events: list[tuple[str, float, float]]) -> None:
    """A finger's events as they come, wherever on the paper or off it."""
    page.locator(drawing.PAPER).evaluate(
        """(canvas, events) => {
            const box = canvas.getBoundingClientRect();
            canvas.setPointerCapture = () => {};
            for (const [kind, x, y] of events) {
                canvas.dispatchEvent(new PointerEvent(kind, {
                    pointerType: "touch", pointerId: 7, buttons: 1, bubbles: true,
                    clientX: box.left + x * box.width, clientY: box.top + y * box.height,
                }));
            }
        }""",
        events,
    )


def open_paper(page: Page) -> Page:
    page.goto("/?kind=sketch")
    page.locator(drawing.PAPER).wait_for()
    return page


def test_a_phone_chooses_to_draw_draws_with_a_finger_and_gets_a_picture(visitor):
    page = visitor(width=390, has_touch=True, is_mobile=True)
    page.goto("/")
    page.get_by_role("link", name="Draw an emoji", exact=True).tap()
    page.locator(drawing.PAPER).wait_for()

    for stroke in FACE:
        swipe(page, stroke["points"][::4])
    assert [stroke["tool"] for stroke in strokes(page)] == ["pencil"] * len(FACE)
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    steps.press_paint(page)
    steps.wait_until_painted(page)

    expect(page.locator("h1")).to_have_text("Your picture is ready")
    expect(page.locator(".compare--sketch img")).to_have_count(2)
    page.get_by_role("button", name="Publish in the gallery").click()
    page.wait_for_url("**/pictures/**")
    expect(page.locator(".facts")).to_contain_text("Emoji painter")


def test_a_mouse_draws_what_the_file_says(visitor):
    page = open_paper(visitor())

    drawing.draw(page, FACE)

    kept = strokes(page)
    assert [len(stroke["points"]) for stroke in kept] == [len(stroke["points"]) for stroke in FACE]
    assert kept[0]["width"] == pytest.approx(FACE[0]["width"], abs=1e-3)
    assert kept[0]["points"][3] == pytest.approx(FACE[0]["points"][3], abs=3e-3)
    assert n_dark(page) > 5000


def test_strokes_are_taken_back_and_given_again_and_survive_a_reload(visitor):
    page = open_paper(visitor())
    drawing.draw(page, FACE)
    whole = n_dark(page)

    page.get_by_role("button", name="Undo").click()
    assert len(strokes(page)) == len(FACE) - 1
    page.get_by_role("button", name="Redo").click()
    assert n_dark(page) == whole
    page.get_by_role("button", name="Start with white paper").click()
    assert n_dark(page) == 0
    page.keyboard.press("Control+z")
    page.reload()
    page.locator(drawing.PAPER).wait_for()

    assert n_dark(page) == whole
    page.keyboard.press("Control+z")
    assert len(strokes(page)) == len(FACE) - 1


def test_the_eraser_makes_the_paper_white_again(visitor):
    page = open_paper(visitor())
    drawing.draw(page, [{"tool": "pencil", "width": 0.02, "points": [[0.2, 0.5], [0.5, 0.5], [0.8, 0.5]]}])

    drawing.draw(page, [{"tool": "eraser", "width": 0.1, "points": [[0.1, 0.5], [0.5, 0.5], [0.9, 0.5]]}])

    assert n_dark(page) == 0
    assert [stroke["tool"] for stroke in strokes(page)] == ["pencil", "eraser"]


def test_the_keyboard_reaches_every_tool(visitor):
    page = open_paper(visitor())
    page.locator('[data-tool="pencil"]').focus()

    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator('[data-tool="eraser"]')).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowRight")

    expect(page.locator("[data-sketch-width]")).to_have_value("9")


def test_a_line_far_off_the_paper_does_not_cost_the_drawing(visitor):
    page = open_paper(visitor())
    point(page, [("pointerdown", 0.5, 0.5), ("pointermove", -9, 0.5), ("pointermove", 0.5, 7), ("pointerup", 0.5, 7)])
    whole = n_dark(page)

    page.reload()
    page.locator(drawing.PAPER).wait_for()

    assert [stroke["points"] for stroke in strokes(page)] == [[[0.5, 0.5], [-1, 0.5], [0.5, 2]]]
    assert n_dark(page) == whole > 0


def test_a_pointer_that_the_browser_takes_away_leaves_nothing(visitor):
    page = open_paper(visitor())

    point(page, [("pointerdown", 0.2, 0.5), ("pointermove", 0.8, 0.5), ("pointercancel", 0.8, 0.5)])

    assert strokes(page) == []
    assert n_dark(page) == 0


def test_a_pen_tells_its_pressure_and_takes_over_from_the_palm(visitor):
    page = open_paper(visitor())
    page.locator(drawing.PAPER).evaluate(
        """(canvas) => {
            const box = canvas.getBoundingClientRect();
            const tell = (kind, pointerType, pointerId, x, pressure) => canvas.dispatchEvent(new PointerEvent(kind, {
                pointerType, pointerId, pressure, buttons: 1, bubbles: true,
                clientX: box.left + x * box.width, clientY: box.top + 0.5 * box.height,
            }));
            canvas.setPointerCapture = () => {};
            tell("pointerdown", "touch", 7, 0.9, 0);
            tell("pointerdown", "pen", 8, 0.2, 0.2);
            tell("pointermove", "touch", 7, 0.8, 0);
            tell("pointermove", "pen", 8, 0.5, 0.9);
            tell("pointerup", "pen", 8, 0.5, 0);
            tell("pointerup", "touch", 7, 0.8, 0);
        }"""
    )

    assert [stroke["points"] for stroke in strokes(page)] == [[[0.2, 0.5, 0.2], [0.5, 0.5, 0.9]]]


def test_a_chosen_picture_is_sent_until_somebody_draws_on(visitor):
    page = open_paper(visitor())
    drawing.draw(page, FACE[:1])
    steps.drop(page, "sketch", pictures.encoded(pictures.sketch(), "png"), name="face.png", kind="image/png")
    expect(page.locator("[data-sketch-idle]")).to_be_visible()
    expect(steps.preview(page, "sketch")).to_be_visible()

    drawing.draw(page, FACE[1:2])
    assert len(strokes(page)) == 1, "a hand on the faded paper scrolls the page"
    expect(steps.preview(page, "sketch")).to_be_visible()
    page.get_by_role("button", name="Draw on").click()
    drawing.draw(page, FACE[1:])

    expect(page.locator("[data-sketch-idle]")).to_be_hidden()
    expect(steps.preview(page, "sketch")).to_have_count(0)
    assert len(strokes(page)) == len(FACE)
    steps.press_paint(page)
    steps.wait_until_painted(page)


def test_white_paper_is_not_sent(visitor):
    page = open_paper(visitor())

    page.locator("[data-paint]").click()

    expect(page.locator('[data-error-for="sketch"] .error')).to_contain_text("Draw something")


def test_an_erased_drawing_is_not_sent(visitor):
    page = open_paper(visitor())
    for tool, width in (("pencil", 0.02), ("eraser", 0.1)):
        drawing.draw(page, [{"tool": tool, "width": width, "points": [[0.2, 0.5], [0.5, 0.5], [0.8, 0.5]]}])

    page.locator("[data-paint]").click()

    expect(page.locator('[data-error-for="sketch"] .error')).to_contain_text("Draw something")
    assert len(strokes(page)) == 2, "what was not taken stays"


def test_a_drawing_does_not_outlive_being_sent_nor_its_person(visitor):
    page = open_paper(visitor())
    drawing.draw(page, FACE[:1])
    steps.press_paint(page)
    assert strokes(page) == []
    open_paper(page)
    assert n_dark(page) == 0

    steps.sign_up(page)
    drawing.draw(open_paper(page), FACE[:1])
    page.goto("/account/")
    assert len(strokes(page)) == 1
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/")

    assert strokes(page) == []


def test_a_sketch_is_sent_without_scripts(visitor, tmp_path):
    page = visitor(java_script_enabled=False)
    (tmp_path / "face.png").write_bytes(pictures.encoded(pictures.sketch(), "png"))
    page.goto("/")
    page.get_by_role("link", name="Draw an emoji", exact=True).click()

    page.locator('input[name="sketch"]').set_input_files(tmp_path / "face.png")
    page.get_by_role("button", name="Paint", exact=True).click()
    page.wait_for_url("**/jobs/**")
    steps.wait_until_painted(page)

    expect(page.locator(".compare--sketch img")).to_have_count(2)


def test_a_photo_becomes_a_painting_and_its_settings_are_used_again(visitor):
    page = visitor(language="ko")
    page.goto("/?kind=photo")
    steps.drop(page, "content", steps.photo())
    page.locator('select[name="size"]').select_option("384")
    steps.press_paint(page)
    steps.wait_until_painted(page)

    page.get_by_role("link", name="이 설정으로 그리기").click()

    expect(page.locator('input[value="painter"]')).to_be_checked()
    expect(page.locator('select[name="size"]')).to_have_value("384")
