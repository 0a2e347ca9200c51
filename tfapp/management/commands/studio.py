"""`manage.py studio`: the whole site on this machine: web server, worker, training worker, each a process."""

import json
import socket
import sys
import time
import urllib.error
import urllib.request

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import Error as DatabaseTrouble
from django.db import connections

from stylesite import lifecycle
from stylesite.lifecycle import Child, stopping
from tfapp import workers

THREADS = 8
STOP_SECONDS = 12  # the worker gives its job back after 4 and ends after 8
SAVE_SECONDS = 25  # more than that has the training worker, whose run ends a step and is saved
LOOK_SECONDS = 0.2
ASK_SECONDS = 1.0
TELL_AGAIN_SECONDS = 20


class Command(BaseCommand):
    help = "Run web server and worker until Ctrl-C or SIGTERM; start again what dies."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="127.0.0.1", help="the address to listen at (default: this machine only)")

    def handle(self, *args, host: str, **options) -> None:
        refuse_a_taken_port(host)
        try:
            self._prepare()
        except KeyboardInterrupt:
            raise CommandError("Stopped before anything was started.", returncode=130) from None
        lifecycle.stop_on_signals()

        children = [
            Child("web server", command=web_command(host), environment=lifecycle.web_environment()),
            Child(
                "worker",
                command=worker_command(),
                environment=lifecycle.worker_environment(),
                on_death=workers.forget,
            ),
            Child(
                "training worker",
                command=training_command(),
                environment=lifecycle.training_worker_environment(),
            ),
        ]
        how = "answers Redis" if settings.REDIS_URL else "looks into the database"
        names = ", ".join(settings.PRELOAD or settings.ENGINES)
        self._say(f"Starting the web server, and a worker that {how}; it loads {names} …")
        try:
            self._keep(children, host)
        finally:
            self._say("Stopping …")
            for child in children:
                child.ask_to_stop()
            until = time.monotonic() + STOP_SECONDS
            *others, training = children
            for child in others:
                child.end(until=until)
            training.end(until=until + SAVE_SECONDS)
        self._say("Stopped.")

    def _prepare(self) -> None:
        self._say("Preparing the database and the static files …")
        try:
            call_command("migrate", interactive=False, verbosity=0)
        except DatabaseTrouble as error:
            raise CommandError(f"The database cannot be used: {error}") from error
        call_command("collectstatic", interactive=False, verbosity=0)
        connections.close_all()

    def _keep(self, children: list[Child], host: str) -> None:
        is_ready = False
        ask_at = 0.0
        tell_at = time.monotonic() + TELL_AGAIN_SECONDS
        while not stopping:
            for child in children:
                if news := child.keep():
                    self._say(news)
                    is_ready = False
            now = time.monotonic()
            if not is_ready and now >= ask_at:
                reason = ask_health(host)
                is_ready = not reason
                ask_at = now + ASK_SECONDS
                if is_ready:
                    self._say(f"Stylesite is ready: {address(host)} (Ctrl-C ends it)")
                elif now > tell_at:
                    self._say(f"Not ready yet: {reason}")
                    tell_at = now + TELL_AGAIN_SECONDS
            time.sleep(LOOK_SECONDS)

    def _say(self, sentence: str) -> None:
        self.stdout.write(sentence)
        self.stdout.flush()


def refuse_a_taken_port(host: str) -> None:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, settings.PORT))
        except OSError as error:
            raise CommandError(
                f"{host}:{settings.PORT} cannot be used ({error.strerror}). Is the studio running already? "
                "Another port: PORT=8001 make run"
            ) from error


def web_command(host: str) -> list[str]:
    """One process with threads: small, and pictures are decoded in processes of their own anyway."""
    bind = f"[{host}]:{settings.PORT}" if ":" in host else f"{host}:{settings.PORT}"
    options = (
        f"--worker-class gthread --workers 1 --threads {THREADS} --timeout 60 --graceful-timeout 5 --keep-alive 15"
    )
    quiet = "--log-level warning --no-control-socket"
    return [sys.executable, "-m", "gunicorn", "stylesite.wsgi", "--bind", bind, *options.split(), *quiet.split()]


def worker_command() -> list[str]:
    return celery_command("render") if settings.REDIS_URL else [sys.executable, "manage.py", "worker"]


def training_command() -> list[str]:
    return celery_command("train") if settings.REDIS_URL else [sys.executable, "manage.py", "worker", "--training"]


def celery_command(queue: str) -> list[str]:
    hush = ["-W", "ignore:You're running the worker"]  # as root: containers do; the worker unpickles nothing
    quiet = "--loglevel warning --without-gossip --without-mingle --without-heartbeat"  # it talks to nobody
    return [sys.executable, *hush, *f"-m celery -A stylesite worker -Q {queue} -n {queue}@%h {quiet}".split()]


def address(host: str) -> str:
    """Where this machine reaches a server that listens at that host; 0.0.0.0 and :: are everywhere."""
    host = {"0.0.0.0": "127.0.0.1", "": "127.0.0.1", "::": "::1"}.get(host, host)
    return f"http://[{host}]:{settings.PORT}" if ":" in host else f"http://{host}:{settings.PORT}"


def ask_health(host: str) -> str:
    """Why the site is not ready; nothing when it is. Asked as a proxy would, so that production settings answer."""
    name = next((name for name in settings.ALLOWED_HOSTS if "*" not in name), "localhost").lstrip(".")
    headers = {"Host": name, "X-Forwarded-Proto": "https"}
    request = urllib.request.Request(f"{address(host)}/healthz", headers=headers)
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # whatever http_proxy says
    try:
        with direct.open(request, timeout=3) as response:
            return "" if response.status == 200 else f"/healthz answers {response.status}."
    except urllib.error.HTTPError as error:
        try:
            return json.load(error)["reason"]
        except (ValueError, KeyError, TypeError):
            return f"/healthz answers {error.code}."
    except OSError:
        return "The web server does not answer yet."
