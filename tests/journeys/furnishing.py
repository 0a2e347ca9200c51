"""Hangs pictures in a studio: our own scenes in the styles of the shelf, painted by the real engine."""

from pathlib import Path

from PIL import Image
from playwright.sync_api import Page

from tests.journeys import scenes, steps

PAIRS = (  # scene, style: the last one is the newest
    ("city", "neon-contours"),
    ("jar", "linocut-forest"),
    ("meadow", "mosaic-sun"),
    ("cat", "watercolour-blooms"),
    ("lake", "ink-mountains"),
    ("city", "stained-glass"),
    ("jar", "impasto-meadow"),
    ("cat", "starry-swirls"),
    ("meadow", "pointillist-lake"),
    ("lake", "great-wave"),
    ("jar", "golden-ornament"),
    ("city", "watercolour-blooms"),
    ("cat", "mosaic-sun"),
    ("meadow", "great-wave"),
    ("lake", "starry-swirls"),
)


def draw_scenes(folder: Path) -> dict[str, Path]:
    """Every scene as a file; those already there are kept."""
    paths = {name: folder / f"{name}.png" for name in scenes.SCENES}
    for name, path in paths.items():
        if not path.exists():
            Image.fromarray(scenes.draw(name)).save(path)
    return paths


def hang(page: Page, photo: Path, style: str, *, is_public: bool = True) -> tuple[str, str]:
    """Paint and publish one picture; returns the addresses of its job and of its page."""
    page.goto("/")
    page.locator('input[name="content"]').set_input_files(photo)
    page.locator(f'input[name="shelf"][value="{style}"]').check(force=True)
    steps.press_paint(page)
    steps.wait_until_painted(page)
    job = page.url
    address = page.locator(".result__side a[href*='/pictures/']").first.get_attribute("href")
    if is_public:
        page.get_by_role("button", name="Publish in the gallery").click()
        page.wait_for_url("**/pictures/**")
    return job, address


def furnish(page: Page, photos: dict[str, Path]) -> list[tuple[str, str]]:
    """The whole exhibition, oldest first."""
    return [hang(page, photos[scene], style) for scene, style in PAIRS]
