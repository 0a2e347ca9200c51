"""What several tests of the worker need. Read before Django is ready: so imports stand inside."""

import pytest

from stylesite.lifecycle import stopping


@pytest.fixture
def choir(monkeypatch):
    """Put a choir in the place of the engine `echo`; it is returned."""
    from tests.tfapp.choirs import Choir
    from tfapp import loading

    def use(behave=lambda inputs, progress: None) -> Choir:
        engine = Choir(behave)
        monkeypatch.setitem(loading._loaded, "echo", engine)
        return engine

    return use


@pytest.fixture
def quick_looks(monkeypatch):
    """A watch looks at its row twenty times a second; and whoever was asked to stop in a test is not any more."""
    from tfapp import watching

    monkeypatch.setattr(watching, "LOOK_SECONDS", 0.05)
    yield
    stopping.forget()
