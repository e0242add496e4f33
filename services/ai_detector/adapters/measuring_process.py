"""What runs in a worker process: sandboxed decoding, then the measurement. Imported by spawned children."""

import signal
from collections.abc import Callable
from functools import cache
from pathlib import Path

from services.ai_detector.adapters.c2pa_reader import NOBODY, TrustList, read_provenance
from services.ai_detector.domain import STRETCHES, measure
from services.ai_detector.measurement import Measurement
from services.ai_detector.meter import Failing, Failure, Metered
from services.ai_detector.readout import Readout
from shared.audio import DecodedAudio, DecodeFailure, FailureKind, Spread, decode_audio
from shared.objects.digest import sha256_of
from shared.processes import cpu_seconds

LONGEST_SECONDS = 15 * 60.0
"""Of a recording that cannot be sampled only the first quarter of an hour is decoded (320 MB)."""
PATIENCE_SECONDS = 240
"""The alarm clock ends a process that hangs: longer than the decoder's own limit and any measurement."""
_PERHAPS_AAC = (FailureKind.UNSUPPORTED, FailureKind.NOT_AUDIO)

Listen = Callable[[DecodedAudio], Measurement]


def measure_file(path: Path, sha256: str | None, trust: TrustList = NOBODY) -> Metered:
    """Measure with the detector that ships.

    Blocks: about half a CPU second for three minutes of stereo, a quarter of it for decoding. The process
    dies by SIGALRM when this takes longer than four minutes.

    Raises:
        StoreError, SystemicError: the file cannot be opened or the decoder not be started.
    """
    return metered(path, sha256, _listen, trust, STRETCHES)


def metered(
    path: Path, sha256: str | None, listen: Listen, trust: TrustList, spread: Spread | None = None
) -> Metered:
    """Check the bytes, decode, `listen`, read what is declared; blocks and raises as `measure_file` does.

    With a `spread` a long recording whose hash was announced is not decoded between its stretches.

    Of a file that is measured by hand (no hash was announced) and is cut, what is there is measured.
    """
    began = cpu_seconds()
    signal.alarm(PATIENCE_SECONDS)
    try:
        if sha256 is not None and sha256_of(path) != sha256:
            return Metered(_changed(), cpu_seconds() - began)
        decoded = (
            decoded_by_hand(path)
            if sha256 is None
            else decode_audio(path, seconds=LONGEST_SECONDS, inspected=True, spread=spread)
        )
        result = _undecodable(decoded) if isinstance(decoded, DecodeFailure) else listen(decoded)
        provenance = read_provenance(path, trust)
        return Metered(result, cpu_seconds() - began, provenance, _remarks(decoded))
    finally:
        signal.alarm(0)


def decoded_by_hand(path: Path) -> DecodedAudio | DecodeFailure:
    """A file that nobody delivered: cut ones and AAC are taken too. Blocks, raises as `decode_audio`."""
    decoded = decode_audio(path, seconds=LONGEST_SECONDS, cut=True)
    if isinstance(decoded, DecodeFailure) and decoded.kind in _PERHAPS_AAC:
        return decode_audio(path, seconds=LONGEST_SECONDS, aac=True)
    return decoded


def _changed() -> Failure:
    return Failure(Failing.OTHER_BYTES, "the stored bytes are not those that were announced")


def _undecodable(failure: DecodeFailure) -> Failure:
    return Failure(Failing.UNDECODABLE, f"{failure.kind.value}: {failure.message}")


def _remarks(decoded: DecodedAudio | DecodeFailure) -> tuple[str, ...]:
    if isinstance(decoded, DecodeFailure) or not decoded.inspected.cut:
        return ()
    return (f"the file is cut: only {decoded.inspected.seconds:.1f} s of what it promises are there",)


def _listen(decoded: DecodedAudio) -> Measurement:
    return measure(decoded.samples, decoded.sample_rate, _shipped(), decoded.starts)


@cache
def _shipped() -> Readout:
    """Read once in a process: the weights are in the package."""
    return Readout.load()
