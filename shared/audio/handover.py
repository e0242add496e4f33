"""What leaves the child: a recording's blocks as the parent asked for them."""

import os
from typing import Any

import numpy as np
import soxr

from shared.audio.blocks import Block
from shared.audio.limits import Excerpt
from shared.audio.outcome import Samples
from shared.audio.transport import NARROW, WIDE

_STANDARD_OUTPUT = 1


class Handover:
    """Writes blocks to standard output as they come.

    Sources of 16 bits go as they are, at half the bytes, unless something is computed on the way.
    """

    def __init__(self, excerpt: Excerpt, sample_rate: int, channels: int, scale: float) -> None:
        self._mono = excerpt.mono
        self._scale = np.float32(scale)
        self._frames = 0
        self._width = WIDE
        self._mean = np.full(
            (channels, 1), 1.0 / channels, np.float32
        )  # numpy's mean over two columns is slow
        self._channels = 1 if excerpt.mono else channels
        self._resampler = None
        if excerpt.rate is not None and excerpt.rate != sample_rate:
            self._resampler = soxr.ResampleStream(sample_rate, excerpt.rate, self._channels, dtype="float32")

    def take(self, block: Block) -> None:
        """Hand over (frames, channels)."""
        if block.dtype == np.int16 and not self._mono and self._resampler is None:
            self._width = NARROW
            self._write(block)
            return
        samples = self._as_float(block)
        self._write(samples if self._resampler is None else self._resampler.resample_chunk(samples))

    def finish(self) -> dict[str, Any]:
        """Write what was held back; how much was handed over, for the report."""
        if self._resampler is not None:
            empty = np.empty((0, self._channels), np.float32)
            self._write(self._resampler.resample_chunk(empty, last=True))
        return {"sample_bytes": self._width, "frames_sent": self._frames}

    def _as_float(self, block: Block) -> Samples:
        samples: Samples = block.astype(np.float32, copy=False)
        if self._scale != 1.0:
            samples = samples * self._scale
        return samples @ self._mean if self._mono else samples

    def _write(self, samples: Block) -> None:
        self._frames += len(samples)
        view = np.ascontiguousarray(samples).reshape(-1).data.cast("B")
        while view:
            view = view[os.write(_STANDARD_OUTPUT, view) :]
