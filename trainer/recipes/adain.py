"""Fast arbitrary style transfer. Huang & Belongie 2017, arXiv:1703.06868; Ghiasi et al. 2017, arXiv:1705.06830.

One step: a photo and a painting go through the encoders and the decoder; frozen VGGs compare the result's
structure with the photo's and its channel statistics with the painting's. Pixels tell the rest: contrast, palette,
activity, and where a guide would have its colours.
"""

from pathlib import Path

import keras
import numpy as np
from keras import ops
from PIL import Image

from trainer import gradients
from trainer.datasets import pictures
from trainer.networks import adain, perceptual, pixels
from trainer.recipes import guides, optimizers, teachers
from trainer.recipes.configs import AdaINConfig as Config
from trainer.recipes.teachers import DEEP_LAYERS

CONTENT_LAYER = "relu4_1"
N_SAMPLES = 6


def build(config: Config, data: Path, *, steps: int, seed: int) -> "AdaIN":
    """The recipe with its networks and data, ready to train."""
    return AdaIN(config, Path(data), steps=steps, seed=seed)


def describe(config: Config) -> dict:
    """Parameters of each network, without data."""
    networks = adain.build_networks(config.architecture)
    counts = {name: network.count_params() for name, network in networks.items()}
    return {"recipe": "adain", "parameters": counts | {"total": sum(counts.values())}}


class AdaIN:
    """See `trainer.training.Recipe`."""

    name = "adain"
    averaged = ("content_encoder", "style_encoder", "decoder")
    best_by = Config.BEST_BY

    def __init__(self, config: Config, data: Path, *, steps: int, seed: int):
        self.config, self.data, self.seed = config, data, seed
        self.average_decay = config.average_decay
        self.networks = adain.build_networks(config.architecture)
        self.variables = [w for network in self.networks.values() for w in network.trainable_variables]
        self.teachers = teachers.load(data / config.teachers, config.teachers)
        self.guide = guides.Guide(data / config.guide) if config.guide else None
        self.optimizers = {"adam": optimizers.build_warmed(config, steps, self.variables)}
        self.photos = pictures.PictureFolder(data / config.photos)
        self.paintings = pictures.PictureFolder(data / config.paintings)

    def make_batch(self, step: int) -> dict[str, np.ndarray]:
        config, rng = self.config, np.random.default_rng((self.seed, step))
        content = self.photos.crop_batch(rng, config.batch, pictures.photo_crops(config.size))
        style = self.paintings.crop_batch(rng, config.batch, pictures.painting_crops(config.size))
        same = rng.random(config.batch) < config.identity_share
        style[same] = content[same]
        return self._add_guide({"content": content, "style": style, "same": same.astype("float32")})

    def take_step(self, batch: dict) -> dict:
        content, style = pixels.from_bytes(batch["content"]), pixels.from_bytes(batch["style"])
        adam = self.optimizers["adam"]
        wanted = self._choose_wanted(style, batch["same"])
        targets = self._look_at_targets(content, wanted)

        def measure():
            picture = _stylize(self.networks, content, style)
            losses = self._measure(picture, content, wanted, targets, batch["same"], batch.get("guide"))
            return gradients.scale_loss(adam, losses["loss"]), losses

        (_, losses), slopes = gradients.value_and_gradients(measure, self.variables)
        gradients.apply(adam, slopes, self.variables)

        return losses

    def describe(self) -> dict:
        return _describe_checkpoint(self.config)

    def save_samples(self, path: Path, networks: dict[str, keras.Model]) -> None:
        """Rows of photo, painting, result of kept-out pairs; for the trainer's eyes, not for publishing."""
        rows = []
        for photo, painting in self._read_fixed():
            result = _stylize(networks, pixels.from_bytes(photo[None]), pixels.from_bytes(painting[None]))
            rows.append(np.concatenate([photo, painting, pixels.to_bytes(gradients.as_array(result)[0])], axis=1))
        Image.fromarray(_in_two_columns(rows)).save(path)

    def validate(self, networks: dict[str, keras.Model]) -> dict[str, float]:
        """The losses on the kept-out pairs of the samples; nothing where there are none."""
        found = []
        for photo, painting in self._read_fixed():
            batch = self._add_guide({"content": photo[None], "style": painting[None], "same": np.zeros(1, "float32")})
            content, style = pixels.from_bytes(batch["content"]), pixels.from_bytes(batch["style"])
            same = ops.convert_to_tensor(batch["same"])
            picture = _stylize(networks, content, style)
            wanted = self._choose_wanted(style, same)
            targets = self._look_at_targets(content, wanted)
            losses = self._measure(picture, content, wanted, targets, same, batch.get("guide"))
            found.append({name: float(gradients.as_array(value)) for name, value in losses.items()})
        return {name: float(np.mean([losses[name] for losses in found])) for name in found[0]} if found else {}

    def _read_fixed(self):
        """Kept-out photos and paintings, uint8 (size, size, 3), always the same."""
        pairs = _find_sample_pairs(self.data / self.config.photos, self.data / self.config.paintings)
        return [[pictures.read_square(path, self.config.size) for path in pair] for pair in pairs]

    def _choose_wanted(self, style, same):
        """Whose statistics a picture should have: a dark style's, made lighter, but where it is the photo itself."""
        return perceptual.lighten_dark(style, self.config.lift * (1 - same))

    def _add_guide(self, batch):
        """The batch with `guide`, if there is one: where it would have colours, (n, size / 4, size / 4, 3)."""
        if self.guide is None:
            return batch
        contents, styles = (batch[name] / np.float32(255) for name in ("content", "style"))
        tensors = map(ops.convert_to_tensor, (styles, batch["same"]))
        wanted = gradients.as_array(self._choose_wanted(*tensors))
        sides = [side // perceptual.COARSE for side in contents.shape[1:3]]
        layouts = [
            pixels.resize(photo, *sides) if same else self.guide.lay_out(photo, style, lightened)
            for photo, style, lightened, same in zip(contents, styles, wanted, batch["same"], strict=True)
        ]
        return batch | {"guide": np.stack(layouts)}

    def _look_at_targets(self, content, style):
        exact, small = self.teachers
        content_features = small(content)[DEEP_LAYERS.index(CONTENT_LAYER)]
        return content_features, [perceptual.summarize(f) for f in (*exact(style), *small(style))]

    def _measure(self, picture, content, style, targets, same, guide=None):
        config, (exact, small) = self.config, self.teachers
        content_features, style_statistics = targets
        deep = small(picture)
        losses = perceptual.measure_style((*exact(picture), *deep), style_statistics) | {
            "content": perceptual.measure_content(deep[DEEP_LAYERS.index(CONTENT_LAYER)], content_features),
            "palette": perceptual.measure_palette(picture, style),
            "activity": perceptual.measure_activity(picture, content, style),
            **perceptual.measure_surface(picture, content),
            "identity": ops.mean(same * ops.mean(ops.abs(picture - content), axis=(1, 2, 3))),
        }
        if guide is not None:
            losses["layout"] = perceptual.measure_layout(picture, guide)
        weights = {name: getattr(config, f"{name}_weight") for name in losses}
        return {"loss": sum(weights[name] * value for name, value in losses.items())} | losses


def _stylize(networks, content, style):
    features = networks["content_encoder"](content)
    code = networks["style_encoder"](style)
    return networks["decoder"]([features, code])


def _describe_checkpoint(config):
    from_zero_to_one = {"mean": 0.0, "scale": 1.0}
    return describe(config) | {
        "architecture": {k: list(v) if isinstance(v, tuple) else v for k, v in vars(config.architecture).items()},
        "sizes": {
            "trained_at": config.size,
            "content_multiple": config.architecture.multiple,
            "style_multiple": adain.STYLE_MULTIPLE,
        },
        "normalisation": from_zero_to_one,
        "direction": "photo and painting to picture",
    }


def _find_sample_pairs(photos, paintings):
    contents = [p for p in pictures.find(photos) if pictures.is_kept_out(p.name)]
    styles = [p for p in pictures.find(paintings) if pictures.is_kept_out(p.name)]
    n = min(N_SAMPLES, len(contents), len(styles))
    return [(contents[i * 5 % len(contents)], styles[i * 3 % len(styles)]) for i in range(n)]


def _in_two_columns(rows):
    rows = rows + [np.zeros_like(rows[0])] * (len(rows) % 2)
    half = len(rows) // 2
    return np.concatenate([np.concatenate(rows[:half], 0), np.concatenate(rows[half:], 0)], 1)
