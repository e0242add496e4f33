"""The filterbank is Kaldi's: CAM++ hears what it was trained on."""

from pathlib import Path

import numpy as np
import pytest

from services.voice_matcher.fbank import BINS, FRAME, HOP, frame_count, log_mel

KALDI = np.load(Path(__file__).parent / "kaldi_fbank.npz")


def test_every_value_is_that_of_kaldi_native_fbank() -> None:
    frames = log_mel(KALDI["samples"])
    assert frames.shape == KALDI["frames"].shape
    audible = KALDI["frames"] > -13.0  # below, float32 rounding of nearly nothing decides
    assert audible.mean() > 0.85
    assert np.abs(frames - KALDI["frames"])[audible].max() < 0.005


def test_digital_silence_rests_on_the_floor() -> None:
    floor = np.log(np.finfo(np.float32).eps)
    assert np.allclose(log_mel(np.zeros(16_000, np.float32)), floor)


@pytest.mark.parametrize("samples", [0, 1, FRAME - 1])
def test_less_than_a_frame_gives_no_frames(samples: int) -> None:
    assert log_mel(np.zeros(samples, np.float32)).shape == (0, BINS)


@pytest.mark.parametrize("extra", [0, 1, HOP - 1, HOP, 3 * HOP + 7])
def test_only_whole_frames_count(extra: int) -> None:
    signal = np.zeros(FRAME + extra, np.float32)
    assert log_mel(signal).shape[0] == frame_count(signal.size) == 1 + extra // HOP
