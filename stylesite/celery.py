"""Celery, where REDIS_URL is set: it carries bells, never work. `celery -A stylesite worker` finds the app here."""

import os

from celery import Celery, signals
from kombu import Queue

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "stylesite.settings")

from django.conf import settings  # noqa: E402

# Seconds. A hung Redis must not hold up a visitor, nor keep a worker from noticing.
PUBLISHING = {"socket_connect_timeout": 1, "socket_timeout": 2, "max_retries": 0}
CONSUMING = {"socket_connect_timeout": 3, "socket_timeout": 5, "health_check_interval": 25}

app = Celery("stylesite", broker=settings.REDIS_URL or None)
app.conf.update(
    imports=["tfapp.tasks", "trainer.tasks"],
    task_queues=[Queue("render"), Queue("train")],
    task_default_queue="render",
    task_routes={"tfapp.*": {"queue": "render"}, "trainer.*": {"queue": "train"}},
    task_serializer="json",
    accept_content=["json"],
    result_backend=None,
    task_ignore_result=True,
    task_acks_late=False,  # a bell that is heard is gone: the row knows what is to be done
    worker_pool="solo",  # never fork a process that has loaded TensorFlow
    worker_concurrency=1,
    worker_prefetch_multiplier=1,
    worker_disable_prefetch=True,
    worker_hijack_root_logger=False,
    worker_send_task_events=False,
    worker_enable_remote_control=False,
    broker_connection_retry_on_startup=True,
    broker_connection_max_retries=None,
    broker_transport_options=CONSUMING,
    timezone="UTC",
)


def serves(worker, queue: str) -> bool:
    """Whether a Celery worker hears the bells of a queue."""
    return queue in worker.app.amqp.queues.consume_from


@signals.worker_init.connect
def refuse_two_trades(sender, **_context) -> None:
    """A run takes hours, and visitors do not wait for it: before engines are loaded, such a worker ends."""
    if serves(sender, "render") and serves(sender, "train"):
        raise SystemExit("A worker paints or trains: say `-Q render` or `-Q train`, and start one of each.")
