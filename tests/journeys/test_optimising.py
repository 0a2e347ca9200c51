"""A picture that is optimised: on a phone, seen while it is painted; and a texture without scripts."""

from playwright.sync_api import expect

from tests.journeys import steps


def ask(page, *, engine: str, size: str, n_steps: int) -> None:
    """Choose the painter and its settings as a phone's owner does, and press Paint."""
    page.locator(f'input[name="engine"][value="{engine}"]').check()
    page.locator('input[name="steps"]').fill(str(n_steps))
    page.locator('select[name="size"]').select_option(size)
    steps.press_paint(page)


def test_a_phone_watches_a_picture_grow(visitor):
    page = visitor(width=390, has_touch=True, is_mobile=True)
    page.goto("/")
    steps.drop(page, "content", steps.photo())
    steps.choose_shelf(page, 1)

    ask(page, engine="gatys", size="384", n_steps=90)
    growing = page.get_by_alt_text("Your picture, as far as it is painted")
    expect(growing).to_be_visible(timeout=steps.PAINT_MILLISECONDS)
    assert growing.evaluate("(picture) => picture.decode().then(() => picture.naturalWidth)") > 0
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    steps.wait_until_painted(page)

    expect(page.locator(".compare")).to_be_visible()
    page.get_by_role("link", name="Use these settings").click()
    page.get_by_text("More settings").click()
    assert page.locator('input[name="seed"]').input_value().isdecimal()
    page.locator('input[name="steps"]').fill("1000")
    expect(page.locator("[data-estimate]")).to_contain_text("This will take about")


def test_another_painter_brings_its_own_settings_and_keeps_what_was_changed(visitor):
    page = visitor()
    page.goto("/")
    page.locator('input[name="strength"]').fill("0.5")

    page.locator('input[name="engine"][value="gatys"]').check()

    expect(page.locator('select[name="size"]')).to_have_value("512")
    assert page.locator('input[name="strength"]').input_value() == "0.5"
    page.locator(f'input[name="engine"][value="{steps.ENGINE}"]').check()
    expect(page.locator('input[name="steps"]')).to_have_count(0)


def test_a_texture_grows_without_a_photo_and_without_scripts(visitor):
    page = visitor(java_script_enabled=False)
    page.goto("/?kind=texture")
    steps.choose_shelf(page, 3)
    page.locator('select[name="size"]').select_option("256")
    page.locator('input[name="steps"]').fill("50")

    page.get_by_role("button", name="Paint", exact=True).click()
    page.wait_for_url("**/jobs/**")
    steps.wait_until_painted(page)

    expect(page.get_by_role("heading", level=1)).to_have_text("Your picture is ready")
    expect(page.locator(".result__picture img")).to_have_count(1)
