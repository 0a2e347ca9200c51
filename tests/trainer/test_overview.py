import json

import pytest

from tests.trainer import factories
from trainer import overview


def write_history(run, n, seconds=2.0):
    run.folder.mkdir(parents=True)
    lines = [{"step": i, "loss": 1.0, "seconds": seconds, "waited": 0.0} for i in range(1, n + 1)]
    (run.folder / "history.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(5, "about a minute"), (600, "10 minutes"), (7200, "2 hours"), (3 * 86400, "3 days")],
)
def test_a_time_to_go_is_said_roughly(seconds, words):
    assert overview.say_seconds(seconds) == words


@pytest.mark.django_db
def test_a_run_at_work_tells_how_far_it_is_and_how_long_it_takes():
    run = factories.make_run(state="running", steps=1000)
    write_history(run, 100)

    row = overview.of_run(run)

    assert (row.step, row.percent, row.left) == (100, 10, "30 minutes")
    assert (row.can_halt, row.can_resume) == (True, False)


@pytest.mark.django_db
def test_a_run_that_is_asked_to_stop_says_so_and_is_not_asked_again():
    row = overview.of_run(factories.make_run(state="running", wish="pause"))

    assert (row.words, row.can_halt) == ("pausing", False)


@pytest.mark.django_db
def test_a_run_without_a_folder_is_at_its_beginning():
    row = overview.of_run(factories.make_run(state="failed"))

    assert (row.step, row.percent, row.left, row.best) == (0, 0, "", None)
    assert row.can_resume


@pytest.mark.django_db
def test_a_dataset_on_its_way_tells_how_much_has_come():
    dataset = factories.make_dataset(state="coming", n_bytes=200, n_received=50, with_files=False)

    assert overview.of_dataset(dataset).percent == 25
    assert not overview.of_dataset(dataset).has_cover
