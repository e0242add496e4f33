"""Teaching the small networks: some hundred steps of Adam on the music of packages.

The loss is that of neural codecs and vocoders without their critics: spectra at several resolutions (Yamamoto
2020), in level and in logarithm.
"""

import time
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from services.ai_detector.spectrum import Floats
from services.ai_detector.training.networks import Codec, FromMel, FromMelByFourier, Snake
from services.ai_detector.training.painting import Denoiser, MelLatents, Painted, PaintedGriffinLim

torch.set_num_threads(1)  # the measuring processes fork from one that has taught

STEPS = 300
_BATCH = 6
_SAMPLES = 18_000
_RATE = 2e-3
_WINDOWS = (256, 512, 1024, 2048)

KINDS: Mapping[str, tuple[int, Callable[[], nn.Module]]] = {
    "codec-elu": (24_000, lambda: Codec((8, 5, 4, 2), nn.ELU, steps=3)),
    "codec-snake": (44_100, lambda: Codec((8, 8, 4, 2), Snake, steps=2)),
    "codec-wide": (32_000, lambda: Codec((10, 8, 4), nn.ELU, steps=2)),
    "mel-transposed": (22_050, lambda: FromMel(22_050, (8, 8, 2, 2), nn.LeakyReLU, nearest=False)),
    "mel-nearest": (16_000, lambda: FromMel(16_000, (5, 4, 4, 2), nn.LeakyReLU, nearest=True)),
    "mel-fourier": (24_000, lambda: FromMelByFourier(24_000, 256)),
    "mel-fourier-wide": (44_100, lambda: FromMelByFourier(44_100, 512)),
    "painted": (
        16_000,
        lambda: Painted(MelLatents(), FromMel(16_000, (5, 4, 4, 2), Snake, nearest=False)),
    ),
    "painted-griffin-lim": (44_100, lambda: PaintedGriffinLim(44_100, 512, bands=256)),
    "denoised": (16_000, Denoiser),
    "denoised-wide": (44_100, lambda: Denoiser(size=1022, steps=12)),
}
"""Rate and network of each decoder of the bank."""


def taught(name: str, music: list[Floats], steps: int = STEPS) -> nn.Module:
    """The network named, taught on mono clips at its rate with a root mean square of 0.1; a minute or two."""
    torch.manual_seed(sorted(KINDS).index(name))
    rng = np.random.default_rng(sorted(KINDS).index(name))
    rate, build = KINDS[name]
    network, length = build(), min(_SAMPLES, rate * 3 // 4)
    clips = [clip for clip in music if clip.size > length]
    adam = torch.optim.AdamW(network.parameters(), _RATE, betas=(0.8, 0.99))
    slower = torch.optim.lr_scheduler.CosineAnnealingLR(adam, steps, _RATE / 20)
    began = time.monotonic()
    for step in range(steps):
        chosen = [clips[i] for i in rng.integers(len(clips), size=_BATCH)]
        starts = [int(rng.integers(clip.size - length)) for clip in chosen]
        sound = torch.tensor(
            np.stack([clip[at : at + length] for clip, at in zip(chosen, starts, strict=True)])
        )
        loss = network.loss(sound) if hasattr(network, "loss") else distance(network(sound), sound)
        adam.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        adam.step()
        slower.step()
        if step % 100 == 99:
            print(
                f"{name}: step {step + 1}, loss {float(loss.detach()):.3f}, {time.monotonic() - began:.0f} s",
                flush=True,
            )
    return network.eval()


def through(network: nn.Module, sound: Floats, *, seed: int) -> Floats:
    """The decoder's own rendering, no longer than the sound; what it draws at random is fixed by `seed`."""
    torch.manual_seed(seed)
    with torch.no_grad():
        found: Floats = network(torch.tensor(sound[None]))[0].numpy()
    return found[: sound.size]


def save(network: nn.Module, path: Path) -> None:
    """Write the weights, whole or not at all."""
    unfinished = path.with_suffix(".part")
    torch.save(network.state_dict(), unfinished)
    unfinished.replace(path)


def load(name: str, path: Path) -> nn.Module:
    """The network named with the weights that `save` wrote."""
    network = KINDS[name][1]()
    network.load_state_dict(torch.load(path, weights_only=True))
    return network.eval()


def distance(found: Tensor, wanted: Tensor) -> Tensor:
    """Mean over resolutions of the spectra's relative error and of the error of their logarithms."""
    samples = min(found.shape[-1], wanted.shape[-1])
    total = torch.zeros(())
    for size in _WINDOWS:
        window = torch.hann_window(size)
        a, b = (
            torch.stft(x[..., :samples], size, size // 4, window=window, return_complex=True).abs() + 1e-4
            for x in (found, wanted)
        )
        total = total + torch.linalg.norm(a - b) / torch.linalg.norm(b) + (a.log() - b.log()).abs().mean()
    return total / len(_WINDOWS)
