"""What runs in a worker process: sandboxed decoding, then the networks. Imported by spawned children."""

from pathlib import Path

from services.voice_matcher.adapters.xvector import XVector
from services.voice_matcher.ears import Failing, Failure, Listening
from services.voice_matcher.fbank import SAMPLE_RATE
from services.voice_matcher.listening import STRETCHES, Effort, Listener
from services.voice_matcher.models import load_listener
from shared.audio.decoding import decode_audio
from shared.audio.outcome import DecodeFailure
from shared.objects.digest import sha256_of
from shared.processes import cpu_seconds

LONGEST_SECONDS = 15 * 60.0
"""Of a longer recording that is not sampled only the first quarter of an hour is listened to (115 MB).

Sampled are uploads, and of these all but a FLAC stream that does not say how long it is."""

_listener: Listener | None = None


def start(checkpoint: str | None = None) -> None:
    """Load the networks once for the life of the process; ``checkpoint`` names a third.

    Raises:
        SettingsError: there is no such checkpoint, or torch and transformers are not installed.
    """
    global _listener  # noqa: PLW0603 - a process pool's initialiser has no other place to leave its work
    _listener = load_listener(None if checkpoint is None else XVector(checkpoint))


def listen_to(path: Path, effort: Effort, sha256: str, checkpoint: str | None = None) -> Listening:
    """Blocks: about half a CPU second for three minutes of audio, a fifth of it for decoding.

    The sandboxed decoder resamples as it goes, so that this process never holds the native rate.
    """
    began = cpu_seconds()
    if _listener is None:
        start(checkpoint)
    assert _listener is not None  # noqa: S101 - start() has just set it
    if sha256_of(path) != sha256:
        return _failed(Failing.OTHER_BYTES, "the stored bytes are not those that were announced", began)
    decoded = decode_audio(
        path,
        seconds=LONGEST_SECONDS,
        rate=SAMPLE_RATE,
        inspected=True,
        spread=STRETCHES if effort.sampled else None,
    )
    if isinstance(decoded, DecodeFailure):
        return _failed(Failing.UNDECODABLE, f"{decoded.kind.value}: {decoded.message}", began)
    heard = _listener.listen(decoded.samples, decoded.sample_rate, effort, decoded.starts)
    searched = decoded.samples.shape[0] / decoded.sample_rate
    return Listening(heard, cpu_seconds() - began, searched)


def _failed(kind: Failing, detail: str, began: float) -> Listening:
    return Listening(Failure(kind, detail), cpu_seconds() - began)
