"""Which sizes the page offers, and which one is chosen when the wanted one cannot be."""

import os
import subprocess
import sys

import pytest

from tests import factories
from tests.sources import ROOT
from tfapp import engines, forms, parameters

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("engine", ["emoji", "painter"])
@pytest.mark.parametrize("size", [64, 2048, "own", None])
def test_a_size_that_the_engine_does_not_take_becomes_its_usual_one(engine, size):
    spec = engines.SPECS[engine]

    form = forms.blank(spec, initial={"size": size})

    assert form["size"].value() == spec.parameters[0].default
    assert f'<option value="{spec.parameters[0].default}" selected>' in str(form["size"])


def test_a_job_whose_size_cannot_be_chosen_offers_the_usual_one():
    size = {"size": 1536}
    job = factories.make_job(state="failed", engine="painter", kind="photo", parameters=size, with_files=False)

    assert forms.AgainForm(job=job)["size"].value() == 768
    assert job.parameters == {"size": 1536}


@pytest.mark.parametrize("name", ["adain", "emoji", "painter"])
def test_no_usual_size_is_larger_than_results_may_be(name):
    script = (
        "import django; django.setup(); from tfapp import engines;"
        f"print(*[(one.default, one.maximum) for one in engines.SPECS['{name}'].parameters if one.kind == 'size'])"
    )
    environment = os.environ | {"STYLESITE_RESULT_MAX_SIDE": "300", "DJANGO_SETTINGS_MODULE": "stylesite.settings"}

    told = subprocess.run([sys.executable, "-c", script], cwd=ROOT, env=environment, capture_output=True, text=True)

    assert told.stdout.strip() == "(300, 300)", told.stderr


def test_sizes_of_the_page_are_sizes_of_the_engine():
    for spec in engines.SPECS.values():
        for parameter in (one for one in spec.parameters if one.kind == "size"):
            assert all(parameter.minimum <= size <= parameter.maximum for size in parameter.choices)


def test_only_engines_that_paint_posters_take_the_largest_sizes(settings):
    most = {
        name: next(one.maximum for one in spec.parameters if one.kind == "size") for name, spec in engines.SPECS.items()
    }

    assert most["adain"] == settings.RESULT_MAX_SIDE == 16_000
    assert most["tfhub"] == most["tflite"] == settings.PIECE_MAX_SIDE == 4096


def test_the_photos_own_size_is_never_more_than_the_engine_takes():
    own = {"size": "own"}

    assert parameters.fit(engines.SPECS["adain"], own, longest_side=12_000) == {"size": 12_000}
    assert parameters.fit(engines.SPECS["tfhub"], own, longest_side=12_000) == {"size": 4096}
    assert parameters.fit(engines.SPECS["tfhub"], {"size": 512}, longest_side=300) == {"size": 300}


@pytest.mark.parametrize(
    ("engine", "size", "kept"),
    [("adain", "own", 16_000), ("adain", 8192, 8192), ("adain", 512, 4096), ("tfhub", "own", 4096)],
)
def test_a_photo_is_kept_as_large_as_it_may_be_wanted(engine, size, kept):
    assert parameters.longest_side(engines.SPECS[engine], {"size": size}) == kept
