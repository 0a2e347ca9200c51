"""A thin VGG that answers as a wide one does: hints of Romero et al. 2014 (FitNets, arXiv:1412.6550).

What optimises pictures looks through it, where nothing can be downloaded. One step: pictures go through both; a
linear map of the thin one's channels should be the wide one's. Gram matrices follow: what the thin one sees of a
style, that map makes into what the wide one sees of it.
"""

from pathlib import Path

import keras
import numpy as np
from keras import layers as keras_layers
from keras import ops
from PIL import Image

from trainer import gradients
from trainer.datasets import pictures
from trainer.networks import perceptual, pixels, thin_vgg
from trainer.recipes import optimizers, teachers
from trainer.recipes.configs import DistillationConfig as Config

MOST_NOISE = 0.3  # deviation
N_SAMPLES = 6  # photos, and as many paintings
SHOWN = 2  # of the layers: relu3_1


def build(config: Config, data: Path, *, steps: int, seed: int) -> "Distillation":
    """The recipe with its networks and data, ready to train."""
    return Distillation(config, Path(data), steps=steps, seed=seed)


def describe(config: Config) -> dict:
    """Parameters of the network, without data."""
    n = thin_vgg.build(config.architecture).count_params()
    return {"recipe": "distillation", "parameters": {"features": n, "total": n}}


class Distillation:
    """See `trainer.training.Recipe`."""

    name = "distillation"
    averaged = ("features", "hints")
    best_by = Config.BEST_BY

    def __init__(self, config: Config, data: Path, *, steps: int, seed: int):
        self.config, self.data, self.seed = config, data, seed
        self.average_decay = config.average_decay
        self.teachers = teachers.load(data / config.teachers, config.teachers)
        widths = [one.shape[-1] for teacher in self.teachers for one in teacher.outputs]
        self.networks = {
            "features": thin_vgg.build(config.architecture),
            "hints": _build_hints(config.architecture.widths, widths),
        }
        self.variables = [w for network in self.networks.values() for w in network.trainable_variables]
        self.optimizers = {"adam": optimizers.build_warmed(config, steps, self.variables)}
        self.photos = pictures.PictureFolder(data / config.photos)
        self.paintings = pictures.PictureFolder(data / config.paintings)

    def make_batch(self, step: int) -> dict[str, np.ndarray]:
        config, rng = self.config, np.random.default_rng((self.seed, step))
        half = config.batch // 2
        photos = self.photos.crop_batch(rng, config.batch - half, pictures.photo_crops(config.size))
        paintings = self.paintings.crop_batch(rng, half, pictures.painting_crops(config.size))
        both = np.concatenate([photos, paintings])
        deviations = 255 * MOST_NOISE * rng.random(config.batch) * (rng.random(config.batch) < config.noise)
        grain = deviations[:, None, None, None] * rng.standard_normal(both.shape, "float32")
        return {"picture": np.clip(both + grain, 0, 255).astype("uint8")}

    def take_step(self, batch: dict) -> dict:
        adam, picture = self.optimizers["adam"], pixels.from_bytes(batch["picture"])
        wanted = self._look(picture)

        def measure():
            losses = _measure(self.networks, picture, wanted)
            return gradients.scale_loss(adam, losses["loss"]), losses

        (_, losses), slopes = gradients.value_and_gradients(measure, self.variables)
        gradients.apply(adam, slopes, self.variables)
        return losses

    def describe(self) -> dict:
        return describe(self.config) | {
            "architecture": {"widths": list(self.config.architecture.widths)},
            "sizes": {"trained_at": self.config.size, "multiple": self.config.architecture.multiple},
            "normalisation": {"mean": 0.0, "scale": 1.0},
            "direction": "picture to features",
        }

    def validate(self, networks: dict[str, keras.Model]) -> dict[str, float]:
        """The losses on kept-out pictures; nothing where there are none."""
        fixed = self._read_fixed()
        if not len(fixed):
            return {}
        picture = pixels.from_bytes(fixed)
        losses = _measure(networks, picture, self._look(picture))
        return {name: float(gradients.as_array(value)) for name, value in losses.items()}

    def save_samples(self, path: Path, networks: dict[str, keras.Model]) -> None:
        """Rows of a kept-out picture, the wide network's three liveliest maps of it as colours, and the thin one's."""
        rows = []
        for fixed in self._read_fixed():
            picture = pixels.from_bytes(fixed[None])
            theirs, ours = (
                gradients.as_array(ops.cast(maps[SHOWN], "float32"))[0]
                for maps in (self._look(picture), networks["hints"](networks["features"](picture)))
            )
            lively = np.argsort(theirs.std(axis=(0, 1)))[-3:]
            white = max(theirs[..., lively].max(), 1e-6)
            maps = [Image.fromarray(pixels.to_bytes(one[..., lively] / white)) for one in (theirs, ours)]
            shown = [np.asarray(one.resize(fixed.shape[:2], Image.Resampling.NEAREST)) for one in maps]
            rows.append(np.concatenate([fixed, *shown], axis=1))
        if rows:
            Image.fromarray(np.concatenate(rows)).save(path)

    def _look(self, picture):
        return [one for teacher in self.teachers for one in teacher(picture)]

    def _read_fixed(self):
        """Kept-out photos and paintings, uint8 (n, size, size, 3), always the same."""
        config = self.config
        folders = (self.data / config.photos, self.data / config.paintings)
        found = [[path for path in pictures.find(folder) if pictures.is_kept_out(path.name)] for folder in folders]
        squares = [pictures.read_square(path, config.size) for paths in found for path in paths[:N_SAMPLES]]
        return np.stack(squares) if squares else np.empty((0, config.size, config.size, 3), "uint8")


def _build_hints(widths, teacher_widths):
    """Maps of the thin network → as many as the wide one has, by a linear map at every place."""
    maps = [keras.Input((None, None, width)) for width in widths]
    pairs = zip(maps, teacher_widths, strict=True)
    return keras.Model(maps, [keras_layers.Conv2D(width, 1)(one) for one, width in pairs], name="hints")


def _measure(networks, picture, wanted):
    """Of each layer, which share of the wide network's energy around its mean is missed: 0 to about 1."""
    found = networks["hints"](networks["features"](picture))
    shares = [perceptual.measure_missed(*pair) for pair in zip(found, wanted, strict=True)]
    named = {f"layer {i}": share for i, share in enumerate(shares, 1)}
    return {"loss": sum(shares)} | named
