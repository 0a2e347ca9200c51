"""Pictures that were read lately: a hand that slides asks for the same ones again and again."""

from collections import OrderedDict
from collections.abc import Callable, Hashable

import numpy as np


class Memory:
    """So many bytes of them. Those that were asked for longest ago go first, and the last one never."""

    def __init__(self, most_bytes: int):
        self._most_bytes = most_bytes
        self._pictures: OrderedDict[Hashable, np.ndarray] = OrderedDict()

    @property
    def n_bytes(self) -> int:
        return sum(picture.nbytes for picture in self._pictures.values())

    def get(self, key: Hashable, read: Callable[[], np.ndarray]) -> np.ndarray:
        """The picture of that key, read if it is not here."""
        if key not in self._pictures:
            self._pictures[key] = read()
        self._pictures.move_to_end(key)
        while len(self._pictures) > 1 and self.n_bytes > self._most_bytes:
            self._pictures.popitem(last=False)
        return self._pictures[key]

    def forget(self) -> None:
        self._pictures.clear()
