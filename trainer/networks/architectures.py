"""Widths and depths of the networks: plain numbers, so that forms and configs need no Keras."""

from dataclasses import dataclass

MOST = 1024  # channels or blocks; more is a mistake, or somebody after our memory
MAY_BE_NOTHING = ("deep", "deep_blocks", "fine")  # numbers that switch a part of style transfer off
MOST_DEPTHS = 8  # halvings of a style picture
N_BLOCKS = 5  # of VGG
LEAST_SCORES = 3  # positions a side before a discriminator's last two layers, each of which takes one


@dataclass(frozen=True)
class AdaINArchitecture:
    """Of arbitrary style transfer; the defaults have 1.8 million parameters."""

    fold: int = 2  # 2: pixels are folded two by two, and `stem` looks at half size; 4: four by four, no stem
    stem: int = 48  # channels at half size
    width: int = 96  # channels at quarter size, where the work is done
    deep: int = 0  # channels at an eighth, where strokes are long; 0: never goes there
    fine: int = 16  # channels at full size, where every channel is dear; 0: pixels are unfolded from half size
    encoder_blocks: int = 2
    decoder_blocks: int = 4
    deep_blocks: int = 0
    style_widths: tuple[int, ...] = (32, 64, 96, 128)  # at 1/2, 1/4, 1/8, 1/16 of the style picture
    code_hidden: int = 192  # half of it linear, half rectified

    def __post_init__(self):
        _require_positive(self, "stem", "width", "encoder_blocks", "decoder_blocks", "code_hidden")
        depths = len(self.style_widths) if isinstance(self.style_widths, tuple) else 0
        if not 1 <= depths <= MOST_DEPTHS or not all(_is_whole(n) and 1 <= n <= MOST for n in self.style_widths):
            raise ValueError(f"style_widths are up to {MOST_DEPTHS} numbers up to {MOST}, not {self.style_widths!r}.")
        if not all(_is_whole(n) and 0 <= n <= MOST for n in (getattr(self, name) for name in MAY_BE_NOTHING)):
            raise ValueError(f"{', '.join(MAY_BE_NOTHING)} are numbers from 0 to {MOST}.")
        if self.fold not in (2, 4) or bool(self.deep) != bool(self.deep_blocks):
            raise ValueError("fold is 2 or 4, and deep and deep_blocks come together.")

    @property
    def code_widths(self) -> tuple[int, ...]:
        """Channels of each conditioned normalisation, in the order the decoder uses them."""
        before = self.decoder_blocks // 2
        deep = (self.deep,) * (1 + 2 * self.deep_blocks) if self.deep else ()
        blocks = (self.width,) * (2 * before), (self.width,) * (2 * (self.decoder_blocks - before))
        tail = (self.stem, self.stem, self.fine) if self.fine else (self.stem,)
        return (self.width, *blocks[0], *deep, *blocks[1], *tail)

    @property
    def grain_widths(self) -> tuple[int, ...]:
        """Channels that are given noise: the features before the decoder, those of an eighth, those before the end."""
        return (self.width, *([self.deep] if self.deep else []), self.stem if self.fine else self.width)

    @property
    def code_size(self) -> int:
        return 2 * sum(self.code_widths) + sum(self.grain_widths)

    @property
    def multiple(self) -> int:
        """Sides of a content picture are multiples of this many pixels."""
        return 8 if self.deep else 4

    @classmethod
    def from_config(cls, values: dict) -> "AdaINArchitecture":
        """From the JSON of a checkpoint. Raises TypeError or ValueError for what is no architecture."""
        return _from_config(cls, values)


@dataclass(frozen=True)
class ThinVGGArchitecture:
    """Of a network that looks at pictures as VGG-19 does; the defaults have 0.6 million parameters."""

    widths: tuple[int, ...] = (16, 48, 96, 128, 128)  # channels at 1, 1/2, 1/4, 1/8 and 1/16 of the picture

    def __post_init__(self):
        depths = len(self.widths) if isinstance(self.widths, tuple) else 0
        if depths != N_BLOCKS or not all(_is_whole(n) and 1 <= n <= MOST for n in self.widths):
            raise ValueError(f"widths are {N_BLOCKS} numbers up to {MOST}, not {self.widths!r}.")

    @property
    def multiple(self) -> int:
        """Sides of a picture are multiples of this many pixels."""
        return 2 ** (N_BLOCKS - 1)

    @classmethod
    def from_config(cls, values: dict) -> "ThinVGGArchitecture":
        """From the JSON of a checkpoint. Raises TypeError or ValueError for what is no architecture."""
        return _from_config(cls, values)


@dataclass(frozen=True)
class ResNetArchitecture:
    """Of the generator of Johnson et al. 2016 as CycleGAN uses it; the defaults have 11.4 million parameters.

    In the reference notation with 64 filters: c7s1-64, d128, d256, R256 × blocks, u128, u64, c7s1-3.
    """

    filters: int = 64  # channels at full size; twice and four times as many at half and quarter size
    blocks: int = 9  # residual blocks at quarter size; 6 is usual for 128²
    in_channels: int = 1  # of the condition: 1 for a sketch
    out_channels: int = 3

    def __post_init__(self):
        _require_positive(self, "filters", "blocks", "in_channels", "out_channels")

    @property
    def multiple(self) -> int:
        """Sides of a picture are multiples of this many pixels."""
        return 4

    @classmethod
    def from_config(cls, values: dict) -> "ResNetArchitecture":
        """From the JSON of a checkpoint. Raises TypeError or ValueError for what is no architecture."""
        return _from_config(cls, values)


@dataclass(frozen=True)
class UNetArchitecture:
    """Of pix2pix's generator with skip connections; depth 8 is U-Net-256."""

    filters: int = 64  # channels at half size; doubled at each level up to eight times as many
    depth: int = 8  # halvings: a picture of 2**depth pixels becomes one position
    in_channels: int = 1
    out_channels: int = 3
    dropout: float = 0.5  # in the three innermost levels going up, while training

    def __post_init__(self):
        _require_positive(self, "filters", "in_channels", "out_channels")
        if not _is_whole(self.depth) or not 2 <= self.depth <= 10:
            raise ValueError(f"A U-Net's depth is 2 to 10, not {self.depth!r}.")
        if isinstance(self.dropout, bool) or not isinstance(self.dropout, int | float) or not 0 <= self.dropout < 1:
            raise ValueError(f"Dropout is at least 0 and less than 1, not {self.dropout!r}.")

    @property
    def multiple(self) -> int:
        """Sides of a picture are multiples of this many pixels."""
        return 2**self.depth

    @classmethod
    def from_config(cls, values: dict) -> "UNetArchitecture":
        """From the JSON of a checkpoint. Raises TypeError or ValueError for what is no architecture."""
        return _from_config(cls, values)


@dataclass(frozen=True)
class PatchGANArchitecture:
    """Of a discriminator that judges patches; three layers see 70×70 pixels: C64-C128-C256-C512."""

    filters: int = 64  # of the first layer; doubled up to eight times as many
    layers: int = 3  # halvings; 1 sees patches of 16×16, 3 of 70×70, 5 of 286×286
    in_channels: int = 4  # condition and picture together

    def __post_init__(self):
        _require_positive(self, "filters", "layers", "in_channels")

    @property
    def multiple(self) -> int:
        """Sides of a picture are multiples of this many pixels."""
        return 2**self.layers

    @property
    def least_size(self) -> int:
        """Pixels of the smallest square that can be judged."""
        return LEAST_SCORES * self.multiple

    @classmethod
    def from_config(cls, values: dict) -> "PatchGANArchitecture":
        """From JSON. Raises TypeError or ValueError for what is no architecture."""
        return _from_config(cls, values)


def _from_config(kind, values):
    if not isinstance(values, dict):
        raise ValueError("The checkpoint names no architecture.")
    return kind(**{name: tuple(value) if isinstance(value, list) else value for name, value in values.items()})


def _require_positive(architecture, *names):
    for name in names:
        value = getattr(architecture, name)
        if not _is_whole(value) or not 1 <= value <= MOST:
            raise ValueError(f"{type(architecture).__name__}: {name} is a number from 1 to {MOST}, not {value!r}.")


def _is_whole(value):
    return isinstance(value, int) and not isinstance(value, bool)
