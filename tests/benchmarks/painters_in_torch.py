"""Two painters of any style as PyTorch runs them in float32: rivals, written from the papers, with weights of chance.

AdaIN with VGG-19 (Huang & Belongie 2017, arXiv:1703.06868) and MicroAST (Wang et al. 2023, arXiv:2211.15313).
Their pictures are worth nothing, their time is what trained ones take.
"""

import os
from collections.abc import Callable

import numpy as np
import torch
from torch import nn
from torch.nn import functional

VGG_WIDTHS = ((64, 64), (128, 128), (256, 256, 256, 256), (512,))  # to relu4_1, halved between two groups
EPSILON = 1e-5


def build_all() -> dict[str, Callable[[np.ndarray, np.ndarray], np.ndarray]]:
    """Painters by name: of a photo and a style picture, each (h, w, 3), whose sides are multiples of 8."""
    torch.set_num_threads(os.cpu_count())
    networks = {"AdaIN with VGG-19": AdaIN(), "MicroAST": MicroAST()}
    return {f"{name} (PyTorch {torch.__version__})": _painter(network.eval()) for name, network in networks.items()}


class AdaIN(nn.Module):
    """VGG-19 to relu4_1, whose moments are exchanged there, and its mirror image: 7.0 million parameters."""

    def __init__(self):
        super().__init__()
        steps = list(_vgg_steps())
        self.encoder = nn.Sequential(*[_convolve(*step) if step else nn.MaxPool2d(2) for step in steps])
        back = [_convolve(*reversed(step)) if step else nn.Upsample(scale_factor=2) for step in reversed(steps)]
        back[-1] = back[-1][:2]  # the picture is not rectified
        self.decoder = nn.Sequential(*back)

    def forward(self, photo, style):
        return self.decoder(exchange_moments(self.encoder(photo), self.encoder(style)))


class MicroAST(nn.Module):
    """Two small encoders, and a decoder modulated by the style at two depths: 472 thousand parameters."""

    def __init__(self):
        super().__init__()
        self.content_encoder, self.style_encoder = _MicroEncoder(), _MicroEncoder()
        self.weights, self.biases = (nn.ModuleList(_convolve(64, 64, groups=64)[:2] for _ in range(2)) for _ in "wb")
        self.blocks = nn.ModuleList(_Residual(64) for _ in range(2))
        enlarge = nn.Upsample(scale_factor=2, mode="bilinear")
        tail = [enlarge, *_separate(64, 32), enlarge, *_separate(32, 16), _convolve(16, 3, 9)[:2]]
        self.tail = nn.Sequential(*tail)

    def forward(self, photo, style):
        signals = self.style_encoder(style)
        x = self.content_encoder(photo)[1]
        for block, depth in zip(self.blocks, (1, 0), strict=True):
            signal = signals[depth]
            weight, bias = (each[depth](signal).mean((2, 3), keepdim=True) for each in (self.weights, self.biases))
            x = block(exchange_moments(x, signal), weight, bias)
        return self.tail(x)


class _MicroEncoder(nn.Module):
    """A picture → its features after one residual block, and after two: both (n, 64, h/4, w/4)."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Sequential(_convolve(3, 16, 9), *_separate(16, 32, 2), *_separate(32, 64, 2))
        self.blocks = nn.ModuleList(_Residual(64) for _ in range(2))

    def forward(self, picture):
        shallow = self.blocks[0](self.stem(picture))
        return shallow, self.blocks[1](shallow)


class _Residual(nn.Module):
    """Two convolutions and a way past them; a style may weigh what each makes, and what went into it."""

    def __init__(self, width):
        super().__init__()
        self.first, self.second = (_convolve(width, width)[:2] for _ in range(2))

    def forward(self, x, weight=None, bias=None):
        if weight is None:
            return x + self.second(functional.relu(self.first(x)))
        y = functional.relu(weight * self.first(x) + bias * x)
        return x + weight * self.second(y) + bias * y


def exchange_moments(content, style):
    """Adaptive instance normalisation: the content's features with the style's means and deviations."""
    (deviation, mean), (new_deviation, new_mean) = (
        torch.std_mean(each, (2, 3), keepdim=True) for each in (content, style)
    )
    return (content - mean) / (deviation + EPSILON) * new_deviation + new_mean


def _vgg_steps():
    """(before, after) of each convolution, None for a pooling."""
    before = 3
    for number, group in enumerate(VGG_WIDTHS):
        if number:
            yield None
        for after in group:
            yield before, after
            before = after


def _convolve(before, after, size=3, stride=1, groups=1):
    """Margins, a convolution, a rectifier: `[:2]` is without the last."""
    margin = [nn.ReflectionPad2d(size // 2)] if size > 1 else [nn.Identity()]
    return nn.Sequential(*margin, nn.Conv2d(before, after, size, stride, groups=groups), nn.ReLU())


def _separate(before, after, stride=1):
    """A convolution in two: over places, in as many groups as both sides allow, then over channels."""
    return [_convolve(before, after, 3, stride, groups=min(before, after)), _convolve(after, after, 1)]


def _painter(network):
    def paint(photo, style):
        with torch.inference_mode():
            tensors = (torch.from_numpy(each.transpose(2, 0, 1)[None].copy()) for each in (photo, style))
            return network(*tensors)[0].permute(1, 2, 0).numpy()

    return paint
