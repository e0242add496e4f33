"""What is measured today is what the shipped weights were trained on: the same sound gives the same scalars.

`measured_values.json` was written from sounds that are made here. Where a change moves them on purpose, raise
`features.MEASUREMENT`, train again, and write the file anew from `measured()`.
"""

import json
from pathlib import Path

import numpy as np
import pytest

from services.ai_detector import features
from services.ai_detector.spectrum import Floats, long_term_spectra
from tests.unit.ai_detector.sounds import coloured_noise, echoed, melody, with_teeth

RATE = 44_100
RECORDED = Path(__file__).with_name("measured_values.json")


def mono() -> Floats:
    return with_teeth(melody(12, RATE), RATE, 344.53)


def stereo() -> Floats:
    """More blocks than one, channels of their own, and an echo to be taken out."""
    noise = coloured_noise(21, RATE, channels=2)
    return echoed(np.float32(0.4) * noise + melody(21, RATE), RATE, 0.04, 0.6)


SOUNDS = {"mono": mono, "stereo": stereo}


def measured(name: str) -> dict[str, float]:
    spectra = long_term_spectra(SOUNDS[name](), RATE)
    assert spectra is not None
    values = features.read(spectra, features.analysed_band(spectra)).columns
    return dict(zip(features.columns(), values.tolist(), strict=True))


@pytest.mark.parametrize("name", SOUNDS)
def test_a_sound_measures_as_it_did_when_the_weights_were_trained(name: str) -> None:
    recorded = json.loads(RECORDED.read_text())
    assert recorded["measurement"] == features.MEASUREMENT
    now = measured(name)
    assert list(now) == list(recorded[name])
    before = [float("nan") if value is None else value for value in recorded[name].values()]
    np.testing.assert_allclose(list(now.values()), before, rtol=1e-4, atol=1e-4)
