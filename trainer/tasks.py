"""The door to the training worker: a bell comes in, what waits is done. It loads no networks: its children do."""

from celery import signals

from stylesite.celery import app, serves


@app.task(name="trainer.train_next")
def train_next() -> bool:
    """Do the runs and errands that wait, until none is left or this worker is to stop; False when there were none."""
    from trainer import supervising

    return supervising.work()


@signals.worker_init.connect
def enter(sender, **_context) -> None:
    """Celery's worker begins."""
    if serves(sender, "train"):
        from trainer import supervising

        supervising.enter()


@signals.worker_shutdown.connect
def leave(sender, **_context) -> None:
    """Celery's worker has ended its last task."""
    if serves(sender, "train"):
        from trainer import supervising

        supervising.leave()
