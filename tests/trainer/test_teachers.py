"""Who teaches adain: networks of this server, or such as are downloaded; said and checked before a run begins."""

import pytest

from tests.trainer import factories
from trainer import forms, runs
from trainer.models import Run
from trainer.recipes import configs

pytestmark = pytest.mark.django_db


@pytest.fixture
def teachers(settings, tmp_path):
    """A folder of this server, as STYLESITE_TEACHERS names it."""
    for name in configs.TEACHER_FILES:
        (tmp_path / name).touch()
    settings.TEACHERS = str(tmp_path)
    return tmp_path


def test_a_folder_without_teachers_is_told_before_anything_is_started(teachers):
    (teachers / configs.TEACHER_FILES[1]).unlink()
    dataset = factories.make_dataset(kind="unpaired")

    with pytest.raises(runs.Refused, match="STYLESITE_TEACHERS names, holds no vgg19_small16"):
        runs.start(dataset, recipe="adain", title="x")

    assert not Run.objects.exists()
    assert runs.start(dataset, recipe="adain", title="x", options={"teachers": "imagenet"})


def test_the_form_of_adain_offers_the_teachers_of_this_server(teachers):
    dataset = factories.make_dataset(kind="unpaired")
    form = forms.RunForm({"title": "x", "dataset": dataset.pk, "steps": 4, "teachers": str(teachers)}, recipe="adain")

    assert form["teachers"].initial == str(teachers) and form["teachers"] in form.usual()
    assert form.is_valid(), form.errors
    assert form.submit(None).options["teachers"] == str(teachers)


@pytest.mark.parametrize("is_here", [False, True])
def test_the_painter_learns_from_two_collections_where_a_dataset_keeps_them(settings, teachers, is_here):
    settings.TEACHERS = settings.TEACHERS if is_here else ""
    chosen = str(teachers) if is_here else "imagenet"
    dataset = factories.make_dataset(kind="unpaired")

    run = runs.start(dataset, recipe="adain", title="x", options={"photos": "/etc", "paintings": "../../secrets"})

    assert run.options == {"photos": "trainA", "paintings": "trainB", "teachers": chosen}
    assert runs.clone(run).options == run.options


@pytest.mark.parametrize("teachers", ["/root", "../../..", "teachers/../..", "vgg"])
def test_the_painter_is_taught_from_no_other_folder(teachers):
    dataset = factories.make_dataset(kind="unpaired")

    with pytest.raises(runs.Refused, match="STYLESITE_TEACHERS"):
        runs.start(dataset, recipe="adain", title="x", options={"teachers": teachers})
