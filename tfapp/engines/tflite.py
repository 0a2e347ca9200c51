"""Magenta's stylization as a pair of TFLite files, run by LiteRT (Ghiasi et al. 2017, arXiv:1705.06830).

`predict` makes a code of a style picture, `transfer` paints a photo after a code. The usual `transfer` takes
384 × 384 pixels and no others: the photo is then shrunk and its edges mirrored until it is square, never cut.
"""

import os
from pathlib import Path
from threading import Lock

import numpy as np
from ai_edge_litert.interpreter import Interpreter
from django.utils.translation import gettext_noop

from tfapp.engines import colour, pictures
from tfapp.engines.base import EngineError, Inputs, Progress
from trainer.networks import pixels

NO_FOLDER = gettext_noop("This engine needs two files that are not here: predict.tflite and transfer.tflite.")
NOT_THE_PAIR = gettext_noop("The two TFLite files of this engine are not a style predictor and its painter.")
MULTIPLE = 4  # the painter halves twice: sides of a photo of any size are multiples of this


class TfliteEngine:
    """Arbitrary style transfer by two interpreters, which one thread at a time may use."""

    def load(self, source: str) -> None:
        """Load the pair from a folder. Raises EngineError."""
        predict, transfer = (_find(source, word) for word in ("predict", "transfer"))
        try:
            self._predict, self._transfer = _open(predict), _open(transfer)
            self._style_at, self._style_side = _picture_input(self._predict)
            self._content_at, self._side = _picture_input(self._transfer)
            self._code_at, self._code_shape = _code_input(self._transfer)
            self._takes_any_size = _takes_any_size(self._transfer, self._content_at, self._side)
            code = self._encode(np.zeros((self._style_side, self._style_side, 3), "float32"))
            self._run_transfer(np.zeros((self._side, self._side, 3), "float32"), code)
        except (ValueError, RuntimeError, TypeError, OSError) as error:
            raise EngineError(NOT_THE_PAIR) from error
        self.encode = pictures.Remembered(self._encode)
        self._one_at_a_time = Lock()

    def render(self, inputs: Inputs, progress: Progress) -> np.ndarray:
        """The content, at its own size, painted in the mean of the styles. Raises EngineError."""
        content, styles = pictures.photo_and_styles(inputs)
        strength = pictures.strength(inputs)
        progress(0.0)

        with self._one_at_a_time:
            code = np.mean([self.encode(pictures.square(style, self._style_side)) for style in styles], axis=0)
            if strength < 1:  # a weaker style is one nearer to the photo's own, as in Magenta's demonstration
                own = self.encode(pictures.square(content, self._style_side))
                code = strength * code + (1 - strength) * own
            progress(0.3)
            picture = self._paint(content, code.astype("float32"))
        progress(0.9)

        if inputs.parameters.get("keep_colours"):
            picture = colour.keep_colours(picture, content)
        progress(1.0)
        return picture

    def _paint(self, content: np.ndarray, code: np.ndarray) -> np.ndarray:
        height, width = content.shape[:2]
        if self._takes_any_size:
            small, rows, columns = content, height + -height % MULTIPLE, width + -width % MULTIPLE
        else:
            scale = self._side / max(height, width)
            size = (max(1, round(height * scale)), max(1, round(width * scale)))
            small = content if size == (height, width) else pixels.resize(content, *size)
            rows = columns = self._side

        padded, place = pictures.mirror_edges(small, rows, columns)
        try:
            painted = self._run_transfer(padded, code)[place]
        except (ValueError, RuntimeError, MemoryError) as error:
            raise EngineError(pictures.NOT_PAINTED) from error
        painted = pictures.finished(painted)
        return painted if small is content else pixels.resize(painted, height, width)

    def _encode(self, style: np.ndarray) -> np.ndarray:
        self._predict.set_tensor(self._style_at, style[None])
        self._predict.invoke()
        return self._predict.get_tensor(self._predict.get_output_details()[0]["index"])

    def _run_transfer(self, content: np.ndarray, code: np.ndarray) -> np.ndarray:
        if self._takes_any_size:
            _resize(self._transfer, self._content_at, content.shape)
        self._transfer.set_tensor(self._content_at, content[None])
        self._transfer.set_tensor(self._code_at, code.reshape(self._code_shape))
        self._transfer.invoke()
        painted = self._transfer.get_tensor(self._transfer.get_output_details()[0]["index"])[0]
        if painted.shape != content.shape:
            raise ValueError(f"a photo of {content.shape} came back as {painted.shape}")
        return painted


def _find(folder: str, word: str) -> Path:
    """`word`.tflite, or the only .tflite file with the word in its name, as downloads are called."""
    files = sorted(Path(folder).glob("*.tflite")) if folder else []
    named = [path for path in files if path.stem == word] or [path for path in files if word in path.stem]
    if len(named) != 1:
        raise EngineError(NO_FOLDER)
    return named[0]


def _open(path: Path) -> Interpreter:
    interpreter = Interpreter(str(path), num_threads=_n_cores())
    interpreter.allocate_tensors()
    return interpreter


def _n_cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _picture_input(interpreter: Interpreter) -> tuple[int, int]:
    """Which input takes a picture, and of which side."""
    found = [d for d in interpreter.get_input_details() if len(d["shape"]) == 4 and d["shape"][-1] == 3]
    if len(found) != 1 or found[0]["dtype"] != np.float32 or found[0]["shape"][1] != found[0]["shape"][2]:
        raise ValueError(f"expected one float32 input for a square picture, got {found}")
    return found[0]["index"], max(int(found[0]["shape"][1]), 32)  # the shape of a file for any size says 1


def _code_input(interpreter: Interpreter) -> tuple[int, tuple[int, ...]]:
    found = [d for d in interpreter.get_input_details() if d["shape"][-1] != 3]
    if len(found) != 1:
        raise ValueError(f"expected one input for a style code, got {found}")
    return found[0]["index"], tuple(int(length) for length in found[0]["shape"])


def _takes_any_size(interpreter: Interpreter, index: int, side: int) -> bool:
    """Whether the painter's output follows its input. Some files accept another input and paint 384 × 384 anyway."""
    try:
        _resize(interpreter, index, (side, side + 8 * MULTIPLE, 3))
        interpreter.invoke()
        follows = interpreter.get_output_details()[0]["shape"][2] == side + 8 * MULTIPLE
    except (ValueError, RuntimeError):
        follows = False
    _resize(interpreter, index, (side, side, 3))
    return follows


def _resize(interpreter: Interpreter, index: int, shape: tuple[int, ...]) -> None:
    interpreter.resize_tensor_input(index, (1, *shape))
    interpreter.allocate_tensors()
