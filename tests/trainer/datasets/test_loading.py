"""Batches ahead of the step: in order, the same for any number of workers, and measured."""

import threading
import time

import pytest

from trainer.datasets.loading import Loader


def make_batch(step):
    time.sleep(0.002 * (step % 3))  # later steps are often ready first
    return step, step**2


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_batches_come_in_order_whatever_the_number_of_workers(workers):
    with Loader(make_batch, first=4, last=30, workers=workers) as batches:
        assert list(batches) == [(step, step**2) for step in range(4, 31)]


def test_batches_are_made_ahead_and_not_too_many():
    asked = []
    with Loader(lambda step: asked.append(step), first=1, last=100, workers=1, ahead=3) as batches:
        next(batches)
        time.sleep(0.2)

        assert asked == [1, 2, 3, 4]


def test_waiting_is_measured():
    go = threading.Event()
    with Loader(lambda step: go.wait(5), first=1, last=2, workers=2) as batches:
        threading.Timer(0.2, go.set).start()
        next(batches)
        waited = batches.waited_s
        next(batches)

        assert 0.1 < waited < 5
        assert batches.waited_s - waited < 0.1


def test_what_went_wrong_is_raised_when_its_turn_comes():
    def fail_at_three(step):
        if step == 3:
            raise ValueError("the third is broken")
        return step

    with Loader(fail_at_three, first=1, last=5) as batches:
        assert [next(batches), next(batches)] == [1, 2]
        with pytest.raises(ValueError, match="the third"):
            next(batches)


def test_threads_end_with_it():
    before = threading.active_count()
    with Loader(make_batch, first=1, last=1000, workers=3) as batches:
        next(batches)

    assert threading.active_count() == before


@pytest.mark.parametrize("values", [{"workers": 0}, {"ahead": 0}])
def test_options_without_sense_are_refused(values):
    with pytest.raises(ValueError, match="at least one"):
        Loader(make_batch, first=1, last=2, **values)
