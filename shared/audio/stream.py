"""What a container's header says about the audio inside: enough to decode it, not enough to believe it."""

from dataclasses import dataclass, field

from shared.audio.outcome import FailureKind


class Refused(Exception):
    """The file is refused. Stays inside the child process, which reports it as a DecodeFailure."""

    def __init__(self, kind: FailureKind, message: str) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message


@dataclass(frozen=True)
class PcmStream:
    """Raw little-endian samples at [start, start + length); ``kind`` is u, i or f (numpy's letters)."""

    container: str
    codec: str
    start: int
    length: int
    kind: str
    bits: int
    channels: int
    sample_rate: int


@dataclass(frozen=True)
class CodedStream:
    """Something for libsndfile, at [start, end) of the file, with ``patches`` laid over its bytes.

    ``opens_as`` is the (format, subtypes) that libsndfile must agree it is. ``promised`` is how many frames
    the container promises (None: nothing), and decoding may miss or pass it by ``slack``.
    ``md5`` is FLAC's digest of the decoded samples. ``bits`` is the width of one decoded sample.
    """

    container: str
    codec: str
    start: int
    end: int
    opens_as: tuple[str, tuple[str, ...]]
    bits: int
    promised: int | None = None
    slack: int = 0
    md5: bytes | None = None
    patches: tuple[tuple[int, bytes], ...] = field(default=())


@dataclass(frozen=True)
class ForeignStream:
    """Something for FFmpeg, told by its first bytes alone; ``container`` is mp4 or adts."""

    container: str
    bits: int = 16


Stream = PcmStream | CodedStream
