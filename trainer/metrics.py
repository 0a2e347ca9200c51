"""How good made pictures are: against their originals one by one, and as a collection. float32 (n, h, w, 3) in 0..1.

Features of our own instead of an Inception network's: what a bank of filters sees, as models of texture and of the
first stages of seeing have it (Portilla & Simoncelli 2000, doi:10.1023/A:1026553619983). They need no weights, are
the same everywhere, and tell whether colours, strokes and their places are those of the real pictures; of what is
shown they know nothing. So their numbers compare only with one another, never with published ones.
"""

import numpy as np
from keras import ops

from trainer.networks.pixels import LUMINANCE

WINDOW, DEVIATION = 11, 1.5  # pixels, of SSIM's window
STABLE = (0.01**2, 0.03**2)

N_SCALES = 3  # the picture, its half and its quarter, as far as they have
SMALLEST = 12  # pixels a side
N_DIRECTIONS = 4
WAVE, GABOR_SIZE = 4.0, 9  # pixels: the wave and its window, at each scale
CELLS = 2  # a side: energies are averaged in so many squares, so that places count
COLOUR_CELLS = 4
N_COLOURS = 2 * 3 * COLOUR_CELLS**2  # features: means and deviations of three channels; energies follow
VISIBLE_COLOUR, VISIBLE_ENERGY = 0.02, 0.5  # what is just seen: of 1, and of a natural logarithm


def measure_l1(ours: np.ndarray, theirs: np.ndarray) -> float:
    """Mean absolute difference of pictures, 0 to 1."""
    _check_pair(ours, theirs)
    return float(np.mean(np.abs(ours - theirs)))


def measure_ssim(ours: np.ndarray, theirs: np.ndarray) -> float:
    """Mean structural similarity of the luminances, at most 1. Wang et al. 2004, doi:10.1109/TIP.2003.819861.

    A Gaussian window of 11 pixels and deviation 1.5, whole inside the picture.
    """
    _check_pair(ours, theirs)
    x, y = ours @ LUMINANCE, theirs @ LUMINANCE
    if min(x.shape[1:]) < WINDOW:
        raise ValueError(f"SSIM looks at {WINDOW}×{WINDOW} pixels; the pictures have {x.shape[1]}×{x.shape[2]}.")

    mean_x, mean_y, xx, yy, xy = (_blur(z) for z in (x, y, x * x, y * y, x * y))
    variance_x, variance_y, covariance = xx - mean_x**2, yy - mean_y**2, xy - mean_x * mean_y

    light = (2 * mean_x * mean_y + STABLE[0]) / (mean_x**2 + mean_y**2 + STABLE[0])
    structure = (2 * covariance + STABLE[1]) / (variance_x + variance_y + STABLE[1])
    return float(np.mean(light * structure))


def measure_kid(ours: np.ndarray, theirs: np.ndarray) -> float:
    """Kernel distance of two collections of at least two pictures; about 0, also below it, for the same kind.

    The unbiased squared maximum mean discrepancy with the kernel (x·y/d + 1)³ of Bińkowski et al. 2018,
    arXiv:1801.01401, of all pictures at once, on our own `describe`. Each feature is centred and scaled by the
    real pictures, `theirs`, so that none drowns another; one that hardly varies among them, as a white border does,
    by a difference that is just seen. The kernel is cubic: grey pictures for white ones may be a million away.
    """
    return measure_discrepancy(*_describe_both(ours, theirs))


def measure_diversity(ours: np.ndarray, theirs: np.ndarray) -> float:
    """How much made pictures differ from one another, as a share of how much real ones do; 0: they are all alike.

    The mean distance of two of a collection, in the features and scales of `measure_kid`. A generator that makes
    the same of everything has nearly 0, one that alternates between two pictures 0.2 to 0.5; of a young one whose
    colours are pale 0.5 was seen, of a good one 0.9.
    """
    x, y = _describe_both(ours, theirs)
    if min(len(x), len(y)) < 2:
        raise ValueError(f"Diversity needs at least two pictures of each, not {len(x)} and {len(y)}.")
    return _measure_spread(x) / max(_measure_spread(y), 1e-6)


def measure_discrepancy(x: np.ndarray, y: np.ndarray) -> float:
    """The unbiased squared maximum mean discrepancy of features (n, d) and (m, d)."""
    if min(len(x), len(y)) < 2:
        raise ValueError(f"A distance of collections needs at least two of each, not {len(x)} and {len(y)}.")
    n, m = len(x), len(y)
    within_x, within_y, between = _kernel(x, x), _kernel(y, y), _kernel(x, y)
    return float(
        (within_x.sum() - np.trace(within_x)) / (n * (n - 1))
        + (within_y.sum() - np.trace(within_y)) / (m * (m - 1))
        - 2 * between.mean()
    )


def describe(pictures: np.ndarray) -> np.ndarray:
    """Features, float64: (n, 144) of pictures whose sides are at least 48, fewer of smaller ones.

    Mean and deviation of luminance and of two opponent colours in sixteen squares. And, at each of up to three
    scales, the logarithm of the energy that Gabor filters of four directions find in each quarter of the luminance.
    """
    pictures = np.asarray(pictures, "float32")
    if pictures.ndim != 4 or pictures.shape[3] != 3 or min(pictures.shape[1:3]) < SMALLEST:
        raise ValueError(f"Expected pictures (n, h, w, 3) of at least {SMALLEST} pixels a side, got {pictures.shape}.")
    red, green, blue = np.moveaxis(pictures, 3, 0)
    luminance = pictures @ LUMINANCE
    colours = np.stack([luminance, red - green, (red + green) / 2 - blue], 3)

    features = [_average_cells(colours, COLOUR_CELLS), _deviate_cells(colours, COLOUR_CELLS)]
    for _ in range(N_SCALES):
        if min(luminance.shape[1:]) >= SMALLEST:
            features.append(np.log(1e-4 + _average_cells(_find_strokes(luminance), CELLS)))
            luminance = _halve(luminance)
    return np.concatenate([f.reshape(len(pictures), -1) for f in features], 1).astype("float64")


def _describe_both(ours, theirs):
    """Features of both, centred and scaled by those of the real pictures; what cannot be seen stays small."""
    x, y = describe(ours), describe(theirs)
    visible = np.where(np.arange(y.shape[1]) < N_COLOURS, VISIBLE_COLOUR, VISIBLE_ENERGY)
    mean, deviation = y.mean(0), np.maximum(y.std(0), visible)
    return (x - mean) / deviation, (y - mean) / deviation


def _measure_spread(features):
    """Mean distance of two different rows."""
    squares = (features**2).sum(1)
    distances = np.sqrt(np.maximum(squares[:, None] + squares - 2 * features @ features.T, 0))
    np.fill_diagonal(distances, 0)
    n = len(features)
    return float(distances.sum() / (n * (n - 1)))


def _find_strokes(luminance):
    """Energy (n, h, w, directions): how strong a wave of each direction is at each position."""
    found = ops.convert_to_numpy(ops.conv(luminance[..., None], GABORS, padding="valid"))
    return found[..., :N_DIRECTIONS] ** 2 + found[..., N_DIRECTIONS:] ** 2


def _make_gabors():
    """Kernels (size, size, 1, 2 × directions): cosines, then sines, without a mean and of unit energy."""
    at = np.arange(GABOR_SIZE) - GABOR_SIZE // 2
    y, x = np.meshgrid(at, at, indexing="ij")
    window = np.exp(-(x**2 + y**2) / (2 * (WAVE / 2) ** 2))
    kernels = []
    for wave in (np.cos, np.sin):
        for i in range(N_DIRECTIONS):
            angle = np.pi * i / N_DIRECTIONS
            kernel = window * wave(2 * np.pi / WAVE * (x * np.cos(angle) + y * np.sin(angle)))
            kernel -= window * kernel.sum() / window.sum()
            kernels.append(kernel / np.sqrt((kernel**2).sum()))
    return np.stack(kernels, -1)[:, :, None].astype("float32")


def _average_cells(x, n):
    """(n, h, w, c) → (n, n × n × c): means of the squares of a grid."""
    rows, columns = (np.linspace(0, side, n + 1).astype(int) for side in x.shape[1:3])
    cells = [
        x[:, top:bottom, left:right].mean((1, 2))
        for top, bottom in zip(rows, rows[1:], strict=False)
        for left, right in zip(columns, columns[1:], strict=False)
    ]
    return np.concatenate(cells, 1)


def _deviate_cells(x, n):
    return np.sqrt(np.maximum(_average_cells(x**2, n) - _average_cells(x, n) ** 2, 0))


def _halve(x):
    height, width = (side // 2 * 2 for side in x.shape[1:3])
    x = x[:, :height, :width]
    return (x[:, ::2, ::2] + x[:, 1::2, ::2] + x[:, ::2, 1::2] + x[:, 1::2, 1::2]) / 4


def _blur(x):
    """(n, h, w) under a Gaussian window, where it lies whole inside: float64, as variances are small differences."""
    at = np.arange(WINDOW) - WINDOW // 2
    window = np.exp(-(at**2) / (2 * DEVIATION**2))
    window /= window.sum()
    x = np.asarray(x, "float64")
    for axis in (1, 2):
        length = x.shape[axis] - WINDOW + 1
        x = sum(share * np.take(x, range(i, i + length), axis) for i, share in enumerate(window))
    return x


def _kernel(x, y):
    return (x @ y.T / x.shape[1] + 1) ** 3


def _check_pair(ours, theirs):
    if ours.shape != theirs.shape or ours.ndim != 4:
        raise ValueError(f"Expected two stacks of pictures of one shape, got {ours.shape} and {theirs.shape}.")


GABORS = _make_gabors()
