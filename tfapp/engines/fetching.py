"""What is fetched from elsewhere by code that knows no time limit: it runs beside, and who comes again finds it."""

import threading
from collections.abc import Callable
from concurrent import futures
from typing import Any

_lock = threading.Lock()
_running: dict[str, futures.Future] = {}  # or there since nobody waited: none is started beside another


class TooSlow(Exception):
    """It goes on, and may be there when it is asked for again."""


def wait_for(name: str, fetch: Callable[[], Any], *, seconds: float) -> Any:
    """What `fetch` gives or raises, unless it takes longer: TooSlow."""
    with _lock:
        answer = _running.get(name)
        if answer is None:
            answer = _running[name] = futures.Future()
            threading.Thread(target=_run, args=(name, fetch, answer), daemon=True, name=f"fetch {name}").start()
    if not futures.wait([answer], timeout=seconds).done:
        raise TooSlow(f"{name} was not there after {seconds:g} s")
    if not answer.exception():
        _running.pop(name, None)
    return answer.result()


def _run(name: str, fetch: Callable, answer: futures.Future) -> None:
    try:
        answer.set_result(fetch())
    except Exception as error:  # noqa: BLE001 - whoever waits for it knows what it may raise
        _running.pop(name, None)  # the next one may fare better
        answer.set_exception(error)
