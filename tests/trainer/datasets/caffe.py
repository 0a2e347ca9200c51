"""A tiny network in Caffe's format with a layer of each kind that is peculiar to HED, written byte by byte."""

import struct

import numpy as np

PROTOTXT = """
name: "tiny"
input: "data"
input_dim: 1 input_dim: 3 input_dim: 500 input_dim: 500
layer { name: "conv" type: "Convolution" bottom: "data" top: "conv"
        convolution_param { num_output: 1 pad: 6 kernel_size: 3 engine: CAFFE } }
layer { name: "relu" type: "ReLU" bottom: "conv" top: "conv" }
layer { name: "crop" type: "Crop" bottom: "conv" bottom: "data" top: "crop" }
layer { name: "sigmoid-fuse" type: "Sigmoid" bottom: "crop" top: "sigmoid-fuse" }
"""


def write_model(folder, names):
    """Both files: a response near 1 where brightness changes to the right, and 0.5 elsewhere."""
    kernel = np.zeros((1, 3, 3, 3), "float32")
    kernel[0, :, 1, 0], kernel[0, :, 1, 2] = -0.1, 0.1
    folder.mkdir(parents=True, exist_ok=True)
    (folder / names[0]).write_text(PROTOTXT)
    blobs = _message(7, _blob(kernel)) + _message(7, _blob(np.zeros(1, "float32")))
    layer = _message(1, b"conv") + _message(2, b"Convolution") + blobs
    (folder / names[1]).write_bytes(_message(1, b"tiny") + _message(100, layer))
    return folder


def _blob(array):
    shape = _message(1, b"".join(_varint(side) for side in array.shape))
    return _message(7, shape) + _message(5, struct.pack(f"<{array.size}f", *array.ravel()))


def _message(field, content):
    """One length-delimited field of a protocol buffer."""
    return _varint(field << 3 | 2) + _varint(len(content)) + content


def _varint(number):
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    return bytes([*out, number])
