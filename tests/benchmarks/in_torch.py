"""ResNet-9, the PatchGAN and one pix2pix step as PyTorch does them in float32: the rival, written from the papers.

PyTorch is no requirement of ours: without `pip install torch==2.13.0` the table says that it was not there.
"""

import torch
from torch import nn
from torch.nn import functional

RATE, BETAS, L1_WEIGHT = 2e-4, (0.5, 0.999), 10.0


class Residual(nn.Module):
    """R256: two reflected 3×3 convolutions, each normalised, and a way past them."""

    def __init__(self, width: int):
        super().__init__()
        self.body = nn.Sequential(*_convolve(width, width, 3), nn.ReLU(), *_convolve(width, width, 3))

    def forward(self, x):
        return x + self.body(x)


def build_generator(filters: int = 64, blocks: int = 9, in_channels: int = 1) -> nn.Module:
    """c7s1-64, d128, d256, R256 × 9, u128, u64, c7s1-3: (n, c, h, w) → (n, 3, h, w) in -1..1."""
    layers = [*_convolve(in_channels, filters, 7), nn.ReLU()]
    for width in (2 * filters, 4 * filters):
        layers += [nn.Conv2d(width // 2, width, 3, 2, 1, bias=False), nn.InstanceNorm2d(width, affine=True), nn.ReLU()]
    layers += [Residual(4 * filters) for _ in range(blocks)]
    for width in (2 * filters, filters):
        enlarge = nn.ConvTranspose2d(2 * width, width, 3, 2, 1, output_padding=1, bias=False)
        layers += [enlarge, nn.InstanceNorm2d(width, affine=True), nn.ReLU()]
    last = nn.Conv2d(filters, 3, 7, padding=3, padding_mode="reflect")
    return nn.Sequential(*layers, last, nn.Tanh())


def build_discriminator(filters: int = 64, in_channels: int = 4) -> nn.Module:
    """C64-C128-C256-C512 and one score a patch."""
    layers = [nn.Conv2d(in_channels, filters, 4, 2, 1), nn.LeakyReLU(0.2)]
    for width, stride in ((2 * filters, 2), (4 * filters, 2), (8 * filters, 1)):
        convolution = nn.Conv2d(width // 2, width, 4, stride, 1, bias=False)
        layers += [convolution, nn.InstanceNorm2d(width, affine=True), nn.LeakyReLU(0.2)]
    return nn.Sequential(*layers, nn.Conv2d(8 * filters, 1, 4, 1, 1))


def make_step(generator: nn.Module, discriminator: nn.Module):
    """One step on (condition, picture): the discriminator first, then the generator, as ours takes it."""
    generator_adam = torch.optim.Adam(generator.parameters(), RATE, BETAS)
    discriminator_adam = torch.optim.Adam(discriminator.parameters(), RATE, BETAS)

    def step(condition, picture):
        made = generator(condition)

        discriminator.requires_grad_(True)
        real = discriminator(torch.cat([condition, picture], 1))
        fake = discriminator(torch.cat([condition, made.detach()], 1))
        loss = 0.5 * (torch.mean((real - 1) ** 2) + torch.mean(fake**2))
        discriminator_adam.zero_grad()
        loss.backward()
        discriminator_adam.step()

        discriminator.requires_grad_(False)
        scores = discriminator(torch.cat([condition, made], 1))
        loss = torch.mean((scores - 1) ** 2) + L1_WEIGHT * functional.l1_loss(made, picture)
        generator_adam.zero_grad()
        loss.backward()
        generator_adam.step()
        return float(loss.detach())

    return step


def _convolve(before, after, size):
    convolution = nn.Conv2d(before, after, size, padding=size // 2, padding_mode="reflect", bias=False)
    return [convolution, nn.InstanceNorm2d(after, affine=True)]
