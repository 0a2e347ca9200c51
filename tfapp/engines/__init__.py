"""The engines of the program by name; `tfapp.menu` adds what staff published. None is imported until it is loaded."""

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
    *("size", _("Size"), "size", min(1024, settings.RESULT_MAX_SIDE), 128, settings.RESULT_MAX_SIDE, 1),
    help=_("The longest side of the result, in pixels."),
)
STYLE_PARAMETERS = (STRENGTH, KEEP_COLOURS, SIZE)
EMOJI_SIZE = Parameter(
    *("size", _("Size"), "size", min(512, settings.RESULT_MAX_SIDE), 128, min(512, settings.RESULT_MAX_SIDE), 1),
    help=_("Width and height of the picture, in pixels."),
    choices=(128, 256, 384, 512),
)
PHOTO_SIZE = Parameter(
    *("size", _("Size"), "size", min(768, settings.RESULT_MAX_SIDE), 128, min(1024, settings.RESULT_MAX_SIDE), 1),
    help=_("The longest side of the result, in pixels. The smaller, the broader its brush."),
    choices=(384, 512, 768, 1024),
)

SPECS = {
    spec.name: spec
    for spec in (
        EngineSpec(
            name="adain",
            title=_("Stylesite painter"),
            blurb=_("Our own network: any style, any size, in a moment."),
            kind="style",
            parameters=STYLE_PARAMETERS,
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
