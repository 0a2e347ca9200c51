"""Engines are loaded once, and one that cannot be had does not keep the others from work."""

import threading

import pytest

from tests import factories
from tfapp import loading
from tfapp.engines.base import EngineError
from tfapp.models import EngineStatus


@pytest.fixture(autouse=True)
def nothing_loaded(settings, monkeypatch):
    settings.ENGINES = ["echo", "tflite"]
    monkeypatch.setattr(loading, "_loaded", {})
    monkeypatch.setattr(loading, "_failed", {})
    monkeypatch.setattr(loading, "_coming", set())
    monkeypatch.setattr(loading, "_looked_at", set())


def count_loads(monkeypatch, outcome) -> list[str]:
    loads = []

    def load(spec):
        loads.append(spec.name)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    monkeypatch.setattr(loading.engines, "load", load)
    return loads


def test_an_engine_is_loaded_once(monkeypatch):
    loads = count_loads(monkeypatch, object())

    assert loading.get("echo") is loading.get("echo")
    assert loads == ["echo"]


def test_an_engine_that_cannot_be_had_is_not_asked_for_again_at_once(monkeypatch):
    loads = count_loads(monkeypatch, EngineError("No file."))

    for _ in range(2):
        with pytest.raises(EngineError, match="No file"):
            loading.get("tflite")
    assert loads == ["tflite"]

    monkeypatch.setattr(loading, "TRY_AGAIN_SECONDS", 0)
    with pytest.raises(EngineError):
        loading.get("tflite")
    assert len(loads) == 2


def test_an_engine_that_breaks_while_it_loads_is_unavailable_and_nothing_worse(monkeypatch):
    count_loads(monkeypatch, RuntimeError("Segfault averted."))

    loading.preload(["echo", "tflite"])

    with pytest.raises(EngineError) as error:
        loading.get("echo")
    assert error.value.message == loading.BROKEN


def test_an_unknown_engine_in_the_environment_stops_the_program_with_a_sentence():
    with pytest.raises(SystemExit, match="STYLESITE_PRELOAD names 'dali'"):
        loading.preload(["dali"])


@pytest.mark.django_db
def test_the_report_keeps_the_speed_that_was_measured(monkeypatch):
    factories.make_engine_status("echo", is_available=False, reason="Gone.", seconds_per_megapixel=2.5)
    count_loads(monkeypatch, object())

    loading.report()

    status = EngineStatus.objects.get(engine="echo")
    assert (status.is_available, status.reason, status.seconds_per_megapixel) == (True, "", 2.5)


@pytest.mark.django_db
def test_an_engine_that_was_not_to_be_kept_is_only_looked_at(settings, monkeypatch):
    settings.PRELOAD = ["echo"]
    loads = count_loads(monkeypatch, object())

    loading.report()
    loading.report()

    assert set(loading._loaded) == {"echo"}
    assert EngineStatus.objects.get(engine="tflite").is_available
    assert loads == ["echo", "tflite"]


def test_an_engine_that_is_there_does_not_wait_for_one_that_is_loading(monkeypatch):
    is_loading, may_end = threading.Event(), threading.Event()

    def load(spec):
        if spec.name == "tflite":
            is_loading.set()
            may_end.wait(20)
        return spec.name

    monkeypatch.setattr(loading.engines, "load", load)
    loading.get("echo")
    slow = threading.Thread(target=loading.get, args=("tflite",))
    slow.start()
    is_loading.wait(20)
    quick = threading.Thread(target=loading.get, args=("echo",))
    quick.start()

    quick.join(2)
    has_waited = quick.is_alive()
    may_end.set()
    slow.join()

    assert not has_waited
    assert set(loading._loaded) == {"echo", "tflite"}


@pytest.mark.django_db
def test_what_must_be_fetched_comes_after_the_work_has_begun(settings, monkeypatch):
    settings.ENGINES = ["tfhub", "echo"]
    settings.TFHUB_HANDLE = "https://example.org/magenta"
    loads = count_loads(monkeypatch, object())

    loading.preload(settings.ENGINES)
    loading.report(known_only=True)

    assert loads == ["echo"]
    assert loading.coming() == {"tfhub"}
    assert list(EngineStatus.objects.values_list("engine", flat=True)) == ["echo"]

    loading.report()

    assert loads == ["echo", "tfhub"]
    assert loading.coming() == set()
    assert EngineStatus.objects.filter(is_available=True).count() == 2


def test_where_all_must_be_fetched_they_are_waited_for(settings, monkeypatch):
    settings.ENGINES = ["tfhub"]
    settings.TFHUB_HANDLE = "https://example.org/magenta"
    loads = count_loads(monkeypatch, object())

    loading.preload(settings.ENGINES)

    assert loads == ["tfhub"]


@pytest.mark.django_db
@pytest.mark.parametrize("is_alone", [True, False])
def test_a_worker_among_others_does_not_take_back_what_another_has(monkeypatch, is_alone):
    factories.make_engine_status("tflite", is_available=True)
    count_loads(monkeypatch, EngineError("No file."))

    loading.report(is_alone=is_alone)

    assert loading.missing() == {"echo", "tflite"}
    assert EngineStatus.objects.get(engine="tflite").is_available is not is_alone
