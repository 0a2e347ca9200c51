"""Wishes for tests, and somebody who answers them without painting."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tfapp.proofs import Proof, Wish

PROOF = Proof(picture=b"picture\nof two lines", seconds=0.03)


def make_wish(**kwargs: Any) -> Wish:
    return Wish(**({"person": "somebody", "photo": "photo", "side": 64, "engine": "echo"} | kwargs))


@contextmanager
def answering(counter, proof: Proof = PROOF) -> Iterator[list[Wish]]:
    """A worker's thread that gives everybody the same proof; the wishes it heard."""
    heard: list[Wish] = []
    is_over = threading.Event()

    def run() -> None:
        while not is_over.is_set():
            if wish := counter.take(0.1):
                heard.append(wish)
                counter.answer(wish, proof)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield heard
    finally:
        is_over.set()
        thread.join()
