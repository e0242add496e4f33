"""Audio that someone sent, decoded where it can do no harm.

A short-lived child process without network, files, privileges, and with bounded memory and time decodes the
bytes behind one open descriptor. Types are told by content, frames are counted while decoding.
"""

from shared.audio.decoding import DEFAULT_LIMITS, decode_audio, inspect_audio
from shared.audio.limits import DecodeLimits
from shared.audio.outcome import DecodedAudio, DecodeFailure, FailureKind, Inspected, Isolation, Samples
from shared.audio.spread import Spread

__all__ = [
    "DEFAULT_LIMITS",
    "DecodeFailure",
    "DecodeLimits",
    "DecodedAudio",
    "FailureKind",
    "Inspected",
    "Isolation",
    "Samples",
    "Spread",
    "decode_audio",
    "inspect_audio",
]
