"""Draw the pictures of the style shelf anew, into static/shelf."""

import io

from django.core.management.base import BaseCommand, CommandError
from PIL import Image

from tfapp import shelf

MAX_BYTES = 145_000  # of one picture: the whole shelf stays under 4 MB


class Command(BaseCommand):
    """`manage.py draw_shelf [slug…]`: all of them, or those named."""

    help = "Draw the pictures of the style shelf anew, into static/shelf."
    requires_system_checks = ()  # drawing needs nothing of the installation

    def add_arguments(self, parser) -> None:
        parser.add_argument("slugs", nargs="*", metavar="slug", help="which pictures; all when none is named")

    def handle(self, *args, slugs, **options) -> None:
        for slug in slugs:
            if shelf.find(slug) is None:
                known = ", ".join(style.slug for style in shelf.STYLES)
                raise CommandError(f"There is no style {slug!r} on the shelf. There are: {known}.")

        shelf.FOLDER.mkdir(parents=True, exist_ok=True)
        for slug in slugs or [style.slug for style in shelf.STYLES]:
            self.stdout.write(f"Drawing {slug} …")
            image = Image.fromarray((shelf.draw(slug) * 255 + 0.5).astype("uint8"))
            shelf.path(slug).write_bytes(_encode(image))
            side = shelf.THUMBNAIL_SIDE
            image.resize((side, side), Image.Resampling.LANCZOS).save(shelf.thumbnail_path(slug), quality=76, method=6)


def _encode(image: Image.Image) -> bytes:
    """JPEG in the best quality that is small enough."""
    for quality in range(90, 40, -4):
        data = io.BytesIO()
        image.save(data, "JPEG", quality=quality, optimize=True, progressive=True)
        if len(data.getvalue()) <= MAX_BYTES:
            break
    return data.getvalue()
