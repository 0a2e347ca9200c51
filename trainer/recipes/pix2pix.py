"""Image-to-image translation from pairs. Isola et al. 2017, arXiv:1611.07004.

One step: the generator draws a picture for a condition; the discriminator learns to tell it from the real one,
given the condition; then the generator learns from the discriminator and from the distance to the real picture.
"""

from pathlib import Path

import keras
import numpy as np
from keras import ops
from PIL import Image

from trainer import gradients, metrics
from trainer.datasets import pairs, pictures
from trainer.networks import adversarial, generators, patchgan, pixels
from trainer.networks.architectures import PatchGANArchitecture
from trainer.recipes import optimizers
from trainer.recipes.configs import Pix2PixConfig as Config

N_SAMPLES = 8
HINT_CELLS = 8  # a colour hint has this many cells a side: enough for "red above, blue below"
NO_HINT = 255  # white paper


def build(config: Config, data: Path, *, steps: int, seed: int) -> "Pix2Pix":
    """The recipe with its networks and data, ready to train."""
    return Pix2Pix(config, Path(data), steps=steps, seed=seed)


def describe(config: Config) -> dict:
    """Parameters of each network, without data."""
    counts = {name: network.count_params() for name, network in _build_networks(config).items()}
    return {"recipe": "pix2pix", "parameters": counts | {"total": sum(counts.values())}}


class Pix2Pix:
    """See `trainer.training.Recipe`."""

    name = "pix2pix"
    averaged = ("generator",)
    best_by = Config.BEST_BY

    def __init__(self, config: Config, data: Path, *, steps: int, seed: int):
        generators.check_size(config.architecture, config.size)
        if config.lambda_gan:
            patchgan.check_size(_discriminator_architecture(config), config.size)
        self.config, self.seed = config, seed
        self.average_decay = config.average_decay
        self.networks = _build_networks(config)
        self.optimizers = {
            f"{name}_adam": optimizers.build_adversary(config, steps, network.trainable_variables)
            for name, network in self.networks.items()
        }
        self.crops = pairs.PairCrops(config.size, config.enlarge, config.flip, config.hand_drawn)
        self.pairs, self.kept_out = _open_pairs(config, data)
        self._fixed = None

    def make_batch(self, step: int) -> dict[str, np.ndarray]:
        rng = np.random.default_rng((self.seed, step))
        conditions, targets = self.pairs.batch(rng, self.config.batch, self.crops)
        if self.config.hint:
            is_given = rng.random(len(targets)) < self.config.hint
            conditions = add_hints(conditions, targets, is_given)
        return {"condition": conditions, "picture": targets}

    def take_step(self, batch: dict) -> dict:
        condition, picture = self._read_condition(batch["condition"]), pixels.to_signed(batch["picture"])
        generator, optimizer = self.networks["generator"], self.optimizers["generator_adam"]
        made, pull_back = gradients.value_and_pull_back(
            lambda: generator(condition, training=True), generator.trainable_variables
        )

        losses = self._update_discriminator(condition, picture, made) if self.config.lambda_gan else {}

        (_, own), slope = gradients.value_and_slope(lambda made: self._measure(condition, picture, made), made)
        gradients.apply(optimizer, pull_back(slope), generator.trainable_variables)

        return own | losses

    def validate(self, networks: dict[str, keras.Model]) -> dict[str, float]:
        """How far drawn pictures of the fixed set are from the real ones; {} where there is no such set."""
        if self.kept_out is None:
            return {}
        conditions, targets = self._load_fixed()
        drawn = self._draw(networks["generator"], conditions)
        real = targets / np.float32(255)
        measured = {"l1": metrics.measure_l1(drawn, real), "ssim": metrics.measure_ssim(drawn, real)}
        if len(real) > 1:
            measured |= {"kid": metrics.measure_kid(drawn, real), "diversity": metrics.measure_diversity(drawn, real)}
        return measured

    def describe(self) -> dict:
        config = self.config
        facts = {
            "architecture": config.architecture,
            "sizes": {"trained_at": config.size, "multiple": generators.multiple_of(config.architecture)},
            "normalisation": {"condition": "0..1" if config.condition_channels == 1 else "-1..1", "picture": "-1..1"},
            "direction": config.direction,
        }
        return describe(config) | facts | ({"hint_cells": HINT_CELLS} if config.hint else {})

    def save_samples(self, path: Path, networks: dict[str, keras.Model]) -> None:
        """Rows of condition, drawn picture, real picture; kept-out pairs where there are any."""
        conditions, targets = (array[:N_SAMPLES] for array in self._load_fixed())
        drawn = pixels.to_bytes(self._draw(networks["generator"], conditions))
        seen = conditions[..., : self.config.condition_channels]
        seen = np.broadcast_to(seen, targets.shape)
        rows = [np.concatenate(row, axis=1) for row in zip(seen, drawn, targets, strict=True)]
        rows += [np.zeros_like(rows[0])] * (len(rows) % 2)
        halves = np.split(np.concatenate(rows), 2)
        Image.fromarray(np.concatenate(halves, axis=1)).save(path)

    def _update_discriminator(self, condition, picture, made):
        discriminator, optimizer = self.networks["discriminator"], self.optimizers["discriminator_adam"]

        def measure():
            # One pass is quicker than two, and as each picture is normalised alone it is the same.
            both = ops.concatenate([_join(condition, picture), _join(condition, made)], axis=0)
            real, fake = ops.split(discriminator(both, training=True), 2)
            loss = adversarial.measure_discriminator(real, fake, self.config.gan_loss)
            return gradients.scale_loss(optimizer, loss), {"discriminator": loss}

        (_, losses), slopes = gradients.value_and_gradients(measure, discriminator.trainable_variables)
        gradients.apply(optimizer, slopes, discriminator.trainable_variables)

        return losses

    def _measure(self, condition, picture, made):
        config = self.config
        losses = {"l1": adversarial.measure_distance(made, picture)}
        loss = config.l1_weight * losses["l1"]
        if config.lambda_gan:
            scores = self.networks["discriminator"](_join(condition, made), training=True)
            losses["adversarial"] = adversarial.measure_generator(scores, config.gan_loss)
            loss = loss + config.lambda_gan * losses["adversarial"]
        return gradients.scale_loss(self.optimizers["generator_adam"], loss), {"loss": loss} | losses

    def _read_condition(self, conditions):
        read = pixels.from_bytes if self.config.condition_channels == 1 else pixels.to_signed
        return read(conditions)

    def _load_fixed(self):
        if self._fixed is None:
            source = self.pairs if self.kept_out is None else self.kept_out
            conditions, targets = source.fixed(self.config.validation_pictures, self.config.size)
            if self.config.hint:
                conditions = add_hints(conditions, targets, np.ones(len(targets), bool))
            self._fixed = conditions, targets
        return self._fixed

    def _draw(self, generator, conditions):
        """float32 pictures in 0..1, one at a time: a large batch would need memory that training has."""
        drawn = [
            gradients.as_array(generator(self._read_condition(condition[None]), training=False))
            for condition in conditions
        ]
        return np.concatenate(drawn) / 2 + np.float32(0.5)


def add_hints(conditions: np.ndarray, targets: np.ndarray, is_given: np.ndarray) -> np.ndarray:
    """uint8 conditions (n, s, s, c) → (n, s, s, c + 3): with the target's colours, very blurred, or white paper."""
    hints = np.full_like(targets, NO_HINT)
    for i in np.flatnonzero(is_given):
        cells = Image.fromarray(targets[i]).resize((HINT_CELLS, HINT_CELLS), Image.Resampling.BOX)
        hints[i] = np.asarray(cells.resize(targets.shape[2:0:-1], Image.Resampling.BILINEAR))
    return np.concatenate([conditions, hints], axis=-1)


def _build_networks(config):
    networks = {"generator": generators.build(config.architecture)}
    if config.lambda_gan:
        networks["discriminator"] = patchgan.build_discriminator(_discriminator_architecture(config))
    return networks


def _discriminator_architecture(config):
    return PatchGANArchitecture(config.discriminator_filters, config.discriminator_layers, config.in_channels + 3)


def _open_pairs(config, data):
    """Pairs for training, and pairs for validation: those of val/, else the few that are kept out by their names."""
    how = {"direction": config.direction, "condition_channels": config.condition_channels}
    train, val = (pairs.find_split(data, split) for split in ("train", "val"))
    if train is None:
        raise ValueError(f"{data} has no train/ folder with pairs.")
    if val is not None:
        return pairs.open_pairs(train, **how), pairs.open_pairs(val, **how)
    known = pairs.open_pairs(train, **how, choose=lambda name: not pictures.is_kept_out(name))
    if not known:
        raise ValueError(f"{train}: every pair is kept out of training by its name; add more, or a folder val/.")
    return known, pairs.open_pairs(train, **how, choose=pictures.is_kept_out) or None


def _join(condition, picture):
    return ops.concatenate([condition, picture], axis=-1)
