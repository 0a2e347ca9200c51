"""Workers of Celery's that hear nothing: for what our signal handlers do."""

from types import SimpleNamespace

from celery.app.amqp import Queues
from kombu import Queue


class CeleryWorker:
    """As much of one as our signal handlers look at."""

    def __init__(self, *queues: str):
        known = Queues([Queue("render"), Queue("train")])
        known.select(queues)
        self.app = SimpleNamespace(amqp=SimpleNamespace(queues=known))
