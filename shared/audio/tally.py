"""Counting what a decoder yields, and stopping it at the caps."""

import math

import numpy as np
from numpy.typing import NDArray

from shared.audio.limits import DecodeLimits
from shared.audio.outcome import FailureKind
from shared.audio.stream import Refused

_SIXTEEN_BIT_STEP = 2.0**-15
_HOUR = 3600


class Tally:
    """``bits`` is the width of one sample of the source, ``file_bytes`` the size of the file."""

    def __init__(
        self, limits: DecodeLimits, *, sample_rate: int, channels: int, bits: int, file_bytes: int
    ) -> None:
        if not 1 <= channels <= limits.max_channels:
            raise Refused(
                FailureKind.CHANNELS, f"{channels} channels; from 1 to {limits.max_channels} are taken"
            )
        if not limits.min_sample_rate <= sample_rate <= limits.max_sample_rate:
            raise Refused(
                FailureKind.SAMPLE_RATE,
                f"{sample_rate} Hz; from {limits.min_sample_rate} to {limits.max_sample_rate} Hz are taken",
            )
        self._limits = limits
        self.sample_rate = sample_rate
        self.channels = channels
        self._frame_bytes = channels * bits / 8
        self._file_bytes = max(1, file_bytes)
        self.frames = 0
        self.peak = 0.0

    @property
    def silent(self) -> bool:
        return self.peak <= _SIXTEEN_BIT_STEP

    def promise(self, frames: int) -> None:
        """Refuse at once what announces itself as too long; saves decoding it."""
        if frames > self._limits.max_seconds * self.sample_rate:
            self._too_long(frames)

    def add(self, block: NDArray[np.generic], scale: float) -> None:
        """Count ``block`` (frames, channels), whose samples times ``scale`` have full scale 1.0.

        Raises:
            Refused: a cap is passed, or a sample is not a number.
        """
        self.frames += len(block)
        peak = max(float(block.max()), -float(block.min())) * scale
        if not math.isfinite(peak):
            raise Refused(FailureKind.NOT_FINITE, "the audio holds samples that are not numbers (NaN, Inf)")
        self.peak = max(self.peak, peak)
        limits = self._limits
        if self.frames > limits.max_seconds * self.sample_rate:
            self._too_long(self.frames)
        if self.frames > limits.max_frames or self.frames * self.channels * 4 > limits.max_decoded_bytes:
            raise Refused(FailureKind.TOO_LARGE, f"decodes to more than {self.frames} samples a channel")
        decoded = self.frames * self._frame_bytes
        if decoded > limits.expansion_floor_bytes and decoded > limits.max_expansion * self._file_bytes:
            raise Refused(
                FailureKind.BOMB,
                f"{self._file_bytes} bytes decode to more than {limits.max_expansion:g} times as many: "
                "a decompression bomb",
            )

    def _too_long(self, frames: int) -> None:
        limit = self._limits.max_seconds
        raise Refused(
            FailureKind.TOO_LONG,
            f"longer than {limit / _HOUR:g} hours ({frames / self.sample_rate / _HOUR:.1f} hours so far)"
            if limit >= _HOUR
            else f"longer than {limit:g} seconds",
        )
