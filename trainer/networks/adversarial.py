"""Losses of a generator against a discriminator; each returns one float32 number.

Least squares: Mao et al. 2017, arXiv:1611.04076. Cross entropy: Goodfellow et al. 2014, arXiv:1406.2661.
"""

from keras import ops

LOSSES = ("lsgan", "cross_entropy")


def measure_discriminator(real, fake, kind: str = "lsgan"):
    """Half the sum of how far scores of real pictures are from "real", and of made ones from "made".

    Halved, so that the discriminator learns at half the generator's pace (Isola et al. 2017).
    """
    return 0.5 * (measure_scores(real, True, kind) + measure_scores(fake, False, kind))


def measure_generator(fake, kind: str = "lsgan"):
    """How far the scores of made pictures are from "real"."""
    return measure_scores(fake, True, kind)


def measure_scores(scores, is_real: bool, kind: str = "lsgan"):
    """How far scores of any shape, without a limit, are from what they should be. ValueError for another kind."""
    scores = ops.cast(scores, "float32")
    if kind == "lsgan":
        return ops.mean(ops.square(scores - (1.0 if is_real else 0.0)))
    if kind == "cross_entropy":
        return ops.mean(ops.softplus(-scores if is_real else scores))
    raise ValueError(f"An adversarial loss is one of {', '.join(LOSSES)}, not {kind!r}.")


def measure_distance(picture, target):
    """L1: the mean absolute difference of two tensors of the same shape."""
    return ops.mean(ops.abs(ops.cast(picture, "float32") - ops.cast(target, "float32")))
