"""Batches made ahead of the training step, on several threads; the same batches whatever their number.

Threads are enough: decoding, resizing and filtering let go of Python's lock.
"""

import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Generic, TypeVar

Batch = TypeVar("Batch")


class Loader(Generic[Batch]):
    """Batches of steps `first` to `last`, in order; `make_batch(step)` must depend on its step alone.

    What `make_batch` raises is raised when its turn comes. Use it in a `with` statement: threads end with it.
    """

    def __init__(self, make_batch: Callable[[int], Batch], *, first: int, last: int, workers: int = 2, ahead: int = 4):
        if workers < 1 or ahead < 1:
            raise ValueError(f"A loader needs at least one worker and one batch ahead, not {workers} and {ahead}.")
        self.waited_s = 0.0  # that the training step had to wait for batches, in all
        self._make_batch, self._last, self._ahead = make_batch, last, ahead
        self._next = first
        self._coming: deque[Future] = deque()
        self._pool = ThreadPoolExecutor(workers, "batches")

    def __enter__(self) -> "Loader[Batch]":
        return self

    def __exit__(self, *_) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)

    def __iter__(self) -> Iterator[Batch]:
        return self

    def __next__(self) -> Batch:
        self._ask()
        if not self._coming:
            raise StopIteration
        started = time.perf_counter()
        batch = self._coming.popleft().result()
        self.waited_s += time.perf_counter() - started
        self._ask()
        return batch

    def _ask(self):
        while len(self._coming) < self._ahead and self._next <= self._last:
            self._coming.append(self._pool.submit(self._make_batch, self._next))
            self._next += 1
