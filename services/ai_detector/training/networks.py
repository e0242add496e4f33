"""Small networks of the kinds that generators end in, to be taught for a minute each on music of people.

What such a decoder leaves comes from how it is built (strides, kernels, non-linearity, the head that writes
samples) and from how well it is taught. Real ones are taught for weeks; these are small and soon done, so
what they leave is stronger and of the same kind. Sound in and out is mono, shape (batch, samples).
"""

import math
from collections.abc import Callable
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from services.ai_detector.training.griffin_lim import MelDecoder, mel_filters, rebuilt_sound

_WIDEST = 64
_NARROWEST = 10
_LATENTS = 16
_LEVEL_FLOOR = 1e-4
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


class MelLatents(nn.Module):
    """A mel spectrogram through few latents and back: what latent diffusion on pictures of sound ends in."""

    def __init__(self, *, channels: int = 24, latents: int = 4, noise: float = 0.15) -> None:
        super().__init__()
        self.noise = noise
        self.down = nn.Sequential(
            nn.Conv2d(1, channels, 3, padding=1),
            nn.SiLU(),
            nn.Conv2d(channels, channels, 4, 2, padding=1),
            nn.SiLU(),
            nn.Conv2d(channels, channels, 4, 2, padding=1),
            nn.SiLU(),
            nn.Conv2d(channels, latents, 3, padding=1),
        )
        self.up = nn.Sequential(
            nn.Conv2d(latents, channels, 3, padding=1),
            nn.SiLU(),
            nn.Upsample(scale_factor=2),
            nn.Conv2d(channels, channels, 3, padding=1),
            nn.SiLU(),
            nn.Upsample(scale_factor=2),
            nn.Conv2d(channels, channels, 3, padding=1),
            nn.SiLU(),
            nn.Conv2d(channels, 1, 3, padding=1),
        )

    def forward(self, mel: Tensor) -> Tensor:
        """(batch, bands, frames) to the same; frames beyond a multiple of four are dropped."""
        mel = mel[..., : mel.shape[-1] // 4 * 4]
        latents = torch.tanh(self.down(mel[:, None]))
        return self.up(latents + self.noise * torch.randn_like(latents))[:, 0]


class Painted(nn.Module):
    """`MelLatents`, then a decoder from mel spectrograms: both halves of a latent-diffusion generator."""

    def __init__(self, latents: MelLatents, decoder: FromMel) -> None:
        super().__init__()
        self.latents, self.decoder = latents, decoder

    def forward(self, sound: Tensor) -> Tensor:
        mel = self.latents(self.decoder.mel(sound))
        return self.decoder.up(mel)[:, 0, : sound.shape[-1]]


class PaintedGriffinLim(nn.Module):
    """`MelLatents`, then magnitudes and the Griffin-Lim algorithm: as Riffusion rebuilds its pictures."""

    def __init__(self, rate: int, hop: int, *, bands: int) -> None:
        super().__init__()
        self.mel, self.latents = Mel(rate, hop, bands), MelLatents()

    def loss(self, sound: Tensor) -> Tensor:
        """Mean error of the mel spectrogram."""
        mel = self.mel(sound)
        found = self.latents(mel)
        return (found - mel[..., : found.shape[-1]]).abs().mean()

    def forward(self, sound: Tensor) -> Tensor:
        mel = torch.exp(self.latents(self.mel(sound)) / 0.4) - 1e-3
        magnitudes = (torch.linalg.pinv(self.mel.filters) @ mel).clamp(min=0.0)
        window, hop = self.mel.window.numpy(), self.mel.hop
        samples = (magnitudes.shape[-1] - 1) * hop
        rng = np.random.default_rng(0)
        return torch.tensor(
            np.stack([rebuilt_sound(m.T.numpy(), window, hop, samples, 32, rng) for m in magnitudes])
        )


class Denoiser(nn.Module):
    """Cleans noise off a complex spectrum (of compressed level) a step at a time: diffusion in small."""

    def __init__(self, *, size: int = 510, channels: int = 14, steps: int = 8) -> None:
        super().__init__()
        self.size, self.hop, self.steps = size, size // 4, steps
        self.register_buffer("window", torch.hann_window(size))
        layers: list[nn.Module] = [nn.Conv2d(3, channels, 5, padding=2)]
        for dilation in (1, 2, 4, 1):
            layers += [nn.SiLU(), nn.Conv2d(channels, channels, 3, padding=dilation, dilation=dilation)]
        self.body = nn.Sequential(*layers, nn.SiLU(), nn.Conv2d(channels, 2, 3, padding=1))

    def cells(self, sound: Tensor) -> Tensor:
        """(batch, 2, bins, frames): real and imaginary parts of the spectrum, levels to the power 1/2."""
        whole = torch.stft(sound, self.size, self.hop, window=self.window, return_complex=True)
        part = torch.view_as_real(whole / (whole.abs() + _LEVEL_FLOOR).sqrt())
        return part.permute(0, 3, 1, 2)

    def cleaned(self, cells: Tensor, noise: Tensor) -> Tensor:
        """The spectrum behind `cells`, which carry noise of the given deviations, shape (batch,)."""
        deep = noise[:, None, None, None]
        scale = 1 / torch.sqrt(1 + deep**2)
        told = torch.log(deep).expand(-1, 1, *cells.shape[2:])
        return cells * scale**2 + deep * scale * self.body(torch.cat([cells * scale, told], dim=1))

    def loss(self, sound: Tensor) -> Tensor:
        """How far cleaning misses, at noise from 0.03 to 3."""
        cells = self.cells(sound)
        noise = torch.exp(torch.empty(len(sound)).uniform_(math.log(0.03), math.log(3.0)))
        deep = noise[:, None, None, None]
        found = self.cleaned(cells + deep * torch.randn_like(cells), noise)
        return ((found - cells) ** 2 * (1 + deep**2) / deep**2).mean()

    def forward(self, sound: Tensor) -> Tensor:
        """Noise is added to the music up to its own level, and taken off in steps."""
        cells = self.cells(sound)
        depths = torch.exp(torch.linspace(math.log(0.8), math.log(0.02), self.steps))
        now = cells + depths[0] * torch.randn_like(cells)
        for depth, below in pairwise([*depths, torch.tensor(0.0)]):
            clean = self.cleaned(now, depth.expand(len(sound)))
            now = clean + (now - clean) * (below / depth)
        whole = torch.view_as_complex(now.permute(0, 2, 3, 1).contiguous())
        whole = whole * whole.abs()
        return torch.istft(whole, self.size, self.hop, window=self.window, length=sound.shape[-1])
