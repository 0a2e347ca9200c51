import json
import os
import re

import pytest
from django.urls import reverse
from PIL import Image

from tests import clients
from tests import factories as people
from tests.trainer import factories
from trainer import curves, growing, history
from trainer.models import Run
from trainer.views import watching

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def nothing_remembered():
    growing.open_history.cache_clear()
    growing.open_validation.cache_clear()


@pytest.fixture
def staff():
    return clients.account(people.make_user(is_staff=True))


@pytest.fixture
def run():
    """At work: sixty steps, two validations, two samples."""
    run = factories.make_run(state="running", steps=120, title="Shapes <b>")
    run.dataset.report = {"counts": {"train": 30, "val": 4}}
    run.dataset.save()
    run.folder.mkdir(parents=True)
    write_lines(run, range(1, 61))
    write_validations(run, {20: 0.3, 40: 0.2})
    for step in (20, 40):
        write_sample(run, step)
    (run.folder / curves.LOG).write_text("step 60 of 120 <script>\n")
    return run


def write_lines(run, steps, *, factor=1.0):
    with history.open_to_append(run.folder / curves.HISTORY) as lines:
        for step in steps:
            history.append(lines, {"step": step, "loss": factor * 100 / step, "l1": 0.5, "seconds": 0.5, "waited": 0.0})


def write_validations(run, values):
    with history.open_to_append(run.folder / curves.VALIDATION) as lines:
        for step, value in values.items():
            history.append(lines, {"step": step, "l1": value, "ssim": 1 - value})
            folder = run.folder / curves.CHECKPOINTS / f"step-{step:07d}"
            folder.mkdir(parents=True, exist_ok=True)
            best = {"step": step, "name": "l1", "value": value}
            (folder / "manifest.json").write_text(json.dumps({"best": best}))


def write_sample(run, step):
    (run.folder / curves.SAMPLES).mkdir(exist_ok=True)
    Image.new("RGB", (4, 4), (step % 256, 0, 0)).save(run.folder / curves.SAMPLES / curves.name_sample(step))


def get_page(client, run):
    response = client.get(reverse("run", args=[run.pk]))
    assert response.status_code == 200
    return re.sub(r"\s+", " ", response.content.decode())


def ask(client, run, **query):
    response = client.get(reverse("run_live", args=[run.pk]), query)
    assert response.status_code == 200
    return response.json()


def read_keys(client, run):
    """What a page that was just opened shows."""
    return ask(client, run)["keys"]


def test_the_page_tells_how_far_a_run_is_and_how_long_it_takes(staff, run):
    page = get_page(staff, run)

    assert "Shapes &lt;b&gt;" in page
    assert "60 <small>of 120" in page
    assert ">2.0 <small>of 4.0" in page  # epochs: 60 steps of one pair each, of 30
    assert "about a minute to go" in page
    assert 'value="50"' in page
    assert "step 40 <small>distance to the original (L1) 0.2" in page


def test_without_scripts_the_page_has_curves_and_the_newest_sample(staff, run):
    page = get_page(staff, run)

    assert page.count('<svg class="plot"') == 3  # losses, l1, ssim
    assert reverse("run_sample", args=[run.pk, "step-0000040.png"]) in page
    assert 'alt="Samples of step 40"' in page
    assert "step 60 of 120 &lt;script&gt;" in page
    assert '<noscript><meta http-equiv="refresh"' in page


def test_the_numbers_for_the_script_cannot_end_it(staff, run):
    (run.folder / curves.HISTORY).write_text('{"step": 1, "</script><b>": 1.0, "seconds": 1.0}\n')

    assert "</script><b>" not in get_page(staff, run)


def test_a_run_that_was_just_queued_has_a_page(staff):
    run = factories.make_run()

    page = get_page(staff, run)

    assert "Curves begin with the first numbers" in page
    assert "The first samples appear here" in page
    assert "Nothing was measured yet" in page
    assert 'data-wait="5"' in page


def test_a_page_that_shows_everything_is_sent_nothing_but_the_state(staff, run):
    answer = ask(staff, run, **read_keys(staff, run))

    assert set(answer) == {"keys", "wait", "status"}
    assert answer["wait"] == watching.SOON
    assert 'data-state="running"' in answer["status"]


def test_new_lines_are_sent_alone(staff, run):
    keys = read_keys(staff, run)
    write_lines(run, [61, 62])

    answer = ask(staff, run, **keys)

    assert answer["more"]["lines"][0]["name"] == "loss"
    assert answer["more"]["lines"][0]["x"] == [61, 62]
    assert "losses" not in answer and "samples" not in answer
    assert "62 <small>of 120" in answer["status"]
    assert set(ask(staff, run, **answer["keys"])) == {"keys", "wait", "status"}


def test_after_a_resumed_run_cut_its_history_back_the_curves_are_sent_anew(staff, run):
    keys = read_keys(staff, run)
    history.cut_back(run.folder / curves.HISTORY, 40)
    write_lines(run, range(41, 71), factor=2)

    answer = ask(staff, run, **keys)

    loss = answer["losses"]["lines"][0]
    assert loss["x"] == list(range(1, 71))
    assert loss["mean"][40] == pytest.approx(200 / 41, rel=1e-4)
    assert "more" not in answer


def test_who_is_far_behind_gets_the_curves_thinned(staff, run):
    keys = read_keys(staff, run)
    write_lines(run, range(61, 2000))

    answer = ask(staff, run, **keys)

    assert len(answer["losses"]["lines"][0]["x"]) <= curves.N_POINTS


def test_a_history_too_long_for_one_look_comes_with_the_next_ones(staff, run, monkeypatch):
    Run.objects.filter(pk=run.pk).update(state="done")
    monkeypatch.setattr(watching, "LOOK_SECONDS", 0)
    monkeypatch.setattr(growing, "CHUNK", 1024)

    first = ask(staff, run)
    second = ask(staff, run, **first["keys"])
    for _ in range(10):
        last = ask(staff, run)

    assert 0 < len(first["losses"]["lines"][0]["x"]) < 60
    assert first["wait"] == watching.SOON
    assert second["more"]["lines"][0]["x"][0] == len(first["losses"]["lines"][0]["x"]) + 1
    assert (last["wait"], len(last["losses"]["lines"][0]["x"])) == (0, 60)


def test_a_new_sample_and_a_new_validation_are_sent(staff, run):
    keys = read_keys(staff, run)
    write_sample(run, 60)
    write_validations(run, {60: 0.1})

    answer = ask(staff, run, **keys)

    assert answer["samples"] == [20, 40, 60]
    assert [chart["key"] for chart in answer["validation"]] == ["l1", "ssim"]
    assert answer["validation"][0]["lines"][0]["mean"] == [0.3, 0.2, 0.1]
    assert answer["validation"][0]["marks"] == [{"x": 60, "words": "best"}]


def test_a_closer_look_has_more_points(staff, run):
    write_lines(run, range(61, 3001))

    whole = ask(staff, run)["losses"]["lines"][0]["x"]
    near = ask(staff, run, first="100", last="200")["lines"][0]["x"]

    assert whole[1] - whole[0] > 1
    assert near == list(range(99, 202))


@pytest.mark.parametrize("query", [{"first": "x", "last": ""}, {"first": "9" * 99, "last": "-1"}, {"place": "١-٢"}])
def test_nonsense_in_an_address_is_no_error(staff, run, query):
    ask(staff, run, **query)


@pytest.mark.parametrize(("state", "wait"), [("queued", 5), ("paused", 15), ("done", 0), ("failed", 0), ("stopped", 0)])
def test_a_page_asks_less_often_when_less_can_come_and_stops_at_the_end(staff, state, wait):
    run = factories.make_run(state=state)

    assert ask(staff, run)["wait"] == wait


def test_why_a_run_failed_and_what_may_help_is_said(staff):
    run = factories.make_run(state="failed", error="Step 7: a loss is no number: {'loss': nan}")

    page = get_page(staff, run)

    assert "a loss is no number" in page
    assert "It came apart" in page


def test_a_loss_that_rises_is_called_as_everywhere_in_korean_too(staff, run):
    with history.open_to_append(run.folder / curves.HISTORY) as lines:
        for step in range(61, 500):
            values = {"loss": 1.0, "cycle": 1.0 if step < 420 else 9.0, "seconds": 0.1, "waited": 0.0}
            history.append(lines, {"step": step} | values)

    page = staff.get(reverse("run", args=[run.pk]), headers={"Accept-Language": "ko"}).content.decode()

    assert "‘순환 손실’ 값이 평소의 9.0배" in page


def test_a_run_that_waits_for_its_pictures_is_told_so(staff, run):
    with history.open_to_append(run.folder / curves.HISTORY) as lines:
        for step in range(61, 120):
            history.append(lines, {"step": step, "loss": 1.0, "seconds": 1.0, "waited": 0.9})

    assert "More “workers”" in ask(staff, run)["status"]


def test_a_sample_is_sent_as_the_picture_it_is_and_kept_by_nobody(staff, run):
    response = staff.get(reverse("run_sample", args=[run.pk, "step-0000020.png"]))

    assert response["Content-Type"] == "image/png"
    assert response["Cache-Control"] == "private, no-store"
    assert b"".join(response.streaming_content) == (run.folder / curves.SAMPLES / "step-0000020.png").read_bytes()


@pytest.mark.parametrize("name", ["step-0000030.png", "options.json", "..", ".step-0000020.png", "step-0000020.PNG"])
def test_nothing_else_is_sent_as_a_sample(staff, run, name):
    (run.folder / curves.SAMPLES / ".step-0000020.png").write_bytes(b"half written")

    assert staff.get(reverse("run_sample", args=[run.pk, "STEP"]).replace("STEP", name)).status_code == 404


def test_the_log_is_plain_text(staff, run):
    response = staff.get(reverse("run_log", args=[run.pk]))

    assert response["Content-Type"] == "text/plain; charset=utf-8"
    assert response.content == b"step 60 of 120 <script>"


def test_an_open_page_costs_few_queries(staff, run, django_assert_max_num_queries):
    keys = read_keys(staff, run)

    with django_assert_max_num_queries(4):  # session, account, run with its dataset
        ask(staff, run, **keys)


def test_pipes_and_links_for_a_history_do_no_harm(staff, run):
    (run.folder / curves.HISTORY).unlink()
    os.mkdir(run.folder / curves.SAMPLES / "step-0000099.png")

    assert staff.get(reverse("run_sample", args=[run.pk, "step-0000099.png"])).status_code == 404
    assert ask(staff, run)["keys"]["place"] == "0-0"
