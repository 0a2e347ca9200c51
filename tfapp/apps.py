"""The one place that loads networks into a process: workers name them in STYLESITE_PRELOAD, nobody else does."""

from django.apps import AppConfig
from django.conf import settings
from django.utils.translation import gettext_lazy

from stylesite import labels, lifecycle


class TfappConfig(AppConfig):
    """The studio's application."""

    name = "tfapp"
    verbose_name = gettext_lazy("Studio")

    def ready(self) -> None:
        """Register the checks; load the engines that STYLESITE_PRELOAD names."""
        from tfapp import checks  # noqa: F401

        labels.translate(self)
        if settings.PRELOAD and lifecycle.loads_at_start():  # the studio keeps the variable from its web server
            from tfapp import loading

            loading.preload(settings.PRELOAD)
