"""A mix is a photo with styles on the mixer's table: nothing of it is a picture yet, and it is cleared away soon."""

import uuid
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext as _

from tfapp import shelf
from tfapp.models.person import Person
from tfapp.models.stored_picture import StoredPicture


class MixQuerySet(models.QuerySet):
    """Which mixes, and for whom."""

    def visible_to(self, person: Person | None) -> "MixQuerySet":
        """A person's own, nobody else's."""
        return self.filter(person_id=person.pk) if person else self.none()

    def newest(self) -> "MixQuerySet":
        """Last used first."""
        return self.order_by("-used_at", "pk")

    def forgotten(self) -> "MixQuerySet":
        """Nobody has touched them for as long as they are kept."""
        return self.filter(used_at__lt=timezone.now() - timedelta(seconds=settings.MIX_KEEP_SECONDS))


class Mix(models.Model):
    """`controls` are the engine's parameters as they were left, with `weights`: a row for the ground, one a region."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="mixes")
    engine = models.CharField(max_length=40)
    controls = models.JSONField(default=dict)
    created_at = models.DateTimeField(auto_now_add=True)
    used_at = models.DateTimeField(default=timezone.now)

    objects = MixQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["person", "-used_at"], name="mix_person_used"),
            models.Index(fields=["used_at"], name="mix_used"),
        ]

    def __str__(self) -> str:
        return f"mix {self.id}"

    def pictures_of(self, role: str) -> "list[MixPicture]":
        """In their order; one question to the database for all roles."""
        return sorted((one for one in self.pictures.all() if one.role == role), key=lambda one: one.position)

    @property
    def photo(self) -> "MixPicture":
        """The photo as it came, for the picture in full size."""
        return self.pictures_of("content")[0]

    @property
    def small(self) -> "MixPicture":
        """The photo as previews are painted of it."""
        return self.pictures_of("preview")[0]

    @property
    def styles(self) -> "list[MixPicture]":
        return self.pictures_of("style")

    @property
    def masks(self) -> "list[MixPicture]":
        return self.pictures_of("mask")

    def keep(self, controls: dict[str, Any], **changes: Any) -> None:
        """Remember how the controls stand, and that somebody is here."""
        self.controls, self.used_at = controls, timezone.now()
        Mix.objects.filter(pk=self.pk).update(controls=controls, used_at=self.used_at, **changes)

    def keep_unless_changed(self, controls: dict[str, Any]) -> bool:
        """The same, if the mix is as it was read; whether it is."""
        now = timezone.now()
        if not Mix.objects.filter(pk=self.pk, used_at=self.used_at).update(controls=controls, used_at=now):
            return False
        self.controls, self.used_at = controls, now
        return True


class MixPicture(StoredPicture):
    """A picture on the table. Its file's name is never used again: a worker knows a picture by it."""

    mix = models.ForeignKey(Mix, on_delete=models.CASCADE, related_name="pictures")

    class Meta:
        ordering = ["role", "position"]
        constraints = [models.UniqueConstraint(fields=["mix", "role", "position"], name="mix_picture_once")]

    @property
    def title(self) -> str:
        """What people call it: an own picture has no name, for that may say too much."""
        entry = shelf.find(self.shelf)
        return str(entry.title) if entry else _("a picture of your own")

    def __str__(self) -> str:
        return f"{self.role} {self.position} of {self.mix_id}"
