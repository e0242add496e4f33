"""Windows of a classifier put together: the mean speaks for the whole, clear stretches are named."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ai_detector.evidence import explanation, measurements, reason
from services.ai_detector.readout import Readout
from services.ai_detector.windowed import MOST_WINDOWS, Limits, concluded, windows
from shared.events.finding import Verdict

LIMITS = Limits(likely=0.9, inconclusive=0.5)


@given(st.integers(1, 50_000_000), st.sampled_from([16_000, 48_000]))
def test_windows_are_equal_within_the_recording_and_bounded_in_number(samples: int, rate: int) -> None:
    found = windows(samples, rate)
    assert 1 <= len(found) <= MOST_WINDOWS
    assert len({stop - start for start, stop in found}) == 1
    assert all(0 <= start < stop <= samples for start, stop in found)
    assert all(a[1] <= b[0] for a, b in pairwise(found))


def measured(*probabilities: float) -> tuple[Verdict, list[tuple[float, float]]]:
    spans = [(10.0 * i, 10.0 * (i + 1)) for i in range(len(probabilities))]
    found = concluded(np.array(probabilities), spans, LIMITS, "v")
    return found.verdict, [(r.start, r.end) for r in found.ranges]


@pytest.mark.parametrize(
    ("probabilities", "verdict", "ranges"),
    [
        ((0.1, 0.2), Verdict.NOT_DETECTED, []),
        ((0.6, 0.6), Verdict.INCONCLUSIVE, []),
        ((0.95, 0.99), Verdict.LIKELY_GENERATED, [(0, 20)]),
        ((0.1, 0.1, 0.95, 0.99, 0.1, 0.1), Verdict.INCONCLUSIVE, [(20, 40)]),
        ((0.95, 0.1, 0.1, 0.95), Verdict.INCONCLUSIVE, [(0, 10), (30, 40)]),
        ((0.95,), Verdict.LIKELY_GENERATED, []),
    ],
)
def test_the_mean_decides_and_likely_stretches_are_named(
    probabilities: tuple[float, ...], verdict: Verdict, ranges: list[tuple[float, float]]
) -> None:
    assert measured(*probabilities) == (verdict, ranges)


def test_evidence_says_that_nobody_measured_human_music_for_it() -> None:
    found = concluded(np.array([0.1, 0.97]), [(0.0, 10.0), (10.0, 20.0)], LIMITS, "v")
    assert "at 0:10-0:20" in reason(found)
    assert "not calibrated" in reason(found)
    assert measurements(found) == {}
    assert explanation(found, Readout.load())["comb"] is None
