"""Somebody at the mixer, over HTTP: brings a photo, and asks for previews as its page does."""

import time

import requests

from tests import factories

PHOTO = factories.make_picture(480, 360, format="JPEG")


class Mixer:
    """One session with one mix; it may ask for previews as fast as they come."""

    def __init__(self, url: str, *, photo: bytes = PHOTO, **fields: str):
        self.url = url
        self.session = requests.Session()
        self.session.get(f"{url}/mixer/", timeout=60).raise_for_status()
        answer = self.session.post(f"{url}/mixer/", data={**self.token, **fields}, files={"content": photo}, timeout=60)
        answer.raise_for_status()
        self.address = answer.url
        assert "/mixer/" in self.address and self.address != f"{url}/mixer/", answer.text

    @property
    def token(self) -> dict[str, str]:
        return {"csrfmiddlewaretoken": self.session.cookies["csrftoken"]}

    def preview(self, **fields: object) -> tuple[requests.Response, float]:
        """The answer, and how long it took."""
        started = time.monotonic()
        response = self.session.post(f"{self.address}preview/", data={**self.token, **fields}, timeout=30)
        return response, time.monotonic() - started

    def paint(self, **fields: object) -> str:
        """Ask for the picture in full size; the address of its job."""
        answer = self.session.post(f"{self.address}paint/", data={**self.token, **fields}, timeout=30)
        answer.raise_for_status()
        return answer.url
