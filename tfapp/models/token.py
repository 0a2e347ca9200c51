"""Keys to the JSON API. Only the hash is stored; the key is shown once."""

from django.conf import settings
from django.db import models


class ApiToken(models.Model):
    """A key that a person made on the account page."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="api_tokens")
    name = models.CharField(max_length=60)
    digest = models.CharField(max_length=64, unique=True)  # sha256 of the key, hexadecimal
    created_at = models.DateTimeField(auto_now_add=True)
    used_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.name
