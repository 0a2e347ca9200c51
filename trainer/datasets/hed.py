"""Edges by HED (Xie & Tu 2015, arXiv:1504.06375) through OpenCV, where somebody has its model files."""

import threading
from pathlib import Path

import cv2
import numpy as np

from trainer.datasets import edges

FILES = ("deploy.prototxt", "hed_pretrained_bsds.caffemodel")
MEAN = (104.00698793, 116.66876762, 122.67891434)  # of blue, green and red, in the pictures HED was trained on
FAINT = 0.35  # of 1; a response below it is no line


class Crop:
    """HED's Crop layer, which OpenCV's Caffe importer lacks: the middle of the first input, as large as the second."""

    def __init__(self, params, blobs):
        self.box = (slice(None),) * 2

    def getMemoryShapes(self, inputs):  # noqa: N802 - OpenCV's name
        (n, channels, height, width), (_, _, inner_height, inner_width) = inputs
        top, left = (height - inner_height) // 2, (width - inner_width) // 2
        self.box = (slice(top, top + inner_height), slice(left, left + inner_width))
        return [[n, channels, inner_height, inner_width]]

    def forward(self, inputs):
        return [inputs[0][(..., *self.box)]]


class HED:
    """The network; one picture at a time."""

    def __init__(self, net):
        self._net, self._lock = net, threading.Lock()

    def respond(self, picture: np.ndarray) -> np.ndarray:
        """How much each pixel is an edge, float32 (h, w) 0..1, of a picture, float32 (h, w, 3 or more) 0..1."""
        height, width = picture.shape[:2]
        blue_first = np.ascontiguousarray(picture[..., 2::-1] * 255, "float32")
        blob = cv2.dnn.blobFromImage(blue_first, 1.0, (width, height), MEAN, swapRB=False, crop=False)
        with self._lock:
            self._net.setInput(blob)
            return self._net.forward()[0, 0]

    def extract(self, picture: np.ndarray, options: edges.EdgeOptions) -> np.ndarray:
        """As `edges.extract`; of the options, those about what is done to lines once they are found."""
        return edges.finish(self.respond(picture) > FAINT, options)


def load(folder: Path | str) -> HED:
    """HED from a folder with its two files. Raises ValueError where they are missing or damaged."""
    paths = [Path(folder) / name for name in FILES]
    if missing := [path.name for path in paths if not path.is_file()]:
        raise ValueError(f"HED needs {' and '.join(missing)} in {folder}.")
    _register_crop()
    try:
        return HED(cv2.dnn.readNetFromCaffe(*map(str, paths)))
    except cv2.error as error:
        raise ValueError(f"The files of HED in {folder} cannot be read: {error.err}.") from error


def _register_crop():
    """Once a process: OpenCV keeps a list, and the first of a name wins."""
    if not hasattr(Crop, "is_registered"):
        cv2.dnn_registerLayer("Crop", Crop)
        Crop.is_registered = True
