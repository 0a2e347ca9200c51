"""The TF-Hub engine on SavedModels of both signatures, and without any."""

import http.server
import io
import socket
import tarfile
import threading
import time

import numpy as np
import pytest
import tensorflow as tf

from tests.tfapp.engines import tiny
from tfapp.engines import colour, tfhub
from tfapp.engines.base import EngineError, Inputs

PHOTO, STYLE = tiny.picture(50, 70, seed=1), tiny.picture(90, 60, seed=2)


@pytest.fixture(scope="module")
def version_2(tmp_path_factory) -> tfhub.TfhubEngine:
    return load(tiny.save_version_2(tmp_path_factory.mktemp("hub") / "2"))


class Hub(http.server.ThreadingHTTPServer):
    """Hands out a SavedModel as TF-Hub does, packed: /magenta/2 is there, everything else is 404."""

    daemon_threads = True

    def __init__(self, folder: str):
        super().__init__(("127.0.0.1", 0), HubHandler)
        self.address = f"http://127.0.0.1:{self.server_port}"
        self.is_quick = threading.Event()
        self.is_quick.set()
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w:gz") as archive:
            archive.add(folder, arcname=".")
        self.data = packed.getvalue()


class HubHandler(http.server.BaseHTTPRequestHandler):
    def do_HEAD(self):
        self.send_response(200)
        self.end_headers()

    def do_GET(self):
        if not self.path.startswith("/magenta/2?tf-hub-format=compressed"):
            self.send_error(404)
            return
        self.server.is_quick.wait(30)
        self.send_response(200)
        self.send_header("Content-Type", "application/gzip")
        self.send_header("Content-Length", str(len(self.server.data)))
        self.end_headers()
        self.wfile.write(self.server.data)

    def log_message(self, *args):
        pass


@pytest.fixture
def hub(tmp_path, monkeypatch):
    monkeypatch.setenv("TFHUB_CACHE_DIR", str(tmp_path / "kept"))
    with Hub(tiny.save_version_2(tmp_path / "served")) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def load(source: str) -> tfhub.TfhubEngine:
    engine = tfhub.TfhubEngine()
    engine.load(source)
    return engine


def render(engine, content=PHOTO, styles=(STYLE,), **parameters):
    return engine.render(Inputs(content, tuple(styles), parameters), lambda share: None)


def test_version_2_is_called_and_its_first_output_taken(version_2):
    picture = render(version_2)

    mean = STYLE[15:75].mean((0, 1))  # of the square in its middle
    np.testing.assert_allclose(picture, 0.5 * PHOTO + 0.5 * mean, atol=0.01)


@pytest.mark.parametrize("names", [("placeholder", "placeholder_1"), ("content_image", "style_image"), ("style", "z")])
def test_version_1_is_asked_through_its_signature(version_2, tmp_path, names):
    engine = load(tiny.save_version_1(tmp_path / "1", names))

    np.testing.assert_allclose(render(engine), render(version_2), atol=1e-5)


def test_the_style_goes_in_at_256_pixels(tmp_path):
    def tell_the_size(content, style):
        return (
            content * 0 + tf.cast(tf.shape(style)[1], "float32") / 512 + tf.cast(tf.shape(style)[2], "float32") / 1024
        )

    engine = load(tiny.save_answering(tmp_path / "odd", tell_the_size))

    np.testing.assert_allclose(render(engine), 0.75)


def test_every_one_of_several_styles_has_its_share(version_2):
    black, white = np.zeros((40, 40, 3), "float32"), np.ones((40, 40, 3), "float32")

    picture = render(version_2, PHOTO * 0, [black, white, white])

    np.testing.assert_allclose(picture, 0.5 * 2 / 3, atol=0.01)


def test_a_network_that_answers_in_another_size_is_fitted_back(tmp_path):
    engine = load(tiny.save_answering(tmp_path / "odd", lambda content, style: [tf.image.resize(content, (96, 96))]))

    picture = render(engine)

    assert picture.shape == PHOTO.shape
    assert np.abs(picture - PHOTO).mean() < 0.02


def test_no_strength_gives_the_photo_back(version_2):
    np.testing.assert_allclose(render(version_2, strength=0), PHOTO, atol=1e-6)


def test_kept_colours_are_the_photos(version_2):
    picture = render(version_2, keep_colours=True)

    chroma = PHOTO - (PHOTO @ colour.LUMINANCE)[..., None]
    np.testing.assert_allclose((picture @ colour.LUMINANCE), render(version_2) @ colour.LUMINANCE, atol=1e-4)
    share = ((picture - (picture @ colour.LUMINANCE)[..., None]) * chroma).sum(-1) / (chroma**2).sum(-1)
    assert share.min() > -1e-3
    assert np.median(share) > 0.99


def test_values_that_are_no_numbers_are_an_error(tmp_path):
    engine = load(tiny.save_answering(tmp_path / "odd", lambda content, style: content / 0.0 * 0.0))

    with pytest.raises(EngineError, match="could not be painted"):
        render(engine)


@pytest.mark.parametrize("source", ["", "nowhere/at/all"])
def test_it_is_unavailable_without_its_folder(source):
    with pytest.raises(EngineError, match="no TF-Hub network"):
        load(source)


@pytest.mark.parametrize(
    ("function", "n_inputs"), [(lambda content: content, 1), (lambda content, style: tf.reduce_mean(style, (1, 2)), 2)]
)
def test_it_is_unavailable_when_the_network_is_another_one(tmp_path, function, n_inputs):
    source = tiny.save_answering(tmp_path / "odd", function, n_inputs)

    with pytest.raises(EngineError, match="not a network that takes a photo and a style"):
        load(source)


def test_it_is_unavailable_when_the_file_is_damaged(tmp_path):
    (tmp_path / "saved_model.pb").write_bytes(b"not a model at all")

    with pytest.raises(EngineError, match="not a network"):
        load(str(tmp_path))


def test_an_address_that_refuses_is_said_at_once(tmp_path, monkeypatch):
    monkeypatch.setenv("TFHUB_CACHE_DIR", str(tmp_path))
    with socket.socket() as taken:  # bound, but not listening
        taken.bind(("127.0.0.1", 0))

        with pytest.raises(EngineError, match="could not be reached") as caught:
            load(f"http://127.0.0.1:{taken.getsockname()[1]}/magenta/2")

    assert not caught.value.permanent


def test_an_address_that_never_answers_is_given_up(tmp_path, monkeypatch):
    monkeypatch.setenv("TFHUB_CACHE_DIR", str(tmp_path))
    monkeypatch.setattr(tfhub, "REACH_SECONDS", 0.5)
    started = time.monotonic()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        with pytest.raises(EngineError, match="could not be reached"):
            load(f"http://127.0.0.1:{silent.getsockname()[1]}/magenta/2")

        assert time.monotonic() - started < 5


def test_a_network_is_fetched_from_its_address(hub):
    picture = render(load(f"{hub.address}/magenta/2"))

    assert picture.shape == PHOTO.shape


def test_what_was_fetched_is_kept(hub):
    load(f"{hub.address}/magenta/2")
    hub.is_quick.clear()

    load(f"{hub.address}/magenta/2")


def test_a_slow_fetch_is_not_waited_for_but_goes_on(hub, monkeypatch):
    monkeypatch.setattr(tfhub, "REACH_SECONDS", 0.5)
    monkeypatch.setattr(tfhub, "FETCH_SECONDS", 0.5)
    hub.is_quick.clear()
    with pytest.raises(EngineError, match="not be fetched in time. It is tried again later") as caught:
        load(f"{hub.address}/magenta/2")
    assert not caught.value.permanent

    hub.is_quick.set()
    monkeypatch.setattr(tfhub, "REACH_SECONDS", 30)

    assert load(f"{hub.address}/magenta/2")


def test_an_address_without_a_network_is_said(hub):
    with pytest.raises(EngineError, match="there is none at its address"):
        load(f"{hub.address}/missing/2")


def test_a_fetch_that_still_runs_is_not_started_again(hub, monkeypatch):
    monkeypatch.setattr(tfhub, "REACH_SECONDS", 0.2)
    monkeypatch.setattr(tfhub, "FETCH_SECONDS", 0.2)
    hub.is_quick.clear()

    for _ in range(3):
        with pytest.raises(EngineError):
            load(f"{hub.address}/magenta/2")

    assert sum(thread.name.startswith("fetch ") for thread in threading.enumerate()) == 1
    hub.is_quick.set()
