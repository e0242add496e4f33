"""Positives of our own: music rebuilt from a mel spectrogram alone by the Griffin-Lim algorithm.

This is the whole decoder of spectrogram-image generators (Riffusion: 512 mel bands up to 10 kHz, 10 ms hop,
100 ms windows, amplitude to the power 1/4 in 8 bits, 32 iterations), so music of people sent through it
carries what such a decoder leaves. Method: Griffin and Lim 1984; fast variant: Perraudin, Balazs and
Søndergaard 2013.
"""

from dataclasses import dataclass

import numpy as np
import scipy.fft
import soxr

from services.ai_detector.spectrum import Floats

_MOMENTUM = 0.99


@dataclass(frozen=True)
class MelDecoder:
    rate: int
    window: int
    hop: int
    bands: int
    top_hz: float
    steps: int  # levels of grey
    iterations: int


def draw(rng: np.random.Generator) -> MelDecoder:
    """Half the draws are Riffusion's own numbers."""
    if rng.random() < 0.5:
        return MelDecoder(44_100, 4410, 441, 512, 10_000.0, 256, 32)
    rate = int(rng.choice([16_000, 22_050, 32_000, 44_100]))
    window = int(rng.choice([1024, 2048, 4096]))
    return MelDecoder(
        rate,
        window,
        window // 4,
        int(rng.choice([128, 256, 512])),
        float(rng.uniform(7600, 12_000)) if rate > 24_000 else rate / 2 - 200,
        int(rng.choice([256, 4096])),
        int(rng.choice([32, 60])),
    )


def decoded(pcm: Floats, rate: int, decoder: MelDecoder, rng: np.random.Generator) -> tuple[Floats, int]:
    """Mono PCM at the decoder's rate, of the given music's mel spectrogram."""
    music = soxr.resample(pcm.mean(axis=1), rate, decoder.rate).astype(np.float32)
    size = int(scipy.fft.next_fast_len(2 * decoder.window, real=True))
    window = np.zeros(size, dtype=np.float32)
    spare = (size - decoder.window) // 2
    window[spare : spare + decoder.window] = np.hanning(decoder.window + 1)[:-1]
    filters = mel_filters(decoder, size)
    mel = np.abs(_analysed(music, window, decoder.hop)) @ filters.T
    peak = max(float(mel.max()), 1e-9)
    image = np.round((mel / peak) ** 0.25 * (decoder.steps - 1)) / (decoder.steps - 1)
    magnitude = np.maximum((image**4 * peak) @ np.linalg.pinv(filters).T, 0.0).astype(np.float32)
    sound = rebuilt_sound(magnitude, window, decoder.hop, music.size, decoder.iterations, rng)
    return sound[:, None], decoder.rate


def rebuilt_sound(
    magnitude: Floats, window: Floats, hop: int, samples: int, iterations: int, rng: np.random.Generator
) -> Floats:
    """The sound whose short-time spectrum has these magnitudes, shape (frames, bins), phases being sought."""
    phase = np.exp(2j * np.pi * rng.random(magnitude.shape)).astype(np.complex64)
    before = np.zeros_like(phase)
    for _ in range(iterations):
        now = _analysed(_overlapped(magnitude * phase, window, hop, samples), window, hop)
        phase = now - np.float32(_MOMENTUM / (1 + _MOMENTUM)) * before
        phase /= np.abs(phase) + 1e-16
        before = now
    return _overlapped(magnitude * phase, window, hop, samples)


def _analysed(signal: Floats, window: Floats, hop: int) -> Floats:
    padded = np.pad(signal, window.size // 2)
    frames = np.lib.stride_tricks.sliding_window_view(padded, window.size)[::hop]
    return scipy.fft.rfft(frames * window, axis=1)


def _overlapped(cells: Floats, window: Floats, hop: int, samples: int) -> Floats:
    frames = scipy.fft.irfft(cells, n=window.size, axis=1) * window
    out = np.zeros(samples + 2 * window.size, dtype=np.float32)
    weight = np.full_like(out, 1e-6)
    for i, frame in enumerate(frames):
        out[i * hop : i * hop + window.size] += frame
        weight[i * hop : i * hop + window.size] += window**2
    half = window.size // 2
    return (out / weight)[half : half + samples]


def mel_filters(decoder: MelDecoder, size: int) -> Floats:
    """Triangles on the mel scale of O'Shaughnessy, shape (bands, bins)."""
    top = 2595 * np.log10(1 + decoder.top_hz / 700)
    edges = 700 * (10 ** (np.linspace(0, top, decoder.bands + 2) / 2595) - 1)
    hertz = np.arange(size // 2 + 1) * decoder.rate / size
    low, middle, high = edges[:-2, None], edges[1:-1, None], edges[2:, None]
    return np.maximum(0, np.minimum((hertz - low) / (middle - low), (high - hertz) / (high - middle))).astype(
        np.float32
    )
