"""Loss networks (VGG-19 in its forms) and the perceptual losses over their features."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
from keras import layers as keras_layers
from keras import ops

from trainer.networks import kernels, pixels
from trainer.networks.layers import Convolution

BLOCKS = (2, 2, 4, 4, 4)  # convolutions between two poolings of VGG-19
EPSILON = 1e-6  # features are about 1 to 10
N_PIECES = 16
WINDOW = 5  # pixels a side, of local contrast
KEPT_CONTRAST = 1.2  # of the photo's: a little more of it looks crisp
CONTRAST_EPSILON = 1e-4  # a deviation of 0.01 is hardly seen
WINDOWS = (4, 8, 16)  # pixels a side, of activity
QUIET = 0.005  # a deviation of luminance that nobody tells from none
LAYOUT_SHARES = np.array([0.25, 1, 1], "float32")  # of light, and of the hues: a guide may have halos of light
HARDLY_SEEN = 0.01  # a deviation of colours that says little of a layout
COARSE = 4  # pixels a side, whose mean is a colour of the palette
N_CELLS = 32  # at most, along the shorter side, in which a picture is looked at for blotches
BRIGHT, DARK = 0.36, 0.24  # mean luminances: of a style that is left as it is, and of one that is lifted wholly
BLOTCH_EPSILON = 1e-3  # of a variance; a picture of one colour has no blotches
ALIKE, NEAR = 0.06, 0.3  # deviations: of colours that look the same, and of places, in shorter sides
OPPONENTS = np.linalg.qr([[1.0, 1, 1], [1, -1, 1], [1, 0, -2]])[0].astype("float32")  # light, red-green, yellow-blue


def gettext_noop(sentence: str) -> str:
    """Marks a sentence for translation, where there may be no Django."""
    return sentence


NOT_DOWNLOADED = gettext_noop(
    "VGG-19 could not be downloaded: this machine does not reach the server that has it. "
    "STYLESITE_TEACHERS may name a folder with teachers."
)


def load_teacher(path: Path | str, layers: tuple[str, ...], dtype=None, *, padding="reflect") -> keras.Model:
    """VGG-19 from an .npz file, as `build_teacher` makes it of arrays. Raises OSError or ValueError."""
    return build_teacher(np.load(path), layers, dtype, name=Path(path).stem, padding=padding)


def build_teacher(
    weights: Mapping, layers: tuple[str, ...], dtype=None, *, name: str, pooling="max", padding="reflect"
) -> keras.Model:
    """VGG-19: picture (n, h, w, 3) in 0..1 → list of features after the ReLUs in `layers`, such as "relu3_1".

    The weights are `convA_B/kernel` (h, w, in, out) and `/bias`, and `conv0`, which scales and centres the pixels.
    `pooling` is "max", as it was trained, or "average"; `padding` is "zeros", as it was trained, which saves a fifth of
    a training step, or "reflect", which is kinder to the borders of a picture. ValueError where the weights are too
    shallow.
    """
    picture = keras.Input((None, None, 3), name="picture")
    pool = keras_layers.MaxPooling2D if pooling == "max" else keras_layers.AveragePooling2D

    x = _frozen(weights, "conv0", size=1, dtype=dtype)(picture)
    features = {}
    for block, n_convolutions in enumerate(BLOCKS, 1):
        for i in range(1, n_convolutions + 1):
            if len(features) == len(layers) or f"conv{block}_{i}/kernel" not in weights:
                break
            x = keras_layers.ReLU(dtype=dtype)(
                _frozen(weights, f"conv{block}_{i}", size=3, dtype=dtype, padding=padding)(x)
            )
            if f"relu{block}_{i}" in layers:
                features[f"relu{block}_{i}"] = x
        x = pool(2, dtype=dtype)(x)
    if missing := set(layers) - set(features):
        raise ValueError(f"{name} has no layers {sorted(missing)}.")

    return keras.Model(picture, [features[layer] for layer in layers], name=name)


def load_imagenet_teacher(layers: tuple[str, ...], dtype=None) -> keras.Model:
    """The same from `keras.applications.VGG19`, which downloads its weights once. Features are divided by 100.

    Raises OSError where they cannot be had.
    """
    try:
        vgg = keras.applications.VGG19(include_top=False, weights="imagenet")
    except Exception as error:  # noqa: BLE001 - that very class is what Keras raises over a broken download
        raise OSError(NOT_DOWNLOADED) from error
    vgg.trainable = False
    names = [layer.replace("relu", "block").replace("_", "_conv") for layer in layers]
    inner = keras.Model(vgg.input, [vgg.get_layer(name).output for name in names])
    picture = keras.Input((None, None, 3), name="picture")
    x = ops.flip(picture * 255.0, axis=-1) - np.array([103.939, 116.779, 123.68], "float32")
    features = inner(x)
    features = features if isinstance(features, list) else [features]
    return keras.Model(picture, [f / 100.0 for f in features], name="vgg19")


def measure_content(result, content):
    """How far features (n, h, w, c) differ in structure, 0 to about 2: each side centred, at unit energy."""
    difference = _centre(result) - _centre(content)
    return ops.mean(ops.square(difference))


@dataclass(frozen=True)
class Statistics:
    """What a style is, at one layer: float32 mean (n, c), deviation (n, c) and Gram matrix (n, c, c)."""

    mean: object
    deviation: object
    gram: object


def summarize(features) -> Statistics:
    """Statistics of features (n, h, w, c) over their positions; the Gram matrix is divided by their number."""
    n, h, w, c = ops.shape(features)
    # Products of bfloat16 features are summed in float32 by the hardware, but come back rounded: a sum in
    # many pieces makes the roundings average out, and is three times as fast as float32 throughout.
    pieces = math.gcd(h, N_PIECES)
    flat = ops.reshape(features, (n, pieces, h * w // pieces, c))
    ones = ops.ones((n, pieces, 1, h * w // pieces), dtype=features.dtype)
    sums = ops.sum(ops.cast(ops.matmul(ones, flat), "float32"), axis=(1, 2))
    products = ops.cast(ops.matmul(ops.swapaxes(flat, -1, -2), flat), "float32")

    mean, gram = sums / (h * w), ops.sum(products, axis=1) / (h * w)
    variance = ops.relu(ops.diagonal(gram, axis1=1, axis2=2) - ops.square(mean))
    return Statistics(mean, ops.sqrt(variance + EPSILON), gram)


def measure_moments(result: Statistics, style: Statistics):
    """Distance of means and deviations relative to the style's deviations, 0 is a match.

    Huang & Belongie 2017, eq. 13, under a logarithm, so that one flat style cannot drown the others.
    """
    squares = ops.square(result.mean - style.mean) + ops.square(result.deviation - style.deviation)
    energy = ops.mean(ops.square(style.deviation), axis=-1) + EPSILON
    return ops.mean(ops.log1p(ops.mean(squares, axis=-1) / energy))


def measure_gram(result: Statistics, style: Statistics):
    """Distance of the Gram matrices, log(1 + |G - S| / |S|) in Frobenius norms. Gatys et al. 2016."""
    difference = ops.sum(ops.square(result.gram - style.gram), axis=(1, 2))
    energy = ops.sum(ops.square(style.gram), axis=(1, 2)) + EPSILON
    return ops.mean(ops.log1p(ops.sqrt(difference / energy + EPSILON)))


def measure_covariance(result: Statistics, style: Statistics):
    """As `measure_gram`, of the centred features: texture counts, and mean colours do not hide it."""
    ours, theirs = (s.gram - s.mean[:, :, None] * s.mean[:, None, :] for s in (result, style))
    difference = ops.sum(ops.square(ours - theirs), axis=(1, 2))
    energy = ops.sum(ops.square(theirs), axis=(1, 2)) + EPSILON
    return ops.mean(ops.log1p(ops.sqrt(difference / energy + EPSILON)))


def measure_style(maps, styles) -> dict:
    """The three distances of statistics by name, each a sum over layers: of a picture's maps, and a style's statistics.

    The maps are (n, h, w, c), one a layer.
    """
    pairs = [(summarize(ours), theirs) for ours, theirs in zip(maps, styles, strict=True)]
    return {
        "moments": sum(measure_moments(*pair) for pair in pairs),
        "gram": sum(measure_gram(*pair) for pair in pairs),
        "covariance": sum(measure_covariance(*pair) for pair in pairs),
    }


def measure_surface(picture, content) -> dict:
    """What pixels alone tell of a painted photo, by name: both (n, h, w, 3) in 0..1."""
    return {
        "contrast": measure_contrast(picture, content),
        "blotches": measure_blotches(picture, content),
        "variation": measure_variation(picture),
        "overflow": measure_overflow(picture),
    }


def measure_missed(result, wanted):
    """Which share of the energy of features (n, h, w, c), around their means, others do not have: 0 to about 1."""
    result, wanted = (ops.cast(one, "float32") for one in (result, wanted))
    energy = ops.mean(ops.square(wanted - ops.mean(wanted, axis=(0, 1, 2), keepdims=True)))
    return ops.mean(ops.square(result - wanted)) / (energy + EPSILON)


def measure_variation(picture):
    """Mean absolute step between neighbours of pictures (n, h, w, 3)."""
    return kernels.measure_steps(picture, 1) + kernels.measure_steps(picture, 2)


def measure_contrast(picture, content):
    """How much of a photo's local contrast is lost, 0 to about 0.1 units of luminance; both (n, h, w, 3) in 0..1.

    In windows of 5×5, what the slope of the picture's luminance over the photo's lacks of `KEPT_CONTRAST`. Channel
    statistics tell how much contrast a picture has, and this where: along the edges of the photo.
    """
    ours, theirs = (ops.matmul(ops.cast(x, "float32"), pixels.LUMINANCE[:, None]) for x in (picture, content))
    means = [_average_windows(x) for x in (ours, theirs)]
    variance = ops.relu(_average_windows(theirs * theirs) - means[1] * means[1])
    covariance = _average_windows(ours * theirs) - means[0] * means[1]
    lack = ops.relu(KEPT_CONTRAST * variance - covariance)
    return ops.mean(lack * ops.rsqrt(variance + CONTRAST_EPSILON))


def lighten_dark(style, lift):
    """Style pictures as their paintings should look: dark ones lighter and richer in contrast; (n, h, w, 3) in 0..1.

    Colours are multiplied by 1 + g, where g is 0 for a mean luminance of 0.36 and more, `lift` (n,) for 0.24 and less;
    to this, 1.5 g of every luminance's distance from the mean is added. They may leave the range a little: statistics
    do not mind.
    """
    light = ops.matmul(style, pixels.LUMINANCE[:, None])
    mean = ops.mean(light, axis=(1, 2), keepdims=True)
    gain = ops.reshape(lift, (-1, 1, 1, 1)) * ops.clip((BRIGHT - mean) / (BRIGHT - DARK), 0, 1)
    return (1 + gain) * style + 1.5 * gain * (light - mean)


def measure_palette(picture, style):
    """How far the colours of a picture are from a style's, wherever they lie: both (n, h, w, 3) in 0..1, of one size.

    Means of 4×4 pixels, along three opponent axes, sorted: the mean of the three Wasserstein distances, in units of
    the colours, as in a sliced distance (Heitz et al. 2021, arXiv:2006.07229), but along fixed axes, and so blind to
    which lightness goes with which hue. Means and deviations know no highlights and no deep shadows.
    """
    ours, theirs = (sort_colours(x) for x in (picture, style))
    return ops.mean(ops.abs(ours - theirs))


def sort_colours(picture):
    """The colours of 4×4 pixels of pictures (n, h, w, 3) along three opponent axes, each sorted: (n, 3, h * w / 16)."""
    means = ops.matmul(_average_squares(picture, COARSE), OPPONENTS)
    n, h, w, c = ops.shape(means)
    return ops.sort(ops.transpose(ops.reshape(means, (n, h * w, c)), (0, 2, 1)), axis=-1)


def measure_blotches(picture, content):
    """How differently a picture paints what is alike in a photo, 0 to about 1; both (n, h, w, 3) in 0..1.

    Of each cell, one of at most 32 along the shorter side, the squared distance of its colour to those of cells with
    a like colour nearby in the photo, divided by twice the variance of the picture's colours: the Dirichlet energy of
    the picture on the photo's affinity graph, which is that of normalised cuts (Shi & Malik 2000,
    doi:10.1109/34.868688). A wall, a sky or a shirt may have brush strokes, but no blotches of other colours, which
    statistics of a style alone would leave wherever there is room.
    """
    colours, affinities = _average_cells(picture), _compare_cells(_average_cells(content))
    n, h, w, c = ops.shape(colours)
    colours = ops.reshape(colours, (n, h * w, c))
    centred = colours - ops.mean(colours, axis=1, keepdims=True)
    energy = ops.sum(ops.square(centred), axis=-1)
    others = ops.matmul(affinities, ops.concatenate([centred, energy[..., None]], axis=-1))
    distances = energy + others[..., -1] - 2 * ops.sum(centred * others[..., :-1], axis=-1)
    return ops.mean(ops.mean(distances, axis=1) / (2 * ops.mean(energy, axis=1) + BLOTCH_EPSILON))


def measure_layout(picture, guide):
    """How differently a picture (n, h, w, 3) lays out its light and hues than a guide (n, h / 4, w / 4, 3), 0 to 1.5.

    Of means of 8×8 pixels along each of three opponent axes, one minus the correlation: less where the guide hardly
    varies, and a quarter of it along that of light. How strong colours are is left to the style: where nobody can tell
    which colour a guide would choose, a distance would be least for a grey one.
    """
    ours, theirs = (_smooth_layout(x) for x in (_average_squares(picture, COARSE), guide))
    variances = [ops.mean(ops.square(x), axis=(1, 2)) for x in (ours, theirs)]
    products = [variance + HARDLY_SEEN**2 / 10 for variance in variances]
    correlation = ops.mean(ours * theirs, axis=(1, 2)) * ops.rsqrt(products[0] * products[1])
    deviation = ops.sqrt(variances[1] + EPSILON**2)
    shares = ops.convert_to_tensor(LAYOUT_SHARES)
    return ops.mean(shares * deviation / (deviation + HARDLY_SEEN) * (1 - correlation))


def measure_activity(picture, content, style):
    """How far the local contrast of a picture is from the style's, place by place; all (n, h, w, 3), of one size.

    The quietest places of the photo should be as quiet as the quietest of the style, and the busiest as busy: the mean
    distance of logarithms of deviations of luminance, in windows of 4, 8 and 16 pixels. Statistics alone would leave
    a little relief everywhere.
    """
    return sum(_compare_activity(picture, content, style, window) for window in WINDOWS) / len(WINDOWS)


def measure_overflow(picture):
    """Mean distance of the pixels from the range 0..1."""
    return ops.mean(ops.relu(-picture) + ops.relu(picture - 1.0))


def _frozen(weights, name, *, size, dtype, padding="reflect"):
    kernel, bias = weights[f"{name}/kernel"], weights[f"{name}/bias"]
    like = {"dtype": dtype, "trainable": False, "name": name}
    if padding == "zeros":
        layer = keras_layers.Conv2D(kernel.shape[-1], size, padding="same", **like)
    else:
        layer = Convolution(kernel.shape[-1], size=size, **like)
    layer.build((None, None, None, kernel.shape[2]))
    layer.set_weights([kernel, bias])
    return layer


def _smooth_layout(x):
    """Along opponent axes, means of 2×2 of the cells (n, h, w, 3), around the mean of each axis."""
    axes = ops.matmul(ops.average_pool(ops.cast(x, "float32"), 2, strides=1, padding="valid"), OPPONENTS)
    return axes - ops.mean(axes, axis=(1, 2), keepdims=True)


def _compare_activity(picture, content, style, window):
    ours, theirs, wanted = (_measure_deviations(x, window) for x in (picture, content, style))
    order = ops.argsort(_flatten(ops.average_pool(theirs, 3, strides=1, padding="same")), axis=-1)
    return ops.mean(ops.abs(ops.take_along_axis(_flatten(ours), order, axis=-1) - ops.sort(_flatten(wanted), axis=-1)))


def _measure_deviations(x, window):
    """Logarithms of the deviation of luminance in windows that overlap by half."""
    light = ops.matmul(ops.cast(x, "float32"), pixels.LUMINANCE[:, None])
    how = {"pool_size": window, "strides": window // 2, "padding": "valid"}
    mean = ops.average_pool(light, **how)
    variance = ops.relu(ops.average_pool(light * light, **how) - mean * mean)
    return ops.log(variance + QUIET**2) / 2


def _flatten(x):
    return ops.reshape(x, (ops.shape(x)[0], -1))


def _average_windows(x):
    return ops.average_pool(x, WINDOW, strides=1, padding="valid")


def _average_squares(x, side):
    return ops.average_pool(ops.cast(x, "float32"), side, strides=side, padding="valid")


def _average_cells(x):
    return _average_squares(x, -(-min(x.shape[1:3]) // N_CELLS))


def _compare_cells(cells):
    """How alike and near each two of the cells (n, h, w, 3) are: (n, h * w, h * w), rows that add up to one."""
    n, h, w, c = ops.shape(cells)
    places = np.stack(np.mgrid[0:h, 0:w], axis=-1).reshape(1, h * w, 2).astype("float32") / min(h, w)
    tiled = ops.tile(places / NEAR, (n, 1, 1))
    seen = ops.concatenate([ops.reshape(cells, (n, h * w, c)) / ALIKE, tiled], axis=-1)
    seen = seen - ops.mean(seen, axis=1, keepdims=True)  # small numbers, for products that a GPU may round
    squares = ops.sum(ops.square(seen), axis=-1)
    products = ops.matmul(seen, ops.swapaxes(seen, -1, -2))
    return ops.softmax(products - squares[:, None] / 2, axis=-1)  # what a row has in common falls out


def _centre(features):
    wide = ops.cast(features, "float32")
    wide = wide - ops.mean(wide, axis=(1, 2), keepdims=True)
    return wide * ops.rsqrt(ops.mean(ops.square(wide), axis=(1, 2, 3), keepdims=True) + EPSILON)
