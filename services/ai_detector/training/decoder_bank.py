"""Positives of our own: human music passed beside random decoders built like neural ones.

Where the teeth lie depends on strides and not on weights (arXiv 2506.19108; measured again for this project),
so untrained decoders place them truly; their height is set here by mixing, because an untrained decoder's
teeth stand far higher than a trained one's. Strides, rate, kernels, bias and non-linearity are drawn at
random.
"""

from dataclasses import dataclass

import numpy as np
import scipy.ndimage
import scipy.signal
import soxr

from services.ai_detector.spectrum import Floats

_RATES = (16_000, 22_050, 24_000, 32_000, 44_100, 48_000)
_STRIDES = (2, 2, 3, 4, 4, 5, 8)
_CHANNELS = (24, 16, 12, 8, 6, 4, 3, 2)
_ENVELOPE_FRAME = 1024


@dataclass(frozen=True)
class Decoder:
    rate: int
    strides: tuple[int, ...]
    kernel_factor: int
    bias: float
    snake: bool


def draw(rng: np.random.Generator) -> Decoder:
    """A decoder with two to six strides whose product lies in 64..2048."""
    while True:
        strides = tuple(int(s) for s in rng.choice(_STRIDES, size=int(rng.integers(2, 7))))
        if 64 <= np.prod(strides) <= 2048:
            return Decoder(
                int(rng.choice(_RATES)),
                tuple(sorted(strides, reverse=True)),
                int(rng.choice([1, 2, 2, 3])),
                float(rng.choice([0.0, 0.02, 0.1])),
                bool(rng.integers(2)),
            )


def decoded(pcm: Floats, rate: int, decoder: Decoder, rng: np.random.Generator) -> tuple[Floats, int]:
    """Mono PCM at the decoder's rate: the music, and its shape from the decoder 0-24 dB under it."""
    music = soxr.resample(pcm.mean(axis=1), rate, decoder.rate).astype(np.float32)
    made = _run(_latents(music, int(np.prod(decoder.strides)), rng), decoder, rng)[: music.size]
    music = music[: made.size]
    shaped = _shaped_like(made, music)
    ratio = 10 ** (-rng.uniform(0, 24) / 20)
    return (music + np.float32(ratio) * shaped)[:, None].astype(np.float32), decoder.rate


def _latents(music: Floats, hop: int, rng: np.random.Generator) -> Floats:
    """Random mixtures of a log spectrogram with one frame per hop, shape (24, frames)."""
    size = max(512, 2 * hop)
    padded = np.pad(music, (0, size))
    frames = np.lib.stride_tricks.sliding_window_view(padded, size)[::hop]
    spectrum = np.abs(np.fft.rfft(frames * np.hanning(size), axis=1))[:, 1:]
    bands = np.stack([part.mean(axis=1) for part in np.array_split(spectrum, 32, axis=1)])
    logs = np.log(bands + 1e-4 * bands.mean() + 1e-12)
    logs = (logs - logs.mean(axis=1, keepdims=True)) / (logs.std(axis=1, keepdims=True) + 1e-6)
    return np.asarray(rng.standard_normal((_CHANNELS[0], 32)) @ logs / np.sqrt(32), dtype=np.float32)


def _run(latents: Floats, decoder: Decoder, rng: np.random.Generator) -> Floats:
    signal = latents
    for stage, stride in enumerate(decoder.strides):
        last = stage == len(decoder.strides) - 1
        outputs = 1 if last else _CHANNELS[min(stage + 1, len(_CHANNELS) - 1)]
        width = stride * decoder.kernel_factor + int(rng.integers(2))
        kernel = rng.standard_normal((outputs, signal.shape[0], width)) / np.sqrt(
            signal.shape[0] * width / stride
        )
        signal = _transposed(signal, kernel.astype(np.float32), stride)
        signal = signal + np.float32(decoder.bias) * rng.standard_normal((outputs, 1)).astype(np.float32)
        if not last:
            signal = signal + np.sin(signal) ** 2 if decoder.snake else np.maximum(signal, 0.1 * signal)
            signal /= signal.std() + 1e-6
    return np.asarray(signal[0], dtype=np.float32)


def _transposed(signal: Floats, kernel: Floats, stride: int) -> Floats:
    """Transposed convolution by overlap-add of polyphase products; (in, n) to (out, n * stride)."""
    outputs, inputs, width = kernel.shape
    count = signal.shape[1]
    phases = -(-width // stride)
    padded = np.zeros((outputs, inputs, phases * stride), dtype=np.float32)
    padded[:, :, :width] = kernel
    out = np.zeros((outputs, count + phases, stride), dtype=np.float32)
    for phase in range(phases):
        taps = padded[:, :, phase * stride : (phase + 1) * stride]
        out[:, phase : phase + count] += np.einsum("oit,in->ont", taps, signal, optimize=True)
    return out.reshape(outputs, -1)[:, : count * stride]


def _shaped_like(made: Floats, music: Floats) -> Floats:
    """Give `made` the smooth time-frequency envelope of `music`; fine structure, and so the teeth, stays."""
    _, _, a = scipy.signal.stft(made, nperseg=_ENVELOPE_FRAME)
    _, _, b = scipy.signal.stft(music, nperseg=_ENVELOPE_FRAME)
    width = (25, 5)
    gain = np.sqrt(
        np.maximum(scipy.ndimage.uniform_filter(np.abs(b) ** 2, width), 0.0)
        / (np.maximum(scipy.ndimage.uniform_filter(np.abs(a) ** 2, width), 0.0) + 1e-12)
    )
    _, shaped = scipy.signal.istft(a * np.minimum(gain, 1e4), nperseg=_ENVELOPE_FRAME)
    return np.asarray(shaped[: music.size], dtype=np.float32)
