"""How long a picture will take, as its owner is told."""

from datetime import timedelta

import pytest
from django.utils import timezone

from tests import factories
from tfapp import engines

pytestmark = pytest.mark.django_db


def by(worker: str) -> dict:
    return {"state": "running", "lease_owner": worker}


def test_the_estimate_is_unknown_until_something_was_measured():
    assert factories.make_job(with_files=False).eta_seconds() is None


def test_the_estimate_counts_the_jobs_before_and_the_workers():
    factories.make_engine_status(seconds_per_megapixel=4.0)
    now = timezone.now()
    size = {"size": 1000}  # about 0.75 megapixels: 3 seconds
    running = factories.make_job(state="running", parameters=size, progress=0.5, with_files=False)
    factories.make_job(parameters=size, with_files=False, created_at=now - timedelta(minutes=2))
    job = factories.make_job(parameters=size, with_files=False)

    assert running.eta_seconds() == pytest.approx(1.5)
    assert job.eta_seconds() == pytest.approx(1.5 + 3 + 3)

    factories.make_worker("a")
    factories.make_worker("b")
    assert job.eta_seconds() == pytest.approx((1.5 + 3) / 2 + 3)


def test_each_of_a_batch_waits_for_all_of_it():
    factories.make_engine_status(seconds_per_megapixel=4.0)
    size = {"parameters": {"size": 1000}, "with_files": False}
    batch = [factories.make_job(progress=0.5, **size, **by("a")) for _ in range(3)]
    factories.make_job(**size, **by("b"))

    assert [job.eta_seconds() for job in batch] == [pytest.approx(3 * 1.5)] * 3


def test_a_drawing_takes_as_long_whatever_its_size():
    factories.make_engine_status("emoji", seconds_per_megapixel=10.0)
    small, large = (
        factories.make_job(
            kind="sketch", engine="emoji", parameters={"size": size}, with_files=False, **by(f"of {size}")
        )
        for size in (128, 512)
    )

    assert small.eta_seconds() == large.eta_seconds() == pytest.approx(10 * 512**2 / 1e6)


def test_twice_the_steps_take_twice_as_long():
    factories.make_engine_status("gatys", seconds_per_megapixel=10.0)
    usual, twice = (
        factories.make_job(engine="gatys", parameters={"size": 1000, **steps}, with_files=False, **by(f"of {steps}"))
        for steps in ({}, {"steps": 600})
    )

    assert (usual.eta_seconds(), twice.eta_seconds()) == (pytest.approx(7.5), pytest.approx(15))


@pytest.mark.parametrize("engine", ["adain", "meadow.1"])
def test_a_second_look_takes_as_long_at_every_size(engine):
    factories.make_engine_status(engine, seconds_per_megapixel=0.25)
    extra = engines.SECOND_LOOK.extra
    for size in (400, 4000):
        once, twice = (
            factories.make_job(
                engine=engine,
                parameters={"size": size, "second_look": look},
                with_files=False,
                **by(f"{size} {look}"),
            ).eta_seconds()
            for look in (False, True)
        )
        assert twice - once == pytest.approx(0.25 * extra)


def test_a_second_look_is_taken_at_every_region():
    one, three = (engines.measure_work("adain", {"second_look": True, "weights": [[1, 0]] * n}, 1.0) for n in (1, 3))

    assert three - one == 2 * engines.SECOND_LOOK.extra
    assert engines.measure_work("adain", {"weights": [[1, 0]] * 3}, 1.0) == 1
