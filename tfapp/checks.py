"""What is wrong with this installation, said before it starts."""

import os
from importlib.util import find_spec
from pathlib import Path

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register

from stylesite import env
from tfapp import engines

HERE = {"localhost", "127.0.0.1", "[::1]", "testserver"}


@register()
def engines_exist(app_configs, **kwargs) -> list[CheckMessage]:
    """Every engine of the menu has its module: looked for, not imported."""
    return [
        Error(f"The module of the engine {spec.name!r} is missing: {module}.", id="tfapp.E001")
        for spec in engines.SPECS.values()
        if not _is_there(module := spec.path.rpartition(".")[0])
    ]


@register()
def engine_names_are_known(app_configs, **kwargs) -> list[CheckMessage]:
    wanted = {"STYLESITE_ENGINES": settings.ENGINES, "STYLESITE_PRELOAD": settings.PRELOAD}
    known = ", ".join(engines.SPECS)
    errors = [
        Error(f"{variable} names {name!r}, which is no engine.", hint=f"There are {known}.", id="tfapp.E002")
        for variable, names in wanted.items()
        for name in names
        if name not in engines.SPECS
    ]
    if not settings.ENGINES:
        errors.append(Error("STYLESITE_ENGINES is empty: there is nothing to paint with.", id="tfapp.E003"))
    return errors


@register()
def media_is_writable(app_configs, **kwargs) -> list[CheckMessage]:
    folder = Path(settings.MEDIA_ROOT)
    while not folder.exists():
        folder = folder.parent
    if folder.is_dir() and os.access(folder, os.W_OK | os.X_OK):
        return []
    return [Error(f"Pictures cannot be stored: {folder} is not a folder that can be written.", id="tfapp.E004")]


@register(Tags.security, deploy=True)
def production_is_safe(app_configs, **kwargs) -> list[CheckMessage]:
    """What Django's own checks do not see: where our settings come from."""
    findings = []
    if not settings.HTTPS:
        findings.append(Warning("STYLESITE_HTTPS is off: cookies and passwords travel in the open.", id="tfapp.W001"))
    if not env.text("STYLESITE_SECRET_KEY"):
        hint = "Several machines need the same key; put it into the environment."
        findings.append(Warning("STYLESITE_SECRET_KEY is not set.", hint=hint, id="tfapp.W002"))
    if "*" in settings.ALLOWED_HOSTS:
        findings.append(Warning("STYLESITE_ALLOWED_HOSTS lets every host name in.", id="tfapp.W003"))
    if set(settings.ALLOWED_HOSTS) <= HERE:
        findings.append(Warning("STYLESITE_ALLOWED_HOSTS names this machine only.", id="tfapp.W004"))
    if not settings.LIMITS_FACTOR:
        findings.append(Warning("STYLESITE_LIMITS is 0: nothing limits what one person may do.", id="tfapp.W005"))
    if "echo" in settings.ENGINES:
        findings.append(Warning("STYLESITE_ENGINES offers the echo engine, which is for tests.", id="tfapp.W006"))
    return findings


def _is_there(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:
        return False
