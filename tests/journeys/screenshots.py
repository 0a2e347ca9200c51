"""`make screenshots`: starts a studio, paints our own scenes with the real engine, and photographs the pages.

The photos are rendered by `tests.journeys.scenes`, the styles are those of the shelf: nothing here is anybody else's.
"""

import shutil
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from tests import sites
from tests.journeys import drawing, furnishing, steps, training
from tests.sources import ROOT

FOLDER = ROOT / "docs" / "pictures"
SCENES = Path(tempfile.gettempdir()) / "stylesite-scenes"  # drawing them takes minutes, so they are kept
MOST_BYTES = 300_000
DESKTOP, PHONE = 1280, 390
DICE = "7"  # the number of a mix


@dataclass(frozen=True)
class Shot:
    """One page, in one language, in one light, on one screen."""

    name: str
    address: str
    width: int = DESKTOP
    colours: str = "light"
    language: str = "en-GB"
    prepare: Callable[[Page], None] = lambda page: None
    of_staff: bool = False


def main() -> None:
    chromium = next((path for name in ("chromium", "google-chrome") if (path := shutil.which(name))), None)
    if not chromium:
        sys.exit("Screenshots need Chromium, and there is none here.")
    SCENES.mkdir(exist_ok=True)
    FOLDER.mkdir(parents=True, exist_ok=True)
    print("Drawing the scenes …", flush=True)
    photos = furnishing.draw_scenes(SCENES)

    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        settings = {
            "STYLESITE_ENGINES": f"{steps.ENGINE},gatys,emoji,painter,photograph,texture",
            "STYLESITE_LIMITS": "0",
        }
        with sites.running(Path(folder), **settings) as site:
            browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
            photograph(browser, site, photos)
            browser.close()


def photograph(browser: Browser, site: sites.Site, photos: dict[str, Path]) -> None:
    print("Painting the exhibition …", flush=True)
    painter = browser.new_context(base_url=site.url, locale="en-GB")
    exhibition = furnishing.furnish(painter.new_page(), photos)
    cat = paint_sketch(painter.new_page(), "cat-face")
    print("Training a network …", flush=True)
    teacher = browser.new_context(base_url=site.url, locale="en-GB")
    run = train(teacher.new_page(), training.make_staff(site), site.log.parent / "squares.zip")
    kept = {False: painter.storage_state(), True: teacher.storage_state()}
    painter.close()
    teacher.close()

    for shot in [
        *shots(exhibition, photos),
        *shots_of_mixing(photos),
        *shots_of_drawings(cat),
        *shots_of_training(run),
    ]:
        take(browser, site.url, shot, kept[shot.of_staff])


def paint_sketch(page: Page, name: str) -> str:
    """A kept sketch, drawn and coloured; the address of its job."""
    page.goto("/?kind=sketch")
    drawing.draw(page, drawing.load(name))
    steps.press_paint(page)
    steps.wait_until_painted(page)
    return page.url


def train(page: Page, name: str, archive: Path) -> str:
    """A small network that learns to colour squares; the address of its run."""
    steps.sign_in(page, name)
    training.bring(page, training.make_archive(archive, n=160, size=128), title="Squares")
    training.wait_until_checked(page)
    every = dict.fromkeys(("checkpoint_every", "sample_every", "validate_every"), 40)
    run = training.start_run(
        page, title="Colour squares", n_steps=600, size=64, filters=16, discriminator_filters=16, flip=0, **every
    )
    page.locator('[data-state="done"]').first.wait_for(timeout=training.TRAIN_MILLISECONDS)
    return run


def shots(exhibition: list[tuple[str, str]], photos: dict[str, Path]) -> list[Shot]:
    jobs = dict(zip(furnishing.PAIRS, (job for job, _ in exhibition), strict=True))
    artworks = dict(zip(furnishing.PAIRS, (artwork for _, artwork in exhibition), strict=True))
    lake, cat = ("lake", "starry-swirls"), ("cat", "starry-swirls")

    def choose(page: Page) -> None:
        page.locator('input[name="content"]').set_input_files(photos["meadow"])
        page.locator('input[name="shelf"][value="stained-glass"]').check(force=True)

    def scroll_to_style(page: Page) -> None:
        choose(page)
        page.locator("#step-photo").scroll_into_view_if_needed()
        page.evaluate("document.querySelector('#step-photo').scrollIntoView()")

    return [
        Shot("create", "/", prepare=choose),
        Shot("create-dark", "/", colours="dark", prepare=choose),
        Shot("create-ko", "/", language="ko-KR", prepare=choose),
        Shot("create-phone", "/", width=PHONE, prepare=scroll_to_style),
        Shot("create-phone-ko", "/", width=PHONE, language="ko-KR", colours="dark"),
        Shot("job", jobs[lake]),
        Shot("job-phone-ko", jobs[cat], width=PHONE, language="ko-KR"),
        Shot("gallery", "/gallery/"),
        Shot("gallery-dark", "/gallery/", colours="dark"),
        Shot("gallery-phone", "/gallery/", width=PHONE, colours="dark"),
        Shot("artwork", artworks[cat]),
        Shot("artwork-dark-ko", artworks[lake], colours="dark", language="ko-KR"),
        Shot("mine-phone", "/mine/", width=PHONE),
    ]


def shots_of_mixing(photos: dict[str, Path]) -> list[Shot]:
    def mix(page: Page) -> None:
        page.locator('input[name="content"]').set_input_files(photos["lake"])
        page.locator("[data-paint]").click()
        page.locator("#mix-seed").fill(DICE)
        page.locator("#dice-seed").click()
        page.locator("[data-times]", has_text="ms").wait_for()
        page.wait_for_load_state("networkidle")

    def mix_and_look_up(page: Page) -> None:
        mix(page)
        page.evaluate("scrollTo(0, 0)")

    def compare(page: Page) -> None:
        mix(page)
        page.goto(f"{page.url.split('?')[0]}compare/")

    return [
        Shot("mixer", "/mixer/", prepare=mix_and_look_up),
        Shot("mixer-phone-ko", "/mixer/", width=PHONE, language="ko-KR", colours="dark", prepare=mix),
        Shot("mixer-compare", "/mixer/", prepare=compare),
    ]


def shots_of_drawings(cat: str) -> list[Shot]:
    def draw(page: Page) -> None:
        drawing.draw(page, drawing.load("house"))
        page.evaluate("document.querySelector('[data-sketch]').scrollIntoView({ block: 'center' })")

    return [
        Shot("draw", "/?kind=sketch", prepare=draw),
        Shot("draw-phone-ko", "/?kind=sketch", width=PHONE, language="ko-KR", prepare=draw),
        Shot("drawn", cat),
        Shot("drawn-phone", cat, width=PHONE, colours="dark"),
    ]


def shots_of_training(run: str) -> list[Shot]:
    return [
        Shot("training", "/studio/", of_staff=True),
        Shot("run", run, of_staff=True),
        Shot("run-phone-ko", run, width=PHONE, language="ko-KR", colours="dark", of_staff=True),
    ]


def take(browser: Browser, url: str, shot: Shot, kept: dict) -> None:
    context = browser.new_context(
        base_url=url,
        storage_state=kept,
        locale=shot.language,
        color_scheme=shot.colours,
        reduced_motion="reduce",
        viewport={"width": shot.width, "height": 844 if shot.width == PHONE else 860},
        device_scale_factor=2 if shot.width == PHONE else 1,
        is_mobile=shot.width == PHONE,
        has_touch=shot.width == PHONE,
    )
    page = context.new_page()
    page.goto(shot.address)
    shot.prepare(page)
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(400)
    path = FOLDER / f"{shot.name}.webp"
    path.write_bytes(small(page.screenshot()))
    context.close()
    print(f"{path.relative_to(ROOT)}: {path.stat().st_size // 1000} kB", flush=True)


def small(screenshot: bytes) -> bytes:
    """The screenshot as WebP, in the best quality that keeps it light."""
    image = Image.open(BytesIO(screenshot)).convert("RGB")
    for quality in (90, 82, 74, 64, 50):
        file = BytesIO()
        image.save(file, "WEBP", quality=quality, method=6)
        if file.tell() <= MOST_BYTES:
            break
    return file.getvalue()


if __name__ == "__main__":
    main()
