"""Every page, in both languages, light and dark: fit for everybody, and as wide as a telephone."""

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.journeys import steps

SERIOUS = {"serious", "critical"}
VISITORS_PAGES = (
    *("/", "/?kind=sketch", "/?kind=photo", "/gallery/", "/mine/"),
    *("/account/sign-up/", "/account/sign-in/", "/nowhere/", "/api/v1/docs"),
)
ACCOUNTS_PAGES = ("/", "/mine/", "/account/", "/account/password/", "/account/delete/")


@pytest.fixture(scope="module")
def published(browser, site) -> tuple[str, str]:
    """The addresses of a picture that everybody can see and of its job."""
    context = browser.new_context(base_url=site.url, locale="en-GB")
    page = context.new_page()
    address = steps.paint(page)
    job = page.url
    page.get_by_role("button", name="Publish in the gallery").click()
    page.wait_for_url("**/pictures/**")
    context.close()
    return address, job


def findings(page) -> list[str]:
    violations = Axe().run(page).response["violations"]
    return [
        f"{each['id']}: {node['html'][:160]}"
        for each in violations
        if each["impact"] in SERIOUS
        for node in each["nodes"]
    ]


@pytest.mark.parametrize("colours", ["light", "dark"])
@pytest.mark.parametrize("language", ["en", "ko"])
def test_a_scan_finds_no_serious_barrier(visitor, published, language, colours):
    guest, member = (visitor(language=language, color_scheme=colours) for _ in range(2))
    found = {}
    for address in (*VISITORS_PAGES, published[0], f"/?like={published[0].strip('/').split('/')[-1]}"):
        guest.goto(address)
        found[address] = findings(guest)

    steps.sign_up(member)
    for address in ACCOUNTS_PAGES:
        member.goto(address)
        found[f"member {address}"] = findings(member)
    mine = steps.paint(member)
    found["job"] = findings(member)
    member.goto(mine)
    found["own picture"] = findings(member)

    assert {address: barriers for address, barriers in found.items() if barriers} == {}


@pytest.mark.parametrize("colours", ["light", "dark"])
def test_a_scan_finds_no_serious_barrier_while_one_waits(visitor, sleeping_worker, colours):
    page = visitor(language="ko", color_scheme=colours)
    page.goto("/")
    page.locator("[data-paint]").click()
    page.locator(".error").first.wait_for()
    refused = findings(page)

    steps.drop(page, "content", steps.photo())
    steps.choose_shelf(page)
    steps.press_paint(page)
    waiting = findings(page)
    page.locator(".job-status form button").click()
    page.locator('[data-state="cancelled"]').first.wait_for()

    assert (refused, waiting, findings(page)) == ([], [], [])


@pytest.mark.parametrize("language", ["en", "ko"])
def test_no_page_is_wider_than_a_telephone(visitor, published, language):
    guest, member = (visitor(language=language, width=390, is_mobile=True, has_touch=True) for _ in range(2))
    steps.sign_up(member)
    pages = [(guest, (*VISITORS_PAGES[:-1], published[0])), (member, ACCOUNTS_PAGES)]

    widths = {}
    for page, addresses in pages:
        for address in addresses:
            page.goto(address)
            widths[address] = page.evaluate("document.documentElement.scrollWidth")

    assert set(widths.values()) == {390}, widths


@pytest.mark.parametrize("language", ["en", "ko"])
def test_nothing_moves_while_a_gallery_loads(visitor, published, language):
    page = visitor(language=language)
    page.add_init_script(
        """window.shift = 0; new PerformanceObserver((list) => {
            for (const entry of list.getEntries()) window.shift += entry.value;
        }).observe({ type: "layout-shift", buffered: true });"""
    )

    page.goto("/gallery/")
    page.wait_for_load_state("networkidle")

    assert page.evaluate("window.shift") < 0.02


def test_the_keyboard_reaches_the_content_first(visitor):
    page = visitor()
    page.goto("/gallery/")

    page.keyboard.press("Tab")
    page.keyboard.press("Enter")

    assert page.evaluate("document.activeElement.id") == "main"
