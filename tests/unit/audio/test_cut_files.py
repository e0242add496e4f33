"""A file that ends before what it promises is refused, unless what is there was asked for."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from shared.audio import DecodedAudio, DecodeFailure, FailureKind, decode_audio, inspect_audio

RATE = 44_100


@pytest.fixture(params=["cut", "promising"])
def cut(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """FLAC whose second half is gone, or whose header promises twice what there is."""
    file = tmp_path / "song.flac"
    noise = np.random.default_rng(1).uniform(-0.1, 0.1, 20 * RATE)
    soundfile.write(file, noise, RATE, subtype="PCM_16")
    content = bytearray(file.read_bytes())
    if request.param == "cut":
        file.write_bytes(content[: len(content) // 2])
    else:
        total = (
            4 + 4 + 18
        )  # marker, block header, then bytes 14 to 17 of STREAMINFO: low 32 bits of the count
        content[total - 4 : total] = (40 * RATE).to_bytes(4, "big")
        file.write_bytes(content)
    return file


def test_a_cut_file_is_refused_as_truncated(cut: Path) -> None:
    for failure in (decode_audio(cut), inspect_audio(cut), decode_audio(cut, seconds=900.0)):
        assert isinstance(failure, DecodeFailure)
        assert failure.kind is FailureKind.TRUNCATED


@pytest.mark.parametrize("seconds", [None, 900.0])
def test_what_is_there_of_it_can_be_asked_for_and_is_marked(cut: Path, seconds: float | None) -> None:
    found = decode_audio(cut, seconds=seconds, cut=True)
    assert isinstance(found, DecodedAudio)
    assert found.inspected.cut is True
    assert 8 * RATE < len(found.samples) <= 20 * RATE
    assert np.abs(found.samples).max() <= 0.1001


def test_a_whole_file_is_not_marked_as_cut(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "whole.flac", np.zeros(RATE), RATE)
    found = decode_audio(tmp_path / "whole.flac", cut=True)
    assert isinstance(found, DecodedAudio)
    assert found.inspected.cut is False


def test_a_damaged_file_is_refused_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "no.flac").write_bytes(b"fLaC" + bytes(5000))
    assert isinstance(decode_audio(tmp_path / "no.flac", cut=True), DecodeFailure)
