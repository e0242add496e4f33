"""What became of a file that was decoded: measured facts, samples, or a typed failure."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]


class FailureKind(StrEnum):
    NOT_AUDIO = "not_audio"
    UNSUPPORTED = "unsupported"
    MALFORMED = "malformed"
    TRUNCATED = "truncated"
    CHECKSUM = "checksum_mismatch"
    NOT_FINITE = "not_finite"
    EMPTY = "empty"
    TOO_LONG = "too_long"
    TOO_LARGE = "too_large"
    BOMB = "decompression_bomb"
    CHANNELS = "channels"
    SAMPLE_RATE = "sample_rate"
    OUT_OF_RESOURCES = "out_of_resources"
    TIMED_OUT = "timed_out"
    CRASHED = "crashed"


@dataclass(frozen=True)
class Isolation:
    """What really held around the decoder. ``held`` is a subset of ``shared.audio.isolation.MEASURES``."""

    held: tuple[str, ...]


@dataclass(frozen=True)
class DecodeFailure:
    """``message`` is a sentence for the person who sent the file; it quotes none of its content."""

    kind: FailureKind
    message: str


@dataclass(frozen=True)
class Inspected:
    """What decoding the whole file counted.

    ``frames`` are samples per channel. ``peak`` is the largest magnitude, 1.0 being full scale (float files
    may exceed it). ``silent``: nothing louder than one step of 16 bits. ``cpu_seconds`` is the child's.
    ``fingerprint`` (AcoustID's compressed form) and ``pcm_sha256`` (of the decoded samples, hexadecimal) are
    there when they were asked for. ``cut``: the file ended before what its header promises, and that was
    asked to be taken.
    """

    container: str
    codec: str
    sample_rate: int
    channels: int
    frames: int
    peak: float
    silent: bool
    isolation: Isolation
    cpu_seconds: float
    fingerprint: bytes | None = None
    pcm_sha256: str | None = None
    cut: bool = False

    @property
    def seconds(self) -> float:
        return self.frames / self.sample_rate


@dataclass(frozen=True)
class DecodedAudio:
    """``samples`` has shape (frames, channels), one channel when mono was asked for; float32.

    ``sample_rate`` is the native one unless another was asked for. ``starts`` says where in the recording, in
    seconds, the stretches of equal length begin that ``samples`` consists of; none: it is one piece from the
    start. ``inspected`` counts what was decoded.
    """

    samples: Samples
    sample_rate: int
    inspected: Inspected
    starts: tuple[float, ...] = ()
