import re

import pytest
from django.urls import reverse
from django.utils import translation
from PIL import Image

from tests import clients
from tests import factories as people
from tests.trainer import factories
from tests.trainer.views.test_watching import write_lines, write_sample, write_validations
from trainer import growing
from trainer.models import Probe

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def nothing_remembered():
    growing.open_history.cache_clear()
    growing.open_validation.cache_clear()


@pytest.fixture
def staff():
    return clients.account(people.make_user(is_staff=True))


def make_run(title, *, best, n=40, **options):
    run = factories.make_run(state="stopped", title=title, options=factories.TINY | options)
    run.folder.mkdir(parents=True)
    write_lines(run, range(1, n + 1))
    write_validations(run, {n // 2: best + 0.1, n: best})
    write_sample(run, n)
    return run


def compare(client, *runs, **query):
    response = client.get(reverse("runs_compare"), {"run": [run.pk for run in runs]} | query)
    assert response.status_code == 200
    return response.context, re.sub(r"\s+", " ", response.content.decode())


def test_runs_are_seen_side_by_side(staff):
    first, second = make_run("Few", best=0.3), make_run("Many", best=0.2, filters=8)

    context, page = compare(staff, first, second)

    assert [line.mean for line in context["chart"].lines] == [[0.4, 0.3], [pytest.approx(0.3), 0.2]]
    assert context["chart"].titles == ["Few", "Many"]
    assert context["options"] == [("Filters", ["4", "8"])]
    assert "Samples of Few at step 40" in page


def test_options_are_told_in_the_readers_language(staff):
    first, second = make_run("Few", best=0.3), factories.make_run(recipe="adain", options={"teachers": "/vgg"})

    with translation.override("ko"):
        response = staff.get(reverse("runs_compare"), {"run": [first.pk, second.pk]}, headers={"Accept-Language": "ko"})

    names = [name for name, _values in response.context["options"]]
    assert not [name for name in names if name.isascii()]
    assert "학습률" in names


def test_a_long_run_is_not_read_whole_and_the_page_says_so(staff, monkeypatch):
    monkeypatch.setattr(growing.skim, "__defaults__", (10, 500))
    run = make_run("Long", best=0.3, n=2000)

    context, page = compare(staff, run, make_run("Short", best=0.2))

    assert len(context["sides"][0].columns) < 100
    assert "Of long runs some steps everywhere are drawn" in page


def test_the_best_of_each_measure_is_told_whether_low_or_high(staff):
    context, _ = compare(staff, make_run("Few", best=0.3), make_run("Many", best=0.2))

    best = {name: [cell["is_best"] for cell in cells] for name, cells in context["results"]}

    assert best == {"distance to the original (L1)": [False, True], "likeness (SSIM)": [False, True]}


@pytest.mark.parametrize(
    ("by", "end", "title"), [("step", 40, "Step"), ("pictures", 160, "Pictures seen"), ("time", 20 / 60, "Minutes")]
)
def test_curves_are_drawn_by_steps_by_pictures_or_by_time(staff, by, end, title):
    run = make_run("One", best=0.3, batch=4)

    for measure in ("loss", "validation.l1"):
        chart = compare(staff, run, make_run("Other", best=0.1), measure=measure, by=by)[0]["chart"]

        assert chart.lines[0].x[-1] == pytest.approx(end, rel=1e-3)
        assert chart.x_title == title


def test_runs_of_different_recipes_have_gaps_where_they_share_no_measure(staff):
    first, second = make_run("Few", best=0.3), factories.make_run(recipe="cyclegan", options={})

    context, page = compare(staff, first, second, measure="l1")

    assert context["chart"].lines[1].x == []
    assert "No samples yet." in page


def test_probes_of_all_runs_are_shown_as_each_run_paints_them(staff):
    first, second = make_run("Few", best=0.3), make_run("Many", best=0.2)
    shared = Probe.objects.create(label="A cat")
    Probe.objects.create(label="A dog of one run", run=first)
    painted = first.folder / "painted" / "step-0000040" / f"{shared.pk}.png"
    painted.parent.mkdir(parents=True)
    Image.new("RGB", (4, 4)).save(painted)

    context, page = compare(staff, first, second)

    assert [(probe, [bool(each["row"]) for each in cells]) for probe, cells in context["probes"]] == [
        (shared, [True, False])
    ]
    assert "A cat, painted by Few" in page
    assert "not painted" in page
    assert "A dog" not in page


def test_what_is_no_run_is_left_out_and_seven_are_too_many(staff):
    runs = [make_run(str(i), best=0.1) for i in range(7)]

    context, _ = compare(staff, *runs)
    assert len(context["sides"]) == 6

    query = {"run": [str(runs[0].pk), str(runs[0].pk), "nonsense", "0" * 32], "measure": "x", "by": "y"}
    response = staff.get(reverse("runs_compare"), query)
    assert [side.run for side in response.context["sides"]] == [runs[0]]
    assert response.context["by"] == "step"


def test_with_no_run_there_are_some_to_choose(staff):
    make_run("Few", best=0.3)

    _, page = compare(staff)

    assert "Choose two to six runs" in page
    assert "Few" in page
