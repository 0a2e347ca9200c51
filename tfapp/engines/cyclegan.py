"""Photos become paintings and back: generators of CycleGAN (Zhu et al. 2017, arXiv:1703.10593), by our own recipe."""

from tfapp.engines.translation import PhotoEngine


class CycleGANEngine(PhotoEngine):
    """From domain A to B: from photos to paintings."""

    recipe = "cyclegan"
    group = "generator_ab"


class CycleGANBackEngine(CycleGANEngine):
    """From domain B to A: from paintings to photos."""

    group = "generator_ba"
