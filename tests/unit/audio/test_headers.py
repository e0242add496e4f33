"""The parsers on arbitrary bytes: they answer or refuse, and what they answer lies inside the file."""

import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.audio import DecodeLimits, FailureKind
from shared.audio.blocks import PcmBlocks
from shared.audio.child import decode
from shared.audio.sniff import sniff
from shared.audio.stream import PcmStream, Refused
from shared.audio.wav import parse_wav
from shared.audio.window import BytesSource, Window
from tests.unit.audio.sound import chunk, encoded, fmt, tone, wav

SEEDS = [
    wav(fmt(1, 2, 44_100, 16), chunk(b"data", b"\1\2\3\4" * 100)),
    encoded(tone(0.05), "FLAC"),
    encoded(tone(0.2), "MP3"),
    encoded(tone(0.1), "OGG", "VORBIS"),
    b"ID3\x04\0\0\0\0\0\x0a" + b"\0" * 10 + encoded(tone(0.05), "FLAC"),
]


@given(st.binary(max_size=400))
@settings(max_examples=300)
def test_arbitrary_bytes_are_answered_or_refused(content: bytes) -> None:
    for prefix in (
        b"",
        b"fLaC\0\0\0\x22",
        b"RIFF\0\0\0\0WAVE",
        b"OggS\0\2",
        b"ID3\4\0\0",
        b"\xff\xfb\x90\x44",
    ):
        try:
            stream = sniff(BytesSource(prefix + content))
        except Refused:
            continue
        assert 0 <= stream.start <= len(prefix + content)


@given(st.sampled_from(SEEDS), st.data())
@settings(max_examples=300)
def test_damaged_headers_are_answered_or_refused(seed: bytes, data: st.DataObject) -> None:
    content = bytearray(seed)
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, min(len(content), 120) - 1))
        content[at] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(content)))
    for candidate in (bytes(content), bytes(content[:cut])):
        try:
            stream = sniff(BytesSource(candidate))
        except Refused:
            continue
        end = stream.start + stream.length if isinstance(stream, PcmStream) else stream.end
        assert 0 <= stream.start <= end <= len(candidate)


@given(
    tag=st.integers(0, 0xFFFF),
    channels=st.integers(0, 0xFFFF),
    rate=st.integers(0, 0xFFFFFFFF),
    align=st.integers(0, 0xFFFF),
    bits=st.integers(0, 0xFFFF),
    extra=st.binary(max_size=40),
    declared=st.none() | st.integers(0, 0xFFFFFFFF),
)
@settings(max_examples=300)
def test_no_wav_header_but_linear_pcm_and_float_passes(
    tag: int, channels: int, rate: int, align: int, bits: int, extra: bytes, declared: int | None
) -> None:
    header = chunk(b"fmt ", struct.pack("<HHIIHH", tag, channels, rate, 0, align, bits) + extra)
    try:
        stream = parse_wav(BytesSource(wav(header, chunk(b"data", b"\0" * 960, declared=declared))))
    except Refused:
        return
    assert tag in {1, 3, 0xFFFE}
    assert stream.codec.startswith("pcm_")


@given(
    bits=st.sampled_from([8, 16, 24, 32]),
    channels=st.integers(1, 8),
    frames=st.integers(1, 500),
    seed=st.integers(0, 2**32 - 1),
)
@settings(max_examples=60)
def test_linear_pcm_keeps_every_bit(bits: int, channels: int, frames: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    values = random.integers(-(2 ** (bits - 1)), 2 ** (bits - 1), (frames, channels), np.int64)
    stored = values + 128 if bits == 8 else values
    raw = b"".join(int(v).to_bytes(bits // 8, "little", signed=bits != 8) for v in stored.reshape(-1))
    source = BytesSource(wav(fmt(1, channels, 48_000, bits), chunk(b"data", raw)))
    pcm = PcmBlocks(source, parse_wav(source))
    whole = np.concatenate(list(pcm))
    assert np.array_equal(whole.astype(np.int64), values << (whole.dtype.itemsize * 8 - bits))
    assert pcm.scale * 2.0 ** (whole.dtype.itemsize * 8 - 1) == 1.0


def test_a_tag_is_stepped_over_only_within_bounds() -> None:
    huge = b"ID3\x04\0\0" + bytes([0x7F] * 4)
    with pytest.raises(Refused) as refusal:
        sniff(BytesSource(huge))
    assert refusal.value.kind is FailureKind.UNSUPPORTED


@given(start=st.integers(0, 50), length=st.integers(0, 60), reads=st.lists(st.integers(0, 30), max_size=8))
def test_a_window_shows_its_stretch_and_its_patches_and_nothing_else(
    start: int, length: int, reads: list[int]
) -> None:
    content = bytes(range(100))
    end = min(100, start + length)
    window = Window(BytesSource(content), start, end, ((start + 3, b"\xff\xff"),))
    expected = bytearray(content[start:end])
    expected[3:5] = (b"\xff\xff")[: max(0, len(expected) - 3)]
    position = 0
    for count in reads:
        assert window.read(count) == bytes(expected[position : position + count])
        position = min(len(expected), position + count)


def test_decoding_counts_what_is_there() -> None:
    facts = decode(BytesSource(encoded(tone(0.7), "OGG", "VORBIS")), DecodeLimits(), None)
    assert facts["frames"] == int(0.7 * 44_100)
