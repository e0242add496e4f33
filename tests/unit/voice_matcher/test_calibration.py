"""What a score means."""

from hypothesis import given
from hypothesis import strategies as st

from services.voice_matcher.domain import MatchVerdict
from tests.unit.voice_matcher.voices import CALIBRATION

SCORES = st.floats(-50, 50)


@given(SCORES, SCORES)
def test_a_higher_score_is_never_less_probable_nor_a_weaker_verdict(one: float, other: float) -> None:
    low, high = sorted((one, other))
    strength = [MatchVerdict.NO_MATCH, MatchVerdict.POSSIBLE, MatchVerdict.MATCH]
    assert CALIBRATION.probability(low) <= CALIBRATION.probability(high)
    assert strength.index(CALIBRATION.verdict(low)) <= strength.index(CALIBRATION.verdict(high))


def test_no_evidence_leaves_the_prior() -> None:
    neutral = -CALIBRATION.intercept / CALIBRATION.slope
    assert abs(CALIBRATION.probability(neutral) - CALIBRATION.prior) < 1e-12
