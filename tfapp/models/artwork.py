"""An artwork is the finished picture of a job: private until its owner publishes it."""

import uuid

from django.db import models
from django.db.models import Q
from django.utils import formats, timezone
from django.utils.translation import gettext as _

from tfapp import menu, shelf
from tfapp.models.job import Job
from tfapp.models.person import Person

REPORTS_THAT_HIDE = 3
WEBP_PIXELS = 20_000_000  # in larger pictures WebP runs over, and takes minutes
VIEW_SIDE = 4096  # pixels: of a larger picture people look at a copy, with this longest side


class ArtworkQuerySet(models.QuerySet):
    """Which pictures, for whom, in which order."""

    def public(self) -> "ArtworkQuerySet":
        """What everybody may see."""
        return self.filter(is_public=True, hidden_at=None)

    def visible_to(self, person: Person | None) -> "ArtworkQuerySet":
        """A person's own, and what everybody may see."""
        if not person:
            return self.public()
        return self.filter(Q(person_id=person.pk) | Q(is_public=True, hidden_at=None))

    def with_styles(self) -> "ArtworkQuerySet":
        """What their alt texts ask for, at once."""
        return self.select_related("job").prefetch_related("job__inputs")

    def newest(self) -> "ArtworkQuerySet":
        """Last published first: the order of the gallery."""
        return self.order_by("-published_at", "id")


class Artwork(models.Model):
    """One result a job, and it dies with it. `thumbnails` maps width to height, one entry a stored size."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    job = models.OneToOneField(Job, on_delete=models.CASCADE, related_name="artwork")
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="artworks")
    kind = models.CharField(max_length=20)
    engine = models.CharField(max_length=40)
    parameters = models.JSONField(default=dict)
    title = models.CharField(max_length=80, blank=True)
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    folder = models.CharField(max_length=200, unique=True)  # below MEDIA_ROOT: master.png and the thumbnails
    n_bytes = models.PositiveBigIntegerField()  # of master.png, as is the checksum
    sha256 = models.CharField(max_length=64)
    thumbnails = models.JSONField(default=dict)
    is_public = models.BooleanField(default=False)
    published_at = models.DateTimeField(null=True, blank=True)
    hidden_at = models.DateTimeField(null=True, blank=True)  # three people reported it: nobody else sees it
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ArtworkQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(
                fields=["-published_at", "id"], name="artwork_gallery", condition=Q(is_public=True, hidden_at=None)
            ),
            models.Index(fields=["person", "-created_at"], name="artwork_person_created"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(is_public=False) | Q(published_at__isnull=False), name="artwork_public_has_a_time"
            )
        ]

    def __str__(self) -> str:
        return self.title or f"{self.engine} {self.id}"

    @staticmethod
    def folder_of(key: uuid.UUID) -> str:
        """Where the artwork with that id lies, below MEDIA_ROOT."""
        return f"artworks/{str(key)[:2]}/{key}"

    @property
    def is_shown(self) -> bool:
        """Whether everybody may see it."""
        return self.is_public and self.hidden_at is None

    @property
    def alt_text(self) -> str:
        """What somebody who cannot see the picture is told."""
        if self.title:
            return self.title
        date = formats.date_format(self.created_at, "DATE_FORMAT")
        if names := self.shelf_titles:
            words = {"styles": ", ".join(names), "date": date}
            return _("A picture in the style of %(styles)s, painted on %(date)s") % words
        words = {"engine": menu.title_of(self.engine), "date": date}
        return _("A picture painted with %(engine)s on %(date)s") % words

    @property
    def shelf_titles(self) -> list[str]:
        """The names of its styles from the shelf; what somebody uploaded has none."""
        styles = [shelf.find(one.shelf) for one in self.job.inputs.all() if one.role == "style"]
        return [str(style.title) for style in styles if style]

    @property
    def sizes(self) -> list[tuple[int, int]]:
        """Width and height of each stored thumbnail, smallest first."""
        return sorted((int(width), height) for width, height in self.thumbnails.items())

    @property
    def view_width(self) -> int | None:
        """The width of that copy; None where the picture itself is small enough, or older than copies are."""
        width, height = self.sizes[-1]
        is_copy = max(self.width, self.height) > VIEW_SIDE and max(width, height) > VIEW_SIDE // 2
        return width if is_copy else None

    @property
    def can_be_webp(self) -> bool:
        """Whether it can be downloaded as WebP, too."""
        return self.width * self.height <= WEBP_PIXELS

    def publish(self) -> bool:
        """Show it to everybody; says whether that changed anything."""
        # Not the database's clock: SQLite's knows milliseconds, in which two pictures would have no order.
        return self._change(is_public=False, to=True, published_at=timezone.now())

    def unpublish(self) -> bool:
        """Keep it to oneself; says whether that changed anything."""
        return self._change(is_public=True, to=False, published_at=None)

    def _change(self, *, is_public: bool, to: bool, published_at) -> bool:
        rows = Artwork.objects.filter(pk=self.pk, is_public=is_public)
        has_happened = bool(rows.update(is_public=to, published_at=published_at))
        self.refresh_from_db(fields=["is_public", "published_at"])
        return has_happened


class Report(models.Model):
    """Somebody says that a public picture should not be here: once a person, and visitors once an address.

    What staff have looked at stays, so that the same voices cannot hide the picture again.
    """

    artwork = models.ForeignKey(Artwork, on_delete=models.CASCADE, related_name="reports")
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="reports")
    voice = models.CharField(max_length=64)  # the person, or where a visitor came from
    reason = models.CharField(max_length=300, blank=True)
    looked_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["artwork", "person"], name="report_once"),
            models.UniqueConstraint(fields=["artwork", "voice"], name="report_once_a_voice"),
        ]

    def __str__(self) -> str:
        return f"report on {self.artwork_id}"
