"""AAC and MP4 are decoded in the sandbox for who asks for it by hand; an upload of them is refused."""

from pathlib import Path

import numpy as np
import pytest

from services.ai_detector.adapters.measuring_process import measure_file
from services.ai_detector.measurement import Measurement
from services.ai_detector.meter import Failing, Failure
from shared.audio import DecodedAudio, DecodeFailure, FailureKind, decode_audio, inspect_audio
from shared.objects.digest import sha256_of
from tests.unit.audio.sound import RATE, encoded, tone

av = pytest.importorskip("av")
SECONDS = 8.0


@pytest.fixture(scope="module", params=["aac-mp4", "alac-mp4", "aac-adts"])
def song(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    codec, container = request.param.split("-")
    file = tmp_path_factory.mktemp("songs") / f"song.{container}"
    with av.open(str(file), "w", format=container) as out:
        stream = out.add_stream(codec, rate=RATE)
        stream.layout = "stereo"
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(tone(SECONDS).T), "fltp", "stereo")
        frame.sample_rate = RATE
        fitting = av.AudioResampler(
            format=stream.codec_context.format, frame_size=4096 if codec == "alac" else 1024
        )
        for part in [*fitting.resample(frame), *fitting.resample(None)]:
            out.mux(stream.encode(part))
        out.mux(stream.encode(None))
    return file


def test_it_is_decoded_in_the_sandbox_to_what_was_encoded(song: Path) -> None:
    found = decode_audio(song, aac=True)
    assert isinstance(found, DecodedAudio)
    assert "limits" in found.inspected.isolation.held
    assert (found.sample_rate, found.inspected.channels) == (RATE, 2)
    assert found.inspected.seconds == pytest.approx(SECONDS, abs=0.1)
    made, original = np.abs(np.fft.rfft(found.samples[: 7 * RATE, 0])), np.abs(np.fft.rfft(tone(7.0)[:, 0]))
    assert np.argmax(made) == np.argmax(original)
    assert found.samples.std() == pytest.approx(float(tone(SECONDS).std()), rel=0.05)


def test_only_the_beginning_comes_when_that_was_asked_for(song: Path) -> None:
    found = decode_audio(song, aac=True, seconds=2.0)
    assert isinstance(found, DecodedAudio)
    assert len(found.samples) == 2 * RATE


def test_an_upload_of_it_is_refused(song: Path) -> None:
    for failure in (decode_audio(song), inspect_audio(song)):
        assert isinstance(failure, DecodeFailure)
        assert failure.kind in {FailureKind.UNSUPPORTED, FailureKind.NOT_AUDIO}


def test_the_detector_measures_it_by_hand_and_not_as_a_delivery(song: Path) -> None:
    assert isinstance(measure_file(song, None).result, Measurement)
    delivered = measure_file(song, sha256_of(song)).result
    assert isinstance(delivered, Failure)
    assert delivered.kind is Failing.UNDECODABLE


def test_half_a_file_fails_or_gives_its_half_and_never_breaks_down(song: Path, tmp_path: Path) -> None:
    half = tmp_path / song.name
    half.write_bytes(song.read_bytes()[: song.stat().st_size // 2])
    found = decode_audio(half, aac=True)
    if isinstance(found, DecodedAudio):
        assert song.suffix == ".adts"
        assert found.inspected.seconds == pytest.approx(SECONDS / 2, abs=1.0)
    else:
        assert found.kind is FailureKind.MALFORMED


def test_another_codec_in_an_mp4_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "song.mp4"
    with av.open(str(file), "w", format="mp4") as out:
        stream = out.add_stream("mp3", rate=RATE)
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(tone(1.0).T), "fltp", "stereo")
        frame.sample_rate = RATE
        fitting = av.AudioResampler(format=stream.codec_context.format, frame_size=1152)
        for part in [*fitting.resample(frame), *fitting.resample(None)]:
            out.mux(stream.encode(part))
        out.mux(stream.encode(None))
    found = decode_audio(file, aac=True)
    assert isinstance(found, DecodeFailure)
    assert found.kind is FailureKind.UNSUPPORTED


def test_what_starts_like_it_and_is_none_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "song.mp4"
    file.write_bytes(b"\0\0\0\x18ftypM4A " + bytes(range(256)) * 40)
    found = decode_audio(file, aac=True)
    assert isinstance(found, DecodeFailure)
    assert found.kind is FailureKind.MALFORMED


def test_asking_for_it_changes_nothing_for_other_files(tmp_path: Path) -> None:
    file = tmp_path / "song.flac"
    file.write_bytes(encoded(tone(1.0), "FLAC"))
    usual, asked = decode_audio(file), decode_audio(file, aac=True)
    assert isinstance(usual, DecodedAudio)
    assert isinstance(asked, DecodedAudio)
    assert np.array_equal(usual.samples, asked.samples)
