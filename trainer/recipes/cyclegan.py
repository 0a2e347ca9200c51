"""Unpaired image translation. Zhu et al. 2017, arXiv:1703.10593.

One step: two generators turn pictures of each side into the other's and back again, and learn from the way they
come back and from two discriminators; then the discriminators learn to tell made pictures from real ones.
"""

from pathlib import Path

import keras
import numpy as np
from keras import ops
from PIL import Image

from trainer import gradients, metrics
from trainer.datasets import pictures, unpaired
from trainer.networks import adversarial, generators, patchgan, pixels
from trainer.networks.architectures import PatchGANArchitecture
from trainer.recipes import optimizers, pools
from trainer.recipes.configs import CycleGANConfig as Config

GENERATORS = ("generator_ab", "generator_ba")
DISCRIMINATORS = ("discriminator_a", "discriminator_b")
N_SAMPLES = 4  # of each side


def build(config: Config, data: Path, *, steps: int, seed: int) -> "CycleGAN":
    """The recipe with its networks and data, ready to train."""
    return CycleGAN(config, Path(data), steps=steps, seed=seed)


def describe(config: Config) -> dict:
    """Parameters of each network, without data."""
    counts = {name: network.count_params() for name, network in _build_networks(config).items()}
    return {"recipe": "cyclegan", "parameters": counts | {"total": sum(counts.values())}}


class CycleGAN:
    """See `trainer.training.Recipe`. A and B are the two sides; `generator_ab` makes B of A."""

    name = "cyclegan"
    averaged = GENERATORS
    best_by = Config.BEST_BY

    def __init__(self, config: Config, data: Path, *, steps: int, seed: int):
        self.config, self.data, self.seed = config, data, seed
        self.average_decay = config.average_decay
        generators.check_size(config.architecture, config.size)
        patchgan.check_size(_discriminator_architecture(config), config.size)
        self.networks = _build_networks(config)
        self.variables = {
            kind: [w for name in names for w in self.networks[name].trainable_variables]
            for kind, names in (("generators", GENERATORS), ("discriminators", DISCRIMINATORS))
        }
        self.optimizers = {
            f"{kind}_adam": optimizers.build_adversary(config, steps, variables)
            for kind, variables in self.variables.items()
        }
        self.pools = {side: pools.PicturePool(config.pool, config.size) for side in "ab"}
        self.crops = pictures.Crops(config.size, smallest=config.smallest)
        self.a, self.b = self._open("train")
        self.kept_out = self._open("val") if unpaired.find_split(self.data, "val") else None
        self._fixed = None

    def make_batch(self, step: int) -> dict[str, np.ndarray]:
        rng, count = np.random.default_rng((self.seed, step)), self.config.batch
        batch = {side: getattr(self, side).crop_batch(rng, count, self.crops) for side in "ab"}
        for side, pool in self.pools.items():
            drawn = pool.draw(rng, (step - 1) * count, count)
            batch |= {f"{name}_{side}": array for name, array in drawn.items()}
        return batch

    def take_step(self, batch: dict) -> dict:
        a, b = pixels.to_signed(batch["a"]), pixels.to_signed(batch["b"])

        made_a, made_b, losses = self._update_generators(a, b)
        shown_a, shown_b = (
            self.pools[side].exchange(made, {name: batch[f"{name}_{side}"] for name in pools.DRAWN})
            for side, made in (("a", made_a), ("b", made_b))
        )

        return losses | self._update_discriminators((a, shown_a), (b, shown_b))

    def extra_state(self) -> dict[str, np.ndarray]:
        made = {f"pool_{side}": pool.as_array() for side, pool in self.pools.items()}
        return made | {"batch": np.array(self.config.batch)}

    def restore_extra(self, arrays: dict[str, np.ndarray]) -> None:
        batch = int(arrays.get("batch", self.config.batch))
        if self.config.pool and batch != self.config.batch:
            raise ValueError(
                f"The pool was filled by steps of {batch} pictures; with a pool, batch stays {batch}, "
                f"not {self.config.batch}."
            )
        for side, pool in self.pools.items():
            pool.restore(arrays[f"pool_{side}"])

    def validate(self, networks: dict[str, keras.Model]) -> dict[str, float]:
        """How far made pictures are from the kind they should be, and pictures from what comes back; {} without val."""
        if self.kept_out is None:
            return {}
        a, b = self._load_fixed()
        if min(len(a), len(b)) < 2:
            return {}  # no collection
        made_b, made_a = _paint(networks["generator_ab"], a), _paint(networks["generator_ba"], b)
        back_a, back_b = _paint(networks["generator_ba"], made_b), _paint(networks["generator_ab"], made_a)
        distances = {"kid_ab": metrics.measure_kid(made_b, b), "kid_ba": metrics.measure_kid(made_a, a)}
        cycle = (metrics.measure_l1(back_a, a) + metrics.measure_l1(back_b, b)) / 2
        diversity = min(metrics.measure_diversity(made_b, b), metrics.measure_diversity(made_a, a))
        return {"kid": sum(distances.values()) / 2} | distances | {"cycle": cycle, "diversity": diversity}

    def describe(self) -> dict:
        config = self.config
        return describe(config) | {
            "architecture": config.architecture,
            "sizes": {"trained_at": config.size, "multiple": generators.multiple_of(config.architecture)},
            "normalisation": {"condition": "-1..1", "picture": "-1..1"},
            "direction": config.direction,
        }

    def save_samples(self, path: Path, networks: dict[str, keras.Model]) -> None:
        """Rows of picture, made picture, way back, of each side; kept-out pictures where there are any."""
        columns = []
        for side, there, back in zip(self._load_fixed(), GENERATORS, reversed(GENERATORS), strict=True):
            picture = side[:N_SAMPLES]
            made = _paint(networks[there], picture)
            row = np.concatenate([picture, made, _paint(networks[back], made)], axis=2)
            columns.append(np.concatenate(list(row)))
        height = min(len(column) for column in columns)
        whole = np.concatenate([column[:height] for column in columns], axis=1)
        Image.fromarray(pixels.to_bytes(whole)).save(path)

    def _update_generators(self, a, b):
        config, optimizer, variables = self.config, self.optimizers["generators_adam"], self.variables["generators"]
        ab, ba = (self.networks[name] for name in GENERATORS)
        judge_a, judge_b = (self.networks[name] for name in DISCRIMINATORS)

        def measure():
            made_b, same_b = _run_both(ab, a, b) if config.lambda_identity else (ab(a, training=True), None)
            made_a, same_a = _run_both(ba, b, a) if config.lambda_identity else (ba(b, training=True), None)
            back_a, back_b = ba(made_b, training=True), ab(made_a, training=True)
            losses = {
                "adversarial_ab": adversarial.measure_generator(judge_b(made_b, training=True), config.gan_loss),
                "adversarial_ba": adversarial.measure_generator(judge_a(made_a, training=True), config.gan_loss),
                "cycle_a": adversarial.measure_distance(back_a, a),
                "cycle_b": adversarial.measure_distance(back_b, b),
            }
            loss = losses["adversarial_ab"] + losses["adversarial_ba"]
            loss = loss + config.lambda_cycle * (losses["cycle_a"] + losses["cycle_b"])
            if config.lambda_identity:
                losses["identity_a"] = adversarial.measure_distance(same_a, a)
                losses["identity_b"] = adversarial.measure_distance(same_b, b)
                identity = losses["identity_a"] + losses["identity_b"]
                loss = loss + config.lambda_cycle * config.lambda_identity * identity
            return gradients.scale_loss(optimizer, loss), (made_a, made_b, {"loss": loss} | losses)

        (_, made), slopes = gradients.value_and_gradients(measure, variables)
        gradients.apply(optimizer, slopes, variables)

        return made

    def _update_discriminators(self, *sides):
        optimizer, variables = self.optimizers["discriminators_adam"], self.variables["discriminators"]

        def measure():
            losses = {}
            for name, (real, made) in zip(DISCRIMINATORS, sides, strict=True):
                scores = _run_both(self.networks[name], real, made)
                losses[name] = adversarial.measure_discriminator(*scores, self.config.gan_loss)
            return gradients.scale_loss(optimizer, sum(losses.values())), losses

        (_, losses), slopes = gradients.value_and_gradients(measure, variables)
        gradients.apply(optimizer, slopes, variables)

        return losses

    def _open(self, split):
        sides = unpaired.open_unpaired(self.data, split)
        return sides if self.config.direction == "AtoB" else tuple(reversed(sides))

    def _load_fixed(self):
        """float32 pictures of both sides in 0..1."""
        if self._fixed is None:
            count, size = self.config.validation_pictures, self.config.size
            sides = self.kept_out or (self.a, self.b)
            self._fixed = tuple(side.fixed(count, size) / np.float32(255) for side in sides)
        return self._fixed


def _run_both(network, first, second):
    """A network's answers for two batches. One pass is quicker than two; each picture is normalised alone."""
    return ops.split(network(ops.concatenate([first, second], axis=0), training=True), 2)


def _paint(network, pictures):
    """float32 pictures in 0..1 to others, one at a time: a large batch would need memory that training has."""
    painted = [gradients.as_array(network(2 * picture[None] - 1, training=False)) for picture in pictures]
    return np.concatenate(painted) / 2 + np.float32(0.5)


def _build_networks(config):
    networks = {name: generators.build(config.architecture, name=name) for name in GENERATORS}
    architecture = _discriminator_architecture(config)
    return networks | {name: patchgan.build_discriminator(architecture, name=name) for name in DISCRIMINATORS}


def _discriminator_architecture(config):
    return PatchGANArchitecture(config.discriminator_filters, config.discriminator_layers, in_channels=3)
