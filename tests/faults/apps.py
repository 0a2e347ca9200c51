"""Puts engines that make trouble on the menu."""

from dataclasses import replace

from django.apps import AppConfig

from tfapp import engines


class TroubleConfig(AppConfig):
    """Stands before tfapp, whose start loads engines."""

    name = "tests.faults"
    label = "faults"

    def ready(self) -> None:
        for name in ("hang", "kill", "die_once", "choir"):
            path = f"tests.faults.trouble.{name.title().replace('_', '')}Engine"
            engines.SPECS[name] = replace(engines.SPECS["echo"], name=name, path=path)
