"""A visitor who asks for pictures over HTTP, as a program does: cookie, CSRF token, multipart."""

import time

import requests

from tests import factories

PHOTO = factories.make_picture(96, 64, format="JPEG")


class Visitor:
    """One session; its jobs are its own."""

    def __init__(self, url: str):
        self.url = url
        self.session = requests.Session()
        self.session.get(f"{url}/api/v1/engines", timeout=30).raise_for_status()

    def ask(self, photo: bytes = PHOTO) -> tuple[requests.Response, float]:
        """Ask for a picture; the answer, and how long it took."""
        started = time.monotonic()
        response = self.session.post(
            f"{self.url}/api/v1/jobs",
            data={"engine": "echo", "strength": "0.5"},
            files={"content": ("photo.jpg", photo), "style": ("style.jpg", PHOTO)},
            headers={"X-CSRFToken": self.session.cookies["csrftoken"], "Connection": "close"},
            timeout=60,
        )
        return response, time.monotonic() - started
