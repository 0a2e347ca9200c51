"""Which device a worker is given, as far as a machine without one can show."""

import pytest

from stylesite import lifecycle


@pytest.mark.parametrize(
    ("device", "visible"), [("0", "0"), ("1", "1"), ("gpu:1", "1"), ("CUDA:2", "2"), ("cpu", "-1")]
)
def test_a_worker_sees_its_own_device_alone(settings, device, visible):
    settings.DEVICE = device

    assert lifecycle.worker_environment()["CUDA_VISIBLE_DEVICES"] == visible


def test_without_a_device_nothing_is_hidden(settings, monkeypatch):
    settings.DEVICE = ""
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)

    assert "CUDA_VISIBLE_DEVICES" not in lifecycle.worker_environment()


def test_a_gpus_memory_grows_as_needed():
    assert lifecycle.worker_environment()["TF_FORCE_GPU_ALLOW_GROWTH"] == "true"
