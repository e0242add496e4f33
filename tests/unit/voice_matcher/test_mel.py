"""The mel spectrogram is librosa's: Resemblyzer hears what it was trained on."""

from pathlib import Path

import numpy as np
import pytest

from services.voice_matcher.mel import CHANNELS, power_mel

LIBROSA = np.load(Path(__file__).parent / "librosa_mel.npz")


def test_every_value_is_that_of_librosa_without_padding() -> None:
    assert np.allclose(power_mel(LIBROSA["samples"]), LIBROSA["mel"], rtol=1e-4)


@pytest.mark.parametrize("samples", [0, 399])
def test_less_than_a_frame_gives_no_frames(samples: int) -> None:
    assert power_mel(np.zeros(samples, np.float32)).shape == (0, CHANNELS)
