# ruff: noqa: PLR2004 - the numbers are offsets, lengths and bits of the format
"""Which container a file is, from its own bytes: names and media types are the sender's words."""

from shared.audio.flac import parse_flac
from shared.audio.mp3 import first_frame, looks_like_mp3, parse_mp3
from shared.audio.ogg import parse_ogg
from shared.audio.outcome import FailureKind
from shared.audio.stream import ForeignStream, Refused, Stream
from shared.audio.wav import parse_wav
from shared.audio.window import Source

_MAX_TAGS = 4
_MAX_TAG_BYTES = 32 * 1024 * 1024
_OTHERS = {
    b"RF64": "RF64",
    b"BW64": "BW64",
    b"RIFX": "big-endian RIFF",
    b"FORM": "AIFF",
    b"caff": "CAF",
}


def sniff(source: Source) -> Stream:
    """Recognise the container and read its header. ID3v2 tags in front (C2PA uses them) are stepped over.

    Raises:
        Refused: with the kind that says why.
    """
    if source.size == 0:
        raise Refused(FailureKind.EMPTY, "the file is empty")
    head = source.at(0, 12)
    if head[:4] == b"RIFF" and head[8:] == b"WAVE":
        return parse_wav(source)
    if head[:4] == b"OggS":
        return parse_ogg(source)
    if head[4:8] == b"ftyp":
        raise Refused(FailureKind.UNSUPPORTED, "MP4 is not taken: send FLAC, WAV, MP3, Ogg Vorbis or Opus")
    if head[:4] in _OTHERS:
        raise Refused(
            FailureKind.UNSUPPORTED,
            f"{_OTHERS[head[:4]]} is not taken: send FLAC, WAV, MP3, Ogg Vorbis or Opus",
        )
    start = _after_id3v2(source)
    if source.at(start, 4) == b"fLaC":
        return parse_flac(source, start)
    frames = first_frame(source, start)
    if looks_like_mp3(source, frames):
        return parse_mp3(source, frames)
    raise Refused(
        FailureKind.NOT_AUDIO, "the content is no audio that is known here (FLAC, WAV, MP3, Ogg Vorbis, Opus)"
    )


def foreign(source: Source) -> ForeignStream | None:
    """AAC or MP4 by its first bytes; None for anything else.

    The sync word of ADTS is that of MPEG audio with layer 0, which no MP3 has (ISO 14496-3, 1.A.3.2).
    """
    head = source.at(0, 12)
    if head[4:8] == b"ftyp":
        return ForeignStream("mp4")
    if len(head) >= 2 and head[0] == 0xFF and head[1] & 0xF6 == 0xF0:
        return ForeignStream("adts")
    return None


def _after_id3v2(source: Source) -> int:
    """The position after up to four ID3v2 tags (id3.org, ID3v2.4 structure, 3.1 and 6.2)."""
    at = 0
    for _ in range(_MAX_TAGS):
        head = source.at(at, 10)
        if len(head) < 10 or head[:3] != b"ID3":
            return at
        if any(byte & 0x80 for byte in head[6:10]):
            raise Refused(FailureKind.MALFORMED, "the ID3 tag in front of the audio has no valid size")
        size = head[6] << 21 | head[7] << 14 | head[8] << 7 | head[9]
        footer = 10 if head[3] >= 4 and head[5] & 0x10 else 0
        at += 10 + size + footer
        if at > _MAX_TAG_BYTES:
            raise Refused(
                FailureKind.UNSUPPORTED, f"more than {_MAX_TAG_BYTES} bytes of tags before the audio"
            )
    return at
