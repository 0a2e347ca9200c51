"""Engines that make trouble."""

import os
import signal
import time

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
