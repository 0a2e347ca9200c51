"""A picture in bands is the picture in one piece, whatever the network, the size and the height of the bands."""

import errno
import os
import shutil
from collections import namedtuple
from dataclasses import replace

import keras
import numpy as np
import pytest
from keras import ops

from tests.trainer.worlds import TINY
from trainer.networks import adain, bands, kernels, layers, streaming

Usage = namedtuple("Usage", "total used free")


@pytest.fixture(scope="module")
def networks():
    return adain.build_networks(TINY, "float32")


def noise(*shape, seed=3):
    return np.random.default_rng(seed).random(shape, "float32")


def stream(network, photo, *others, folder, band_bytes=20_000, progress=lambda share: None):
    plan = streaming.Stream(folder, band_bytes=band_bytes)
    answer = plan.through(network, plan.photo(photo.shape, lambda top, bottom: photo[top:bottom]), *others)
    return list(plan.rows(answer, progress))


def paint_in_bands(networks, photo, code, *, folder, band_bytes=20_000, progress=lambda share: None):
    plan = streaming.Stream(folder, band_bytes=band_bytes)
    features = plan.through(networks["content_encoder"], plan.photo(photo.shape, lambda a, b: photo[a:b]))
    return list(plan.rows(plan.through(networks["decoder"], features, code), progress))


def paint(networks, photo, code):
    return np.asarray(networks["decoder"]([networks["content_encoder"](photo[None]), ops.convert_to_tensor(code)]))[0]


@pytest.mark.parametrize(("height", "width"), [(64, 64), (52, 132), (200, 12), (12, 200)])
@pytest.mark.parametrize("band_bytes", [1, 20_000, 10**9])
def test_a_picture_in_bands_is_the_picture_in_one_piece(networks, tmp_path, height, width, band_bytes):
    photo, code = noise(height, width, 3), noise(1, TINY.code_size) - 0.5

    rows = paint_in_bands(networks, photo, code, folder=tmp_path, band_bytes=band_bytes)

    assert (len(rows) > 1) == (band_bytes < 10**9)
    np.testing.assert_allclose(np.concatenate(rows), paint(networks, photo, code), atol=1e-4)


@pytest.mark.parametrize(
    "change", [{"deep": 6, "deep_blocks": 1}, {"fold": 4, "fine": 0}, {"deep": 6, "deep_blocks": 2, "fine": 0}], ids=str
)
@pytest.mark.parametrize("has_masks", [False, True])
def test_every_architecture_is_painted_in_bands_with_masks_or_without(tmp_path, change, has_masks):
    architecture = replace(TINY, **change)
    encoder, decoder = adain.build_content_encoder(architecture), adain.build_decoder(architecture, has_masks=has_masks)
    photo, code = noise(64, 80, 3), 0.3 * noise(1, *([2] if has_masks else []), architecture.code_size)
    masks = [np.concatenate([share := noise(16, 20, 1), 1 - share], -1)] if has_masks else []

    plan = streaming.Stream(tmp_path, band_bytes=20_000)
    features = plan.through(encoder, plan.photo(photo.shape, lambda a, b: photo[a:b]))
    places = [plan.photo(one.shape, lambda a, b, one=one: one[a:b]) for one in masks]
    rows = list(plan.rows(plan.through(decoder, features, code, *places), lambda share: None))

    expected = np.asarray(
        decoder([encoder(photo[None]), *map(ops.convert_to_tensor, (code, *(one[None] for one in masks)))])
    )[0]
    assert len(rows) > 1
    np.testing.assert_allclose(np.concatenate(rows), expected, atol=1e-4)


def build_unheard_of():
    """Everything that a network of the future may have: three levels, a way past them, rows of other sizes."""
    photo = keras.Input((None, None, 3))
    x = layers.SpaceToDepth()(photo - 0.5)
    wide = keras.layers.ReLU()(layers.Convolution(6, size=5)(x))
    x = keras.layers.ReLU()(layers.InstanceNorm()(layers.Convolution(8, stride=2)(wide)))
    x = layers.InstanceNorm()(layers.Convolution(8, stride=2)(x))
    x = keras.layers.Add()([x, layers.Convolution(8, size=1)(x)])
    x = layers.EnlargingConvolution(5)(layers.EnlargingConvolution(8)(x))
    x = keras.layers.Concatenate()([layers.InstanceNorm()(x), wide])
    x = layers.InstanceNorm()(x)
    return keras.Model(photo, keras.layers.Rescaling(0.5)(layers.EnlargingConvolution(3)(x)))


def test_the_graph_is_read_and_no_architecture_known(tmp_path):
    network, photo = build_unheard_of(), noise(72, 40, 3)

    rows = stream(network, photo, folder=tmp_path, band_bytes=5000)

    np.testing.assert_allclose(np.concatenate(rows), np.asarray(network(photo[None]))[0], atol=1e-4)


def test_a_layer_unheard_of_is_refused(tmp_path):
    photo = keras.Input((None, None, 3))
    network = keras.Model(photo, keras.layers.GlobalAveragePooling2D(keepdims=True)(photo))

    with pytest.raises(ValueError, match="GlobalAveragePooling2D"):
        stream(network, noise(8, 8, 3), folder=tmp_path)


def test_bfloat16_differs_by_less_than_it_rounds(tmp_path):
    networks = adain.build_networks(TINY, "mixed_bfloat16")
    photo = np.kron(noise(8, 12, 3), np.ones((8, 8, 1), "float32"))
    code = 0.2 * noise(1, TINY.code_size)

    rows = paint_in_bands(networks, photo, code, folder=tmp_path)

    assert np.abs(np.concatenate(rows) - paint(networks, photo, code)).mean() < 1 / 255


def test_progress_rises_to_one_with_every_band(networks, tmp_path):
    told = []

    rows = paint_in_bands(networks, noise(96, 32, 3), noise(1, TINY.code_size), folder=tmp_path, progress=told.append)

    assert len(told) > 2 * len(rows)
    assert told == sorted(told) and told[-1] == pytest.approx(1)


def test_the_next_picture_needs_no_new_functions(networks, tmp_path):
    code = noise(1, TINY.code_size)
    paint_in_bands(networks, noise(64, 64, 3), code, folder=tmp_path)
    n_made = kernels._compile_convolution.cache_info().misses

    paint_in_bands(networks, noise(96, 32, 3), code, folder=tmp_path)

    assert kernels._compile_convolution.cache_info().misses == n_made


def n_open_files():
    return len(os.listdir("/proc/self/fd"))


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="open files are counted in /proc")
@pytest.mark.parametrize("share", [0.0, 0.5, 0.99])
def test_whoever_listens_can_stop_it_and_no_file_stays(networks, tmp_path, share):
    before = n_open_files()

    def stop(done):
        assert not list(tmp_path.iterdir())  # they have no names: a killed process leaves none
        if done >= share:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        paint_in_bands(networks, noise(96, 32, 3), noise(1, TINY.code_size), folder=tmp_path, progress=stop)

    assert n_open_files() == before


@pytest.fixture
def sizes(monkeypatch):
    """The bytes of all files that lie there, each time that one has grown."""
    files, seen = [], []

    class Watched(bands.StoredRows):
        def __init__(self, *args):
            super().__init__(*args)
            files.append(self._file)

        def write(self, top, rows):
            super().write(top, rows)
            seen.append(sum(os.fstat(file.fileno()).st_size for file in files if not file.closed))

    monkeypatch.setattr(streaming, "StoredRows", Watched)
    return seen


def test_files_go_as_soon_as_nobody_reads_them(networks, tmp_path, sizes):
    photo, plan = noise(64, 64, 3), streaming.Stream(tmp_path, band_bytes=20_000)
    features = plan.through(networks["content_encoder"], plan.photo(photo.shape, lambda a, b: photo[a:b]))
    answer = plan.through(networks["decoder"], features, noise(1, TINY.code_size))

    list(plan.rows(answer, lambda share: None))

    assert max(sizes) == plan.peak_bytes(answer)
    assert max(sizes) < 0.6 * sum(one.n_bytes for one in plan._kept)


def test_room_is_looked_for_all_that_lies_there_at_once(tmp_path, sizes):
    photo, plan = noise(72, 40, 3), streaming.Stream(tmp_path, band_bytes=5000)
    answer = plan.through(build_unheard_of(), plan.photo(photo.shape, lambda a, b: photo[a:b]))

    list(plan.rows(answer, lambda share: None))

    assert max(sizes) == plan.peak_bytes(answer)


def test_a_disk_without_room_is_seen_before_anything_is_made(networks, tmp_path, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: Usage(10**9, 10**9 - 1000, 1000))

    with pytest.raises(OSError) as error:
        paint_in_bands(networks, noise(64, 64, 3), noise(1, TINY.code_size), folder=tmp_path)

    assert error.value.errno == errno.ENOSPC


def test_a_disk_that_fills_up_in_the_middle_ends_it(networks, tmp_path, monkeypatch):
    write, before, calls = os.pwrite, n_open_files(), []

    def write_less_and_less(file, data, at):
        calls.append(at)
        if len(calls) > 20:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(file, data[: max(1, len(data) // 2)], at)

    monkeypatch.setattr(bands.os, "pwrite", write_less_and_less)

    with pytest.raises(OSError, match="No space"):
        paint_in_bands(networks, noise(64, 64, 3), noise(1, TINY.code_size), folder=tmp_path)

    assert n_open_files() == before


def test_moments_of_bands_are_those_of_the_whole():
    values = 1000 + noise(7, 300, 5)
    moments = bands.Moments()

    for band in (values[:2], values[2:3], values[3:]):
        means, variances = band.mean((0, 1), keepdims=True)[0], band.var((0, 1), keepdims=True)[0]
        moments.add(means, variances, n=band.shape[0] * band.shape[1])

    mean, variance = map(np.asarray, moments.as_tensors())
    np.testing.assert_allclose(mean, values.mean((0, 1)), rtol=1e-6)
    np.testing.assert_allclose(variance, values.var((0, 1)), rtol=1e-2)
