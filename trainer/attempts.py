"""One attempt at a piece of work: the child process that does it, watched until it ends, and what its row is told."""

import logging
import os
import signal
import subprocess
import time
from contextlib import suppress

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext_noop

from stylesite import lifecycle, turns
from stylesite.lifecycle import stopping
from trainer.models import Labour
from trainer.models.labour import LOST

NICENESS = 10
ATTEMPT = "--- attempt "  # how a line of the log begins that tells one from the next
LOOK_SECONDS = 1.0  # how often a row is asked whether something is wished
KILL_SECONDS = 30  # after it was asked to end
HUNG_FACTOR = 5  # of settings.HUNG_SECONDS: a first step is compiled, a validation takes minutes
REASON = "CommandError: "  # how Django begins the sentence of a command that refuses
LONGEST_REASON = 500
TAIL_BYTES = 8192
HUNG = gettext_noop("It made no progress for a long time, several times, so we stopped. The log may say more.")

log = logging.getLogger(__name__)


class Attempt:
    """A claimed row and its child. `look()` does what is due; it may be called again after database trouble."""

    def __init__(self, row: Labour):
        self.row = row
        self._is_ours = True
        self._is_hung = False
        self._asked_at: float | None = None
        self._savings = row.read_savings()
        self._signs = None
        self._moved_at = self._beaten_at = self._looked_at = time.monotonic()
        self._process = self._start()

    def look(self) -> bool:
        """Beat, see what is wished, end what must end; True once the child is gone and the row says what became."""
        status = os.EX_OSERR if self._process is None else self._process.poll()
        if status is not None:
            self._end_group()
            self._conclude(status)
            return True

        now = time.monotonic()
        self._watch(now)
        if now - self._looked_at >= LOOK_SECONDS:
            self._looked_at = now
            self._see_wish()
        if self._is_ours and now - self._beaten_at >= settings.HEARTBEAT_SECONDS:
            self._beat()
            self._beaten_at = now
        self._end_if_due(now)
        return False

    def kill(self) -> None:
        """Leave nothing of it; its lease runs out."""
        if self._process is not None:
            self._end_group()
            self._process.wait()

    def _start(self) -> subprocess.Popen | None:
        follow = lifecycle.following_parent(signal.SIGKILL)  # at once: nobody would notice if it hung instead

        def begin() -> None:
            follow()
            os.nice(NICENESS)

        try:
            self.row.folder.mkdir(parents=True, exist_ok=True)
            with self.row.log.open("ab") as output:
                output.write(f"{ATTEMPT}{self.row.attempt}, {timezone.now():%Y-%m-%d %H:%M:%S} UTC\n".encode())
                output.flush()
                return subprocess.Popen(
                    self.row.command(),
                    env=lifecycle.child_environment(),
                    cwd=settings.BASE_FOLDER,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=output,
                    start_new_session=True,
                    preexec_fn=begin,
                )
        except OSError:
            log.exception("No process could be started for %s.", self.row.pk)
            return None

    def _watch(self, now: float) -> None:
        """A child that shows no sign of life hangs; one that lets visitors go first does not."""
        signs = self.row.read_progress(), _size(self.row.log)
        if signs != self._signs or turns.is_held():
            self._signs, self._moved_at = signs, now
        if now - self._moved_at > settings.HUNG_SECONDS * HUNG_FACTOR and not self._is_hung:
            log.error("%s showed no sign of life for %d s; its process is killed.", self.row.pk, now - self._moved_at)
            self._is_hung = True
            self._end_group()

    def _see_wish(self) -> None:
        wish = self.row.read_wish()
        if wish is None and self._is_ours:
            log.warning("%s (attempt %d) is not ours any more.", self.row.pk, self.row.attempt)
        self._is_ours = wish is not None
        self.row.wish = wish or ""

    def _beat(self) -> None:
        if self.row.beat(**self.row.look()):
            self._note_savings()

    def _note_savings(self) -> None:
        if self.row.n_failures and self.row.read_savings() > self._savings and self.row.note_good_news():
            self.row.n_failures = 0

    def _end_if_due(self, now: float) -> None:
        if not (stopping or self.row.wish or not self._is_ours):
            return
        if self._asked_at is None:
            self._asked_at = now
            self._process.terminate()
        elif now - self._asked_at > KILL_SECONDS:
            self._end_group()

    def _end_group(self) -> None:
        """The child, and whatever it may have started."""
        if self._process is None:
            return
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)

    def _conclude(self, status: int) -> None:
        """Tell the row how it ended. Every way is fenced: a row that is another's by now changes nothing."""
        row = self.row
        self._see_wish()
        if not self._is_ours:
            return
        self._beat()  # however it ended, the row knows how far it came
        reason = _read_reason(row.log) if status == 1 else ""
        if status == 0 and row.has_all():
            how, has_happened = "done", row.finish(**row.take_over())
        elif row.wish:
            how, has_happened = "halted", row.halt()
        elif reason:
            how, has_happened = f"failed: {reason}", row.fail(reason)
        elif stopping:
            how, has_happened = "given back", row.release()
        else:
            how = f"lost (status {status})"
            has_happened = row.lose(HUNG if self._is_hung else LOST)
        log.info("Attempt %d at %s is %s%s.", row.attempt, row.pk, how, "" if has_happened else ", which came too late")


def _size(path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _read_reason(path) -> str:
    """What a command said when it refused; nothing where it broke instead."""
    with path.open("rb") as file:
        file.seek(max(0, _size(path) - TAIL_BYTES))
        lines = file.read().decode(errors="replace").splitlines()
    said = []
    for line in reversed(lines):
        said.insert(0, line.strip())
        if line.startswith(REASON):
            return " ".join(said).removeprefix(REASON)[:LONGEST_REASON]
        if line.startswith(ATTEMPT):
            break
    return ""
