"""Paint proofs in a worker, in a thread beside its jobs, which always get at least half of the time."""

import logging
import os
import threading
import time

import numpy as np
import redis
from django.conf import settings
from django.db import Error as DatabaseTrouble
from django.db import close_old_connections, connection

from stylesite import turns
from stylesite.lifecycle import stopping
from tfapp import files, glances, images, loading, menu, rendering, shelf
from tfapp.engines.base import EngineError, Inputs
from tfapp.proofs import SECONDS, SHELF, SUBJECT, Proof, Wish, lists, sockets, subjects
from tfapp.proofs.memory import Memory

STYLE_SIDE = 384  # pixels of a style; engines look at no more, and what is larger takes longer to tell apart
LARGE_STYLE_SIDE = 768  # where its brush is to be larger
LOOK_SECONDS = 1.0
LINGER_SECONDS = 0.6  # a hand that slides comes back so soon: training does not begin a step in between
TROUBLE_SECONDS = 3.0
WARM_SIZE = 288, 384  # pixels, of the usual photo
MOST_BYTES = 64 * 2**20  # of pictures in memory; a large style alone has seven million

log = logging.getLogger(__name__)
_memory = Memory(MOST_BYTES)
_begun_at: list[float] = []  # of the proof that is being painted, if one is


class TooLate(Exception):
    """Nobody waits for this proof any more."""


def begin(has_left: threading.Event) -> None:
    """Answer wishes until this worker has left."""
    threading.Thread(target=_begin, args=(has_left,), name="proofs", daemon=True).start()
    threading.Thread(target=_watch, args=(has_left,), name="proofs-watch", daemon=True).start()


def warm() -> None:
    """Let engines compile what only a mix of regions asks for, before the first person waits for it."""
    photo, style = (np.full((*size, 3), 0.5, "float32") for size in (WARM_SIZE, (STYLE_SIDE, STYLE_SIDE)))
    for name in sorted(loading.loaded()):
        try:
            spec = menu.look_up(name)
            if spec is None or not spec.mixes or stopping:
                continue
            for masks in (None, np.full((*WARM_SIZE, 1), 0.5, "float32")):
                loading.get(name).render(Inputs(content=photo, styles=(style, style), masks=masks), lambda *_told: None)
        except Exception:  # noqa: BLE001 - whatever it is, whoever asks for a proof will be told
            log.exception("The engine %s could not be tried.", name)


def paint(wish: Wish) -> Proof:
    """What was wished for, or why not: a proof may break as it likes, the worker goes on."""
    try:
        return _find_subject(wish) if wish.story == SUBJECT else _paint(wish)
    except EngineError as error:
        return Proof(refused="engine", sentence=str(error.message))
    except FileNotFoundError:
        return Proof(refused="gone")  # the mix was changed, or cleared away
    except TooLate:
        return Proof(refused="late")
    except DatabaseTrouble:
        return Proof(refused="lost")
    except Exception:  # noqa: BLE001 - whatever a network does with a picture
        log.exception("A proof by %s broke.", wish.engine)
        return Proof(refused="broken")


def _begin(has_left: threading.Event) -> None:
    warm()
    _serve(has_left)


def _serve(has_left: threading.Event) -> None:
    counter = None
    while not has_left.is_set() and not stopping:
        try:
            counter = counter or (lists if settings.REDIS_URL else sockets).Counter()
            _serve_once(counter)
        except (redis.RedisError, OSError) as error:
            log.warning("Nobody can ask for proofs here (%s); trying again.", error)
            counter = None
            has_left.wait(TROUBLE_SECONDS)
    if counter:
        counter.close()
    connection.close()


def _serve_once(counter: lists.Counter | sockets.Counter) -> None:
    """Wait for a wish; then keep the turn of the device for as long as a hand slides."""
    wish = counter.take(LOOK_SECONDS)
    if wish is None:
        return
    with turns.hold():
        while wish is not None and not stopping:
            close_old_connections()
            started = time.monotonic()
            _begun_at.append(started)
            proof = paint(wish)
            _begun_at.clear()
            counter.answer(wish, proof)
            if rendering.is_busy():  # as long a pause as that took: a picture that somebody waits for goes on
                time.sleep(min(time.monotonic() - started, SECONDS))
            wish = counter.take(LINGER_SECONDS)


def _watch(has_left: threading.Event) -> None:
    """An engine that hangs cannot be interrupted: end the process, as beside a job, and let the next one go on."""
    while not has_left.wait(LOOK_SECONDS):
        now = time.monotonic()
        if now - min(_begun_at, default=now) > settings.HUNG_SECONDS:
            log.error("A proof made no progress for %d s; this worker ends.", settings.HUNG_SECONDS)
            logging.shutdown()
            os._exit(os.EX_SOFTWARE)


def _paint(wish: Wish) -> Proof:
    until = time.monotonic() + SECONDS

    def check(share: float, *_show) -> None:
        if time.monotonic() > until or stopping:
            raise TooLate

    if not _is_at_hand(wish.engine):
        return Proof(refused="slow")
    engine = loading.get(wish.engine)
    photo = _read(wish.photo, wish.side)
    style_side = LARGE_STYLE_SIDE if float(wish.parameters.get("style_scale", 1)) > 1 else STYLE_SIDE
    inputs = Inputs(
        content=photo,
        styles=tuple(_read(name, style_side) for name in wish.styles),
        masks=_read_masks(wish.masks, photo.shape[:2]) if wish.masks else None,
        parameters=wish.parameters,
    )
    started = time.perf_counter()
    picture = engine.render(inputs, check)
    seconds = time.perf_counter() - started
    return Proof(picture=glances.as_jpeg(picture), seconds=round(seconds, 4))


def _is_at_hand(name: str) -> bool:
    """Whether previews may be painted with it: one that mixes lies on this disk, others may take minutes to come."""
    spec = menu.look_up(name)
    return name in loading.loaded() or (spec is not None and spec.mixes)


def _find_subject(wish: Wish) -> Proof:
    started = time.perf_counter()
    mask = subjects.find(_read(wish.photo, wish.side))
    seconds = time.perf_counter() - started
    if mask is None:
        return Proof(refused="engine", sentence=subjects.NOT_FOUND)
    return Proof(picture=glances.as_png(mask), seconds=round(seconds, 4))


def _read(name: str, side: int) -> np.ndarray:
    """A picture of a mix; its file's name never means another."""
    path = shelf.path(name.removeprefix(SHELF)) if name.startswith(SHELF) else files.path(name)
    return _memory.get((name, side), lambda: images.read(path, side))


def _read_masks(names: tuple[str, ...], size: tuple[int, int]) -> np.ndarray:
    return _memory.get((names, size), lambda: glances.read_masks([files.path(name) for name in names], size))
