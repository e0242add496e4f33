# ruff: noqa: PLR2004 - the numbers are offsets, lengths and bits of the format
"""RIFF/WAVE headers, read here so that libsndfile never sees one.

Only linear PCM and IEEE float pass (format tags 0x0001, 0x0003, or 0xFFFE with one of those as subformat):
every other tag leads to a codec with a record of memory errors (CVE-2022-33065, CVE-2026-37555).
"""

import struct

from shared.audio.outcome import FailureKind
from shared.audio.stream import PcmStream, Refused
from shared.audio.window import Source

_PCM, _FLOAT, _EXTENSIBLE = 0x0001, 0x0003, 0xFFFE
_SUBFORMAT_TAIL = bytes.fromhex("000000001000800000aa00389b71")
"""All but the first two bytes of KSDATAFORMAT_SUBTYPE_PCM and _IEEE_FLOAT (ksmedia.h)."""
_CODECS = {
    (_PCM, 8): ("pcm_u8", "u"),
    (_PCM, 16): ("pcm_s16le", "i"),
    (_PCM, 24): ("pcm_s24le", "i"),
    (_PCM, 32): ("pcm_s32le", "i"),
    (_FLOAT, 32): ("pcm_f32le", "f"),
    (_FLOAT, 64): ("pcm_f64le", "f"),
}
_MAX_CHUNKS = 1000
_UNKNOWN_SIZE = 0xFFFFFFFF


def parse_wav(source: Source) -> PcmStream:
    """Walk all chunks to the end of the file.

    Raises:
        Refused: not a WAVE that is whole, linear and free of anything that is not a chunk.
    """
    fmt: bytes | None = None
    data: tuple[int, int] | None = None
    for name, start, length in _chunks(source):
        if name == b"fmt ":
            if fmt is not None:
                raise Refused(FailureKind.MALFORMED, "the WAV file has two format chunks")
            fmt = source.at(start, min(length, 40))
        elif name == b"data":
            if data is not None:
                raise Refused(FailureKind.MALFORMED, "the WAV file has two data chunks")
            data = (start, length)
    if fmt is None or len(fmt) < 16:
        raise Refused(FailureKind.MALFORMED, "the WAV file has no format chunk")
    if data is None:
        raise Refused(FailureKind.TRUNCATED, "the WAV file has no data chunk")
    return _stream(fmt, *data)


def _chunks(source: Source) -> list[tuple[bytes, int, int]]:
    found = []
    at = 12
    while at < source.size:
        header = source.at(at, 8)
        if len(header) < 8 and not header.strip(b"\0"):
            break
        if len(header) < 8 or not all(0x20 <= byte < 0x7F for byte in header[:4]):
            raise Refused(
                FailureKind.MALFORMED, "after its chunks the WAV file holds bytes that are no chunk"
            )
        name, length = header[:4], struct.unpack_from("<I", header, 4)[0]
        if length == _UNKNOWN_SIZE:
            raise Refused(
                FailureKind.MALFORMED,
                "a chunk of the WAV file declares no size (0xFFFFFFFF, as written to a pipe); "
                "write the file again to a place that can be seeked",
            )
        if at + 8 + length > source.size:
            raise Refused(
                FailureKind.TRUNCATED,
                f"a chunk of the WAV file declares {length} bytes and {source.size - at - 8} are there",
            )
        found.append((name, at + 8, length))
        if len(found) > _MAX_CHUNKS:
            raise Refused(FailureKind.MALFORMED, f"the WAV file has more than {_MAX_CHUNKS} chunks")
        at += 8 + length + length % 2
    return found


def _stream(fmt: bytes, start: int, length: int) -> PcmStream:
    tag, channels, rate, _, align, bits = struct.unpack_from("<HHIIHH", fmt)
    if tag == _EXTENSIBLE:
        if len(fmt) < 40 or fmt[26:40] != _SUBFORMAT_TAIL:
            raise Refused(FailureKind.UNSUPPORTED, "the extensible WAV file holds neither PCM nor float")
        tag = struct.unpack_from("<H", fmt, 24)[0]
    if (tag, bits) not in _CODECS:
        raise Refused(
            FailureKind.UNSUPPORTED,
            f"WAV format 0x{tag:04X} with {bits} bits is not taken: send linear PCM (8 to 32 bits) or float",
        )
    if channels == 0 or align != channels * bits // 8:
        raise Refused(FailureKind.MALFORMED, "the WAV file's frame size does not fit its channels and bits")
    if length % align:
        raise Refused(FailureKind.TRUNCATED, "the WAV file's last frame is incomplete")
    codec, kind = _CODECS[tag, bits]
    return PcmStream("wav", codec, start, length, kind, bits, channels, rate)
