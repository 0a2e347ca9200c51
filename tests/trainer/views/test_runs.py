import pytest
from django.urls import reverse

from tests import clients
from tests.factories import make_user
from tests.trainer import factories
from trainer.models import Run

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff():
    return clients.account(make_user("teacher", is_staff=True))


def post(client, name, run=None, **data):
    return client.post(reverse(name, kwargs={"id": run.pk} if run else {}), data)


# The list


def test_an_empty_list_says_what_to_do_first(staff):
    assert "Bring a dataset" in staff.get("/studio/runs/").content.decode()

    factories.make_dataset(with_files=False)

    assert "Start the first run" in staff.get("/studio/runs/").content.decode()


def test_the_list_shows_state_recipe_dataset_and_progress(staff):
    run = factories.make_run(title="Cats by night", state="paused")
    run.folder.mkdir(parents=True)
    (run.folder / "history.jsonl").write_text('{"step": 1, "seconds": 0.1}\n{"step": 3, "seconds": 0.1}\n')

    page = staff.get("/studio/runs/").content.decode()

    for words in ("Cats by night", "paused", "pix2pix", "Shapes", "step 3 of 6", "Go on", "Clone", "Delete"):
        assert words in page
    assert f'name="run" value="{run.pk}"' in page
    assert "data-refresh" not in page


def test_a_list_with_work_in_it_keeps_itself_fresh(staff):
    factories.make_run(state="running", wish="stop")
    page = staff.get("/studio/runs/").content.decode()

    assert "data-refresh" in page
    assert "stopping" in page
    assert "Delete for ever" not in page


def test_a_long_list_has_pages(staff):
    dataset = factories.make_dataset(with_files=False)
    for _ in range(21):
        factories.make_run(dataset)

    assert 'rel="next"' in staff.get("/studio/runs/").content.decode()
    assert 'rel="prev"' in staff.get("/studio/runs/?page=2").content.decode()


# A new one


def test_a_run_is_started_from_the_page(staff):
    dataset = factories.make_dataset()

    response = post(
        staff, "run_new", recipe="pix2pix", title="Cats", dataset=dataset.pk, size="32", steps="4", compiled="on"
    )

    run = Run.objects.get()
    assert response.status_code == 302
    assert response["Location"] == f"/studio/runs/{run.pk}/"
    assert (run.options, run.steps, run.owner.username) == ({"size": 32}, 4, "teacher")


def test_a_refused_run_keeps_what_was_written(staff):
    dataset = factories.make_dataset()

    response = post(staff, "run_new", recipe="pix2pix", title="Cats", dataset=dataset.pk, size="3", flip="0.25")

    page = response.content.decode()
    assert response.status_code == 422
    assert "greater than or equal to 16" in page
    assert 'value="0.25"' in page
    assert Run.objects.count() == 0


def test_the_form_has_every_option_and_folds_the_unusual_ones(staff):
    factories.make_dataset()

    page = staff.get("/studio/runs/new/?recipe=pix2pix").content.decode()

    for name in ("size", "beta1", "checkpoint_every", "lambda_l1", "init"):
        assert f'name="{name}"' in page
    assert '<details class="more-options">' in page


def test_a_dataset_in_the_address_is_chosen_and_decides_the_recipe(staff):
    dataset = factories.make_dataset(kind="unpaired", title="Horses and zebras")

    page = staff.get(f"/studio/runs/new/?dataset={dataset.pk}").content.decode()

    assert '<input type="hidden" name="recipe" value="cyclegan">' in page
    assert f'<option value="{dataset.pk}" selected>' in page


@pytest.mark.parametrize("address", ["?recipe=gan", "?recipe=toy"])
def test_a_recipe_that_does_not_exist_is_not_found(staff, address):
    assert staff.get(f"/studio/runs/new/{address}").status_code == 404


def test_nonsense_in_the_address_is_ignored(staff):
    assert staff.get("/studio/runs/new/?dataset=cats").status_code == 200


def test_without_a_fitting_dataset_the_page_says_what_is_missing(staff):
    factories.make_dataset(kind="pictures", with_files=False)

    page = staff.get("/studio/runs/new/?recipe=pix2pix").content.decode()

    assert "No dataset here fits pix2pix yet" in page
    assert '<button class="button button--main">' not in page


# What people want of one


def test_a_waiting_run_is_paused_and_goes_on(staff):
    run = factories.make_run()

    assert post(staff, "run_pause", run)["Location"] == f"/studio/runs/{run.pk}/"
    run.refresh_from_db()
    assert run.state == Run.State.PAUSED

    assert post(staff, "run_resume", run, back="runs")["Location"] == "/studio/runs/"
    run.refresh_from_db()
    assert run.state == Run.State.QUEUED


def test_a_run_at_work_is_asked_to_stop(staff):
    run = factories.make_run(state="running")

    post(staff, "run_stop", run)

    run.refresh_from_db()
    assert (run.state, run.wish) == (Run.State.RUNNING, Run.Wish.STOP)


def test_what_is_over_cannot_be_stopped_and_one_is_told(staff):
    run = factories.make_run(state="done")

    response = staff.post(reverse("run_stop", kwargs={"id": run.pk}), {"back": "runs"}, follow=True)

    assert "no longer possible" in response.content.decode()


def test_more_steps_can_be_given_when_going_on(staff):
    run = factories.make_run(state="done", steps=6)

    post(staff, "run_resume", run, steps="12")

    run.refresh_from_db()
    assert (run.state, run.steps) == (Run.State.QUEUED, 12)


@pytest.mark.parametrize("steps", ["", "many", "-3", "0", "9" * 30, "0" * 9 + "1999" + "9" * 12])
def test_steps_that_make_no_sense_change_nothing(staff, steps):
    run = factories.make_run(state="stopped", steps=6)

    post(staff, "run_resume", run, steps=steps)

    run.refresh_from_db()
    assert run.steps == 6


def test_a_run_that_took_all_its_steps_does_not_go_on(staff):
    run = factories.make_run(state="done", steps=2)
    run.folder.mkdir(parents=True)
    (run.folder / "history.jsonl").write_text('{"step": 1}\n{"step": 2}\n')

    response = staff.post(reverse("run_resume", kwargs={"id": run.pk}), {"back": "runs"}, follow=True)

    assert "has taken all its 2 steps" in response.content.decode()


def test_a_clone_opens_filled_in_and_becomes_a_run(staff):
    run = factories.make_run(title="Cats", state="done")

    page = staff.get(reverse("run_clone", kwargs={"id": run.pk})).content.decode()
    assert 'value="Cats, again"' in page

    options = {name: str(value) for name, value in run.options.items()}
    response = post(
        staff, "run_clone", run, title="Cats II", dataset=run.dataset_id, steps="8", **options | {"size": "24"}
    )

    assert response.status_code == 302
    made = Run.objects.get(title="Cats II")
    assert (made.cloned_from, made.options["size"], made.options["filters"]) == (run, 24, 4)


def test_a_run_is_deleted_with_its_folder(staff, django_capture_on_commit_callbacks):
    run = factories.make_run(state="stopped")
    run.folder.mkdir(parents=True)

    with django_capture_on_commit_callbacks(execute=True):
        response = post(staff, "run_delete", run)

    assert response["Location"] == "/studio/runs/"
    assert not Run.objects.exists()
    assert not run.folder.exists()


def test_a_run_at_work_is_not_deleted(staff):
    run = factories.make_run(state="running")

    response = staff.post(reverse("run_delete", kwargs={"id": run.pk}), follow=True)

    assert "Stop it first" in response.content.decode()
    assert Run.objects.exists()
