"""Native noise stays away from people; what they should know gets through."""

import os
import threading

from tfapp import chatter


def test_it_keeps_native_chatter_back_and_lets_errors_through(capfd):
    with chatter.hushed():
        os.write(2, b"WARNING: All log messages before absl::InitializeLog() is called are written to STDERR\n")
        os.write(2, b"I0000 00:00:1795209954.177590    1921 port.cc:153] oneDNN custom operations are on.\n")
        os.write(2, b"E0000 00:00:1795209954.177590    1921 cuda.cc:1] The device is lost.\n")
        os.write(2, b"2026-11-20 21:26:09,707 ERROR tfapp.loading: It broke.\n")
    os.write(2, b"I0000 00:00:1 1 later: not our business any more\n")

    said = capfd.readouterr().err.splitlines()

    assert [line[:5] for line in said] == ["E0000", "2026-", "I0000"]


def test_it_gives_standard_error_back_when_loading_fails(capfd):
    try:
        with chatter.hushed():
            raise OSError
    except OSError:
        os.write(2, b"here\n")

    assert capfd.readouterr().err == "here\n"


def test_two_threads_that_load_at_once_leave_standard_error_as_it_was(capfd):
    both = threading.Barrier(2, timeout=10)

    def load() -> None:
        with chatter.hushed():
            both.wait()
            os.write(2, b"I0000 00:00:1 1 noise\n")

    threads = [threading.Thread(target=load) for _ in range(2)]
    before = os.stat(f"/dev/fd/{chatter.STANDARD_ERROR}").st_ino
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert os.stat(f"/dev/fd/{chatter.STANDARD_ERROR}").st_ino == before
