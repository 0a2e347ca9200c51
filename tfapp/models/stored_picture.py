"""What the site remembers of a picture that somebody brought, whatever it belongs to."""

from django.db import models


class StoredPicture(models.Model):
    """A file below MEDIA_ROOT, already decoded, cleaned and stored anew."""

    role = models.CharField(max_length=20)  # content, style, sketch, mask
    position = models.PositiveSmallIntegerField(default=0)
    file = models.CharField(max_length=200, unique=True)  # path below MEDIA_ROOT
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    n_bytes = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64)
    label = models.CharField(max_length=120, blank=True)  # what the person called the file: shown, never used
    shelf = models.SlugField(max_length=40, blank=True)  # which picture of the style shelf, if one

    class Meta:
        abstract = True
