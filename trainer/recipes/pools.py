"""A pool of pictures made before, so that a discriminator remembers. Shrivastava et al. 2017, arXiv:1612.07828."""

import keras
import numpy as np
from keras import ops

from trainer import gradients
from trainer.networks import pixels

DRAWN = ("place", "is_kept", "is_old")


class PicturePool:
    """Up to `capacity` made pictures, kept as bytes like real ones; capacity 0 keeps none.

    What happens to which picture is drawn outside the compiled step, by a random generator of (seed, step).
    """

    def __init__(self, capacity: int, size: int):
        if capacity and gradients.n_devices() > 1:
            raise ValueError("A pool of pictures is for one device: on several, set pool to 0.")
        self.capacity = capacity
        start = np.zeros((capacity, size, size, 3), "uint8")
        self.pictures = keras.Variable(start, dtype="uint8", trainable=False, name="pool")

    def draw(self, rng: np.random.Generator, n_seen: int, count: int) -> dict[str, np.ndarray]:
        """For `count` pictures after the first `n_seen`: their places, whether to keep each, whether to show the old.

        While the pool is not full every picture is kept and shown; then half of them change places with an old one.
        """
        places = rng.integers(max(1, self.capacity), size=count)
        is_old = rng.random(count) < 0.5
        number = n_seen + np.arange(count)
        is_filling = number < self.capacity
        is_old &= ~is_filling & (self.capacity > 0)
        return {
            "place": np.where(is_filling, number, places).astype("int32"),
            "is_kept": is_filling | is_old,
            "is_old": is_old,
        }

    def exchange(self, made, drawn: dict):
        """Keep made pictures (n, s, s, 3) in -1..1 as `draw` said; what the discriminator is shown in their stead."""
        if not self.capacity:
            return made
        held, shown = ops.convert_to_tensor(self.pictures), []
        for i in range(made.shape[0]):
            place = drawn["place"][i]
            old = pixels.to_signed(ops.take(held, place, axis=0))
            shown.append(ops.where(drawn["is_old"][i], old, made[i]))
            is_here = ops.logical_and(drawn["is_kept"][i], ops.equal(ops.arange(self.capacity), place))
            held = ops.where(is_here[:, None, None, None], pixels.signed_to_bytes(made[i]), held)
        self.pictures.assign(held)
        return ops.stack(shown)

    def as_array(self) -> np.ndarray:
        """uint8 (capacity, size, size, 3)."""
        return gradients.as_array(self.pictures)

    def restore(self, array: np.ndarray) -> None:
        """The inverse of `as_array`. Raises ValueError for another capacity or size."""
        if array.shape != tuple(self.pictures.shape):
            raise ValueError(f"The pool is {tuple(self.pictures.shape)}, that of the checkpoint {array.shape}.")
        self.pictures.assign(array)
