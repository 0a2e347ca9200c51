"""The shipped painter: it is the one in its card, and it paints whatever it is given."""

import hashlib
import json
import threading
from pathlib import Path

import numpy as np
import pytest

from tests.tfapp.engines.likeness import TOLERANCE, count_different_bits, hash_picture
from tfapp.engines import SHIPPED_FOLDER, colour
from tfapp.engines import adain as engine_module
from tfapp.engines.base import EngineError, Inputs
from tfapp.engines.style_networks import smooth
from trainer import checkpoints
from trainer.datasets import pictures
from trainer.networks import adain
from trainer.networks.architectures import AdaINArchitecture

SHIPPED = SHIPPED_FOLDER / "adain"
HASHES = Path(__file__).with_name("adain_hashes.json")
QUALITIES = ("fine", "swift")
SHARED = Path(__file__).resolve().parents[4] / "shared" / "data"


@pytest.fixture(scope="module")
def engine():
    engine = engine_module.AdainEngine()
    engine.load(str(SHIPPED))
    return engine


def draw_photo(kind: int, height: int = 192, width: int = 256) -> np.ndarray:
    """A hill under a sun, a head before a wall, or lamps at night: float32 in 0..1."""
    y, x = np.mgrid[0:height, 0:width].astype("float32") / height
    if kind == 0:
        hill = 1 / (1 + np.exp(-60 * (y - 0.6 - 0.1 * np.sin(6 * x))))
        sun = np.exp(-((x - 1.0) ** 2 + (y - 0.25) ** 2) / 0.01)
        layers = [0.4 + 0.4 * y + 0.5 * sun - 0.3 * hill, 0.6 + 0.2 * y + 0.3 * sun - 0.2 * hill, 0.9 - 0.7 * hill]
    elif kind == 1:
        head = 1 / (1 + np.exp(-80 * (0.3 - np.hypot(1.2 * (x - 0.66), y - 0.45))))
        eyes = sum(np.exp(-((x - 0.66 - s) ** 2 + (y - 0.4) ** 2) / 0.0008) for s in (-0.1, 0.1))
        mouth = np.exp(-((x - 0.66) ** 2) / 0.008 - (y - 0.6) ** 2 / 0.0004)
        layers = [0.3 + 0.5 * head - 0.6 * eyes, 0.4 + 0.2 * head - 0.5 * eyes - 0.3 * mouth, 0.5 - 0.4 * eyes]
    else:
        lamps = sum(np.exp(-((x - 0.25 * i) ** 2 + (y - 0.5) ** 2) / 0.002) for i in range(1, 6))
        houses = 0.08 * (np.floor(8 * x) % 2) * (y > 0.55)
        layers = [0.05 + 0.9 * lamps + houses, 0.05 + 0.7 * lamps + houses, 0.12 - 0.1 * y + 0.3 * lamps]
    return np.clip(np.stack(layers, -1), 0, 1).astype("float32")


def draw_style(kind: int, side: int = 256) -> np.ndarray:
    """Bent stripes, dots or a weave, in colours of their own: float32 in 0..1."""
    y, x = np.mgrid[0:side, 0:side].astype("float32") / side
    if kind == 0:
        wave = np.sin(50 * (x + 0.15 * np.sin(9 * y)))
        layers = [0.6 + 0.4 * wave, 0.4 + 0.2 * wave, 0.2 + 0.1 * np.sin(9 * y)]
    elif kind == 1:
        dots = (np.sin(70 * x) * np.sin(70 * y) > 0.2).astype("float32")
        layers = [0.9 - 0.7 * dots, 0.85 - 0.4 * dots, 0.6 + 0.1 * dots]
    else:
        weave = np.where((np.floor(24 * x) + np.floor(24 * y)) % 2, np.sin(150 * x), np.sin(150 * y))
        layers = [0.2 + 0.1 * weave, 0.3 + 0.2 * weave, 0.5 + 0.3 * weave]
    return np.clip(np.stack(layers, -1), 0, 1).astype("float32")


def drawn_pairs() -> dict:
    return {f"drawn-{i}": (draw_photo(i), draw_style(i)) for i in range(3)}


def kept_out_pairs() -> dict:
    """The first three kept-out photos and paintings of the shared data."""
    if not (SHARED / "photos").is_dir():
        return {}
    kept = [
        [p for p in pictures.find(SHARED / kind) if pictures.is_kept_out(p.name)] for kind in ("photos", "paintings")
    ]
    read = [[pictures.read_square(p, 256).astype("float32") / 255 for p in paths[:3]] for paths in kept]
    return {f"kept-out-{i}": pair for i, pair in enumerate(zip(*read, strict=True))}


def render(engine, content, style, **parameters):
    return engine.render(Inputs(content, (style,), parameters), lambda share: None)


def measure_hashes(engine, pairs, quality: str = "fine") -> dict[str, str]:
    return {name: hash_picture(render(engine, *pair, quality=quality)) for name, pair in pairs.items()}


@pytest.mark.parametrize("quality", QUALITIES)
@pytest.mark.parametrize("find_pairs", [drawn_pairs, kept_out_pairs])
def test_the_shipped_weights_paint_the_stored_pictures(engine, find_pairs, quality):
    pairs = find_pairs()
    if not pairs:
        pytest.skip("../shared/data is not here")
    stored = json.loads(HASHES.read_text())[quality]

    for name, found in measure_hashes(engine, pairs, quality).items():
        assert count_different_bits(found, stored[name]) <= TOLERANCE, name


def test_an_untrained_network_does_not(tmp_path):
    config = checkpoints.read_config(SHIPPED)
    networks = adain.build_networks(AdaINArchitecture.from_config(config["architecture"]))
    checkpoints.save_weights(tmp_path / checkpoints.WEIGHTS, networks)
    checkpoints.write_config(tmp_path, config)
    untrained = engine_module.AdainEngine()
    untrained.load(str(tmp_path))

    stored = json.loads(HASHES.read_text())["fine"]

    for name, found in measure_hashes(untrained, drawn_pairs()).items():
        assert count_different_bits(found, stored[name]) > 3 * TOLERANCE, name


@pytest.mark.parametrize(
    ("folder", "n_bytes", "n_parameters"), [(SHIPPED, 8e6, 4_000_000), (SHIPPED / "swift", 4e6, 1_000_000)]
)
def test_the_card_is_the_card_of_these_weights(folder, n_bytes, n_parameters):
    weights = (folder / checkpoints.WEIGHTS).read_bytes()

    assert hashlib.sha256(weights).hexdigest() in (SHIPPED / "card.md").read_text()
    assert len(weights) <= n_bytes
    assert checkpoints.read_config(folder)["parameters"]["total"] <= n_parameters


@pytest.mark.parametrize(("height", "width"), [(101, 67), (37, 250), (9, 40), (1, 1), (128, 128)])
def test_any_size_comes_back_at_that_size(engine, height, width):
    content = draw_photo(0)[:height, :width]
    content = np.resize(content, (height, width, 3))

    picture = render(engine, content, draw_style(0)[:50])

    assert picture.shape == (height, width, 3)
    assert picture.dtype == np.float32
    assert 0 <= picture.min() <= picture.max() <= 1


def test_strength_leads_from_the_photo_to_the_style(engine):
    content, style = draw_photo(0), draw_style(0)

    painted = [render(engine, content, style, strength=k) for k in (0.0, 0.1, 0.5, 1.0)]

    distances = [float(np.abs(picture - content).mean()) for picture in painted]
    assert distances == sorted(distances)
    assert distances[0] < 0.01


def test_kept_colours_are_the_photos(engine):
    content, style = draw_photo(0), draw_style(0)

    plain, kept = (render(engine, content, style, keep_colours=keep) for keep in (False, True))

    def differences(picture):
        return np.stack([picture[..., 0] - picture[..., 1], picture[..., 2] - picture[..., 1]])

    errors = [np.abs(differences(picture) - differences(content)).mean() for picture in (plain, kept)]
    assert errors[1] < 0.5 * errors[0]
    assert np.allclose(kept @ colour.LUMINANCE, plain @ colour.LUMINANCE, atol=0.01)


def test_there_is_no_frame_around_the_picture(engine):
    flat = np.full((96, 96, 3), 0.5, "float32") + 0.02 * draw_photo(0)[:96, :96]

    picture = render(engine, flat, draw_style(2))

    edge = np.concatenate([picture[:2].reshape(-1, 3), picture[-2:].reshape(-1, 3), picture[:, :2].reshape(-1, 3)])
    assert np.abs(edge.mean(0) - picture.mean((0, 1))).max() < 0.2


def test_several_styles_are_mixed(engine):
    content, styles = draw_photo(0), (draw_style(0), draw_style(2))

    mixed = engine.render(Inputs(content, styles, {}), lambda share: None)

    for style in styles:
        assert np.abs(mixed - render(engine, content, style)).mean() > 0.01


@pytest.mark.parametrize(("period", "left"), [(2, 0.75), (4, 0.875), (12, 0.983)])
def test_only_what_is_fine_is_smoothed(period, left):
    stripes = np.cos(2 * np.pi * np.arange(48) / period).astype("float32")
    picture = np.repeat(np.repeat(stripes[None, :, None], 24, 0), 3, 2)

    for turned in (picture, picture.swapaxes(0, 1)):
        found = smooth(turned)
        assert np.allclose(found[2:-2, 2:-2], left * turned[2:-2, 2:-2], atol=1e-3)


@pytest.mark.parametrize("shape", [(5, 7, 3), (1, 7, 3), (7, 1, 3), (1, 1, 3)])
def test_a_smoothed_colour_is_that_colour(shape):
    assert np.allclose(smooth(np.full(shape, 0.3, "float32")), 0.3)


def test_whatever_is_painted_is_smoothed(engine, monkeypatch):
    networks, photo = engine._networks["fine"], draw_photo(0)
    monkeypatch.setattr(networks, "smooth", np.zeros_like)
    codes, masks = np.repeat(networks.encode(draw_style(0), 1.0), 2, 0), np.full((*photo.shape[:2], 2), 0.5, "float32")

    painted = [networks.paint(networks.read(photo), codes[:1]), networks.paint(networks.read(photo), codes, masks)]
    painted += networks.paint_together([photo, photo], codes)

    assert all(picture.shape == photo.shape and not picture.any() for picture in painted)


def test_what_is_unfolded_from_half_the_size_has_no_such_noise(engine):
    picture = np.random.default_rng(0).random((8, 8, 3), "float32")

    assert np.array_equal(engine._networks["fine"].smooth(picture), smooth(picture))
    assert np.array_equal(engine._networks["swift"].smooth(picture), picture)


def test_a_style_is_encoded_once_and_a_photo_read_once(engine, monkeypatch):
    photo, style = draw_photo(1), draw_style(1)
    first = render(engine, photo, style, strength=0.5)

    networks = engine._networks["fine"]
    monkeypatch.setattr(networks, "_run_style", None)
    monkeypatch.setattr(networks, "_run_content", None)

    assert np.array_equal(render(engine, photo, style, strength=0.5), first)


def test_progress_rises(engine):
    told = []

    engine.render(Inputs(draw_photo(2), (draw_style(2),), {}), told.append)

    assert told == sorted(told)
    assert 0 <= told[0] <= told[-1] <= 1


def test_a_picture_that_fails_leaves_nothing_running(engine, monkeypatch):
    read = threading.Event()
    networks = engine._networks["fine"]
    monkeypatch.setattr(networks, "read", lambda photo: read.wait(0.2) or read.set())
    monkeypatch.setattr(networks, "encode", lambda style, scale: 1 / 0)

    with pytest.raises(ZeroDivisionError):
        render(engine, draw_photo(0), draw_style(0))

    assert read.is_set()


def test_threads_share_one_engine(engine):
    expected, found = [render(engine, draw_photo(i), draw_style(i)) for i in range(3)], {}

    def paint(i):
        found[i] = render(engine, draw_photo(i), draw_style(i))

    threads = [threading.Thread(target=paint, args=(i,)) for i in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert all(np.allclose(found[i], expected[i], atol=0.02) for i in range(3))


@pytest.mark.parametrize(
    "content",
    [None, np.zeros((8, 8)), np.zeros((8, 8, 4)), np.zeros((0, 8, 3)), np.full((8, 8, 3), np.nan)],
    ids=["none", "grey", "four channels", "empty", "no numbers"],
)
def test_what_is_no_picture_is_refused(engine, content):
    with pytest.raises(EngineError) as refusal:
        render(engine, content, draw_style(0))
    assert refusal.value.permanent

    with pytest.raises(EngineError):
        render(engine, draw_photo(0), content)


def test_no_style_is_refused(engine):
    with pytest.raises(EngineError, match="style"):
        engine.render(Inputs(draw_photo(0), (), {}), lambda share: None)


@pytest.mark.parametrize("text", [None, "{", "[]", "{}", '{"architecture": {"unheard": 1}}'])
def test_a_folder_that_is_no_checkpoint_is_refused(tmp_path, text):
    if text is not None:
        (tmp_path / checkpoints.CONFIG).write_text(text)

    with pytest.raises(EngineError, match="missing or damaged"):
        engine_module.AdainEngine().load(str(tmp_path))


def test_damaged_weights_are_refused(tmp_path):
    (tmp_path / checkpoints.CONFIG).write_text((SHIPPED / checkpoints.CONFIG).read_text())
    (tmp_path / checkpoints.WEIGHTS).write_bytes((SHIPPED / checkpoints.WEIGHTS).read_bytes()[:5000])

    with pytest.raises(EngineError, match="missing or damaged"):
        engine_module.AdainEngine().load(str(tmp_path))
