"""Stretches from everywhere in a long recording: where they lie, and that they are what is there."""

import math
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import soxr
from hypothesis import given
from hypothesis import strategies as st

from shared.audio import DecodedAudio, DecodeFailure, Isolation, Spread, decode_audio
from shared.audio.blocks import CodedBlocks
from shared.audio.decoding import _decoded, _inspected
from shared.audio.limits import Excerpt
from shared.audio.sandbox import ChildReport
from shared.audio.sniff import sniff
from shared.audio.stream import CodedStream, Refused
from shared.audio.transport import Received
from shared.audio.window import BytesSource
from tests.unit.audio.sound import encoded, tone

HALF = Spread(whole=90.0, each=6.0, of_every=12.0, most=75)
SHORT = Spread(whole=2.0, each=0.5, of_every=1.0, most=75)


@given(st.floats(90.01, 4 * 3600))
def test_the_first_and_the_last_second_are_among_them_and_none_overlap(seconds: float) -> None:
    starts = HALF.starts(seconds)
    assert starts[0] == 0.0
    assert starts[-1] == pytest.approx(seconds - 6.0, abs=0.011)
    assert starts[-1] + 6.0 <= seconds
    assert len(starts) <= 75
    assert all(later - earlier >= 6.0 for earlier, later in pairwise(starts))


@given(st.floats(90.01, 800.0))
def test_of_a_usual_track_nothing_of_twelve_seconds_is_missed(seconds: float) -> None:
    assert all(later - earlier <= 12.011 for earlier, later in pairwise(HALF.starts(seconds)))


@given(st.floats(0.0, 90.0))
def test_what_is_short_is_taken_whole(seconds: float) -> None:
    assert HALF.starts(seconds) == ()


@pytest.mark.parametrize(
    ("container", "subtype", "settled"),
    [
        ("FLAC", "PCM_16", 0.0),
        ("FLAC", "PCM_24", 0.0),
        ("WAV", "PCM_16", 0.0),
        ("WAV", "FLOAT", 0.0),
        ("MP3", None, 0.1),
        ("OGG", "VORBIS", 0.1),
        ("OGG", "OPUS", 0.1),
    ],
)
@pytest.mark.parametrize("rate", [None, 16_000])
def test_the_stretches_are_those_of_the_whole(
    tmp_path: Path, container: str, subtype: str | None, settled: float, rate: int | None
) -> None:
    """A lossy decoder that begins in the middle is ``settled`` after some hundredths of a second."""
    native = 48_000
    path = tmp_path / "track"
    path.write_bytes(encoded(tone(9.3, rate=native), container, subtype, native))
    whole = decode_audio(path)
    spread = decode_audio(path, rate=rate, inspected=True, spread=SHORT)
    assert isinstance(whole, DecodedAudio)
    assert isinstance(spread, DecodedAudio)
    assert spread.starts == SHORT.starts(len(whole.samples) / native)
    assert spread.inspected.frames == len(spread.starts) * native // 2
    out = rate or native
    stretches = spread.samples.reshape(len(spread.starts), out // 2, 2)
    for start, stretch in zip(spread.starts, stretches, strict=True):
        at = int(start * native)
        expected = whole.samples[at : at + native // 2]
        if rate is not None:
            expected = soxr.resample(expected, native, rate)
        assert np.abs(stretch - expected)[int(settled * out) :].max() < 1e-4


def test_beyond_the_end_there_is_nothing_to_take_but_an_mp3_files_slack() -> None:
    for container, refused in (("FLAC", True), ("MP3", False)):
        source = BytesSource(encoded(tone(2.0), container))
        stream = sniff(source)
        assert isinstance(stream, CodedStream)
        blocks = CodedBlocks(source, stream)
        assert blocks.length is not None
        if refused:
            with pytest.raises(Refused):
                list(blocks.stretch(blocks.length - 100, 200))
        else:
            found = np.concatenate(list(blocks.stretch(blocks.length - 100, 200)))
            assert found.shape == (200, 2)
            assert not found[100:].any()
            with pytest.raises(Refused):
                list(blocks.stretch(blocks.length - 100, 20_000))


def test_of_what_was_never_inspected_no_part_is_taken(tmp_path: Path) -> None:
    path = tmp_path / "track"
    path.write_bytes(encoded(tone(4.0), "FLAC"))
    decoded = decode_audio(path, spread=SHORT)
    assert isinstance(decoded, DecodedAudio)
    assert decoded.starts == ()
    assert len(decoded.samples) == 4 * 44_100


def test_a_short_recording_comes_as_one_piece(tmp_path: Path) -> None:
    path = tmp_path / "track"
    path.write_bytes(encoded(tone(1.9), "FLAC"))
    decoded = decode_audio(path, spread=SHORT, inspected=True)
    assert isinstance(decoded, DecodedAudio)
    assert decoded.starts == ()


@pytest.mark.parametrize(
    "starts",
    [[0.0], [0.0, 1.0, 2.0], [1.0, 0.0], ["0", "1"], [0.0, math.nan], [-1.0, 1.0], 7, "01", None, [0, 1]],
)
def test_stretches_that_do_not_fit_the_samples_are_not_believed(starts: object) -> None:
    said = {"container": "flac", "codec": "flac", "sample_rate": 100, "channels": 1, "frames": 100}
    said |= {"peak": 0.5, "silent": False, "sample_bytes": 2, "frames_sent": 100, "starts": starts}
    excerpt = Excerpt(inspected=True, spread=SHORT)

    def believed(starts: object) -> DecodedAudio | DecodeFailure:
        pcm = Received()
        pcm.extend(bytes(200))
        report = ChildReport(said | {"starts": starts}, Isolation(()), 0.1, pcm)
        inspected = _inspected(report)
        assert not isinstance(inspected, DecodeFailure)
        return _decoded(report, inspected, excerpt)

    assert isinstance(believed(starts), DecodeFailure)
    assert isinstance(believed([0.0, 1.0]), DecodedAudio)
