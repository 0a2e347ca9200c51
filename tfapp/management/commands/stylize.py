"""Paint one picture from the command line: no server, no worker, no database."""

import shutil
import time
from contextlib import ExitStack, closing
from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from tfapp import engines, files, images, parameters, posters
from tfapp.decoding import sizes
from tfapp.engines.base import Engine, EngineError, EngineSpec, Inputs

STYLE_SIDE = 1024  # pixels; no engine looks closer
STRENGTH_HELP = "0 to 1, of an engine that mixes 1.5 (%(default)s)"
FORMATS = {".png": "png", ".jpg": "jpeg", ".jpeg": "jpeg", ".webp": "webp"}


class Command(BaseCommand):
    """`manage.py stylize CONTENT STYLE OUT`: the photo, painted in the style, into the file OUT."""

    help = "Paint the photo CONTENT in the manner of the picture STYLE, into the file OUT (.png, .jpg or .webp)."
    requires_system_checks = ()

    def add_arguments(self, parser) -> None:
        parser.add_argument("content", metavar="CONTENT", type=Path)
        parser.add_argument("style", metavar="STYLE", type=Path)
        parser.add_argument("out", metavar="OUT", type=Path)
        parser.add_argument("--engine", default=settings.ENGINES[0], metavar="NAME", help="(%(default)s)")
        parser.add_argument("--strength", type=float, default=1.0, metavar="X", help=STRENGTH_HELP)
        parser.add_argument(
            "--size", type=int, metavar="N", help="longest side in pixels (the photo's own, or the engine's most)"
        )
        parser.add_argument("--keep-colours", action="store_true", help="take the brush, leave the palette")

    def handle(self, *args, content, style, out, engine, strength, size, keep_colours, **options) -> None:
        output_format = _check_out(out)
        spec = _check_parameters(engine, strength=strength, size=size)
        with ExitStack() as stack:
            photo, style = _open(content, stack), images.read(_open(style, stack).part, STYLE_SIDE)
            size = _limit(spec, photo, size, out=out, output_format=output_format)
            chosen = {"strength": strength, "keep_colours": keep_colours}
            try:
                stored, seconds = _paint(engines.load(engine), photo, size, (style,), chosen)
            except EngineError as error:
                raise CommandError(error.message) from error
            except OSError as error:
                raise CommandError(f"{out} cannot be painted: {error.strerror or error}.") from error

        try:
            picture, _, _ = images.encode(stored.part / "master.png", format=output_format, provenance=None)
            with picture, out.open("wb") as file:
                shutil.copyfileobj(picture, file)
        except images.Refused as error:
            raise CommandError(f"{out}: {error.sentence}") from error
        except OSError as error:
            raise CommandError(f"{out} cannot be written: {error.strerror}.") from error
        finally:
            shutil.rmtree(stored.part)
        self.stdout.write(f"{out}: {stored.width} × {stored.height}, painted by {engine} in {seconds:.2f} s.")


def _check_out(out: Path) -> str:
    """The format that the name asks for."""
    if out.suffix.lower() not in FORMATS:
        raise CommandError(f"{out} must end in {', '.join(FORMATS)}.")
    if not out.parent.is_dir():
        raise CommandError(f"There is no folder {out.parent}.")
    return FORMATS[out.suffix.lower()]


def _check_parameters(engine: str, *, strength: float, size: int | None) -> EngineSpec:
    spec = engines.find(engine)
    if spec is None:
        raise CommandError(f"There is no engine {engine!r}. There are: {', '.join(settings.ENGINES)}.")
    if spec.kind != "style":
        raise CommandError(f"The engine {engine!r} takes no style picture; draw or choose for it on the first page.")
    ranges = {parameter.name: parameter for parameter in spec.parameters}
    for name, value in (("strength", strength), ("size", size)):
        parameter = ranges.get(name)
        if parameter and value is not None and not parameter.minimum <= value <= parameter.maximum:
            raise CommandError(f"--{name} is {value:g}, but it must be {parameter.minimum:g} to {parameter.maximum:g}.")
    return spec


def _limit(spec: EngineSpec, photo: images.Picture, size: int | None, *, out: Path, output_format: str) -> int:
    """The longest side that is painted: no larger than the photo, nor than the engine and the file's format allow."""
    own = (photo.width, photo.height)
    size = parameters.fit(spec, {"size": size or parameters.OWN}, longest_side=max(own))["size"]
    width, height = sizes.fit(own, size)
    if output_format not in images.downloads(width, height):
        raise CommandError(f"{out} would have {width} × {height} pixels: as {out.suffix} it must be smaller.")
    return size


def _paint(painter: Engine, photo: images.Picture, size: int, styles: tuple, chosen: dict):
    """The stored picture, and the seconds that it took."""
    if not posters.is_one(painter, (photo.width, photo.height), size):
        inputs = Inputs(images.read(photo.part, size), styles, chosen)
        started = time.perf_counter()
        picture = painter.render(inputs, lambda share, show=None: None)
        return images.store_artwork(picture), time.perf_counter() - started

    clock = posters.Clock()
    with posters.open_photo(photo.part, size) as rows:
        painted = painter.render_rows(Inputs(rows, styles, chosen), lambda share, show=None: None, files.incoming())
        with closing(painted):
            return posters.store(clock.time(painted), rows.shape), clock.seconds


def _open(path: Path, stack: ExitStack) -> images.Picture:
    """A picture that anybody may have made: it goes the way of an upload."""
    try:
        picture = images.open_file(path, path.name)
    except OSError as error:
        raise CommandError(f"{path} cannot be read: {error.strerror}.") from error
    except images.Refused as error:
        raise CommandError(f"{path}: {error.sentence}") from error
    stack.callback(images.discard, [picture])
    return picture
