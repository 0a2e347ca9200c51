"""Engines that make trouble."""

import os
import signal
import time
from tempfile import TemporaryFile

from tfapp.engines.echo import EchoEngine


class HangEngine(EchoEngine):
    """Begins, and never comes back."""

    def render(self, inputs, progress):
        progress(0.1)
        time.sleep(3600)


class KillEngine(EchoEngine):
    """Takes its process with it, as a crash in native code or the kernel's memory killer does."""

    def render(self, inputs, progress):
        progress(0.1)
        os.kill(os.getpid(), signal.SIGKILL)


class ChoirEngine(EchoEngine):
    """Paints four at once, slowly."""

    n_together, most_pixels, alike = 4, 1_000_000, ()

    def render_together(self, inputs, progress):
        for step in range(100):
            progress(step / 100)
            time.sleep(0.1)
        return [super(ChoirEngine, self).render(one, lambda share: None) for one in inputs]


class DieOnceEngine(EchoEngine):
    """Paints a poster, and takes its process with it in the middle of the first one."""

    most_pixels = 1000

    def render_rows(self, inputs, progress, folder):
        has_died = folder.parent / "has-died"
        with TemporaryFile(dir=folder) as layers:
            layers.write(bytes(1_000_000))
            for top in range(0, inputs.content.shape[0], 16):
                progress(top / inputs.content.shape[0])
                yield inputs.content[top : top + 16]
                if top > 32 and not has_died.exists():
                    has_died.touch()
                    os.kill(os.getpid(), signal.SIGKILL)
