"""The icon for whoever asks for /favicon.ico: our favicon.svg as pixels.

`python -m tests.journeys.favicon` photographs it with Chromium and puts it into static/img.
"""

import io
import shutil

from PIL import Image
from playwright.sync_api import sync_playwright

from tests.sources import ROOT

SIDES = (16, 32, 48)
FRAME = "<style>* { margin: 0 } svg { display: block; width: 100vw; height: 100vh }</style>"


def main() -> None:
    folder = ROOT / "static" / "img"
    page_of = FRAME + (folder / "favicon.svg").read_text()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        small, middle, large = (photograph(browser, page_of, side) for side in SIDES)
        browser.close()
    sizes = [(side, side) for side in SIDES]
    large.save(folder / "favicon.ico", append_images=[small, middle], sizes=sizes)


def photograph(browser, html: str, side: int) -> Image.Image:
    page = browser.new_page(viewport={"width": side, "height": side})
    page.set_content(html)
    return Image.open(io.BytesIO(page.screenshot(omit_background=True))).convert("RGBA")


if __name__ == "__main__":
    main()
