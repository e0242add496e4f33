"""Looking at audio that someone sent: inspect it whole, or decode it to samples. Both block."""

import base64
import math
import re
from pathlib import Path
from typing import Any

from shared.audio.limits import DecodeLimits, Excerpt
from shared.audio.outcome import DecodedAudio, DecodeFailure, FailureKind, Inspected
from shared.audio.sandbox import ChildReport, opened, run_child
from shared.audio.spread import Spread
from shared.audio.transport import NARROW, WIDE

DEFAULT_LIMITS = DecodeLimits()
_MOST_FINGERPRINT_BYTES = 40_000
"""Three times what ten minutes of music take."""
_SHA256 = re.compile(r"[0-9a-f]{64}")


def inspect_audio(
    path: Path, limits: DecodeLimits = DEFAULT_LIMITS, *, fingerprint: bool = False
) -> Inspected | DecodeFailure:
    """Decode the whole file in a sandboxed child and count; no samples come back, only a ``fingerprint``.

    Blocks for the decode (a quarter of a CPU second for a three-minute FLAC); this process needs no memory
    for it, the child about 50 MB whatever the length.

    Raises:
        ObjectMissing, StoreUnavailable: the file cannot be opened.
        SystemicError: the child cannot be started.
    """
    with opened(path) as descriptor:
        report = run_child(descriptor, limits, None, fingerprint=fingerprint)
    return report if isinstance(report, DecodeFailure) else _inspected(report)


def decode_audio(
    path: Path,
    limits: DecodeLimits = DEFAULT_LIMITS,
    *,
    seconds: float | None = None,
    mono: bool = False,
    rate: int | None = None,
    inspected: bool = False,
    cut: bool = False,
    aac: bool = False,
    spread: Spread | None = None,
) -> DecodedAudio | DecodeFailure:
    """Decode to float32, at the native rate or resampled to ``rate`` Hz, in a sandboxed child.

    ``seconds`` stops after that much from the start (and then checks nothing beyond); ``mono`` averages the
    channels in the child. ``inspected`` says that the caller knows these very bytes to have passed
    ``inspect_audio``: the digest in a FLAC file is then not made again. ``cut`` takes what is there of a
    FLAC, Vorbis or Opus stream that breaks off, for looking at files by hand, and says so in the result.
    ``aac`` takes AAC and MP4 too, by FFmpeg in the same sandbox, where PyAV is installed; also only by hand.
    ``spread`` takes stretches from everywhere in a long recording, of bytes that were ``inspected``.
    Blocks. Needs memory for the samples, 4 bytes each, once: three minutes of 44.1 kHz stereo are 64 MB.
    Bound it with ``limits.max_decoded_bytes``.

    Raises:
        ObjectMissing, StoreUnavailable: the file cannot be opened.
        SystemicError: the child cannot be started.
    """
    excerpt = Excerpt(
        seconds=seconds, mono=mono, rate=rate, inspected=inspected, cut=cut, aac=aac, spread=spread
    )
    with opened(path) as descriptor:
        report = run_child(descriptor, limits, excerpt)
    if isinstance(report, DecodeFailure):
        return report
    counted = _inspected(report)
    return counted if isinstance(counted, DecodeFailure) else _decoded(report, counted, excerpt)


def _decoded(report: ChildReport, inspected: Inspected, excerpt: Excerpt) -> DecodedAudio | DecodeFailure:
    channels = 1 if excerpt.mono else inspected.channels
    width, frames = report.result.get("sample_bytes"), report.result.get("frames_sent")
    if not isinstance(width, int) or width not in {NARROW, WIDE} or not isinstance(frames, int):
        return _nonsense()
    if len(report.pcm) != frames * channels * width:
        return _nonsense()
    rate = excerpt.rate or inspected.sample_rate
    starts = _starts(report.result.get("starts", ()))
    if starts is None or (starts and not _fits(starts, frames, rate, excerpt)):
        return _nonsense()
    samples = report.pcm.samples(width).reshape(-1, channels)
    return DecodedAudio(samples, rate, inspected, starts)


def _starts(said: Any) -> tuple[float, ...] | None:
    if not isinstance(said, list | tuple) or not all(isinstance(at, float) and at >= 0.0 for at in said):
        return None
    return tuple(said) if list(said) == sorted(said) else None


def _fits(starts: tuple[float, ...], frames: int, rate: int, excerpt: Excerpt) -> bool:
    if excerpt.spread is None or len(starts) > excerpt.spread.most:
        return False
    return frames == len(starts) * int(excerpt.spread.each * rate)


def _inspected(report: ChildReport) -> Inspected | DecodeFailure:
    """Believe the child's report only in its exact shape: a file may have taken the child over."""
    said: Any = report.result
    try:
        if "failure" in said:
            return DecodeFailure(FailureKind(said["failure"]), str(said["message"])[:500])
        inspected = Inspected(
            container=str(said["container"]),
            codec=str(said["codec"]),
            sample_rate=int(said["sample_rate"]),
            channels=int(said["channels"]),
            frames=int(said["frames"]),
            peak=float(said["peak"]),
            silent=bool(said["silent"]),
            isolation=report.isolation,
            cpu_seconds=report.cpu_seconds,
            cut=bool(said.get("cut", False)),
            **_fingerprints(said),
        )
    except (KeyError, TypeError, ValueError):
        return _nonsense()
    counts = (inspected.sample_rate, inspected.channels, inspected.frames)
    return inspected if min(counts) > 0 and math.isfinite(inspected.peak) else _nonsense()


def _fingerprints(said: dict[str, Any]) -> dict[str, Any]:
    """Raises KeyError, TypeError or ValueError for what no fingerprinter says."""
    if "fingerprint" not in said:
        return {}
    compressed = base64.b64decode(said["fingerprint"], validate=True)
    if len(compressed) > _MOST_FINGERPRINT_BYTES or not _SHA256.fullmatch(said["pcm_sha256"]):
        raise ValueError
    return {"fingerprint": compressed, "pcm_sha256": said["pcm_sha256"]}


def _nonsense() -> DecodeFailure:
    return DecodeFailure(FailureKind.CRASHED, "the decoder answered nonsense about this file")
