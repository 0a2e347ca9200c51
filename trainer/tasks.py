"""The door to the training worker: a bell comes in, what waits is done. It loads no networks: children do."""

from stylesite.celery import app


@app.task(name="trainer.train_next")
def train_next() -> bool:
    """Do the runs and errands that wait, until none is left or this worker is to stop; False when there were none."""
    from trainer import supervising

    return supervising.work()
