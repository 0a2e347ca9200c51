"""What is fetched from elsewhere: once at a time, waited for so long, and found by who comes again."""

import threading

import pytest

from tfapp.engines import fetching


def test_what_comes_in_time_is_given():
    assert fetching.wait_for("a network", lambda: "its folder", seconds=10) == "its folder"


def test_what_comes_later_is_found_by_the_next():
    is_there, n_started = threading.Event(), []

    def fetch():
        n_started.append(1)
        is_there.wait()
        return "its folder"

    for _ in range(3):
        with pytest.raises(fetching.TooSlow):
            fetching.wait_for("a slow one", fetch, seconds=0.05)
    is_there.set()

    assert fetching.wait_for("a slow one", fetch, seconds=10) == "its folder"
    assert len(n_started) == 1


def test_what_fails_is_begun_anew():
    def fail():
        raise OSError("no such address")

    with pytest.raises(OSError, match="no such address"):
        fetching.wait_for("a missing one", fail, seconds=10)

    assert fetching.wait_for("a missing one", lambda: "its folder", seconds=10) == "its folder"
