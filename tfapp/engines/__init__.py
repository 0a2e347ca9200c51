"""The engines of the program by name; `tfapp.menu` adds what staff published. None is imported until it is loaded."""

from collections.abc import Mapping
from dataclasses import replace
from importlib import import_module
from pathlib import Path

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from tfapp.engines.base import Engine, EngineSpec, Parameter

SHIPPED_FOLDER = Path(__file__).resolve().parent.parent / "shipped"

STRENGTH = Parameter("strength", _("Strength"), "range", 1.0, 0, 1, 0.05, _("How much of the style to take."))
KEEP_COLOURS = Parameter(
    "keep_colours", _("Keep the photo's colours"), "switch", False, help=_("Take the brush, leave the palette.")
)
SIZE = Parameter(
    *("size", _("Size"), "size", min(1024, settings.PIECE_MAX_SIDE), 128, settings.PIECE_MAX_SIDE, 1),
    help=_("The longest side of the result, in pixels."),
)
POSTER_SIZE = replace(SIZE, maximum=settings.RESULT_MAX_SIDE)
STYLE_PARAMETERS = (STRENGTH, KEEP_COLOURS, SIZE)
STYLE_SCALE = Parameter(
    *("style_scale", _("Size of the brush"), "range", 1.0, 0.5, 2, 0.05),
    help=_("How large the style's strokes are, beside the photo."),
    is_fine=True,
)
COLOURS = Parameter(
    *("colours", _("How to keep them"), "choice", "light"),
    help=_("Take the style's light alone, or paint with a style that has the photo's colours."),
    choices=(("light", _("only its light is painted")), ("statistics", _("the style is coloured first"))),
    is_fine=True,
    needs="keep_colours",
)
SHARPNESS = Parameter(
    *("sharpness", _("Sharpness"), "range", 0.0, 0, 1, 0.05),
    help=_("How much of the photo's fine lines to bring back."),
    is_fine=True,
)
SECOND_LOOK = Parameter(
    *("second_look", _("Second look"), "switch", False),
    help=_(
        "The painter looks at its painting and paints it anew: another picture, sometimes a better one, "
        "some seconds later. Previews in the mixer are painted without."
    ),
    extra=8,  # 2.5 s, where a megapixel takes about 0.3
)
QUALITY = Parameter(
    *("quality", _("Network"), "choice", "fine"),
    help=_("The swift one is smaller and paints in a shorter time."),
    choices=(("fine", _("fine")), ("swift", _("swift"))),
    is_fine=True,
)
MIX_PARAMETERS = (
    *(replace(STRENGTH, maximum=1.5), STYLE_SCALE, KEEP_COLOURS, COLOURS, SHARPNESS, SECOND_LOOK),
    POSTER_SIZE,  # it paints posters, too: see PosterEngine
)
EMOJI_SIZE = Parameter(
    *("size", _("Size"), "size", min(512, settings.PIECE_MAX_SIDE), 128, min(512, settings.PIECE_MAX_SIDE), 1),
    help=_("Width and height of the picture, in pixels."),
    choices=(128, 256, 384, 512),
)
PHOTO_SIZE = Parameter(
    *("size", _("Size"), "size", min(768, settings.PIECE_MAX_SIDE), 128, min(1024, settings.PIECE_MAX_SIDE), 1),
    help=_("The longest side of the result, in pixels. The smaller, the broader its brush."),
    choices=(384, 512, 768, 1024),
)

STEPS = Parameter(
    *("steps", _("Steps"), "range", 300, 50, 1000, 10),
    help=_("How often the picture is looked at, and made better."),
    is_effort=True,
)
SMOOTHNESS = Parameter(
    *("smoothness", _("Smoothness"), "range", 0.7, 0, 1, 0.05, _("How even its surface is: much grain, or little.")),
    is_fine=True,
)
START = Parameter(
    *("start", _("It begins with"), "choice", "content"),
    help=_("From the photo it stays near it; from noise it is more of a surprise."),
    choices=(("content", _("the photo")), ("noise", _("noise"))),
    is_fine=True,
)
OPTIMIZER = Parameter(
    *("optimizer", _("Way downhill"), "choice", "lbfgs"),
    help=_("L-BFGS needs fewer steps; Adam is what most networks are trained with."),
    choices=(("lbfgs", "L-BFGS"), ("adam", "Adam")),
    is_fine=True,
)
SEED = Parameter(
    *("seed", _("Lucky number"), "seed", None, 0, 999_999, 1),
    help=_("The same number gives the same picture again. Leave it empty, and it is drawn."),
    is_fine=True,
)
OPTIMISED_SIZE = Parameter(
    *("size", _("Size"), "size", min(512, settings.PIECE_MAX_SIDE), 128, min(1024, settings.PIECE_MAX_SIDE), 1),
    help=_("The longest side of the result, in pixels. Twice as long takes four times the time."),
    choices=(256, 384, 512, 768, 1024),
)
TEXTURE_SIZE = replace(
    OPTIMISED_SIZE, help=_("Width and height of the picture, in pixels. Twice as wide takes four times the time.")
)

SPECS = {
    spec.name: spec
    for spec in (
        EngineSpec(
            name="adain",
            title=_("Stylesite painter"),
            blurb=_("Our own network: any style, any size, in a moment."),
            kind="style",
            parameters=(*MIX_PARAMETERS, QUALITY),
            path="tfapp.engines.adain.AdainEngine",
            source=lambda: str(SHIPPED_FOLDER / "adain"),
            mixes=True,
        ),
        EngineSpec(
            name="tfhub",
            title=_("Magenta (TF-Hub)"),
            blurb=_("Google's arbitrary image stylization, from TensorFlow Hub."),
            kind="style",
            parameters=STYLE_PARAMETERS,
            path="tfapp.engines.tfhub.TfhubEngine",
            source=lambda: settings.TFHUB_HANDLE,
        ),
        EngineSpec(
            name="tflite",
            title=_("Magenta Lite"),
            blurb=_("The same network, small enough for a telephone. Its pictures are 384 pixels at heart."),
            kind="style",
            parameters=STYLE_PARAMETERS,
            path="tfapp.engines.tflite.TfliteEngine",
            source=lambda: settings.TFLITE_FOLDER,
        ),
        EngineSpec(
            name="gatys",
            title=_("Patient painter (Gatys)"),
            blurb=_("Works on one picture step by step, for a minute, and you can watch it."),
            kind="style",
            parameters=(STRENGTH, KEEP_COLOURS, OPTIMISED_SIZE, STEPS, SMOOTHNESS, START, OPTIMIZER, SEED),
            path="tfapp.engines.gatys.GatysEngine",
            source=lambda: _find_features(),
        ),
        EngineSpec(
            name="emoji",
            title=_("Emoji painter"),
            blurb=_("Our own network: colours a drawing of a few lines as an emoji."),
            kind="sketch",
            parameters=(EMOJI_SIZE,),
            path="tfapp.engines.pix2pix.Pix2PixEngine",
            source=lambda: settings.EMOJI_CHECKPOINT or str(SHIPPED_FOLDER / "emoji"),
        ),
        EngineSpec(
            name="painter",
            title=_("Impressionist"),
            blurb=_("A photo becomes a painting, in the manner of the Impressionists."),
            kind="photo",
            parameters=(PHOTO_SIZE,),
            path="tfapp.engines.cyclegan.CycleGANEngine",
            source=lambda: settings.PAINTER_CHECKPOINT or str(SHIPPED_FOLDER / "painter"),
        ),
        EngineSpec(
            name="photograph",
            title=_("Photographer"),
            blurb=_("A painting becomes a photo: the way back."),
            kind="photo",
            parameters=(PHOTO_SIZE,),
            path="tfapp.engines.cyclegan.CycleGANBackEngine",
            source=lambda: settings.PAINTER_CHECKPOINT or str(SHIPPED_FOLDER / "painter"),
        ),
        EngineSpec(
            name="texture",
            title=_("Weaver (Gatys)"),
            blurb=_("Makes a new picture of the same stuff, step by step, and you can watch it."),
            kind="texture",
            parameters=(TEXTURE_SIZE, STEPS, SMOOTHNESS, OPTIMIZER, SEED),
            path="tfapp.engines.texture.TextureEngine",
            source=lambda: _find_features(),
        ),
        EngineSpec(
            name="echo",
            title=_("Echo"),
            blurb=_("Gives the photo back: for tests and for checking an installation."),
            kind="style",
            parameters=STYLE_PARAMETERS,
            path="tfapp.engines.echo.EchoEngine",
            source=lambda: "",
            is_listed=False,
            mixes=True,
        ),
    )
}


def enabled() -> list[EngineSpec]:
    """The engines that this installation offers, in the order of its settings."""
    return [SPECS[name] for name in settings.ENGINES]


def find(name: str) -> EngineSpec | None:
    """The enabled engine of that name, or None."""
    return SPECS[name] if name in settings.ENGINES else None


def measure_work(name: str, parameters: Mapping, megapixels: float) -> float:
    """`EngineSpec.measure_work` of an engine, or of a published version, which has no settings but the painter's."""
    return SPECS[name if name in SPECS else "adain"].measure_work(parameters, megapixels)


def first(kind: str) -> EngineSpec:
    """The first enabled engine of that kind of input; of any kind where there is none."""
    return next((spec for spec in enabled() if spec.kind == kind), enabled()[0])


def load(what: EngineSpec | str) -> Engine:
    """Import and load an engine, of the program if it is named. Raises EngineError when it cannot be had."""
    spec = SPECS[what] if isinstance(what, str) else what
    module, class_name = spec.path.rsplit(".", 1)
    engine = getattr(import_module(module), class_name)()
    engine.load(spec.source())
    return engine


def _find_features() -> str:
    """What looks at pictures where they are optimised: our own painter's encoder, if nothing else is said."""
    if settings.FEATURES == "imagenet":
        return "keras://imagenet"
    return settings.FEATURES or str(SHIPPED_FOLDER / "adain")
