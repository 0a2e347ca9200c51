"""The frozen VGGs that recipes learn from: an exact one for fine texture, a small one for what is deeper."""

from pathlib import Path

import keras

from trainer.networks import perceptual
from trainer.recipes.configs import IMAGENET, TEACHER_FILES

STYLE_LAYERS = ("relu1_1", "relu2_1", "relu3_1")  # of the exact one
DEEP_LAYERS = ("relu4_1", "relu5_1")  # of the small one


def load(folder: Path, name: str) -> list[keras.Model]:
    """Both, from the files in a folder, or from Keras where the name is "imagenet". Raises OSError or ValueError."""
    if name == IMAGENET:
        return [perceptual.load_imagenet_teacher(layers) for layers in (STYLE_LAYERS, DEEP_LAYERS)]
    files = zip(TEACHER_FILES, (STYLE_LAYERS, DEEP_LAYERS), strict=True)
    return [perceptual.load_teacher(folder / file, layers, padding="zeros") for file, layers in files]
