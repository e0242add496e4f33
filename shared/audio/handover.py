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


class _Stretch:
    """A stretch that does not follow the one before: ``wanted`` frames come and exactly ``sent`` go."""

    def __init__(self, wanted: int, sent: int) -> None:
        self._wanted = self._left = wanted
        self._sent = sent
        self._parts: list[Samples] = []

    def add(self, samples: Samples, frames: int) -> bool:
        """Whether these were the last of the stretch; ``frames`` is how many of the source they are."""
        self._parts.append(samples)
        self._left -= frames
        return self._left == 0

    def whole(self) -> Samples:
        found = np.concatenate(self._parts)[: self._sent]
        self._parts = []
        self._left = self._wanted
        return np.pad(found, ((0, self._sent - len(found)), (0, 0)))


class Handover:
    """Writes blocks to standard output as they come.

    Sources of 16 bits go as they are, at half the bytes, unless something is computed on the way.
    """

    def __init__(
        self, excerpt: Excerpt, sample_rate: int, channels: int, scale: float, *, spread: bool = False
    ) -> None:
        rate = excerpt.rate or sample_rate
        self._stretch = None
        if spread and excerpt.spread is not None:
            each = excerpt.spread.each
            self._stretch = _Stretch(int(each * sample_rate), int(each * rate))
        self._mono = excerpt.mono
        self._scale = np.float32(scale)
        self._frames = 0
        self._width = WIDE
        # numpy's mean over two columns is slow
        self._mean = np.full((channels, 1), 1.0 / channels, np.float32)
        self._channels = 1 if excerpt.mono else channels
        self._resampler = None
        if rate != sample_rate:
            self._resampler = soxr.ResampleStream(sample_rate, rate, self._channels, dtype="float32")

    def take(self, block: Block) -> None:
        """Hand over (frames, channels)."""
        if block.dtype == np.int16 and not self._mono and self._resampler is self._stretch is None:
            self._width = NARROW
            self._write(block)
            return
        samples = self._as_float(block)
        if self._resampler is not None:
            samples = self._resampler.resample_chunk(samples)
        if self._stretch is None:
            self._write(samples)
        elif self._stretch.add(samples, len(block)):
            if self._resampler is not None:
                self._stretch.add(self._flushed(self._resampler), 0)
                self._resampler.clear()
            self._write(self._stretch.whole())

    def finish(self) -> dict[str, Any]:
        """Write what was held back; how much was handed over, for the report."""
        if self._resampler is not None and self._stretch is None:
            self._write(self._flushed(self._resampler))
        return {"sample_bytes": self._width, "frames_sent": self._frames}

    def _flushed(self, resampler: soxr.ResampleStream) -> Samples:
        empty = np.empty((0, self._channels), np.float32)
        return np.asarray(resampler.resample_chunk(empty, last=True), np.float32)

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
