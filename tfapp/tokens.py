"""Keys to the JSON API: made once, shown once, kept as a hash."""

import hashlib
import secrets
from datetime import timedelta

from django.contrib.auth.models import User
from django.http import HttpRequest
from django.utils import timezone

from tfapp.models import ApiToken

PREFIX = "style_"
MAX_PER_ACCOUNT = 20
USED_AT_PRECISION = timedelta(hours=1)  # so that reading does not write every time


def make(user: User, name: str) -> str:
    """A new key for the account. It can be read nowhere afterwards."""
    key = PREFIX + secrets.token_urlsafe(32)
    ApiToken.objects.create(user=user, name=name, digest=digest(key))
    return key


def find(key: str) -> ApiToken | None:
    """The token of that key, if its account may still come in."""
    token = ApiToken.objects.select_related("user").filter(digest=digest(key), user__is_active=True).first()
    if token:
        now = timezone.now()
        if token.used_at is None or now - token.used_at > USED_AT_PRECISION:
            ApiToken.objects.filter(pk=token.pk).update(used_at=now)
    return token


def carried_by(request: HttpRequest) -> str | None:
    """The key in `Authorization: Bearer …`: empty when the word stands alone, None without the header."""
    scheme, _, key = request.headers.get("Authorization", "").partition(" ")
    return key.strip() if scheme.lower() == "bearer" else None


def digest(key: str) -> str:
    return hashlib.sha256(key.encode("utf-8", "surrogateescape")).hexdigest()
