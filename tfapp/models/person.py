"""Whose is it? A person is an account, or a visitor known by their session."""

import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone


class Person(models.Model):
    """The owner of jobs and artworks; a visitor's person has no user until they sign up."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.CASCADE, related_name="person"
    )
    origin = models.CharField(max_length=64, blank=True)  # of a visitor: where from today, hashed with our secret key
    created_at = models.DateTimeField(auto_now_add=True)
    seen_at = models.DateTimeField(default=timezone.now)  # to the month: a visitor's session lives as long
    served_at = models.DateTimeField(null=True, blank=True)  # when a worker last took one of their jobs: fairness

    def __str__(self) -> str:
        return self.user.get_username() if self.user else f"visitor {str(self.id)[:8]}"
