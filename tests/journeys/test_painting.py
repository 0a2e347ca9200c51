"""From a photo to a picture in the gallery, with a mouse, with keys, by pasting, on a phone and without scripts."""

from PIL import Image
from playwright.sync_api import expect

from tests.journeys import steps


def test_a_dropped_photo_and_a_shelf_style_become_a_picture_in_the_gallery(visitor, tmp_path):
    page = visitor()
    page.goto("/")

    steps.drop(page, "content", steps.photo())
    expect(steps.preview(page, "content")).to_be_visible()
    steps.choose_shelf(page, 2)
    steps.press_paint(page)
    steps.wait_until_painted(page)
    assert page.title().startswith("✓") or "ready" in page.title()

    slider = page.locator("[data-compare-range]")
    slider.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    assert slider.input_value() == "52"
    assert "52%" in page.locator("[data-compare]").get_attribute("style")

    page.get_by_role("button", name="Publish in the gallery").click()
    page.wait_for_url("**/pictures/**")
    address = page.url
    page.goto("/gallery/")
    expect(page.locator(f'a[href="{address.removeprefix(page.url.split("/gallery")[0])}"] img').first).to_be_visible()

    page.goto(address)
    page.locator('input[value="png"]').check()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download").click()
    download.value.save_as(tmp_path / "picture.png")
    with Image.open(tmp_path / "picture.png") as picture:
        assert picture.format == "PNG"
        assert picture.size == (480, 360)


def test_a_pasted_photo_and_a_pasted_style_fill_the_two_places(visitor):
    page = visitor()
    page.goto("/")

    steps.paste(page, steps.photo())
    steps.paste(page, steps.photo(200, 200), name="style.jpg")

    expect(steps.preview(page, "content")).to_be_visible()
    expect(steps.preview(page, "style")).to_be_visible()
    steps.press_paint(page)
    steps.wait_until_painted(page)


def test_a_photo_dropped_beside_the_places_finds_the_empty_one(visitor):
    page = visitor()
    page.goto("/")

    steps.drop(page, "", steps.photo())

    expect(steps.preview(page, "content")).to_be_visible()


def test_choosing_from_the_shelf_lets_go_of_an_own_style(visitor):
    page = visitor()
    page.goto("/")
    steps.drop(page, "style", steps.photo())
    expect(steps.preview(page, "style")).to_be_visible()

    steps.choose_shelf(page)

    expect(steps.preview(page, "style")).to_have_count(0)


def test_a_file_that_is_no_picture_is_refused_before_it_is_sent(visitor):
    page = visitor()
    page.goto("/")

    steps.drop(page, "content", b"%PDF-1.4", name="letter.pdf", kind="application/pdf")

    expect(page.locator('[data-error-for="content"] .error')).to_contain_text("not a picture")


def test_a_refused_upload_shows_its_sentence_and_keeps_the_style(visitor):
    page = visitor()
    page.goto("/")
    steps.drop(page, "content", b"\xff\xd8\xff but then nothing of a picture", name="broken.jpg")
    steps.choose_shelf(page, 3)

    page.locator("[data-paint]").click()

    expect(page.locator('[data-error-for="content"] .error')).to_be_visible()
    expect(page.locator('input[name="shelf"]').nth(3)).to_be_checked()
    expect(page.locator("[data-paint]")).to_be_enabled()


def test_a_forgotten_photo_is_asked_for(visitor):
    page = visitor()
    page.goto("/")
    steps.choose_shelf(page)

    page.locator("[data-paint]").click()

    expect(page.locator('[data-error-for="content"] .error')).to_have_text("Choose a photo first.")


def test_a_waiting_job_says_its_place_and_can_be_cancelled(visitor, sleeping_worker):
    page = visitor()
    page.goto("/")
    steps.drop(page, "content", steps.photo())
    steps.choose_shelf(page)
    steps.press_paint(page)
    expect(page.locator('[data-live="words"]')).to_contain_text("Yours is next.")

    page.get_by_role("button", name="Cancel").click()

    expect(page.locator("h1")).to_have_text("Cancelled")
    expect(page.get_by_role("button", name="Try again")).to_be_visible()


def test_it_all_works_without_scripts(visitor, tmp_path):
    page = visitor(java_script_enabled=False)
    (tmp_path / "photo.jpg").write_bytes(steps.photo())
    page.goto("/")

    page.locator('input[name="content"]').set_input_files(tmp_path / "photo.jpg")
    steps.choose_shelf(page, 1)
    page.get_by_role("button", name="Paint", exact=True).click()
    page.wait_for_url("**/jobs/**")
    steps.wait_until_painted(page)

    expect(page.locator(".compare img")).to_have_count(2)
    page.get_by_role("button", name="Publish in the gallery").click()
    page.wait_for_url("**/pictures/**")
    page.get_by_text("Delete", exact=True).click()
    page.get_by_role("button", name="Delete for ever").click()
    page.wait_for_url("**/mine/")


def test_the_settings_of_a_picture_can_be_used_again(visitor):
    page = visitor()
    address = steps.paint(page, position=4)
    page.goto(address)

    page.get_by_role("link", name="Use these settings").click()

    expect(page.locator('input[name="shelf"]').nth(4)).to_be_checked()


def test_arrow_keys_leaf_through_the_gallery(visitor):
    page = visitor()
    addresses = []
    for _ in range(2):
        addresses.append(steps.paint(page))
        page.get_by_role("button", name="Publish in the gallery").click()
        page.wait_for_url("**/pictures/**")

    page.keyboard.press("ArrowRight")

    page.wait_for_url(f"**{addresses[0]}")


def test_the_picture_opens_large_and_closes_with_escape(visitor):
    page = visitor()
    page.goto(steps.paint(page))

    page.locator("[data-zoom]").click()
    expect(page.locator("dialog.zoom img")).to_be_visible()
    page.keyboard.press("Escape")

    expect(page.locator("dialog.zoom")).to_have_count(0)


def test_a_phone_paints_without_scrolling_sideways(visitor):
    page = visitor(width=390, has_touch=True, is_mobile=True)
    page.goto("/")
    steps.drop(page, "content", steps.photo())
    steps.choose_shelf(page)
    steps.press_paint(page)
    steps.wait_until_painted(page)

    assert page.evaluate("document.documentElement.scrollWidth") == 390
