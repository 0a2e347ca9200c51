"""How large a picture may be, and how large it becomes."""

from dataclasses import dataclass

from tfapp.decoding import Refusal


@dataclass(frozen=True)
class Budget:
    """What a picture may be, told by its header, before it is decoded."""

    max_pixels: int
    max_side: int
    min_side: int
    max_ratio: float

    def check(self, size: tuple[int, int]) -> None:
        """Raise Refusal when the size is out of limits."""
        short, long = sorted(size)
        if short * long > self.max_pixels:
            raise Refusal("pixels")
        if long > self.max_side:
            raise Refusal("long")
        if short < self.min_side:
            raise Refusal("small")
        if long > self.max_ratio * short:
            raise Refusal("narrow")


def fit(size: tuple[int, int], longest_side: int) -> tuple[int, int]:
    """The size with its longest side limited, its ratio kept; never larger."""
    scale = min(1.0, longest_side / max(size))
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))
