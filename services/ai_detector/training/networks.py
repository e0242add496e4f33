"""Small networks of the kinds that generators end in, to be taught for a minute each on music of people.

What such a decoder leaves comes from how it is built (strides, kernels, non-linearity, the head that writes
samples) and from how well it is taught. Real ones are taught for weeks; these are small and soon done, so
what they leave is stronger and of the same kind. Sound in and out is mono, shape (batch, samples).
"""

import math
from collections.abc import Callable
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from services.ai_detector.training.griffin_lim import MelDecoder, mel_filters

_WIDEST = 64
_NARROWEST = 10
_LATENTS = 16
_PERIODIC_SLOPE = 1.0

Activation = Callable[[], nn.Module]


class Snake(nn.Module):
    """x + sin(ax)^2 / a, with a learned (Ziyin 2020)."""

    def __init__(self) -> None:
        super().__init__()
        self.slope = nn.Parameter(torch.tensor(_PERIODIC_SLOPE))

    def forward(self, x: Tensor) -> Tensor:
        return x + torch.sin(self.slope * x) ** 2 / (self.slope + 1e-6)


class Residual(nn.Module):
    """x + two convolutions of it."""

    def __init__(self, channels: int, activation: Activation, dilation: int = 1) -> None:
        super().__init__()
        self.path = nn.Sequential(
            activation(),
            nn.Conv1d(channels, channels, 3, padding=dilation, dilation=dilation),
            activation(),
            nn.Conv1d(channels, channels, 1),
        )

    def forward(self, x: Tensor) -> Tensor:
        return x + self.path(x)


class Nearest(nn.Module):
    """Every value `stride` times, then a convolution: up-sampling without a transposed one."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.stride = stride
        self.smooth = nn.Conv1d(inputs, outputs, 2 * stride + 1, padding=stride)

    def forward(self, x: Tensor) -> Tensor:
        return self.smooth(functional.interpolate(x, scale_factor=self.stride, mode="nearest"))


def _transposed(inputs: int, outputs: int, stride: int) -> nn.Module:
    return nn.ConvTranspose1d(
        inputs, outputs, 2 * stride, stride, padding=stride // 2 + stride % 2, output_padding=stride % 2
    )


def _widths(strides: tuple[int, ...]) -> list[int]:
    """Channels before, between and after the stages, from the latents' side."""
    return [max(_NARROWEST, _WIDEST >> stage) for stage in range(len(strides) + 1)]


def _up(inputs: int, strides: tuple[int, ...], activation: Activation, *, nearest: bool) -> nn.Sequential:
    """From (batch, inputs, frames) to (batch, 1, samples)."""
    widths = _widths(strides)
    layers: list[nn.Module] = [nn.Conv1d(inputs, widths[0], 7, padding=3)]
    for (before, after), stride in zip(pairwise(widths), strides, strict=True):
        layers += [
            activation(),
            (Nearest if nearest else _transposed)(before, after, stride),
            Residual(after, activation, 1),
            Residual(after, activation, 3),
        ]
    return nn.Sequential(*layers, activation(), nn.Conv1d(widths[-1], 1, 7, padding=3))


class Codec(nn.Module):
    """Strided encoder, few and coarse latents, strided decoder: as EnCodec and DAC are built."""

    def __init__(self, strides: tuple[int, ...], activation: Activation, *, steps: int) -> None:
        super().__init__()
        self.hop, self.steps = math.prod(strides), steps
        widths = _widths(strides)[::-1]
        layers: list[nn.Module] = [nn.Conv1d(1, widths[0], 7, padding=3)]
        for (before, after), stride in zip(pairwise(widths), strides[::-1], strict=True):
            layers += [
                Residual(before, activation),
                activation(),
                nn.Conv1d(before, after, 2 * stride, stride, padding=(stride + 1) // 2),
            ]
        self.down = nn.Sequential(*layers, activation(), nn.Conv1d(widths[-1], _LATENTS, 3, padding=1))
        self.up = _up(_LATENTS, strides, activation, nearest=False)

    def forward(self, sound: Tensor) -> Tensor:
        latents = torch.tanh(self.down(sound[:, None]))
        coarse = torch.round(latents * self.steps) / self.steps
        return self.up(latents + (coarse - latents).detach())[:, 0, : sound.shape[-1]]


class Mel(nn.Module):
    """Standardised logarithm of a mel spectrogram, one frame a hop: (batch, samples) to (batch, bands, n)."""

    def __init__(self, rate: int, hop: int, bands: int) -> None:
        super().__init__()
        self.hop, self.size = hop, 4 * hop
        grid = MelDecoder(rate, self.size, hop, bands, 0.5 * rate - 200, 256, 1)
        self.register_buffer("filters", torch.tensor(mel_filters(grid, self.size)))
        self.register_buffer("window", torch.hann_window(self.size))

    def forward(self, sound: Tensor) -> Tensor:
        cells = torch.stft(sound, self.size, self.hop, window=self.window, return_complex=True)
        return 0.4 * torch.log(self.filters @ cells.abs() + 1e-3)


class FromMel(nn.Module):
    """Mel spectrogram to sound through strided or nearest up-sampling: as HiFi-GAN is built."""

    def __init__(
        self, rate: int, strides: tuple[int, ...], activation: Activation, *, bands: int = 64, nearest: bool
    ) -> None:
        super().__init__()
        self.mel = Mel(rate, math.prod(strides), bands)
        self.up = _up(bands, strides, activation, nearest=nearest)

    def forward(self, sound: Tensor) -> Tensor:
        return self.up(self.mel(sound))[:, 0, : sound.shape[-1]]


class FromMelByFourier(nn.Module):
    """Mel spectrogram to magnitudes and phases, and those to sound: as Vocos is built; no up-sampling."""

    def __init__(self, rate: int, hop: int, *, bands: int = 80, channels: int = 128) -> None:
        super().__init__()
        self.mel = Mel(rate, hop, bands)
        bins = self.mel.size // 2 + 1
        self.body = nn.Sequential(
            nn.Conv1d(bands, channels, 7, padding=3),
            *(Residual(channels, nn.GELU, dilation) for dilation in (1, 2, 1, 2)),
            nn.GELU(),
            nn.Conv1d(channels, 2 * bins, 1),
        )

    def forward(self, sound: Tensor) -> Tensor:
        level, phase = self.body(self.mel(sound)).chunk(2, dim=1)
        cells = torch.polar(torch.exp(level.clamp(max=6.0)), phase)
        return torch.istft(cells, self.mel.size, self.mel.hop, window=self.mel.window, length=sound.shape[-1])
