"""Staff in the training studio: from an archive to a run that ends, on a bad connection too, without scripts too."""

import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Locator, Page, Response, expect

from tests import sites
from tests.journeys import steps, training
from tests.journeys.test_pages import findings
from tests.sources import ROOT

PIECE = 16 * 1024  # so that a small archive has many pieces
PREVIEW_SECONDS = 120  # the server itself gives up one that takes 30
NO_SCRIPTS_SECONDS = 240
LONG = {
    "n_steps": 100_000,
    "checkpoint_every": 1000,
    "sample_every": 1000,
    "validate_every": 1000,
}  # nobody waits for it


@pytest.fixture(scope="module")
def name(site) -> str:
    return training.make_staff(site)


@pytest.fixture
def staff(visitor, name):
    def arrive(**options):
        page = visitor(**options)
        steps.sign_in(page, name)
        return page

    return arrive


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    return training.make_archive(tmp_path_factory.mktemp("archives") / "my shapes.zip")


@pytest.fixture(scope="module")
def brought(browser, site, name, archive) -> str:
    """The address of a dataset that is ready."""
    context = browser.new_context(base_url=site.url, locale="en-GB")
    page = context.new_page()
    page.set_default_timeout(60_000)
    steps.sign_in(page, name)
    address = training.bring(page, archive, title="Brought before")
    training.wait_until_checked(page)
    context.close()
    return address


@pytest.fixture
def stopped_at_the_end(site) -> Iterator[list[str]]:
    """Addresses of runs that may not keep the training worker from what comes after."""
    addresses: list[str] = []
    yield addresses
    data = str(site.log.parent / "var")
    environment = sites.environment(STYLESITE_DATA=data, DJANGO_SETTINGS_MODULE="stylesite.settings")
    for address in addresses:
        command = [sys.executable, "manage.py", "runs", "stop", address.strip("/").split("/")[-1]]
        subprocess.run(command, cwd=ROOT, env=environment, check=False, capture_output=True)


def row_of(page: Page, address: str) -> Locator:
    """A run in the list of runs."""
    link = f'a[href="{address.removeprefix(address.split("/studio/")[0])}"]'
    return page.locator(".run-row").filter(has=page.locator(link))


def badge(page: Page, state: str) -> Locator:
    """What the page of a run says of it, once that is its state."""
    return page.locator(f'.run-status .badge[data-state="{state}"]')


def step_of(page: Page) -> Locator:
    return page.locator('.run-facts dt:text-is("Step") + dd')


def ask_until_drawn(page: Page, ask: Callable[[], object]) -> Response:
    """A preview that a busy machine refused is asked for again."""
    until = time.monotonic() + PREVIEW_SECONDS
    while True:
        with page.expect_response(
            lambda answer: "preview=1" in answer.url, timeout=training.CHECK_MILLISECONDS
        ) as answer:
            ask()
        if answer.value.ok or time.monotonic() > until:
            return answer.value


def test_from_an_archive_to_a_run_that_ends(staff, archive):
    page = staff()
    page.goto("/studio/")
    expect(page.get_by_role("link", name="Training")).to_have_attribute("aria-current", "true")

    training.bring(page, archive, title="Squares")
    training.wait_until_checked(page)
    expect(page.locator("h1")).to_have_text("Squares")
    expect(page.get_by_text("Left out: 1 file")).to_be_visible()
    expect(page.get_by_text("Side A looks like drawings")).to_be_visible()
    sheet = page.get_by_alt_text("Crops for pix2pix")
    sheet.scroll_into_view_if_needed()
    page.wait_for_function("image => image.complete && image.naturalWidth > 100", arg=sheet.element_handle())

    address = training.start_run(page, title="Tiny squares")
    page.goto("/studio/runs/")
    row = row_of(page, address)
    expect(row).to_have_attribute("data-state", "done", timeout=training.TRAIN_MILLISECONDS)
    expect(row).to_contain_text("step 4 of 4")
    expect(row).to_contain_text("best distance to the original (L1)")

    row.get_by_role("link", name="Clone").click()
    expect(page.get_by_label("Title")).to_have_value("Tiny squares, again")
    expect(page.locator('[name="filters"]')).to_have_value("4")


@pytest.mark.timeout(1200)
def test_a_run_is_paused_goes_on_and_is_stopped(staff, brought, stopped_at_the_end):
    page = staff()
    page.goto(brought)
    stopped_at_the_end.append(training.start_run(page, title="A long one", **LONG))
    step = step_of(page)
    expect(step).not_to_have_text(re.compile(r"^\s*0 of"), timeout=training.TRAIN_MILLISECONDS)

    page.get_by_role("button", name="Pause").click()
    expect(badge(page, "paused")).to_be_visible(timeout=training.TRAIN_MILLISECONDS)
    page.reload()
    words = step.inner_text()
    n_taken = int(words.split()[0].replace(",", ""))
    assert 0 < n_taken < LONG["n_steps"]

    page.get_by_role("button", name="Go on").click()
    expect(badge(page, "running")).to_be_visible(timeout=training.TRAIN_MILLISECONDS)
    expect(step).not_to_have_text(words, use_inner_text=True, timeout=training.TRAIN_MILLISECONDS)
    assert int(step.inner_text().split()[0].replace(",", "")) > n_taken

    page.get_by_role("button", name="Stop").click()
    expect(badge(page, "stopped")).to_be_visible(timeout=training.TRAIN_MILLISECONDS)
    expect(page.get_by_role("button", name="Go on")).to_be_visible()


def test_a_run_is_started_and_read_in_korean(staff, brought):
    page = staff(language="ko")
    page.goto(brought)
    page.get_by_role("link", name="이 데이터셋으로 학습하기").click()
    page.locator('[name="title"]').fill("작은 네모")
    page.locator('[name="steps"]').fill("4")
    page.get_by_text("다른 설정 모두 보기").click()
    for name, value in training.TINY.items():
        page.locator(f'[name="{name}"]').fill(str(value))
    page.get_by_role("button", name="시작하기", exact=True).click()
    page.wait_for_url(re.compile(r"/studio/runs/[0-9a-f-]{36}/"))

    expect(page.locator(".run-status .badge")).to_have_text("완료", timeout=training.TRAIN_MILLISECONDS)
    expect(page.locator("h1")).to_have_text("작은 네모")
    for words in ("곡선", "검증", "기록"):
        expect(page.get_by_role("heading", name=words, exact=True)).to_be_visible()
    expect(page.locator(".run-facts")).to_contain_text("지금까지 최고")
    expect(page.locator("[data-curves=losses] [data-curves-at]")).to_have_text("스텝 4")
    assert findings(page) == []


def test_an_upload_goes_on_after_a_lost_connection_and_a_reload(staff, tmp_path):
    page = staff()
    path = training.make_archive(tmp_path / "many.zip", n=40, size=96)
    page.goto("/studio/datasets/new/")
    page.locator("[data-archive-upload]").evaluate(f"form => form.dataset.piece = {PIECE}")
    offsets = []
    page.on("request", lambda request: offsets.append(request.url) if request.method == "PUT" else None)
    page.route(re.compile(r"offset=(?!0$)"), lambda route: route.abort())  # after the first piece it breaks

    page.locator('input[name="kind"][value="pairs"]').check(force=True)
    page.locator('input[name="archive"]').set_input_files(path)
    for label, words in (("Title", "Many squares"), ("Licence", "CC0"), ("Source", "the tests")):
        page.get_by_label(label).fill(words)
    page.get_by_role("button", name="Send and check it").click()
    expect(page.locator("[data-sending-words]")).to_contain_text("The connection broke")
    address = page.url
    assert "/new/" not in address

    page.goto("about:blank")  # or the page we leave tries once more, and brings another piece
    page.unroute_all()
    page.goto(address)
    expect(page.get_by_text("The archive is not complete yet")).to_be_visible()
    expect(page.locator("[data-archive-upload]")).to_contain_text("16.0 KB of")
    page.locator('input[name="archive"]').set_input_files(path)

    training.wait_until_checked(page)
    assert sum(url.endswith("offset=0") for url in offsets) == 1
    expect(page.get_by_text("Pairs side by side · 40 pictures")).to_be_visible()


def test_another_file_cannot_go_on_for_the_first_and_it_can_be_given_up(staff, archive, tmp_path):
    page = staff()
    page.goto("/studio/datasets/new/")
    page.route("**/chunk/**", lambda route: route.abort())
    page.locator('input[name="kind"][value="pairs"]').check(force=True)
    page.locator('input[name="archive"]').set_input_files(archive)
    for label, words in (("Title", "Given up"), ("Licence", "CC0"), ("Source", "the tests")):
        page.get_by_label(label).fill(words)
    page.get_by_role("button", name="Send and check it").click()
    expect(page.locator("[data-sending-words]")).to_contain_text("The connection broke")
    address = page.url
    page.reload()

    other = training.make_archive(tmp_path / "other.zip", n=3)
    page.locator('input[name="archive"]').set_input_files(other)
    expect(page.locator('[data-error-for="archive"]')).to_contain_text("This is another file")
    page.locator('input[name="archive"]').set_input_files(archive)
    expect(page.locator("[data-sending-words]")).to_contain_text("The connection broke")
    page.get_by_role("button", name="Cancel").click()

    page.wait_for_url("**/studio/datasets/")
    assert page.goto(address).status == 404


def test_what_is_forgotten_is_said_beside_its_field_and_the_file_stays(staff, archive):
    page = staff()
    page.goto("/studio/datasets/new/")
    page.get_by_role("button", name="Send and check it").click()
    expect(page.locator('[data-error-for="archive"] .error')).to_have_text("Choose a ZIP archive.")

    page.locator('input[name="archive"]').set_input_files(archive)
    page.get_by_role("button", name="Send and check it").click()

    expect(page.locator('[data-error-for="licence"] .error')).to_be_visible()
    expect(page.locator("[data-archive-name]")).to_have_text("my shapes.zip")
    expect(page.get_by_role("button", name="Send and check it")).to_be_enabled()


def test_an_archive_can_be_dropped_and_what_is_none_is_refused(staff):
    page = staff()
    page.goto("/studio/datasets/new/")
    transfer = page.evaluate_handle(steps.TRANSFER, ["letter.pdf", "application/pdf", "JVBERg=="])

    page.dispatch_event("[data-archive-zone] .dropzone__frame", "drop", {"dataTransfer": transfer})
    expect(page.locator('[data-error-for="archive"] .error')).to_have_text("This is no ZIP archive.")

    transfer = page.evaluate_handle(steps.TRANSFER, ["cats.zip", "application/zip", "UEsFBg=="])
    page.dispatch_event("[data-archive-zone] .dropzone__frame", "drop", {"dataTransfer": transfer})
    expect(page.locator("[data-archive-name]")).to_have_text("cats.zip")


def test_edges_are_previewed_while_the_options_change_and_then_drawn(staff, tmp_path):
    page = staff()
    path = training.make_archive(tmp_path / "plain.zip", kind="pictures")
    training.bring(page, path, title="Plain squares", kind="pictures")
    training.wait_until_checked(page)

    page.get_by_role("link", name="Make edge pairs of it").click()
    page.wait_for_url("**/edges/")
    picture = page.locator("[data-edges-picture]")
    assert ask_until_drawn(page, page.reload).ok
    page.wait_for_function("image => image.complete && image.naturalWidth > 100", arg=picture.element_handle())
    assert ask_until_drawn(page, lambda: page.get_by_label("Pen").fill("5")).ok
    expect(picture).to_have_attribute("src", re.compile("^blob:"))
    page.get_by_label("Pen").fill("500")
    expect(page.locator("[data-edges-error]")).to_contain_text("Pen: Ensure this value is less than")
    page.get_by_label("Pen").fill("3")
    page.get_by_role("button", name="Make the pairs").click()

    training.wait_until_checked(page)
    expect(page.locator("h1")).to_have_text("Plain squares, drawn")
    expect(page.get_by_role("link", name="Start a run on it")).to_be_visible()


def test_a_dataset_comes_without_scripts(staff, archive):
    page = staff(java_script_enabled=False)

    address = training.bring(page, archive, title="Without scripts")
    until = time.monotonic() + NO_SCRIPTS_SECONDS
    while not page.locator('.dataset__body[data-state="done"]').count() and time.monotonic() < until:
        page.wait_for_timeout(1000)
        page.goto(address)

    expect(page.get_by_text("What training will see")).to_be_visible()


def test_outsiders_find_nothing(visitor):
    guest = visitor()
    steps.sign_up(guest)

    guest.goto("/studio/")

    expect(guest.locator("h1")).to_have_text("An empty frame")
    expect(guest.get_by_role("link", name="Training")).to_have_count(0)


@pytest.mark.parametrize("colours", ["light", "dark"])
@pytest.mark.parametrize("language", ["en", "ko"])
def test_a_scan_of_the_studio_finds_no_serious_barrier_and_it_fits_a_phone(staff, brought, language, colours):
    page = staff(language=language, color_scheme=colours, width=390, is_mobile=True, has_touch=True)
    addresses = [
        "/studio/",
        "/studio/datasets/",
        "/studio/datasets/new/",
        brought,
        "/studio/runs/",
        "/studio/runs/new/",
    ]

    found, widths = {}, {}
    for address in addresses:
        page.goto(address)
        found[address] = findings(page)
        widths[address] = page.evaluate("document.documentElement.scrollWidth")

    assert {address: barriers for address, barriers in found.items() if barriers} == {}
    assert set(widths.values()) == {390}, widths
