"""Small networks that paint a picture of sound and turn it back into sound, as diffusion generators do.

Sound in and out is mono, shape (batch, samples).
"""

import math
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor, nn

from services.ai_detector.training.griffin_lim import rebuilt_sound
from services.ai_detector.training.networks import FromMel, Mel

_LEVEL_FLOOR = 1e-4


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
