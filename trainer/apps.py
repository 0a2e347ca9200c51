"""The trainer as a Django app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy

from stylesite import labels


class TrainerConfig(AppConfig):
    name = "trainer"
    verbose_name = gettext_lazy("Training")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        labels.translate(self)
