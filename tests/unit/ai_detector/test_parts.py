"""Voice and accompaniment are read apart where the stereo image tells them; it is said how, or why not."""

import numpy as np
import pytest

from services.ai_detector.domain import measure
from services.ai_detector.readout import Readout
from services.ai_detector.spectrum import Floats
from shared.events.finding import Part, PartReading, Verdict
from tests.unit.ai_detector.sounds import coloured_noise, with_teeth

RATE = 32_000
SECONDS = 40
FOUND = {Verdict.LIKELY_GENERATED, Verdict.INCONCLUSIVE}


@pytest.fixture(scope="module")
def readout() -> Readout:
    return Readout.load()


def marked(seed: int) -> Floats:
    return with_teeth(coloured_noise(SECONDS, RATE, seed=seed), RATE, 200.0)


def plain(seed: int) -> Floats:
    return coloured_noise(SECONDS, RATE, seed=seed)


def mixed(centre: Floats, wide: Floats) -> Floats:
    """A centred voice over accompaniment that is heard with opposite signs left and right, and in both."""
    return np.concatenate([centre + wide, centre - 0.6 * wide], axis=1).astype(np.float32)


def read(pcm: Floats, readout: Readout) -> dict[Part, PartReading]:
    return {reading.part: reading for reading in measure(pcm, RATE, readout).parts}


def test_a_generated_accompaniment_is_found_without_the_centre(readout: Readout) -> None:
    found = read(mixed(0.5 * plain(1), marked(2)), readout)
    assert found[Part.INSTRUMENTAL].verdict is Verdict.LIKELY_GENERATED
    assert "difference of the channels" in found[Part.INSTRUMENTAL].how
    assert found[Part.INSTRUMENTAL].seconds == pytest.approx(SECONDS, abs=1)
    assert found[Part.VOCAL].verdict is Verdict.NOT_MEASURED
    assert found[Part.VOCAL].how.startswith("cannot be told: ")


def test_a_generated_voice_over_a_played_accompaniment_is_told_from_it(readout: Readout) -> None:
    found = read(mixed(2.0 * marked(1), 0.4 * plain(2)), readout)
    assert found[Part.INSTRUMENTAL].verdict is Verdict.NOT_DETECTED
    assert found[Part.VOCAL].verdict in FOUND
    assert "bass and drums" in found[Part.VOCAL].how


@pytest.mark.parametrize(
    ("pcm", "why"),
    [
        (marked(1), "mono"),
        (np.repeat(marked(1), 2, axis=1), "too alike"),
        (mixed(marked(1), 0.001 * plain(2)), "too alike"),
    ],
)
def test_without_a_stereo_image_nothing_is_told_apart(readout: Readout, pcm: Floats, why: str) -> None:
    found = read(pcm, readout)
    assert {reading.verdict for reading in found.values()} == {Verdict.NOT_MEASURED}
    assert all(why in reading.how for reading in found.values())


def test_where_nothing_was_found_there_is_nothing_to_tell_apart(readout: Readout) -> None:
    assert read(mixed(plain(1), plain(2)), readout) == {}
