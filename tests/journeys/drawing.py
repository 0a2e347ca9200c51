"""Draws kept sketches on the page's own paper, by real pointer events, and keeps what the paper then shows.

`python -m tests.journeys.drawing OUT [NAME …]` draws those of tests/journeys/sketches (all, if none is named) in
headless Chromium and writes OUT/NAME.png: 20 sketches of ours, none made from glyphs. static/js/strokes.js says
what is in such a file.
"""

import base64
import json
import shutil
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from tests import sites

FOLDER = Path(__file__).with_name("sketches")
PAPER = "[data-sketch] canvas"
ERASER_FACTOR = 3  # as in static/js/sketch.js


def main(out: str, *names: str) -> None:
    chromium = next((path for name in ("chromium", "google-chrome") if (path := shutil.which(name))), None)
    if not chromium:
        sys.exit("Drawing needs Chromium, and there is none here.")
    target = Path(out)
    target.mkdir(parents=True, exist_ok=True)
    settings = {"STYLESITE_ENGINES": "echo,emoji", "STYLESITE_PRELOAD": "echo"}  # nothing is painted
    with (
        tempfile.TemporaryDirectory() as folder,
        sync_playwright() as playwright,
        sites.running(Path(folder), **settings) as site,
    ):
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for name in names or list_names():
            page = browser.new_page(base_url=site.url, viewport={"width": 1280, "height": 1000})
            page.goto("/?kind=sketch")
            draw(page, load(name))
            (target / f"{name}.png").write_bytes(read_paper(page))
            page.close()
            print(target / f"{name}.png", flush=True)
        browser.close()


def list_names() -> list[str]:
    """The sketches that are kept."""
    return sorted(path.stem for path in FOLDER.glob("*.json"))


def load(name: str) -> list[dict]:
    """The strokes of a kept sketch."""
    return json.loads((FOLDER / f"{name}.json").read_text())["strokes"]


def draw(page: Page, strokes: list[dict]) -> None:
    """Move the mouse along every stroke, with the tool and the thickness that it was drawn with."""
    paper = page.locator(PAPER)
    side = int(paper.get_attribute("width"))
    for stroke in strokes:
        choose(page, stroke["tool"], thickness=stroke["width"] * side)
        paper.scroll_into_view_if_needed()
        box = paper.bounding_box()
        places = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y, *_pressure in stroke["points"]]
        page.mouse.move(*places[0])
        page.mouse.down()
        for place in places[1:]:
            page.mouse.move(*place)
        page.mouse.up()


def choose(page: Page, tool: str, *, thickness: float) -> None:
    button = page.locator(f'[data-tool="{tool}"]')
    if button.get_attribute("aria-pressed") != "true":
        button.click()
    wanted = str(round(thickness / (ERASER_FACTOR if tool == "eraser" else 1)))
    if page.locator("[data-sketch-width]").input_value() != wanted:
        page.locator("[data-sketch-width]").fill(wanted)


def read_paper(page: Page) -> bytes:
    """The paper as a PNG."""
    address = page.locator(PAPER).evaluate("(canvas) => canvas.toDataURL('image/png')")
    return base64.b64decode(address.partition(",")[2])


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    main(*sys.argv[1:])
