# ruff: noqa: PLR2004 - the numbers are offsets, lengths and bits of the format
"""MPEG audio layer III, frame by frame (ISO 11172-3 2.4.1.3; 13818-3 for the lower rates).

A decoder resynchronises over anything and stops where a Xing tag says so. Here every frame is walked, so
that a cut file, foreign bytes, or audio beyond the tag's count is known before it is decoded.
"""

from dataclasses import dataclass

from shared.audio.outcome import FailureKind
from shared.audio.stream import CodedStream, Refused
from shared.audio.window import Source

_RATES = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}
_KBPS_V1 = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_KBPS_V2 = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
_MAX_PADDING = 64 * 1024
_SLACK_FRAMES = 6
"""Frames that encoder delay, padding and the tag's own frame may take away (LAME: 2257 samples)."""


@dataclass(frozen=True)
class Frame:
    version: int
    sample_rate: int
    channels: int
    length: int

    @property
    def samples(self) -> int:
        return 1152 if self.version == 3 else 576


def frame_at(source: Source, at: int) -> Frame | None:
    """The layer III frame whose header is at ``at``, or None. Free-format frames are not recognised."""
    head = source.at(at, 4)
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return None
    version, layer = head[1] >> 3 & 3, head[1] >> 1 & 3
    rate_index, kbps_index = head[2] >> 2 & 3, head[2] >> 4
    if version == 1 or layer != 1 or rate_index == 3 or kbps_index in {0, 15}:
        return None
    rate = _RATES[version][rate_index]
    kbps = (_KBPS_V1 if version == 3 else _KBPS_V2)[kbps_index]
    length = (144_000 if version == 3 else 72_000) * kbps // rate + (head[2] >> 1 & 1)
    return Frame(version, rate, 1 if head[3] >> 6 == 3 else 2, length)


def looks_like_mp3(source: Source, start: int) -> bool:
    """Two frames in a row that agree, or one that is the whole file."""
    first = frame_at(source, start)
    if first is None:
        return False
    second = frame_at(source, start + first.length)
    return start + first.length >= source.size or (
        second is not None and second.sample_rate == first.sample_rate
    )


def first_frame(source: Source, start: int) -> int:
    """Where the frames begin after ``start``: taggers pad with zeros."""
    padding = source.at(start, _MAX_PADDING)
    return start + len(padding) - len(padding.lstrip(b"\0"))


def parse_mp3(source: Source, start: int) -> CodedStream:
    """Walk all frames from ``start``.

    Raises:
        Refused: the last frame is cut, the stream changes, foreign bytes lie between or behind, or the tag
            promises another number of frames.
    """
    first = frame_at(source, start)
    if first is None:
        raise Refused(FailureKind.NOT_AUDIO, "the file has no MP3 frame where the first must be")
    end = _end_of_frames(source)
    at, count = start, 0
    while at < end:
        frame = frame_at(source, at)
        if frame is None:
            if not source.at(at, min(end - at, _MAX_PADDING)).strip(b"\0") and end - at <= _MAX_PADDING:
                end = at
                break
            raise Refused(FailureKind.MALFORMED, f"the MP3 file holds foreign bytes after {count} frames")
        if (frame.version, frame.sample_rate, frame.channels) != (
            first.version,
            first.sample_rate,
            first.channels,
        ):
            raise Refused(FailureKind.MALFORMED, "the MP3 file changes its rate or channels on the way")
        if at + frame.length > end:
            raise Refused(FailureKind.TRUNCATED, "the MP3 file ends inside a frame")
        at += frame.length
        count += 1
    tagged = _frames_in_tag(source, start, first)
    if tagged is not None:
        count -= 1
        if tagged > count:
            raise Refused(FailureKind.TRUNCATED, f"the MP3 file promises {tagged} frames and has {count}")
        if tagged < count - 1:
            raise Refused(FailureKind.MALFORMED, f"the MP3 file hides {count - tagged} frames from its tag")
    return CodedStream(
        container="mp3",
        codec="mp3",
        start=start,
        end=end,
        opens_as=("MP3", ("MPEG_LAYER_III",)),
        bits=16,
        promised=count * first.samples,
        slack=_SLACK_FRAMES * first.samples,
    )


def _end_of_frames(source: Source) -> int:
    """The end without an ID3v1 tag and an APEv2 tag in front of it."""
    end = source.size
    if source.at(end - 128, 3) == b"TAG":
        end -= 128
    footer = source.at(end - 32, 32)
    if footer[:8] == b"APETAGEX":
        size = int.from_bytes(footer[12:16], "little")
        has_header = footer[23] & 0x80
        end -= min(size + (32 if has_header else 0), end)
    return end


def _frames_in_tag(source: Source, start: int, first: Frame) -> int | None:
    """The count in a Xing or Info tag; None without a tag, or with one that counts no frames."""
    side = {(3, 2): 32, (3, 1): 17}.get((first.version, first.channels), 17 if first.channels == 2 else 9)
    tag = source.at(start + 4 + side, 12)
    if tag[:4] not in {b"Xing", b"Info"} or not tag[7] & 1:
        return None
    return int.from_bytes(tag[8:12])
