"""Samples arrive as they were sent, however the pipe cuts them, and a lie about them is not believed."""

import dataclasses
import io
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr
from hypothesis import given
from hypothesis import strategies as st

from shared.audio import DecodedAudio, DecodeFailure, Isolation, decode_audio
from shared.audio.decoding import _decoded, _inspected
from shared.audio.limits import Excerpt
from shared.audio.sandbox import ChildReport
from shared.audio.transport import NARROW, WIDE, Received
from tests.unit.audio.sound import encoded, tone

SAID = {
    "container": "flac",
    "codec": "flac",
    "sample_rate": 44_100,
    "channels": 1,
    "frames": 2,
    "peak": 0.5,
    "silent": False,
}


def received(content: bytes, cuts: list[int]) -> Received:
    got, edges = Received(), sorted({0, len(content), *(cut % (len(content) + 1) for cut in cuts)})
    for start, end in pairwise(edges):
        got.extend(content[start:end])
    return got


@given(st.lists(st.integers(-32768, 32767), max_size=50), st.lists(st.integers(0, 200)))
def test_sixteen_bits_come_out_as_exact_fractions_of_full_scale(values: list[int], cuts: list[int]):
    got = received(np.array(values, "<i2").tobytes(), cuts)
    assert len(got) == NARROW * len(values)
    assert got.samples(NARROW).tolist() == [value / 32768 for value in values]
    assert len(got) == 0


@given(st.lists(st.floats(-2, 2, width=32), max_size=50), st.lists(st.integers(0, 400)))
def test_floats_come_out_as_they_went_in(values: list[float], cuts: list[int]):
    samples = received(np.array(values, "<f4").tobytes(), cuts).samples(WIDE)
    assert samples.dtype == np.float32
    assert samples.tolist() == values


@pytest.mark.parametrize(("subtype", "width"), [("PCM_16", np.int16), ("PCM_24", np.int32)])
@pytest.mark.parametrize("container", ["FLAC", "WAV"])
def test_a_recording_is_decoded_to_the_very_samples_that_were_encoded(
    tmp_path: Path, subtype: str, width: type, container: str
):
    whole = np.random.default_rng(7).integers(-(2**31), 2**31 - 1, (20_000, 2), np.int32)
    file = tmp_path / "audio"
    content = io.BytesIO()
    soundfile.write(content, whole, 44_100, format=container, subtype=subtype)
    file.write_bytes(content.getvalue())
    kept = whole >> 16 << 16 if width is np.int16 else whole >> 8 << 8

    decoded = decode_audio(file)
    assert isinstance(decoded, DecodedAudio)
    assert np.array_equal(decoded.samples, (kept / 2.0**31).astype(np.float32))


@pytest.mark.parametrize(
    ("sent", "width", "frames"),
    [
        (4, 4, 2),
        (8, 2, 2),
        (4, 1, 4),
        (4, 0, 2),
        (4, None, 2),
        (4, "2", 2),
        (5, 2, 2),
        (4, [2], 2),
        (4, 2, None),
        (4, 2, "2"),
        (4, 2, -2),
    ],
)
def test_a_child_that_lies_about_its_samples_is_not_believed(sent: int, width: object, frames: object):
    pcm = Received()
    pcm.extend(bytes(sent))
    said = SAID | {"sample_bytes": width, "frames_sent": frames}
    report = ChildReport(said, Isolation(()), 0.1, pcm)
    inspected = _inspected(report)
    assert not isinstance(inspected, DecodeFailure)
    assert isinstance(_decoded(report, inspected, Excerpt()), DecodeFailure)
    honest = dataclasses.replace(
        report, result=SAID | {"sample_bytes": NARROW, "frames_sent": 2}, pcm=Received()
    )
    honest.pcm.extend(bytes(4))
    assert isinstance(_decoded(honest, inspected, Excerpt()), DecodedAudio)


@pytest.mark.parametrize("container", ["FLAC", "WAV", "MP3"])
@pytest.mark.parametrize("mono", [False, True])
def test_resampling_on_the_way_is_resampling_afterwards(tmp_path: Path, container: str, mono: bool):  # noqa: FBT001 - a parameter of the case
    file = tmp_path / "audio"
    file.write_bytes(encoded(tone(4.0), container))
    native, moved = decode_audio(file, mono=mono), decode_audio(file, mono=mono, rate=16_000)
    assert isinstance(native, DecodedAudio)
    assert isinstance(moved, DecodedAudio)
    assert moved.sample_rate == 16_000
    assert moved.inspected.frames == native.inspected.frames
    afterwards = soxr.resample(native.samples, native.sample_rate, 16_000)
    assert moved.samples.shape == afterwards.shape
    assert np.abs(moved.samples - afterwards).max() < 1e-5


def test_of_bytes_that_were_inspected_the_digest_is_not_made_again(tmp_path: Path):
    file = tmp_path / "audio"
    content = encoded(tone(1.0), "FLAC")
    file.write_bytes(content[:26] + b"\x01" * 16 + content[42:])
    assert isinstance(decode_audio(file), DecodeFailure)
    assert isinstance(decode_audio(file, inspected=True), DecodedAudio)
