"""Ogg pages (RFC 3533), walked to the end: one logical stream of Vorbis or Opus, whole."""

from shared.audio.outcome import FailureKind
from shared.audio.stream import CodedStream, Refused
from shared.audio.window import Source

_BEGIN, _END = 2, 4
_HEADER = 27


def parse_ogg(source: Source) -> CodedStream:
    """Raises Refused for chained or multiplexed streams, a codec other than Vorbis and Opus, a cut file."""
    at, count, serial, flags = 0, 0, b"", 0
    while at < source.size:
        header = source.at(at, _HEADER)
        if header[:4] != b"OggS" or len(header) < _HEADER:
            kind = FailureKind.TRUNCATED if len(header) < _HEADER else FailureKind.MALFORMED
            raise Refused(kind, f"the Ogg file holds something that is no page after {count} pages")
        flags = header[5]
        if count == 0:
            serial = header[14:18]
        elif header[14:18] != serial or flags & _BEGIN:
            raise Refused(FailureKind.UNSUPPORTED, "the Ogg file holds more than one stream")
        if int.from_bytes(header[18:22], "little") != count:
            raise Refused(FailureKind.MALFORMED, f"page {count} of the Ogg file is missing")
        lacing = source.at(at + _HEADER, header[26])
        at += _HEADER + header[26] + sum(lacing)
        count += 1
        if at > source.size or len(lacing) < header[26]:
            raise Refused(FailureKind.TRUNCATED, "the Ogg file ends inside a page")
    if not flags & _END:
        raise Refused(FailureKind.TRUNCATED, "the Ogg file ends before its last page")
    codec, subtype = _codec(source)
    return CodedStream(
        container="ogg", codec=codec, start=0, end=source.size, opens_as=("OGG", (subtype,)), bits=16
    )


def _codec(source: Source) -> tuple[str, str]:
    packet = source.at(_HEADER + source.at(26, 1)[0], 8)
    if packet[:7] == b"\x01vorbis":
        return "vorbis", "VORBIS"
    if packet == b"OpusHead":
        return "opus", "OPUS"
    raise Refused(FailureKind.UNSUPPORTED, "the Ogg file holds neither Vorbis nor Opus")
