"""What staff do in the training studio: sign in, bring an archive, wait for its report, start a small run."""

import io
import itertools
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
from PIL import Image
from playwright.sync_api import Page

from tests import sites
from tests.journeys import steps
from tests.sources import ROOT

MAKE_STAFF = """
import django
django.setup()
from django.contrib.auth.models import User
User.objects.create_user({name!r}, password={password!r}, is_staff=True)
"""
NUMBERS = itertools.count(1)
CHECK_MILLISECONDS = 120_000
TRAIN_MILLISECONDS = 300_000
TINY = {
    "size": 32,
    "filters": 4,
    "blocks": 1,
    "discriminator_filters": 4,
    "discriminator_layers": 1,
    "checkpoint_every": 2,
    "sample_every": 2,
    "validate_every": 2,
    "validation_pictures": 2,
}


def make_staff(site: sites.Site) -> str:
    """Somebody new who may train; a name to sign in with."""
    name = f"teacher{next(NUMBERS)}"
    data = str(site.log.parent / "var")
    environment = sites.environment(STYLESITE_DATA=data, DJANGO_SETTINGS_MODULE="stylesite.settings")
    script = MAKE_STAFF.format(name=name, password=steps.PASSWORD)
    subprocess.run([sys.executable, "-c", script], cwd=ROOT, env=environment, check=True, capture_output=True)
    return name


def make_archive(path: Path, *, n: int = 12, size: int = 64, kind: str = "pairs") -> Path:
    """Outlines and what they are of, side by side (or the pictures alone), with one file that is no picture."""
    rng = np.random.default_rng(7)
    with zipfile.ZipFile(path, "w") as archive:
        for i in range(n):
            split = "val" if i % 4 == 3 else "train"
            drawing, picture = _make_pair(rng, size)
            whole = np.concatenate([drawing, picture], axis=1) if kind == "pairs" else picture
            content = io.BytesIO()
            Image.fromarray(whole).save(content, "PNG")
            archive.writestr(f"{split}/{i}.png", content.getvalue())
        archive.writestr("train/letter.png", b"Dear all, this is no picture.")
    return path


def bring(page: Page, path: Path, *, title: str, kind: str = "pairs") -> str:
    """Fill in the page of a new dataset and send it; the address of the dataset."""
    page.goto("/studio/datasets/new/")
    page.locator(f'input[name="kind"][value="{kind}"]').check(force=True)
    page.locator('input[name="archive"]').set_input_files(path)
    for name, words in (("title", title), ("licence", "CC0"), ("source", "drawn by the tests")):
        page.locator(f'.upload-form [name="{name}"]').fill(words)
    page.locator("[data-sending-start] button").click()
    page.wait_for_url(re.compile(r"/studio/datasets/[0-9a-f-]{36}/"))
    return page.url


def wait_until_checked(page: Page) -> None:
    page.locator('.dataset__body[data-state="done"]').wait_for(timeout=CHECK_MILLISECONDS)


def start_run(page: Page, *, title: str, n_steps: int = 4, **options) -> str:
    """From the page of a dataset to a tiny run on it, in any language; the address of the run."""
    page.locator('.dataset a[href*="/runs/new/"]').click()
    page.locator('.run-form [name="title"]').fill(title)
    page.locator('.run-form [name="steps"]').fill(str(n_steps))
    page.locator(".more-options summary").click()
    for name, value in (TINY | options).items():
        field = page.locator(f'[name="{name}"]')
        field.set_checked(value, force=True) if isinstance(value, bool) else field.fill(str(value))
    page.locator(".run-form .actions button").click()
    page.wait_for_url(re.compile(r"/studio/runs/[0-9a-f-]{36}/"))
    return page.url


def _make_pair(rng, size):
    """A filled square and its outline."""
    picture = np.full((size, size, 3), 255, "uint8")
    drawing = picture.copy()
    low = rng.integers(4, size // 3)
    high = rng.integers(size // 2, size - 4)
    picture[low:high, low:high] = rng.integers(40, 220, 3)
    drawing[low:high, low:high] = 0
    drawing[low + 2 : high - 2, low + 2 : high - 2] = 255
    return drawing, picture
