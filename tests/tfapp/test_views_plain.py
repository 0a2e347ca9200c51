"""Small answers that are not pages."""

import io

from django.test import Client
from PIL import Image


def test_whoever_asks_for_the_icon_without_reading_the_page_gets_it():
    response = Client().get("/favicon.ico")

    assert response.status_code == 200
    assert response["Content-Type"] == "image/x-icon"
    with Image.open(io.BytesIO(b"".join(response.streaming_content))) as icon:
        assert icon.ico.sizes() == {(16, 16), (32, 32), (48, 48)}
