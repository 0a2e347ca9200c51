"""The engines of this process, each loaded once; and what the workers tell everybody about them.

The program's own are kept. Of published versions, which may become many, the last two that were asked for are.
"""

import gc
import logging
import threading
import time
from collections.abc import Iterable
from datetime import timedelta

from django.conf import settings
from django.db.models.functions import Now
from django.utils.translation import gettext_noop

from tfapp import chatter, engines, menu
from tfapp.engines.base import Engine, EngineError
from tfapp.models import EngineStatus
from trainer.models import Version

BROKEN = gettext_noop("It could not be started here; the worker's log says why.")
BELIEVE_SECONDS = 1200  # two reports long, what another worker said about an engine
TRY_AGAIN_SECONDS = 300  # an engine that could not be had is not asked for sooner
N_VERSIONS = 2  # published ones that are kept
UNKNOWN = gettext_noop("There is no such engine any more.")

log = logging.getLogger(__name__)
_locks: dict[str, threading.Lock] = {}  # one an engine: those that are loaded wait for none
_making_room = threading.Lock()
_loaded: dict[str, Engine] = {}
_failed: dict[str, tuple[float, EngineError]] = {}
_coming: set[str] = set()  # named for this process, and not tried yet
_looked_at: set[str] = set()  # found good, but not to be kept
_lately: list[str] = []  # published versions that are loaded, the last asked for at the end


def preload(names: Iterable[str]) -> None:
    """Load these engines before work is taken, but those that must be fetched: `report` does that, beside the work.

    One that cannot be had is remembered with its reason.
    """
    names = list(names)
    for name in names:
        if engines.find(name) is None:
            raise SystemExit(f"STYLESITE_PRELOAD names {name!r}, but the engines are {', '.join(settings.ENGINES)}.")
    _coming.update(name for name in names if name not in _loaded)
    near = [name for name in names if not _is_far(name)]
    for name in near or names:
        if reason := _why_not(name):
            log.warning("The engine %s is not available: %s", name, reason)


def get(name: str) -> Engine:
    """The engine, loaded when it is first asked for and then kept. Raises EngineError."""
    if engine := _loaded.get(name):
        return _note_use(name, engine)
    with _locks.setdefault(name, threading.Lock()):
        if engine := _loaded.get(name):  # somebody else has loaded it meanwhile
            return _note_use(name, engine)
        tried_at, error = _failed.get(name, (0.0, None))
        if error and time.monotonic() - tried_at < TRY_AGAIN_SECONDS:
            raise error
        return _note_use(name, _load_and_remember(name))


def loaded() -> set[str]:
    """Engines that this process has."""
    return set(_loaded)


def coming() -> set[str]:
    """Engines that this process will have, or know why not, in a moment: their jobs had better wait."""
    return set(_coming)


def missing() -> set[str]:
    """Engines that this process cannot have; others may."""
    return set(_failed)


def report(*, is_alone: bool = True, known_only: bool = False) -> None:
    """Write to each engine's row whether it can be used here, and why not; what is missing is tried (again).

    A worker that is not alone leaves alone what another said it has.
    """
    for spec in engines.enabled():
        if known_only and spec.name not in _loaded and spec.name not in _failed:
            continue
        _tell(spec.name, _look_at(spec.name), is_alone=is_alone)
    if not known_only:
        doubtful = EngineStatus.objects.filter(is_available=False).values_list("engine", flat=True)
        for version in Version.objects.live():
            if version.engine in {*doubtful, *_failed}:
                _look_at_version(version, is_alone=is_alone)


def report_new(*, is_alone: bool = True) -> None:
    """Look at versions that were published or brought a moment ago, and say whether they can be used."""
    for version in Version.objects.unknown():
        _look_at_version(version, is_alone=is_alone)


def _look_at_version(version: Version, *, is_alone: bool) -> None:
    """Its row says what was found, too: the training studio shows it before anybody may ask for it."""
    reason = _look_at(version.engine)
    if _tell(version.engine, reason, is_alone=is_alone):
        Version.objects.filter(pk=version.pk).update(reason=reason, checked_at=Now())


def _tell(name: str, reason: str, *, is_alone: bool) -> bool:
    """Write it to the engine's row, unless another worker said lately that it has what is missing here."""
    rows = EngineStatus.objects.filter(engine=name)
    lately = Now() - timedelta(seconds=BELIEVE_SECONDS)
    if reason and not is_alone and rows.filter(is_available=True, checked_at__gt=lately).exists():
        return False
    values = {"is_available": not reason, "reason": reason, "checked_at": Now()}
    EngineStatus.objects.update_or_create(engine=name, defaults=values)
    return True


def _is_far(name: str) -> bool:
    return "://" in engines.SPECS[name].source()


def _look_at(name: str) -> str:
    """Why it cannot be had, or nothing. One that is not to be kept here is looked at once."""
    is_kept = not settings.PRELOAD or name in settings.PRELOAD or name in _loaded or menu.is_version(name)
    if not is_kept and name in _looked_at:
        return ""
    reason = _why_not(name)
    if not is_kept and not reason:
        _looked_at.add(name)
        _loaded.pop(name, None)
        gc.collect()
    return reason


def _why_not(name: str) -> str:
    try:
        get(name)
    except EngineError as error:
        return str(error.message)
    finally:
        _coming.discard(name)
    return ""


def _load_and_remember(name: str) -> Engine:
    started = time.monotonic()
    try:
        engine = _loaded[name] = _load(name)
    except EngineError as error:
        _failed[name] = (time.monotonic(), error)
        raise
    _failed.pop(name, None)
    log.info("Loaded the engine %s in %.1f s.", name, time.monotonic() - started)
    return engine


def _note_use(name: str, engine: Engine) -> Engine:
    """Of the versions, let go of the one that was asked for longest ago; whoever paints with it still may."""
    if menu.is_version(name):
        with _making_room:
            _lately[:] = [*(other for other in _lately if other != name), name]
            while len(_lately) > N_VERSIONS:
                _loaded.pop(_lately.pop(0), None)
    return engine


def _load(name: str) -> Engine:
    """The one place where an engine may break as it likes while it loads."""
    spec = menu.look_up(name)
    if spec is None:
        raise EngineError(UNKNOWN)
    try:
        with chatter.hushed():
            return engines.load(spec)
    except EngineError:
        raise
    except Exception as error:  # noqa: BLE001 - a network's own code, and the libraries below it
        log.exception("The engine %s broke while it was loaded.", name)
        raise EngineError(BROKEN) from error
