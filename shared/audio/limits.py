"""How much a file may ask of us before it is refused."""

from dataclasses import dataclass

from shared.audio.spread import Spread

GIB = 1 << 30
MIB = 1 << 20


@dataclass(frozen=True)
class DecodeLimits:
    """Caps on what decoding may yield and on what the child process may use.

    What a file yields is counted while it is decoded; a header is never believed. ``max_expansion`` is
    decoded PCM (at the source's own width) over file bytes, looked at from ``expansion_floor_bytes`` of
    decoded PCM on: encoded silence at usual block sizes stays below 1 800, a bomb goes to 18 000.
    ``memory_bytes`` is the child's whole address space (the libraries alone map about 300 MiB).
    """

    max_seconds: float = 3 * 3600.0
    max_frames: int = 3 * 3600 * 96_000
    max_decoded_bytes: int = 9 * GIB
    max_channels: int = 8
    min_sample_rate: int = 8_000
    max_sample_rate: int = 192_000
    max_expansion: float = 4_000.0
    expansion_floor_bytes: int = 64 * MIB
    memory_bytes: int = 768 * MIB
    cpu_seconds: int = 90
    wall_seconds: float = 180.0


@dataclass(frozen=True)
class Excerpt:
    """Which part of a recording to hand over, and how. ``mono`` is the mean of the channels.

    Decoding stops after ``seconds``; what lies beyond is then neither counted nor checked. ``rate`` asks for
    another sampling rate (soxr, HQ) than the recording's own. ``inspected``: these very bytes were inspected
    before, so that their own digest is not made again. ``cut``: where a file ends before what its header
    promises, what is there is handed over. ``spread`` takes stretches from everywhere instead, and only of
    what was inspected. ``aac``: AAC and MP4 are taken as well, which no upload is allowed to be.
    """

    seconds: float | None = None
    mono: bool = False
    rate: int | None = None
    inspected: bool = False
    cut: bool = False
    aac: bool = False
    spread: Spread | None = None
