"""Test inputs with known properties. They are inputs to a measurement, not stand-ins for generated music."""

import numpy as np
import scipy.signal
from numpy.typing import NDArray

Floats = NDArray[np.float32]


def coloured_noise(seconds: float, rate: int, *, seed: int = 0, channels: int = 1) -> Floats:
    """Pink-like noise: the fall of level with frequency that music has, and no structure."""
    rng = np.random.default_rng(seed)
    white = rng.standard_normal((int(seconds * rate), channels))
    return (0.05 * scipy.signal.lfilter([1.0], [1.0, -0.9], white, axis=0)).astype(np.float32)


def with_teeth(pcm: Floats, rate: int, spacing: float, *, share: float = 0.6, seed: int = 1) -> Floats:
    """Add images of the sound's own low band around every multiple of `spacing`, as zero-stuffing does.

    A slow noise is repeated by an impulse train of that spacing's period, so the teeth are a few hertz wide,
    follow no pitch, and are shaped like the sound they are added to.
    """
    rng = np.random.default_rng(seed)
    count = pcm.shape[0]
    slow = scipy.signal.sosfilt(
        scipy.signal.butter(2, 1.0, fs=rate, output="sos"), rng.standard_normal(count) * np.sqrt(rate)
    )
    phase = np.arange(count) * spacing / rate
    train = np.diff(np.floor(phase), prepend=0.0)
    teeth = scipy.signal.lfilter([1.0], [1.0, -0.9], slow * train)
    teeth *= share * pcm.std() / teeth.std()
    return (pcm + teeth[:, None]).astype(np.float32)


def melody(seconds: float, rate: int, *, seed: int = 0) -> Floats:
    """Notes of half a second with many exact partials over a noise bed: pitches that come and go."""
    rng = np.random.default_rng(seed)
    out = 0.1 * coloured_noise(seconds, rate, seed=seed)[:, 0]
    length = rate // 2
    time = np.arange(length) / rate
    for start in range(0, out.size - length, length):
        pitch = 220.0 * 2 ** (rng.integers(0, 24) / 12)
        note = scipy.signal.sawtooth(2 * np.pi * pitch * time) * np.exp(-4 * time)
        out[start : start + length] += 0.1 * note
    return out.astype(np.float32)[:, None]


def echoed(pcm: Floats, rate: int, delay: float, gain: float) -> Floats:
    out = pcm.copy()
    shift = int(delay * rate)
    out[shift:] += np.float32(gain) * pcm[:-shift]
    return out
