"""What the detector says, and when it says that it cannot tell."""

import numpy as np
import pytest
import soxr
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from services.ai_detector.domain import measure
from services.ai_detector.evidence import explanation, measurements, reason
from services.ai_detector.measurement import Obstacle
from services.ai_detector.readout import Readout
from shared.events.finding import Verdict
from tests.unit.ai_detector.sounds import coloured_noise, echoed, melody, with_teeth

RATE = 44_100
UNACCUSING = {Verdict.NOT_DETECTED, Verdict.INCONCLUSIVE}


@pytest.fixture(scope="module")
def readout() -> Readout:
    return Readout.load()


def test_clear_teeth_in_every_block_are_likely_generated(readout: Readout) -> None:
    measured = measure(with_teeth(coloured_noise(30, RATE), RATE, 200.0), RATE, readout)
    assert measured.verdict is Verdict.LIKELY_GENERATED
    assert measured.spacing_hz == pytest.approx(200.0, rel=1e-3)
    assert measured.score is not None
    assert measured.threshold is not None
    assert measured.score >= measured.threshold
    assert any((o.rate, o.strides) == (48_000, 240) for o in measured.origins)
    assert "200.00 Hz" in reason(measured)


@pytest.mark.parametrize("seed", range(3))
def test_noise_is_not_detected(readout: Readout, seed: int) -> None:
    assert measure(coloured_noise(20, RATE, seed=seed), RATE, readout).verdict is Verdict.NOT_DETECTED


@pytest.mark.parametrize("delay", [0.02, 0.04, 0.075])
def test_an_echo_is_not_called_generated(readout: Readout, delay: float) -> None:
    measured = measure(echoed(coloured_noise(20, RATE), RATE, delay, 0.6), RATE, readout)
    assert measured.verdict in UNACCUSING
    assert measured.spacing_hz is None


def test_a_melody_of_exact_pitches_is_not_called_generated(readout: Readout) -> None:
    assert measure(melody(40, RATE), RATE, readout).verdict in UNACCUSING


@pytest.mark.parametrize(
    ("pcm", "obstacle"),
    [
        (coloured_noise(3, RATE), Obstacle.TOO_SHORT),
        (np.zeros((0, 2), dtype=np.float32), Obstacle.TOO_SHORT),
        (np.zeros((20 * RATE, 2), dtype=np.float32), Obstacle.SILENT),
        (np.full((20 * RATE, 1), np.nan, dtype=np.float32), Obstacle.NOT_FINITE),
    ],
)
def test_what_cannot_be_measured_says_why(readout: Readout, pcm: np.ndarray, obstacle: Obstacle) -> None:
    measured = measure(pcm, RATE, readout)
    assert measured.verdict is Verdict.NOT_MEASURED
    assert measured.obstacle is obstacle
    assert measured.score is None
    assert measured.seconds_measured == 0.0
    assert explanation(measured, readout)["reasons"] == [f"not measured: {obstacle.replace('_', ' ')}"]
    assert measurements(measured) == {}


def test_telephone_bandwidth_is_not_measured(readout: Readout) -> None:
    called = soxr.resample(coloured_noise(10, 8000), 8000, RATE)
    assert measure(called, RATE, readout).obstacle is Obstacle.BAND_LIMITED
    assert measure(coloured_noise(10, 8000), 8000, readout).obstacle is Obstacle.BAND_LIMITED


@settings(max_examples=25, deadline=None)
@given(
    st.sampled_from([8000, 11_025, 16_000, 22_050, 32_000, 44_100, 48_000, 96_000, 192_000]),
    st.integers(1, 2),
    st.integers(0, 2**31),
    st.floats(0.0, 1.0),
    arrays.arrays(np.float32, 64, elements=st.floats(-1.0, 1.0, width=32)),
)
def test_any_finite_audio_gives_a_finite_answer(
    readout: Readout, rate: int, channels: int, seed: int, density: float, shape: np.ndarray
) -> None:
    rng = np.random.default_rng(seed)
    seconds = 5.0 + rng.random()
    pcm = np.resize(shape, (int(seconds * rate), channels)).astype(np.float32)
    pcm = np.where(rng.random(pcm.shape) < density, pcm, np.float32(0.0))
    measured = measure(pcm, rate, readout)
    if measured.verdict is Verdict.NOT_MEASURED:
        assert measured.obstacle is not None
    else:
        assert measured.score is not None
        assert np.isfinite(measured.score)
        assert 0.0 <= (measured.probability or 0.0) <= 1.0
        assert all(np.isfinite(v) for v in measurements(measured).values() if not isinstance(v, str))


def test_a_long_track_is_read_in_part_and_says_so(readout: Readout) -> None:
    measured = measure(coloured_noise(400, 16_000), 16_000, readout)
    assert measured.seconds_measured == pytest.approx(90.0, abs=2.0)
