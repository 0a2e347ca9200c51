"""The style shelf: pictures that our own code draws, for people who have no style picture at hand.

The web process reads this list; the modules beside it, which draw, are imported only by `draw`. One more style is
a function from size to picture in such a module, an entry here, and `manage.py draw_shelf <slug>`.
"""

from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from django.utils.translation import gettext_lazy as _

FOLDER = Path(__file__).resolve().parent.parent.parent / "static" / "shelf"
SIDE = 768  # pixels
THUMBNAIL_SIDE = 240


@dataclass(frozen=True)
class ShelfStyle:
    """A picture on the shelf. `drawing` names what draws it, `module.function` of this package."""

    slug: str
    title: str
    alt: str
    drawing: str


STYLES = (
    ShelfStyle(
        "starry-swirls",
        _("Starry swirls"),
        _("A night of blue brush strokes that turn around yellow stars, a dark cypress in front."),
        "oils.starry_swirls",
    ),
    ShelfStyle(
        "mosaic-sun",
        _("Mosaic sun"),
        _("A sun of orange tesserae, its rays bending over blue, above green waves."),
        "pieces.mosaic_sun",
    ),
    ShelfStyle(
        "impasto-meadow",
        _("Meadow in thick paint"),
        _("Poppies and daisies in thick strokes of paint, grass bending behind them."),
        "oils.impasto_meadow",
    ),
    ShelfStyle(
        "ink-mountains",
        _("Mountains in ink"),
        _("Grey ranges of mountains in mist, bamboo in black ink and a red seal."),
        "ink.ink_mountains",
    ),
    ShelfStyle(
        "golden-ornament",
        _("Golden ornament"),
        _("Spirals, eggs and small chequered fields on worn gold leaf."),
        "lights.golden_ornament",
    ),
    ShelfStyle(
        "stained-glass",
        _("Stained glass"),
        _("A tree of coloured glass before a low sun, in lines of lead."),
        "pieces.stained_glass",
    ),
    ShelfStyle(
        "great-wave",
        _("Great wave"),
        _("A blue wave with claws of white foam breaks over a small mountain, like a Japanese print."),
        "waves.great_wave",
    ),
    ShelfStyle(
        "watercolour-blooms",
        _("Watercolour blooms"),
        _("Loose flowers in red, violet and green washes on white paper."),
        "ink.watercolour_blooms",
    ),
    ShelfStyle(
        "marbled-paper",
        _("Marbled paper"),
        _("Teal, red and ochre inks combed into curls and feathers."),
        "ink.marbled_paper",
    ),
    ShelfStyle(
        "autumn-leaves",
        _("Autumn leaves"),
        _("Maple, oak and ginkgo leaves in red, orange and yellow, lying on each other."),
        "leaves.autumn_leaves",
    ),
    ShelfStyle(
        "pointillist-lake",
        _("Points of colour"),
        _("A lake at sunset between trees, all in dots of pure colour."),
        "oils.pointillist_lake",
    ),
    ShelfStyle(
        "linocut-forest",
        _("Linocut"),
        _("A red sun over green hills, cut in black lines."),
        "prints.linocut_forest",
    ),
    ShelfStyle(
        "chalk-town",
        _("Chalk town"),
        _("Bright houses by the sea under a swirling moon, in chalk on a blackboard."),
        "chalks.chalk_town",
    ),
    ShelfStyle(
        "torn-paper",
        _("Torn hanji"),
        _("Mountains of torn Korean paper in teal, red and ochre under a yellow moon."),
        "pieces.torn_paper",
    ),
    ShelfStyle(
        "neon-contours",
        _("Neon contours"),
        _("Glowing lines in pink, blue and green that wind over black like a map."),
        "lights.neon_contours",
    ),
    ShelfStyle(
        "dancheong",
        _("Dancheong"),
        _("Lotus flowers in blue, red and ochre on green, as on the eaves of Korean temples."),
        "cloth.dancheong",
    ),
    ShelfStyle(
        "woven-kilim",
        _("Woven kilim"),
        _("A rug of stepped diamonds in madder red, indigo and wool white."),
        "cloth.woven_kilim",
    ),
    ShelfStyle(
        "agate-slice",
        _("Agate"),
        _("Bands of blue, cream and rust in a polished stone around violet crystals."),
        "lights.agate_slice",
    ),
    ShelfStyle(
        "bojagi",
        _("Bojagi"),
        _("A patchwork of translucent ramie in many colours, sewn with white stitches."),
        "cloth.bojagi",
    ),
    ShelfStyle(
        "batik-indigo",
        _("Batik"),
        _("White and brown flowers on indigo cloth, with the fine cracks of wax."),
        "cloth.batik_indigo",
    ),
    ShelfStyle(
        "crayon-garden",
        _("Crayon garden"),
        _("A sun, a rainbow and big flowers in wax crayon on rough paper."),
        "chalks.crayon_garden",
    ),
    ShelfStyle(
        "comic-burst",
        _("Comic burst"),
        _("A yellow and red explosion in printed dots, with black lines of speed."),
        "prints.comic_burst",
    ),
    ShelfStyle(
        "deco-fans",
        _("Golden fans"),
        _("Overlapping fans of gold lines on teal, wine red and blue lacquer."),
        "prints.deco_fans",
    ),
    ShelfStyle(
        "cubist-guitar",
        _("Cubist guitar"),
        _("A guitar broken into facets of ochre, grey and blue."),
        "pieces.cubist_guitar",
    ),
)


def find(slug: str) -> ShelfStyle | None:
    """The style of that slug, or None."""
    return next((style for style in STYLES if style.slug == slug), None)


def path(slug: str) -> Path:
    """Where the picture lies."""
    return FOLDER / f"{slug}.jpg"


def thumbnail_path(slug: str) -> Path:
    """Where its small version lies."""
    return FOLDER / f"{slug}-{THUMBNAIL_SIDE}.webp"


def draw(slug: str, size: int = SIDE):
    """Draw a style anew: a float32 (size, size, 3) picture in 0..1, the same at every call."""
    module, function = find(slug).drawing.split(".")
    return getattr(import_module(f"{__name__}.{module}"), function)(size)
