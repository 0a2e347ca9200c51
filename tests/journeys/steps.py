"""What people do on the pages: drop, paste, paint, sign up."""

import base64
import itertools
import os

from playwright.sync_api import ConsoleMessage, Locator, Page

from tests import pictures
from tests.sources import ROOT

IS_SHIPPED = (ROOT / "tfapp" / "shipped" / "adain" / "config.json").exists()
ENGINE = os.environ.get("JOURNEYS_ENGINE") or ("adain" if IS_SHIPPED else "echo")  # echo travels faster
PAINT_MILLISECONDS = 90_000
PASSWORD = "a-green-teapot-7"
NUMBERS = itertools.count(1)

TRANSFER = """([name, type, content]) => {
    const bytes = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
    const transfer = new DataTransfer();
    transfer.items.add(new File([bytes], name, { type }));
    return transfer;
}"""
PASTE = (
    """(transfer) => document.dispatchEvent(new ClipboardEvent("paste", { clipboardData: transfer, bubbles: true }))"""
)


def is_complaint(message: ConsoleMessage) -> bool:
    """Errors and broken policies; not that the server refused what a test wanted refused."""
    return message.type == "error" and "Failed to load resource" not in message.text


def photo(width: int = 480, height: int = 360) -> bytes:
    return pictures.encoded(pictures.photo(width, height))


def drop(page: Page, zone: str, content: bytes, *, name: str = "photo.jpg", kind: str = "image/jpeg") -> None:
    """Let a file fall on the zone of that name, or with an empty name beside all of them."""
    transfer = page.evaluate_handle(TRANSFER, [name, kind, base64.b64encode(content).decode()])
    place = f'[data-dropzone="{zone}"] .dropzone__frame' if zone else "h1"
    for event in ("dragenter", "dragover", "drop"):
        page.dispatch_event(place, event, {"dataTransfer": transfer})


def paste(page: Page, content: bytes, *, name: str = "photo.jpg", kind: str = "image/jpeg") -> None:
    transfer = page.evaluate_handle(TRANSFER, [name, kind, base64.b64encode(content).decode()])
    page.evaluate(PASTE, transfer)


def preview(page: Page, zone: str) -> Locator:
    return page.locator(f'[data-dropzone="{zone}"] [data-previews] img')


def choose_shelf(page: Page, position: int = 0) -> None:
    page.locator('input[name="shelf"]').nth(position).check(force=True)


def press_paint(page: Page) -> None:
    page.locator("[data-paint]").click()
    page.wait_for_url("**/jobs/**")


def wait_until_painted(page: Page) -> None:
    page.locator('[data-state="done"]').first.wait_for(timeout=PAINT_MILLISECONDS)


def paint(page: Page, *, position: int = 0) -> str:
    """From the first page to a finished picture; returns the address of its page."""
    page.goto("/")
    drop(page, "content", photo())
    choose_shelf(page, position)
    press_paint(page)
    wait_until_painted(page)
    return page.locator(".result__side a[href*='/pictures/']").first.get_attribute("href")


def sign_up(page: Page) -> str:
    name = f"painter{next(NUMBERS)}"
    page.goto("/account/sign-up/")
    page.locator("#id_username").fill(name)
    page.locator("#id_password1").fill(PASSWORD)
    page.locator("#id_password2").fill(PASSWORD)
    page.locator("main form button").click()
    page.wait_for_url("**/mine/")
    return name


def sign_in(page: Page, name: str) -> None:
    page.goto("/account/sign-in/")
    page.locator("#id_username").fill(name)
    page.locator("#id_password").fill(PASSWORD)
    page.locator("main form button").click()
    page.wait_for_url("**/mine/")
