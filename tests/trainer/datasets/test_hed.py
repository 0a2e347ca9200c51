"""HED's way through OpenCV, on a tiny network in the same format: HED's own files are 56 MB and not ours."""

import numpy as np
import pytest

from tests.trainer.datasets import caffe
from trainer.datasets import hed
from trainer.datasets.edges import EdgeOptions


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return caffe.write_model(tmp_path_factory.mktemp("hed"), hed.FILES)


@pytest.fixture
def picture():
    """Dark on the left, light from column 30 on."""
    pixels = np.full((40, 56, 3), 0.1, "float32")
    pixels[:, 30:] = 0.9
    return pixels


def test_a_caffe_model_responds_at_the_right_place(folder, picture):
    response = hed.load(folder).respond(picture)

    assert response.shape == (40, 56)
    assert (response[:, 29:31] > 0.99).all()
    assert np.allclose(response[:, 4:26], 0.5)
    assert np.allclose(response[:, 34:52], 0.5)


def test_pictures_of_several_sizes_may_follow_each_other(folder, picture):
    network = hed.load(folder)
    for size in ((40, 56), (33, 47), (40, 56)):
        assert network.respond(picture[: size[0], : size[1]]).shape == size


def test_its_response_becomes_a_drawing(folder, picture, monkeypatch):
    monkeypatch.setattr(hed, "FAINT", 0.9)

    drawing = hed.load(folder).extract(picture, EdgeOptions(thickness=2))

    assert drawing[8:32, 29:31].max() < 0.6
    assert (drawing[:, 4:24] == 1).all()


def test_missing_files_are_named(tmp_path):
    with pytest.raises(ValueError, match=r"deploy\.prototxt and hed_pretrained"):
        hed.load(tmp_path)


def test_damaged_files_are_refused(folder, tmp_path):
    (tmp_path / hed.FILES[0]).write_text("this { is not")
    (tmp_path / hed.FILES[1]).write_bytes((folder / hed.FILES[1]).read_bytes())

    with pytest.raises(ValueError, match="cannot be read"):
        hed.load(tmp_path)
