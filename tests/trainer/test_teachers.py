"""Who teaches adain, and who guides it: what this server has, or is downloaded; checked before a run begins."""

import uuid

import pytest

from tests.trainer import factories
from trainer import controls, forms, runs
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


@pytest.fixture
def guide(settings, teachers, tmp_path):
    """A folder of this server, as STYLESITE_TFLITE_FOLDER names it."""
    for name in configs.GUIDE_FILES:
        (tmp_path / name).touch()
    settings.TFLITE_FOLDER = str(tmp_path)
    return tmp_path


def test_the_form_of_adain_offers_the_guide_of_this_server_or_none(guide):
    dataset = factories.make_dataset(kind="unpaired")
    given = {"title": "x", "dataset": dataset.pk, "steps": 4}

    form = forms.RunForm(given | {"guide": str(guide)}, recipe="adain")
    without = forms.RunForm(given | {"key": str(uuid.uuid4())}, recipe="adain")

    assert form["guide"].initial == "" and form.is_valid() and without.is_valid(), (form.errors, without.errors)
    assert form.submit(None).options["guide"] == str(guide)
    assert "guide" not in without.submit(None).options
    assert not forms.RunForm(given | {"guide": "/etc"}, recipe="adain").is_valid()


def test_a_server_without_a_guide_offers_none(settings):
    settings.TFLITE_FOLDER = ""

    assert forms.RunForm(recipe="adain").fields["guide"].choices == [("", "none")]


@pytest.mark.parametrize("folder", ["/root", "../../..", "guide"])
def test_the_painter_follows_no_other_folder(guide, folder):
    dataset = factories.make_dataset(kind="unpaired")

    with pytest.raises(runs.Refused, match="STYLESITE_TFLITE_FOLDER"):
        runs.start(dataset, recipe="adain", title="x", options={"guide": folder})


def test_a_guide_with_a_file_missing_is_told_before_anything_is_started(guide):
    (guide / configs.GUIDE_FILES[1]).unlink()
    dataset = factories.make_dataset(kind="unpaired")

    with pytest.raises(runs.Refused, match="STYLESITE_TFLITE_FOLDER names, holds no transfer"):
        runs.start(dataset, recipe="adain", title="x", options={"guide": str(guide)})

    assert not Run.objects.exists()


def test_a_clone_of_a_run_of_the_command_line_keeps_its_guide_and_takes_no_other_folder(settings, guide):
    settings.TFLITE_FOLDER = ""
    source = factories.make_run(recipe="adain", data=str(guide), options={"guide": "/srv/guide"})

    choices = dict(forms.RunForm(recipe="adain", source=source).fields["guide"].choices)

    assert set(choices) == {"", "/srv/guide"}


def test_a_folder_that_holds_no_pair_is_not_offered(guide):
    (guide / configs.GUIDE_FILES[0]).unlink()

    assert dict(forms.RunForm(recipe="adain").fields["guide"].choices) == {"": "none"}


def test_a_run_without_a_guide_shows_a_dash():
    assert controls.show(configs.AdaINConfig())["Guide"] == "–"
