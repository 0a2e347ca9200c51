"""Options of every recipe, each with a reason or a unit; the training page's form is made from them."""

from dataclasses import MISSING, asdict, dataclass, field, fields, is_dataclass
from typing import ClassVar

from trainer.networks.architectures import AdaINArchitecture, ThinVGGArchitecture

PRECISIONS = ("auto", "mixed_bfloat16", "mixed_float16", "float32")
IMAGENET = "imagenet"  # teachers to be downloaded
TEACHER_FILES = ("vgg19_relu3_1.npz", "vgg19_small16_relu5_1.npz")  # where they lie in a folder: exact, small
GUIDE_FILES = ("predict.tflite", "transfer.tflite")  # of a style, its code; of a photo and a code, a picture
DIRECTIONS = ("AtoB", "BtoA")
GENERATORS = ("resnet", "unet")
GAN_LOSSES = ("lsgan", "cross_entropy")
USUAL_LAMBDA_L1 = {"lsgan": 10.0, "cross_entropy": 100.0}  # that of Zhu et al. 2017 and that of Isola et al. 2017


def _(sentence: str) -> str:
    """Marks a sentence for translation where it is shown: a recipe trains where there is no Django, too."""
    return sentence


class Nonsense(ValueError):
    """An option that cannot be. The sentence is marked for translation; `name` and `values` fill it in."""

    def __init__(self, owner: str, name: str, sentence: str, **values):
        super().__init__(f"{owner}: {sentence % {**values, 'name': name}}")
        self.name, self.sentence, self.values = name, sentence, values


def option(default, help_text: str, *, choices: tuple = (), least=None, most=None):
    """A field with a sentence for a form, and what it may be."""
    return field(default=default, metadata={"help": help_text, "choices": choices, "least": least, "most": most})


class Options:
    """What every config is: options that refuse nonsense with a ValueError."""

    def __post_init__(self):
        for each in fields(self):
            _check(type(self).__name__, each, getattr(self, each.name))


@dataclass(frozen=True)
class LoopOptions(Options):
    """What the training loop asks of every recipe."""

    precision: str = option("auto", _("Number format; auto is the fast one of this device."), choices=PRECISIONS)
    devices: int = option(1, _("GPUs that share each batch."), least=1)
    workers: int = option(2, _("Threads that prepare batches; the batches are the same."), least=1)
    deterministic: bool = option(False, _("The same numbers to the last bit on every run; slow."))  # for proofs
    compiled: bool = option(True, _("Compile the step; without, it begins at once and is slower."))  # off: to debug
    checkpoint_every: int = option(200, _("Steps between two checkpoints."), least=1)  # minutes of work to lose
    keep: int = option(3, _("Newest checkpoints that are kept; the best one always is."), least=1, most=1000)
    sample_every: int = option(500, _("Steps between two sample pictures."), least=1)
    validate_every: int = option(500, _("Steps between two validations."), least=1)


@dataclass(frozen=True)
class AdaINConfig(LoopOptions):
    """Arbitrary style transfer after Huang & Belongie, conditioned at every decoder layer."""

    BEST_BY: ClassVar[str] = "loss"  # of what is validated; the lowest is the best

    architecture: AdaINArchitecture = field(
        default_factory=AdaINArchitecture, metadata={"help": _("Widths and depths of the networks.")}
    )
    photos: str = option("photos", _("Folder of content pictures inside the data folder."))
    paintings: str = option("paintings", _("Folder of style pictures inside the data folder."))
    teachers: str = option("teachers", _("Folder of VGG .npz files, or imagenet to download VGG-19."))
    guide: str = option(
        "", _("Folder with predict.tflite and transfer.tflite, a painter whose layout of colours is learned; or none.")
    )
    size: int = option(256, _("Side of a training square, in pixels."), least=32)  # time grows with its square
    batch: int = option(4, _("Pairs of photo and painting in a step."), least=1)  # several styles steady the gradient
    steps: int = option(8000, _("Updates in all."), least=1)  # about two hours on two busy cores
    learning_rate: float = option(1e-3, _("After the warm-up; it then falls on a cosine."), least=0)
    warm_up: int = option(100, _("Steps until the learning rate is reached."), least=0)
    clip: float = option(5.0, _("Largest global norm of the gradients."), least=0)  # rare styles jolt
    average_decay: float = option(0.997, _("Of the moving average of the weights, per step."), least=0, most=1)
    content_weight: float = option(1.5, _("Legibility."), least=0)  # 3 in a last short part keeps more of the photo
    moments_weight: float = option(1.0, _("Colours and contrast of the style."), least=0)
    gram_weight: float = option(1.0, _("Colours and texture of the style together."), least=0)  # correlations
    covariance_weight: float = option(1.0, _("Texture and brush of the style alone."), least=0)  # of what varies
    # These three stand to content about as in the painter's last part: 50, 10 and 2.5 to 2.
    contrast_weight: float = option(35.0, _("Contrast along the edges of the photo."), least=0)
    palette_weight: float = option(7.0, _("All colours of the style, highlights and shadows too."), least=0)
    blotches_weight: float = option(2.0, _("Against blotches of colour in flat areas."), least=0)
    activity_weight: float = option(0.7, _("Quiet where the photo is quiet, busy where it is busy."), least=0)
    layout_weight: float = option(4.0, _("Light and colours where the guide has them."), least=0)
    lift: float = option(
        0.08, _("How much lighter than its style a picture in a dark one is painted."), least=0, most=0.5
    )
    variation_weight: float = option(0.1, _("Against grain."), least=0)
    overflow_weight: float = option(1.0, _("Against clipped colours."), least=0)
    identity_share: float = option(0.08, _("Share of pairs whose style is the content itself."), least=0, most=1)
    identity_weight: float = option(3.0, _("How much those must come back unchanged."), least=0)

    def __post_init__(self):
        super().__post_init__()
        if self.size % self.architecture.multiple:
            sentence = _("The size must be a multiple of %(n)d.")
            raise Nonsense(type(self).__name__, "size", sentence, n=self.architecture.multiple)


@dataclass(frozen=True)
class DistillationConfig(LoopOptions):
    """A thin VGG that answers as a wide one does, after Romero et al. 2014."""

    BEST_BY: ClassVar[str] = "loss"  # of what is validated; the lowest is the best

    architecture: ThinVGGArchitecture = field(
        default_factory=ThinVGGArchitecture, metadata={"help": _("Widths and depths of the networks.")}
    )
    photos: str = option("photos", _("Folder of content pictures inside the data folder."))
    paintings: str = option("paintings", _("Folder of style pictures inside the data folder."))
    teachers: str = option("teachers", _("Folder of VGG .npz files, or imagenet to download VGG-19."))
    size: int = option(192, _("Side of a training square, in pixels."), least=32)  # what relu5_1 sees of a picture
    batch: int = option(8, _("Pictures in a step, half of them paintings."), least=2)
    noise: float = option(
        0.3, _("Share of pictures with noise over them."), least=0, most=1
    )  # whoever optimises a picture may begin with noise
    steps: int = option(6000, _("Updates in all."), least=1)  # half an hour on two busy cores
    learning_rate: float = option(2e-3, _("After the warm-up; it then falls on a cosine."), least=0)
    warm_up: int = option(100, _("Steps until the learning rate is reached."), least=0)
    clip: float = option(5.0, _("Largest global norm of the gradients."), least=0)
    average_decay: float = option(0.997, _("Of the moving average of the weights, per step."), least=0, most=1)

    def __post_init__(self):
        super().__post_init__()
        if self.size % self.architecture.multiple:
            sentence = _("The size must be a multiple of %(n)d.")
            raise Nonsense(type(self).__name__, "size", sentence, n=self.architecture.multiple)


@dataclass(frozen=True)
class Pix2PixConfig(LoopOptions):
    """Paired image translation after Isola et al. 2017."""

    BEST_BY: ClassVar[str] = "l1"  # of what is validated; the lowest is the best

    generator: str = option("resnet", _("Network that draws."), choices=GENERATORS)  # fewer checkerboards than a U-Net
    filters: int = option(
        64, _("Channels of the generator's first layer."), least=1, most=256
    )  # 32: a quarter the size
    blocks: int = option(9, _("Residual blocks; resnet only."), least=1, most=32)  # 6 is usual below 256 pixels
    depth: int = option(8, _("Halvings; unet only. 2 to this power divides the size."), least=2, most=10)  # U-Net-256
    dropout: float = option(0.5, _("Share of channels dropped in training; unet only."), least=0, most=0.95)
    discriminator_filters: int = option(64, _("Channels of the discriminator's first layer."), least=1, most=256)
    discriminator_layers: int = option(3, _("Halvings; 3 judges patches of 70×70 pixels."), least=1, most=6)

    direction: str = option("AtoB", _("Which half of a pair is the condition."), choices=DIRECTIONS)
    condition_channels: int = option(
        1, _("Channels of it: 1 for sketches, 3 for colours."), choices=(1, 3)
    )  # lines have no colour
    hint: float = option(
        0.0, _("Share of training pictures given with a hint of their colours; 0: no hints."), least=0, most=1
    )  # three more channels; below 1, so that a sketch alone still serves
    size: int = option(256, _("Side of a training square, in pixels."), least=16)  # time grows with its square
    enlarge: float = option(1.12, _("Enlargement before the random crop."), least=1, most=2)  # 286 for 256 in the paper
    flip: float = option(0.5, _("Share of pairs that are mirrored."), least=0, most=1)  # 0 where left is not right
    hand_drawn: float = option(
        0.0, _("Share of sketches made to look drawn by hand."), least=0, most=1
    )  # people draw less precisely than an edge detector
    batch: int = option(1, _("Pairs in a step."), least=1)  # as in the paper: sharper than larger ones
    steps: int = option(20_000, _("Updates in all."), least=1)  # ten rounds of 2,000 pairs

    learning_rate: float = option(2e-4, _("Of both networks, at the start."), least=0)  # the paper's
    beta1: float = option(0.5, _("Momentum of Adam."), least=0, most=0.999)  # 0.9 swings when two networks play
    constant_share: float = option(
        0.5, _("Share of the steps before the learning rate falls, on a line to zero."), least=0, most=1
    )  # half, as in the reference
    gan_loss: str = option("lsgan", _("Adversarial loss."), choices=GAN_LOSSES)  # least squares: steadier
    lambda_gan: float = option(1.0, _("Weight of the adversarial loss; 0 trains by L1 alone."), least=0)  # 0: a control
    lambda_l1: float | None = option(
        None, _("Weight of the L1 loss; empty is 10 with lsgan and 100 with cross_entropy."), least=0
    )  # low: sharper and wilder
    average_decay: float = option(0.999, _("Of the moving average of the generator, per step."), least=0, most=1)

    validation_pictures: int = option(32, _("Pairs of the fixed set for validation."), least=1)  # seconds, not minutes

    @property
    def l1_weight(self) -> float:
        return USUAL_LAMBDA_L1[self.gan_loss] if self.lambda_l1 is None else self.lambda_l1

    @property
    def in_channels(self) -> int:
        """Of the condition, a colour hint included."""
        return self.condition_channels + (3 if self.hint else 0)

    @property
    def architecture(self) -> dict:
        """The generator's, as `trainer.networks.generators` reads it."""
        return _describe_generator(self, self.in_channels)


@dataclass(frozen=True)
class CycleGANConfig(LoopOptions):
    """Unpaired image translation after Zhu et al. 2017."""

    BEST_BY: ClassVar[str] = "kid"  # of what is validated; the lowest is the best

    generator: str = option("resnet", _("Networks that paint."), choices=GENERATORS)  # the paper's
    filters: int = option(64, _("Channels of a generator's first layer."), least=1, most=256)  # 32: a quarter the size
    blocks: int = option(9, _("Residual blocks; resnet only."), least=1, most=32)  # 6 is usual below 256 pixels
    depth: int = option(8, _("Halvings; unet only. 2 to this power divides the size."), least=2, most=10)  # U-Net-256
    dropout: float = option(0.0, _("Share of channels dropped in training; unet only."), least=0, most=0.95)
    discriminator_filters: int = option(64, _("Channels of a discriminator's first layer."), least=1, most=256)
    discriminator_layers: int = option(3, _("Halvings; 3 judges patches of 70×70 pixels."), least=1, most=6)

    direction: str = option("AtoB", _("BtoA makes the two sides change places."), choices=DIRECTIONS)
    size: int = option(256, _("Side of a training square, in pixels."), least=16)  # time grows with its square
    smallest: float = option(
        0.7, _("Smallest crop, as a share of a picture's shorter side."), least=0.1, most=1
    )  # one collection rarely shows things at the other's scale
    batch: int = option(1, _("Pictures of each side in a step."), least=1)  # as in the paper
    steps: int = option(20_000, _("Updates in all."), least=1)

    learning_rate: float = option(2e-4, _("Of all networks, at the start."), least=0)  # the paper's
    beta1: float = option(0.5, _("Momentum of Adam."), least=0, most=0.999)  # 0.9 swings when two networks play
    constant_share: float = option(
        0.5, _("Share of the steps before the learning rate falls, on a line to zero."), least=0, most=1
    )  # half, as in the paper
    gan_loss: str = option("lsgan", _("Adversarial loss."), choices=GAN_LOSSES)  # the paper's
    lambda_cycle: float = option(10.0, _("Weight of coming back to where one began."), least=0)  # the paper's
    lambda_identity: float = option(
        0.5, _("Weight of leaving pictures of the own side alone, times that of the cycle."), least=0
    )  # keeps colours; 0 saves a fifth of the time
    pool: int = option(
        50, _("Made pictures kept for the discriminators; 0 on several devices."), least=0
    )  # against oscillation; Shrivastava et al. 2017
    average_decay: float = option(0.999, _("Of the moving average of the generators, per step."), least=0, most=1)

    validation_pictures: int = option(16, _("Pictures of each side for validation."), least=1)  # seconds, not minutes

    @property
    def architecture(self) -> dict:
        """Both generators', as `trainer.networks.generators` reads it."""
        return _describe_generator(self, 3)


# Of what the studio trains, for who wants no Keras. What distillation makes paints nothing: it is for the shell.
BY_RECIPE = {"pix2pix": Pix2PixConfig, "cyclegan": CycleGANConfig, "adain": AdaINConfig}


def from_dict(kind: type, values: dict):
    """A config (or a dataclass inside one) from JSON values. Raises ValueError for names it does not have."""
    if not isinstance(values, dict):
        sentence = _("%(name)s is made from a JSON object, not from %(value)s.")
        raise Nonsense(kind.__name__, "config", sentence, value=repr(values))
    known = {f.name: f for f in fields(kind)}
    if unknown := set(values) - set(known):
        raise Nonsense(kind.__name__, ", ".join(sorted(map(str, unknown))), _("There is no option %(name)s."))
    made = {}
    for name, value in values.items():
        inner = known[name].type
        if is_dataclass(inner) and isinstance(value, dict):
            value = from_dict(inner, value)
        made[name] = tuple(value) if isinstance(value, list) else value
    return kind(**made)


def describe(kind: type) -> list[dict]:
    """Every option of a config class, the recipe's own before the loop's, fit for a form and for JSON."""
    loop = {each.name for each in fields(LoopOptions)}
    return [
        {
            "name": each.name,
            "type": getattr(each.type, "__name__", str(each.type)),
            "default": _fit_for_json(each),
            **{name: each.metadata.get(name) for name in ("help", "choices", "least", "most")},
        }
        for each in sorted(fields(kind), key=lambda each: each.name in loop)
    ]


def to_dict(config) -> dict:
    """The inverse of `from_dict`, fit for JSON."""
    return asdict(config)


def _fit_for_json(each):
    default = each.default_factory() if each.default is MISSING else each.default
    return asdict(default) if is_dataclass(default) else default


def _describe_generator(config, in_channels):
    own = ("filters", "blocks") if config.generator == "resnet" else ("filters", "depth", "dropout")
    shape = {"in_channels": in_channels, "out_channels": 3}
    return {"generator": config.generator} | {name: getattr(config, name) for name in own} | shape


def _check(owner, each, value):
    limits = each.metadata
    told = {"value": repr(value)} | {name: limits.get(name) for name in ("least", "most")}
    if not _is_of_type(value, each.type):
        raise Nonsense(owner, each.name, _("%(name)s cannot be %(value)s."), **told)
    if limits.get("choices") and value not in limits["choices"]:
        choices = ", ".join(str(choice) for choice in limits["choices"])
        raise Nonsense(owner, each.name, _("%(name)s is one of %(choices)s, not %(value)s."), choices=choices, **told)
    if value is None:
        return
    if limits.get("least") is not None and not value >= limits["least"]:
        raise Nonsense(owner, each.name, _("%(name)s is at least %(least)s, not %(value)s."), **told)
    if limits.get("most") is not None and not value <= limits["most"]:
        raise Nonsense(owner, each.name, _("%(name)s is at most %(most)s, not %(value)s."), **told)


def _is_of_type(value, expected):
    if isinstance(value, bool):
        return expected is bool
    if isinstance(value, int):  # a whole number will do where a fraction may stand
        return isinstance(1, expected) or isinstance(1.0, expected)
    return isinstance(value, expected)
