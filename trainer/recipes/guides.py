"""A painter that is not ours, and whose layout of light and colours may be learned: where in a photo it puts what.

It is a pair of TFLite files such as Magenta's (Ghiasi et al. 2017, arXiv:1705.06830), one that makes a code of a style
and one that paints in it. What is learned is coarse, and in the colours of the style itself (docs/decisions/0036).
"""

import threading
from pathlib import Path

import numpy as np

from trainer.networks import colours, pixels
from trainer.networks.perceptual import COARSE
from trainer.recipes.configs import GUIDE_FILES

try:
    from ai_edge_litert.interpreter import Interpreter
except ImportError:  # a machine that only trains may lack it
    Interpreter = None

SIDES = (256, 384)  # of a style and of a photo, as the pair was trained, where its files say nothing
PATCH = 32  # pixels a side of what is tried first


class Guide:
    """For several threads; the answers are the same whichever asks. Raises OSError or ValueError for no such folder."""

    def __init__(self, folder: Path):
        self._paths = [folder / name for name in GUIDE_FILES]
        if Interpreter is None:
            raise ValueError("A guide needs the package ai-edge-litert, which is not installed here.")
        for path in self._paths:
            if not path.is_file():
                raise OSError(f"{folder} is no guide: it holds no {path.name}.")
        self._of_a_thread = threading.local()  # interpreters work for one thread each
        black = np.zeros((PATCH, PATCH, 3), "float32")
        try:
            layout = self.lay_out(black, black, black)
        except (RuntimeError, ValueError, TypeError, IndexError, AttributeError) as error:
            raise ValueError(
                f"{folder} is no guide: its files do not fit together, or are no such networks."
            ) from error
        if layout.shape != (PATCH // COARSE, PATCH // COARSE, 3):
            raise ValueError(f"{folder} is no guide: what it paints is no picture.")

    def lay_out(self, photo: np.ndarray, style: np.ndarray, wanted: np.ndarray) -> np.ndarray:
        """The guide's picture of a photo in a style, both (s, s, 3) in 0..1, small: (s / 4, s / 4, 3) float32.

        Its colours are those of `wanted`, a picture of any size, within 0..1.
        """
        predict, transfer = self._open()
        painted = _run(transfer, photo, _run(predict, style))
        side = photo.shape[0] // COARSE
        return pixels.resize(colours.transport(painted, wanted), side, side)

    def _open(self):
        if not hasattr(self._of_a_thread, "pair"):
            self._of_a_thread.pair = [_open(*each) for each in zip(self._paths, SIDES, strict=True)]
        return self._of_a_thread.pair


def _open(path, side):
    network = Interpreter(str(path), num_threads=1)
    detail = next((detail for detail in network.get_input_details() if _is_picture(detail)), None)
    if detail is None:
        raise ValueError(f"{path} takes no picture.")
    if detail["shape"][1] == 1:
        network.resize_tensor_input(detail["index"], (1, side, side, 3))
    network.allocate_tensors()
    return network


def _run(network, picture, code=None):
    """What it makes of a picture at its own size, and of a code if it takes one: without the dimension of a batch."""
    for detail in network.get_input_details():
        given = pixels.resize(picture, *detail["shape"][1:3]) if _is_picture(detail) else code
        network.set_tensor(detail["index"], given.reshape(detail["shape"]))
    network.invoke()
    return network.get_tensor(network.get_output_details()[0]["index"])[0]


def _is_picture(detail):
    return detail["shape"][-1] == 3
