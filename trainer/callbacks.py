"""What happens around a training step: checkpoints, samples, validation, a line on the screen, event files."""

import contextlib
import logging
import os
import sys
import time
from collections.abc import Callable, Iterator
from datetime import timedelta

import numpy as np
import tqdm
from PIL import Image
from tensorboardX import event_file_writer, summary
from tensorboardX.proto import event_pb2

from trainer import training

logger = logging.getLogger(__name__)

SAMPLES = "samples"
EVENTS = "events"


def save_every(n_steps: int) -> Callable:
    """A checkpoint, and weights that an engine can load, every so many steps."""

    def save(run):
        if run.step % n_steps == 0:
            training.save(run)
            training.export(run)

    return save


def validate_every(n_steps: int) -> Callable:
    """A validation every so many steps, and at the end; before `save_every`, so that its checkpoint remembers it."""

    def validate(run):
        if run.step % n_steps == 0 or run.step == run.steps:
            training.validate(run)

    return validate


def sample_every(n_steps: int) -> Callable:
    """A picture in samples/ every so many steps."""

    def sample(run):
        if run.step % n_steps == 0:
            path = _find_sample(run)
            path.parent.mkdir(exist_ok=True)
            beside = path.with_name(f".{path.name}")  # whoever looks finds it whole
            run.recipe.save_samples(beside, run.averaged_networks())
            os.replace(beside, path)

    return sample


@contextlib.contextmanager
def event_files() -> Iterator[Callable]:
    """Losses, validation and samples in events/, for TensorBoard; what a resumed run takes again counts once.

    Written in the training thread: the library's own threads would wait for ever on a full disk.
    """
    writers = []

    def add(run, **event):
        writers[0].write_event(event_pb2.Event(wall_time=time.time(), step=run.step, **event))

    def write(run):
        if not writers:
            (run.folder / EVENTS).mkdir(exist_ok=True)
            writers.append(event_file_writer.EventsWriter(str(run.folder / EVENTS / "events")))
            add(run, session_log=event_pb2.SessionLog(status=event_pb2.SessionLog.START))
        numbers = {f"training/{name}": value for name, value in run.metrics.items()}
        if run.validation.get("step") == run.step:
            numbers |= {f"validation/{name}": value for name, value in run.validation.items() if name != "step"}
        for name, value in numbers.items():
            add(run, summary=summary.scalar(name, value))
        if (path := _find_sample(run)).exists():
            with Image.open(path) as image:
                add(run, summary=summary.image(SAMPLES, np.asarray(image.convert("RGB")), dataformats="HWC"))
        writers[0].flush()

    try:
        yield write
    finally:
        for writer in writers:
            with contextlib.suppress(OSError):  # that of a full disk was told before
                writer.close()


@contextlib.contextmanager
def progress(n_steps: int = 20, stream=None) -> Iterator[Callable]:
    """A bar with the time left on a terminal; elsewhere a line in the log every so many steps."""
    stream = stream or sys.stderr
    bars = []

    def show(run):
        if not bars:
            bars.append(tqdm.tqdm(total=run.steps, initial=run.step - 1, unit="step", file=stream))
        bars[0].set_postfix_str(_describe_losses(run), refresh=False)
        bars[0].update()

    try:
        yield show if stream.isatty() else report_every(n_steps)
    finally:
        for bar in bars:
            bar.close()


def report_every(n_steps: int) -> Callable:
    """The losses and the time left in the log every so many steps."""
    since = []

    def report(run):
        if not since:
            since.extend([run.step, time.monotonic()])
        if run.step % n_steps == 0:
            each = (time.monotonic() - since[1]) / max(1, run.step - since[0])
            left = timedelta(seconds=round(each * (run.steps - run.step)))
            logger.info("step %d of %d, %s left  %s", run.step, run.steps, left, _describe_losses(run))

    return report


def _describe_losses(run):
    return "  ".join(f"{name} {value:.3f}" for name, value in run.metrics.items())


def _find_sample(run):
    return run.folder / SAMPLES / f"step-{run.step:07d}.png"
