"""Lines on disk one by one, and cut back to a step without touching those before."""

from pathlib import Path

import pytest

from trainer import history

FULL_DISK = Path("/dev/full")
LINES = b'{"step": 1,  "loss": 0.50}\n{"step": 2}\n{"step": 3}\n'


def test_a_line_is_there_at_once(tmp_path):
    with history.open_to_append(tmp_path / "lines") as file:
        history.append(file, {"step": 1, "loss": 0.5})

        assert history.read(tmp_path / "lines") == [{"step": 1, "loss": 0.5}]


@pytest.mark.skipif(not FULL_DISK.exists(), reason="Only Linux has a disk that is always full.")
def test_a_full_disk_is_told_in_a_sentence():
    with (
        pytest.raises(OSError, match="^full could not be written: No space left on device.$"),
        history.open_to_append(FULL_DISK) as file,
    ):
        history.append(file, {"step": 1})


def test_a_file_that_is_not_there_has_no_lines(tmp_path):
    assert history.read(tmp_path / "absent") == []
    history.cut_back(tmp_path / "absent", 3)
    assert not (tmp_path / "absent").exists()


@pytest.mark.parametrize("rest", [b"", b'{"step": 4, "lo', b'{"step": 4}', b"[4]\n", b'{"loss": 4}\n'])
def test_lines_until_a_step_stay_byte_for_byte(tmp_path, rest):
    path = tmp_path / "lines"
    path.write_bytes(LINES + rest)

    history.cut_back(path, 3)
    assert path.read_bytes() == LINES

    history.cut_back(path, 1)
    assert path.read_bytes() == b'{"step": 1,  "loss": 0.50}\n'
