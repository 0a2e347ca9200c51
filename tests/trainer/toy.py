"""The smallest recipe: a line through noise. For tests of the loop, the checkpoints and the command."""

from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
from PIL import Image

from trainer import gradients
from trainer.recipes import configs


@dataclass(frozen=True)
class Config(configs.LoopOptions):
    learning_rate: float = 0.1
    width: int = 3
    steps: int = 6
    checkpoint_every: int = 2
    sample_every: int = 2
    validate_every: int = 3


def build(config: Config, data: Path, *, steps: int, seed: int) -> "Toy":
    return Toy(config, seed, config.width)


def describe(config: Config) -> dict:
    return {"recipe": "toy", "parameters": {"line": 4, "total": 4}}


class Toy:
    name = "toy"
    averaged = ("line",)
    average_decay = 0.9
    best_by = "distance"

    def __init__(self, config: Config, seed: int, width: int = 3):
        self.seed, self.width = seed, width
        self.networks = {"line": keras.Sequential([keras.Input((width,)), keras.layers.Dense(1)])}
        self.variables = self.networks["line"].trainable_variables
        adam = keras.optimizers.Adam(config.learning_rate, global_clipnorm=2.0)
        self.optimizers = {"adam": gradients.build_optimizer(adam, self.variables)}
        zeros = np.zeros(width, "float32")  # what no network holds
        self.pool = keras.Variable(zeros, trainable=False, aggregation="only_first_replica")

    def make_batch(self, step: int) -> dict[str, np.ndarray]:
        return {"x": np.random.default_rng((self.seed, step)).normal(size=(4, self.width)).astype("float32")}

    def take_step(self, batch: dict) -> dict:
        adam = self.optimizers["adam"]

        def measure():
            line = keras.ops.cast(self.networks["line"](batch["x"] + 0.01 * self.pool), "float32")
            loss = keras.ops.mean(keras.ops.square(line - 1))
            return gradients.scale_loss(adam, loss), {"loss": loss}

        (_, losses), slopes = gradients.value_and_gradients(measure, self.variables)
        gradients.apply(adam, slopes, self.variables)
        self.pool.assign(batch["x"][0])

        return losses

    def validate(self, networks: dict) -> dict[str, float]:
        answer = gradients.as_array(networks["line"](np.ones((1, self.width))))
        return {"distance": float(np.abs(answer.astype("float32") - 1).mean())}

    def describe(self) -> dict:
        return describe(Config())

    def save_samples(self, path: Path, networks: dict) -> None:
        Image.new("RGB", (4, 4)).save(path)

    def extra_state(self) -> dict[str, np.ndarray]:
        return {"pool": gradients.as_array(self.pool)}

    def restore_extra(self, arrays: dict[str, np.ndarray]) -> None:
        self.pool.assign(arrays["pool"])
