"""Files that lie, and files that would harm: real ones, through the real sandboxed child."""

import struct
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from shared.audio import DecodeFailure, DecodeLimits, FailureKind, Inspected, decode_audio, inspect_audio
from shared.audio.mp3 import frame_at
from shared.audio.window import BytesSource
from shared.errors import ObjectMissing, StoreUnavailable
from tests.unit.audio.sound import chunk, encoded, flac_of_silence, fmt, tone, wav

DATA = b"\x01\x02" * 2_000
ZIP = b"PK\x03\x04" + b"\0" * 400


def refused(folder: Path, content: bytes, limits: DecodeLimits | None = None) -> DecodeFailure:
    path = folder / "upload"
    path.write_bytes(content)
    outcome = inspect_audio(path, limits or DecodeLimits())
    assert isinstance(outcome, DecodeFailure), outcome
    return outcome


def flac(seconds: float = 2.0) -> bytes:
    return encoded(tone(seconds), "FLAC")


def patched(content: bytes, at: int, patch: bytes) -> bytes:
    return content[:at] + patch + content[at + len(patch) :]


def promising(content: bytes, frames: int) -> bytes:
    """A FLAC file whose STREAMINFO promises ``frames``."""
    return patched(
        content, 8 + 13, bytes([content[21] & 0xF0 | frames >> 32]) + struct.pack(">I", frames & 0xFFFFFFFF)
    )


def mp3_cut_between_frames() -> bytes:
    content = encoded(tone(2.0), "MP3")
    source, at = BytesSource(content), 0
    for _ in range(40):
        frame = frame_at(source, at)
        assert frame is not None
        at += frame.length
    return content[:at]


LIARS: list[tuple[str, Callable[[], bytes], FailureKind]] = [
    ("nothing", lambda: b"", FailureKind.EMPTY),
    ("text posing as FLAC", lambda: b"These are the lyrics, not the song.\n" * 50, FailureKind.NOT_AUDIO),
    ("FLAC's magic before text", lambda: b"fLaC" + b"la la la " * 100, FailureKind.MALFORMED),
    ("a zip", lambda: ZIP, FailureKind.NOT_AUDIO),
    ("MP4", lambda: b"\0\0\0\x20ftypM4A " + b"\0" * 100, FailureKind.UNSUPPORTED),
    ("FLAC cut in the middle", lambda: flac()[:-20_000], FailureKind.TRUNCATED),
    ("FLAC cut without a promise", lambda: promising(flac(), 0)[:-20_000], FailureKind.TRUNCATED),
    ("FLAC with more than promised", lambda: promising(flac(), 44_100), FailureKind.MALFORMED),
    ("FLAC with less than promised", lambda: promising(flac(), 3 * 44_100), FailureKind.TRUNCATED),
    ("FLAC damaged inside", lambda: patched(flac(), 60_000, b"\x55" * 64), FailureKind.MALFORMED),
    ("FLAC with another's MD5", lambda: patched(flac(), 26, b"\x01" * 16), FailureKind.CHECKSUM),
    ("FLAC with a zip behind", lambda: flac() + ZIP, FailureKind.TRUNCATED),
    ("WAV of IMA ADPCM", lambda: wav(fmt(0x11, 2, 44_100, 4), chunk(b"data", DATA)), FailureKind.UNSUPPORTED),
    ("WAV of MS ADPCM", lambda: wav(fmt(0x02, 2, 44_100, 4), chunk(b"data", DATA)), FailureKind.UNSUPPORTED),
    (
        "extensible WAV of IMA ADPCM",
        lambda: wav(
            fmt(
                0xFFFE,
                1,
                44_100,
                16,
                struct.pack("<HHIH", 22, 16, 4, 0x11) + bytes.fromhex("000000001000800000aa00389b71"),
            ),
            chunk(b"data", DATA),
        ),
        FailureKind.UNSUPPORTED,
    ),
    (
        "extensible WAV of something foreign",
        lambda: wav(
            fmt(0xFFFE, 1, 44_100, 16, struct.pack("<HHIH", 22, 16, 4, 1) + b"\x42" * 14),
            chunk(b"data", DATA),
        ),
        FailureKind.UNSUPPORTED,
    ),
    (
        "WAV of unknown size",
        lambda: wav(fmt(1, 2, 44_100, 16), chunk(b"data", DATA, declared=0xFFFFFFFF)),
        FailureKind.MALFORMED,
    ),
    (
        "WAV shorter than declared",
        lambda: wav(fmt(1, 2, 44_100, 16), chunk(b"data", DATA, declared=1_000_000)),
        FailureKind.TRUNCATED,
    ),
    ("WAV without data", lambda: wav(fmt(1, 2, 44_100, 16)), FailureKind.TRUNCATED),
    ("WAV without samples", lambda: wav(fmt(1, 2, 44_100, 16), chunk(b"data", b"")), FailureKind.EMPTY),
    (
        "WAV with two data chunks",
        lambda: wav(fmt(1, 2, 44_100, 16), chunk(b"data", DATA), chunk(b"data", DATA)),
        FailureKind.MALFORMED,
    ),
    (
        "WAV with a zip behind",
        lambda: wav(fmt(1, 2, 44_100, 16), chunk(b"data", DATA)) + ZIP,
        FailureKind.MALFORMED,
    ),
    (
        "WAV of 9 channels",
        lambda: wav(fmt(1, 9, 44_100, 16), chunk(b"data", b"\0" * 1800)),
        FailureKind.CHANNELS,
    ),
    ("WAV of 1 Hz", lambda: wav(fmt(1, 1, 1, 16), chunk(b"data", DATA)), FailureKind.SAMPLE_RATE),
    (
        "WAV of 4 GHz",
        lambda: wav(fmt(1, 1, 4_000_000_000 // 2, 16), chunk(b"data", DATA)),
        FailureKind.SAMPLE_RATE,
    ),
    (
        "float WAV with a NaN",
        lambda: wav(fmt(3, 1, 44_100, 32), chunk(b"data", np.array([0.1, np.nan, 0.2], "<f4").tobytes())),
        FailureKind.NOT_FINITE,
    ),
    (
        "double WAV beyond single precision",
        lambda: wav(fmt(3, 1, 44_100, 64), chunk(b"data", np.array([0.1, 1e300], "<f8").tobytes())),
        FailureKind.NOT_FINITE,
    ),
    ("MP3 cut inside a frame", lambda: encoded(tone(2.0), "MP3")[:-100], FailureKind.TRUNCATED),
    ("MP3 cut between frames", mp3_cut_between_frames, FailureKind.TRUNCATED),
    ("MP3 that hides a second half", lambda: encoded(tone(2.0), "MP3") * 2, FailureKind.MALFORMED),
    (
        "MP3 with text inside",
        lambda: patched(encoded(tone(2.0), "MP3"), 9_000, b"foreign " * 900),
        FailureKind.MALFORMED,
    ),
    ("Ogg cut", lambda: encoded(tone(2.0), "OGG", "VORBIS")[:-500], FailureKind.TRUNCATED),
    ("chained Ogg", lambda: encoded(tone(1.0), "OGG", "VORBIS") * 2, FailureKind.UNSUPPORTED),
    ("an endless tag", lambda: b"ID3\x04\0\0\x7f\x7f\x7f\x7f" + b"\0" * 100, FailureKind.UNSUPPORTED),
]


@pytest.mark.parametrize(("make", "kind"), [pytest.param(m, k, id=name) for name, m, k in LIARS])
def test_a_lie_is_refused_with_its_kind(tmp_path: Path, make: Callable[[], bytes], kind: FailureKind) -> None:
    failure = refused(tmp_path, make())
    assert failure.kind is kind, failure
    assert failure.message


def test_nine_hours_are_too_long_whether_the_header_says_so_or_not(tmp_path: Path) -> None:
    limits = replace(DecodeLimits(), max_expansion=1e9, max_frames=1 << 60)
    path = tmp_path / "nine-hours"
    flac_of_silence(path, 9 * 3600)
    told = path.read_bytes()
    for content in (told, promising(told, 0)):
        failure = refused(tmp_path, content, limits)
        assert failure.kind is FailureKind.TOO_LONG
        assert "3 hours" in failure.message


def test_an_hour_of_silence_in_41_kilobytes_is_a_bomb(tmp_path: Path) -> None:
    path = tmp_path / "bomb"
    flac_of_silence(path, 3600)
    assert path.stat().st_size < 50_000
    outcome = inspect_audio(path)
    assert isinstance(outcome, DecodeFailure)
    assert outcome.kind is FailureKind.BOMB


def test_silence_as_an_encoder_writes_it_is_no_bomb(tmp_path: Path) -> None:
    path = tmp_path / "silence"
    flac_of_silence(path, 600, block=4096)
    assert isinstance(inspect_audio(path), Inspected)


def test_samples_to_the_parent_are_bounded(tmp_path: Path) -> None:
    path = tmp_path / "upload"
    path.write_bytes(encoded(tone(4.0), "FLAC"))
    outcome = decode_audio(path, replace(DecodeLimits(), max_decoded_bytes=1_000_000))
    assert isinstance(outcome, DecodeFailure)
    assert outcome.kind is FailureKind.TOO_LARGE


@pytest.mark.parametrize(
    ("limits", "kind"),
    [
        ({"memory_bytes": 32 << 20}, FailureKind.OUT_OF_RESOURCES),
        ({"cpu_seconds": 1}, FailureKind.OUT_OF_RESOURCES),
        ({"wall_seconds": 0.02}, FailureKind.TIMED_OUT),
    ],
)
def test_a_child_that_takes_too_much_is_ended(
    tmp_path: Path, limits: dict[str, float], kind: FailureKind
) -> None:
    path = tmp_path / "upload"
    flac_of_silence(path, 9 * 3600, promised=0)
    generous = {"max_expansion": 1e9, "max_seconds": 1e9, "max_frames": 1 << 60, "max_decoded_bytes": 1 << 60}
    outcome = inspect_audio(path, replace(DecodeLimits(), **(generous | limits)))  # type: ignore[arg-type] # by name
    assert isinstance(outcome, DecodeFailure)
    assert outcome.kind is kind


def test_a_missing_file_is_the_stores_business_and_no_verdict_on_the_audio(tmp_path: Path) -> None:
    with pytest.raises(ObjectMissing):
        inspect_audio(tmp_path / "nowhere")


def test_neither_links_nor_folders_are_opened(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("/etc/hostname")
    for path in (tmp_path / "link", tmp_path):
        with pytest.raises(StoreUnavailable):
            inspect_audio(path)
