import json
import uuid
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from tests.factories import make_user
from tests.trainer import factories
from trainer import forms
from trainer.models import Run

pytestmark = pytest.mark.django_db

WORDS = {"kind": "pairs", "title": "Cats", "licence": "CC0", "source": "our own"}


def make_form(dataset, *, recipe="pix2pix", source=None, **values):
    given = {"title": "First try", "dataset": dataset.pk if dataset else "", "compiled": "on"} | values
    return forms.RunForm(given, recipe=recipe, source=source)


# Datasets


def test_an_archive_tells_its_name_and_length():
    form = forms.DatasetForm(WORDS, {"archive": SimpleUploadedFile("cats.zip", b"PK")})

    assert form.is_valid(), form.errors
    assert (form.cleaned_data["label"], form.cleaned_data["n_bytes"]) == ("cats.zip", 2)


def test_an_announced_archive_needs_no_file_yet():
    assert forms.DatasetForm(WORDS | {"label": "cats.zip", "n_bytes": "12"}).is_valid()


def test_without_an_archive_there_is_no_dataset():
    form = forms.DatasetForm(WORDS)

    assert form.errors == {"archive": ["Choose a ZIP archive."]}


def test_an_empty_archive_is_refused():
    form = forms.DatasetForm(WORDS, {"archive": SimpleUploadedFile("cats.zip", b"")})

    assert form.errors == {"archive": ["This file is empty."]}


@pytest.mark.parametrize("name", ["kind", "title", "licence", "source"])
def test_everything_about_a_dataset_is_asked_for(name):
    form = forms.DatasetForm(WORDS | {name: "", "n_bytes": "12"})

    assert list(form.errors) == [name]


def test_a_kind_that_does_not_exist_is_refused():
    assert list(forms.DatasetForm(WORDS | {"kind": "films", "n_bytes": "12"}).errors) == ["kind"]


# Runs


def test_a_run_is_started_with_what_differs_from_the_defaults():
    dataset, user = factories.make_dataset(), make_user()

    form = make_form(dataset, size="64", steps="10", seed="3", flip="0", generator="resnet")
    assert form.is_valid(), form.errors
    run = form.submit(user)

    assert (run.title, run.recipe, run.dataset, run.steps, run.seed) == ("First try", "pix2pix", dataset, 10, 3)
    assert run.options == {"size": 64, "flip": 0.0}
    assert run.owner == user
    assert run.state == Run.State.QUEUED


def test_two_clicks_on_start_are_one_run():
    dataset, key = factories.make_dataset(), uuid.uuid4()
    forms_sent = [make_form(dataset, key=str(key)) for _ in range(2)]
    assert all(form.is_valid() for form in forms_sent)

    first, second = (form.submit(None) for form in forms_sent)

    assert first.pk == second.pk == key
    assert Run.objects.count() == 1


def test_who_goes_back_to_a_form_sent_a_while_ago_starts_another_run():
    dataset, key = factories.make_dataset(), uuid.uuid4()
    form, again = (make_form(dataset, key=str(key)) for _ in range(2))
    assert form.is_valid() and again.is_valid()
    first = form.submit(None)
    Run.objects.filter(pk=first.pk).update(created_at=timezone.now() - timedelta(minutes=1))

    second = again.submit(None)

    assert second.pk != first.pk


def test_steps_left_empty_are_the_usual_number():
    form = make_form(factories.make_dataset())

    assert form.is_valid()
    assert form.cleaned_data["steps"] == 20_000


@pytest.mark.parametrize(
    ("recipe", "kinds"),
    [("pix2pix", {"pairs", "folders"}), ("cyclegan", {"folders", "unpaired"}), ("adain", {"unpaired"})],
)
def test_only_fitting_datasets_that_are_ready_can_be_chosen(recipe, kinds):
    for kind in ("pairs", "folders", "unpaired", "pictures", "captioned"):
        factories.make_dataset(kind=kind, with_files=False)
    factories.make_dataset(kind="unpaired", state="running", with_files=False)
    factories.make_dataset(kind="pairs", state="failed", with_files=False)

    assert {one.kind for one in forms.fitting(recipe)} == kinds
    assert forms.fitting(recipe).count() == len(kinds)


def test_a_dataset_of_another_kind_is_refused_at_its_field():
    form = make_form(factories.make_dataset(kind="unpaired", with_files=False))

    assert form.errors == {"dataset": ["This recipe cannot learn from that dataset."]}


@pytest.mark.parametrize(
    ("recipe", "given", "field", "words"),
    [
        ("pix2pix", {"size": "8"}, "size", "greater than or equal to 16"),
        ("pix2pix", {"filters": "300"}, "filters", "less than or equal to 256"),
        ("pix2pix", {"generator": "vit"}, "generator", "not one of the available choices"),
        ("pix2pix", {"size": "62"}, "size", "multiple of 4"),
        ("pix2pix", {"size": "64", "generator": "unet"}, "size", "A depth of 8 needs a size that is a multiple of 256"),
        ("pix2pix", {"size": "16"}, "discriminator_layers", "at least 24 pixels"),
        ("cyclegan", {"size": "16"}, "discriminator_layers", "at least 24 pixels"),
        ("pix2pix", {"hand_drawn": "0.5", "condition_channels": "3"}, "hand_drawn", "Only sketches"),
        ("pix2pix", {"batch": "3", "devices": "2"}, "batch", "multiple of the number of devices"),
        ("adain", {"size": "250"}, "size", "The size must be a multiple of 4"),
        ("adain", {"size": "36", "architecture.deep": "8", "architecture.deep_blocks": "1"}, "size", "a multiple of 8"),
        ("adain", {"architecture.fold": "3"}, "architecture.fold", "not one of the available choices"),
        ("adain", {"architecture.deep": "8"}, "architecture.deep_blocks", "both, or neither"),
        ("adain", {"architecture.deep_blocks": "2"}, "architecture.deep_blocks", "both, or neither"),
        ("adain", {"architecture.width": "1025"}, "architecture.width", "less than or equal to 1024"),
        ("adain", {"architecture.style_widths": "8, 0"}, "architecture.style_widths", "each from 1 to 1024"),
        ("adain", {"architecture.style_widths": "8,8,8,8,8,8,8,8,8"}, "architecture.style_widths", "up to 8 numbers"),
        ("adain", {"architecture.style_widths": "8, many"}, "architecture.style_widths", "Whole numbers"),
        ("pix2pix", {"steps": "0"}, "steps", "greater than or equal to 1"),
        ("pix2pix", {"seed": "-1"}, "seed", "greater than or equal to 0"),
        ("pix2pix", {"init": "run:nothing"}, "init", "not one of the available choices"),
        ("pix2pix", {"title": ""}, "title", "required"),
    ],
)
def test_a_refusal_stands_beside_its_field(recipe, given, field, words):
    form = make_form(
        factories.make_dataset(kind="unpaired" if recipe != "pix2pix" else "pairs"), recipe=recipe, **given
    )

    assert list(form.errors) == [field]
    assert words in form.errors[field][0]


def test_what_only_the_config_refuses_stands_beside_its_field_too(monkeypatch):
    def refuse(kind, values):
        raise forms.configs.Nonsense("Pix2PixConfig", "size", "%(name)s is at least %(least)s.", least=16)

    monkeypatch.setattr(forms.configs, "from_dict", refuse)

    assert make_form(factories.make_dataset()).errors == {"size": ["Size is at least 16."]}


def test_a_run_without_adversary_may_be_smaller():
    form = make_form(factories.make_dataset(), size="16", lambda_gan="0")

    assert form.is_valid(), form.errors


# Beginning with weights


def make_weights(folder, architecture):
    folder.mkdir(parents=True)
    (folder / "model.weights.h5").write_bytes(b"weights")
    (folder / "config.json").write_text(json.dumps({"architecture": architecture}))


RESNET = {"generator": "resnet", "filters": 64, "blocks": 9, "in_channels": 1, "out_channels": 3}


def test_a_run_can_begin_with_the_best_of_another():
    other = factories.make_run(title="Before")
    make_weights(other.folder / "best", RESNET)

    form = make_form(other.dataset, init=f"run:{other.pk}")

    assert form.is_valid(), form.errors
    assert form.submit(None).init == str(other.folder / "best")


def test_a_run_can_begin_with_a_published_version():
    version = factories.make_version()

    form = make_form(factories.make_dataset(), init=f"version:{version.pk}")

    assert form.is_valid(), form.errors
    assert form.submit(None).init == str(version.folder)


def test_weights_of_another_recipe_or_of_nothing_are_not_offered():
    factories.make_version(recipe="cyclegan")
    factories.make_run()

    assert forms.RunForm(recipe="pix2pix").fields["init"].choices == [("", "random weights")]


def test_weights_of_another_shape_are_refused():
    other = factories.make_run()
    make_weights(other.folder / "best", RESNET | {"filters": 32})

    form = make_form(other.dataset, init=f"run:{other.pk}")

    assert list(form.errors) == ["init"]
    assert "another shape (Filters: 32)" in form.errors["init"][0]


# Clones


def test_a_clone_begins_with_what_the_other_was_started_with():
    run = factories.make_run(title="Cats", seed=5, steps=7)

    form = forms.RunForm(recipe="pix2pix", source=run, initial=forms.initial_of(run))

    assert form["title"].value() == "Cats, again"
    assert (form["dataset"].value(), form["steps"].value(), form["seed"].value()) == (run.dataset_id, 7, 5)
    assert form["filters"].value() == 4
    assert form.has_unusual()


def test_a_clone_knows_where_it_comes_from():
    run = factories.make_run()

    form = make_form(run.dataset, source=run, filters="8")
    assert form.is_valid(), form.errors

    assert form.submit(None).cloned_from == run


def test_a_clone_of_a_run_of_the_command_line_may_keep_its_folder(tmp_path):
    data = factories.make_pictures(tmp_path / "shapes")
    run = factories.make_run(data=str(data))

    form = make_form(None, source=run)
    assert form.is_valid(), form.errors

    assert form.submit(None).data == str(data)


def test_the_other_options_stay_folded_until_one_is_changed():
    assert not forms.RunForm(recipe="pix2pix").has_unusual()
    assert make_form(factories.make_dataset(), lambda_l1="50").has_unusual()
    assert make_form(factories.make_dataset(), beta1="2").has_unusual()


def test_the_side_that_looks_like_drawings_decides_the_direction():
    dataset = factories.make_dataset(title="Cats", report={"direction": {"suggested": "BtoA"}}, with_files=False)

    assert forms.initial_on(dataset) == {"dataset": dataset.pk, "title": "Cats", "direction": "BtoA"}
    dataset.report = {}
    assert "direction" not in forms.initial_on(dataset)
