"""What was read lately is at hand, up to so many bytes."""

import numpy as np

from tfapp.proofs.memory import Memory


def zeros(n_bytes: int) -> np.ndarray:
    return np.zeros(n_bytes, "uint8")


def test_a_picture_is_read_once():
    memory = Memory(100)
    first = memory.get("a", lambda: zeros(10))

    assert memory.get("a", lambda: zeros(20)) is first


def test_those_asked_for_longest_ago_go_first():
    memory = Memory(100)
    kept = memory.get("a", lambda: zeros(40))
    memory.get("b", lambda: zeros(40))
    memory.get("a", lambda: zeros(1))

    memory.get("c", lambda: zeros(60))

    assert memory.n_bytes == 100
    assert memory.get("a", lambda: zeros(1)) is kept


def test_one_that_is_larger_than_the_memory_is_there_alone():
    memory = Memory(100)
    memory.get("a", lambda: zeros(40))

    assert memory.get("b", lambda: zeros(200)).nbytes == 200
    assert memory.n_bytes == 200
