"""A version: a checkpoint that was published as an engine, or brought as an archive. It is never changed."""

from pathlib import Path

from django.conf import settings
from django.contrib.auth.models import User
from django.db import models
from django.db.models import Q
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from trainer.models.run import Run


class VersionQuerySet(models.QuerySet):
    """Which versions."""

    def newest(self) -> "VersionQuerySet":
        return self.order_by("-created_at", "-pk")

    def unknown(self) -> "VersionQuerySet":
        """No worker has looked at them yet."""
        return self.filter(checked_at=None, taken_back_at=None)

    def live(self) -> "VersionQuerySet":
        """On the create page now."""
        return self.filter(is_live=True)


class Version(models.Model):
    """One slug has at most one live version; older pictures keep naming theirs, so no row with pictures is deleted."""

    class Kind(models.TextChoices):
        """Of input: those of `tfapp.engines.base.KINDS`."""

        STYLE = "style", _("a photo and a style")
        SKETCH = "sketch", _("a drawing")
        PHOTO = "photo", _("a photo")

    slug = models.SlugField(max_length=30)
    number = models.PositiveIntegerField()
    title = models.CharField(max_length=60)
    title_ko = models.CharField(max_length=60, blank=True)
    blurb = models.CharField(max_length=160)
    blurb_ko = models.CharField(max_length=160, blank=True)
    recipe = models.CharField(max_length=40)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    direction = models.CharField(max_length=4, blank=True)  # of a cyclegan: AtoB or BtoA
    run = models.ForeignKey(Run, on_delete=models.SET_NULL, null=True, blank=True, related_name="versions")
    step = models.PositiveIntegerField(default=0)
    trained_at = models.PositiveIntegerField(default=256)  # pixels a side
    licence = models.CharField(max_length=120)
    sha256 = models.CharField(max_length=64)  # of model.weights.h5
    is_live = models.BooleanField(default=False)
    is_imported = models.BooleanField(default=False)
    reason = models.TextField(blank=True)  # why a worker could not load it: a sentence in English; shown via gettext
    checked_at = models.DateTimeField(null=True, blank=True)  # when a worker tried to load it
    owner = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    published_at = models.DateTimeField(null=True, blank=True)
    taken_back_at = models.DateTimeField(null=True, blank=True)

    objects = VersionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["slug", "number"], name="version_once"),
            models.UniqueConstraint(fields=["slug"], condition=Q(is_live=True), name="version_one_is_live"),
        ]

    def __str__(self) -> str:
        return f"{self.shown_title} {self.number}"

    @property
    def engine(self) -> str:
        """What jobs and artworks call it: `cats.3`. No engine of the program has a dot in its name."""
        return f"{self.slug}.{self.number}"

    @property
    def shown_title(self) -> str:
        """In the reader's language, where it was given in it."""
        return (self.title_ko if _is_korean() else "") or self.title

    @property
    def shown_blurb(self) -> str:
        """The same of the sentence below it."""
        return (self.blurb_ko if _is_korean() else "") or self.blurb

    def samples(self) -> list[str]:
        """Names of its sample pictures."""
        return sorted(path.name for path in (self.folder / "samples").glob("*.png"))

    @property
    def folder(self) -> Path:
        """A checkpoint folder: config.json, model.weights.h5, card.md, samples/."""
        return Path(settings.TRAINING_ROOT) / "versions" / self.slug / str(self.number)


def _is_korean() -> bool:
    return (get_language() or "").startswith("ko")
