# ruff: noqa: PLR2004 - the numbers are offsets, lengths and bits of the format
"""FLAC's STREAMINFO (RFC 9639, section 8.2)."""

from shared.audio.outcome import FailureKind
from shared.audio.stream import CodedStream, Refused
from shared.audio.window import Source

_SUBTYPES = {8: "PCM_S8", 16: "PCM_16", 24: "PCM_24"}
_ID3V1 = 128


def parse_flac(source: Source, start: int) -> CodedStream:
    """The stream whose ``fLaC`` is at ``start``.

    The field that promises the number of samples is patched out of what the decoder sees: libsndfile would
    stop there, and what follows would be played by others and never screened.

    Raises:
        Refused: no STREAMINFO, or one that no decoder here takes.
    """
    head = source.at(start, 42)
    if len(head) < 42 or head[4] & 0x7F != 0 or int.from_bytes(head[5:8]) != 34:
        raise Refused(FailureKind.MALFORMED, "the FLAC file does not begin with its stream information")
    info = head[8:42]
    bits = ((info[12] & 1) << 4 | info[13] >> 4) + 1
    promised = (info[13] & 0x0F) << 32 | int.from_bytes(info[14:18])
    md5 = info[18:34]
    if bits not in _SUBTYPES:
        raise Refused(FailureKind.UNSUPPORTED, f"FLAC with {bits} bits a sample is not taken: send 16 or 24")
    total_at = start + 8 + 13
    end = source.size
    if source.at(end - _ID3V1, 3) == b"TAG":
        end -= _ID3V1
    return CodedStream(
        container="flac",
        codec="flac",
        start=start,
        end=end,
        opens_as=("FLAC", (_SUBTYPES[bits],)),
        bits=bits,
        promised=promised or None,
        md5=md5 if any(md5) else None,
        patches=((total_at, bytes([info[13] & 0xF0, 0, 0, 0, 0])),),
    )
