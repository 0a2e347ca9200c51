"""What staff can do in Django's admin: the same stories as the studio's pages tell."""

import pytest
from django.contrib.auth.models import Permission
from django.contrib.messages import get_messages
from django.urls import reverse

from tests import clients
from tests import factories as site_factories
from tests.trainer import factories
from trainer.models import Dataset, Run

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff():
    return clients.account(site_factories.make_user("staff", is_staff=True, is_superuser=True))


def act(client, action: str, *rows, **more):
    place = reverse(f"admin:trainer_{rows[0]._meta.model_name}_changelist")
    return client.post(place, {"action": action, "_selected_action": [str(row.pk) for row in rows], **more})


def said(response) -> str:
    return " ".join(str(message) for message in get_messages(response.wsgi_request))


def test_a_run_is_started_on_a_dataset_after_a_page_that_asks_how(staff):
    dataset = factories.make_dataset(title="Shapes")

    page = act(staff, "start_training", dataset).content.decode()
    answer = act(staff, "start_training", dataset, start="1", recipe="pix2pix", steps="50")

    assert "Shapes" in page and 'value="pix2pix"' in page and 'value="cyclegan"' not in page
    run = Run.objects.get()
    assert (run.state, run.dataset, run.title, run.steps) == ("queued", dataset, "Shapes", 50)
    assert run.owner.username == "staff"
    assert str(run.pk) in said(answer)


def test_one_run_begins_for_each_dataset(staff):
    datasets = [factories.make_dataset(kind=kind, with_files=False) for kind in ("folders", "unpaired")]

    act(staff, "start_training", *datasets, start="1", recipe="cyclegan", title="Horses")

    assert {run.dataset for run in Run.objects.all()} == set(datasets)
    assert {run.title for run in Run.objects.all()} == {"Horses"}


def test_what_no_recipe_can_learn_from_is_said_so(staff):
    answer = act(staff, "start_training", factories.make_dataset(kind="pictures", with_files=False))

    assert "No recipe" in said(answer)


def test_a_dataset_that_is_not_ready_is_refused_with_its_name(staff):
    dataset = factories.make_dataset(state="queued", title="Half", with_files=False)

    answer = act(staff, "start_training", dataset, start="1", recipe="pix2pix")

    assert "Half: This dataset is not ready" in said(answer)
    assert not Run.objects.exists()


def test_options_and_seed_are_those_of_the_page_of_the_studio(staff):
    dataset = factories.make_dataset(report={"direction": {"suggested": "BtoA"}})

    page = act(staff, "start_training", dataset).content.decode()
    options = '{"direction": "BtoA", "size": 32, "batch": 1}'
    act(staff, "start_training", dataset, start="1", recipe="pix2pix", seed="7", options=options)

    assert "{&quot;direction&quot;: &quot;BtoA&quot;}" in page
    run = Run.objects.get()
    assert (run.options, run.seed) == ({"direction": "BtoA", "size": 32}, 7)  # a batch of 1 is usual


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ("{", "Enter a valid JSON"),
        ("[1]", "is made from a JSON object"),
        ('{"sise": 32}', "no option sise"),
        ('{"size": "32"}', "size cannot be"),
        ('{"learning_rate": Infinity}', "not JSON compliant"),
        ('{"size": 33}', "Size: The size must be a multiple of"),
        ('{"steps": 5}', "cannot be: steps"),  # they have a field of their own
    ],
)
def test_options_that_make_no_sense_are_asked_for_again(staff, options, sentence):
    answer = act(staff, "start_training", factories.make_dataset(), start="1", recipe="pix2pix", options=options)

    assert answer.status_code == 200 and sentence in answer.content.decode()
    assert not Run.objects.exists()


def test_steps_that_make_no_sense_are_asked_for_again(staff):
    answer = act(staff, "start_training", factories.make_dataset(), start="1", recipe="pix2pix", steps="0")

    assert answer.status_code == 200 and not Run.objects.exists()


@pytest.mark.parametrize(
    ("action", "before", "after"),
    [("pause", "queued", "paused"), ("stop", "queued", "stopped"), ("resume", "paused", "queued")],
)
def test_the_stories_of_a_run_are_actions(staff, action, before, after):
    run = factories.make_run(state=before)

    answer = act(staff, action, run)

    run.refresh_from_db()
    assert run.state == after
    assert "A run" in said(answer)


def test_what_cannot_be_is_said_so(staff):
    assert "Stopped." in said(act(staff, "pause", factories.make_run(state="stopped")))


def test_who_may_only_look_starts_and_stops_nothing():
    user = site_factories.make_user("viewer", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=["view_dataset", "view_run"]))
    viewer = clients.account(user)
    run = factories.make_run()

    act(viewer, "stop", run)
    act(viewer, "start_training", run.dataset, start="1", recipe="pix2pix")

    run.refresh_from_db()
    assert run.state == "queued"
    assert Run.objects.count() == 1


def test_deleting_takes_the_folder_too(staff, django_capture_on_commit_callbacks):
    run = factories.make_run(state="stopped")
    run.folder.mkdir(parents=True)

    with django_capture_on_commit_callbacks(execute=True):
        staff.post(reverse("admin:trainer_run_delete", args=[run.pk]), {"post": "yes"})

    assert not Run.objects.exists() and not run.folder.exists()


def test_a_run_at_work_and_a_dataset_in_use_are_not_deleted(staff):
    run = factories.make_run(state="running")

    answer = staff.post(reverse("admin:trainer_run_delete", args=[run.pk]), {"post": "yes"})
    staff.post(reverse("admin:trainer_dataset_delete", args=[run.dataset_id]), {"post": "yes"})

    assert answer.status_code == 302 and "Stop it first" in said(answer)
    assert Run.objects.exists() and Dataset.objects.exists()


@pytest.mark.parametrize("model", ["dataset", "run", "version"])
def test_the_lists_can_be_looked_at_and_searched(staff, model):
    run = factories.make_run(state="failed", error="There are no pictures.")
    factories.make_version(run)

    page = staff.get(reverse(f"admin:trainer_{model}_changelist"), {"q": "a"}).content.decode()

    assert {"dataset": "Shapes", "run": "There are no pictures.", "version": "cats.1"}[model] in page
