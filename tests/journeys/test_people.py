"""Visitors and accounts: what somebody made stays theirs, and finds them in every browser."""

from playwright.sync_api import expect

from tests.journeys import steps


def test_a_visitor_who_signs_up_keeps_their_pictures(visitor):
    page = visitor()
    address = steps.paint(page)

    steps.sign_up(page)

    expect(page.locator(f'main a[href="{address}"]')).to_be_visible()


def test_another_browser_of_the_same_account_finds_the_pictures(visitor):
    at_home, at_school = visitor(), visitor()
    name = steps.sign_up(at_home)
    address = steps.paint(at_home)

    steps.sign_in(at_school, name)

    expect(at_school.locator(f'main a[href="{address}"]')).to_be_visible()


def test_a_private_picture_is_not_there_for_anybody_else(visitor):
    address = steps.paint(visitor())

    answer = visitor().goto(address)

    assert answer.status == 404


def test_a_key_is_shown_once(visitor):
    page = visitor()
    steps.sign_up(page)
    page.goto("/account/")

    page.locator("#id_name").fill("my robot")
    page.get_by_role("button", name="Make a key").click()

    assert len(page.locator("#key").input_value()) > 20
    page.goto("/account/")
    expect(page.get_by_text("my robot")).to_be_visible()
    expect(page.locator("#key")).to_have_count(0)


def test_an_account_can_be_left_for_good(visitor):
    page = visitor()
    steps.sign_up(page)
    page.goto("/account/delete/")

    page.locator('main input[type="password"]').fill(steps.PASSWORD)
    page.get_by_role("button", name="Delete everything").click()

    page.wait_for_url("**/")
    expect(page.get_by_role("link", name="Sign in")).to_be_visible()


def test_the_language_follows_the_browser_and_can_be_switched(visitor):
    page = visitor(language="ko")
    page.goto("/gallery/")
    expect(page.locator("html")).to_have_attribute("lang", "ko")
    expect(page.locator("h1")).to_have_text("갤러리")

    page.get_by_role("button", name="English").click()

    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page.locator("h1")).to_have_text("Gallery")


def test_the_colours_can_be_switched_and_stay_switched(visitor):
    page = visitor(color_scheme="light")
    page.goto("/")
    light = page.evaluate("getComputedStyle(document.body).backgroundColor")

    page.locator("[data-theme-switch]").click()
    page.goto("/gallery/")

    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != light
