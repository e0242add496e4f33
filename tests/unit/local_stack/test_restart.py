"""A crash is routine until it repeats."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.local.restart import GiveUp, RestartAfter, RestartPolicy, decide_restart

POLICY = RestartPolicy(first_delay_s=0.5, factor=2.0, max_delay_s=3.0, max_restarts=4, window_s=60.0)


@pytest.mark.parametrize(("crashes", "delay"), [(1, 0.5), (2, 1.0), (3, 2.0), (4, 3.0)])
def test_the_delay_doubles_with_each_crash_up_to_its_cap(crashes: int, delay: float) -> None:
    assert decide_restart(POLICY, [float(moment) for moment in range(crashes)]) == RestartAfter(delay)


def test_one_crash_more_than_the_policy_allows_is_given_up() -> None:
    assert decide_restart(POLICY, [0.0, 1.0, 2.0, 3.0, 4.0]) == GiveUp(crashes=5, window_s=60.0)


def test_crashes_older_than_the_window_are_forgotten() -> None:
    assert decide_restart(POLICY, [0.0, 1.0, 2.0, 3.0, 100.0]) == RestartAfter(0.5)


@given(st.lists(st.floats(min_value=0, max_value=1e4), min_size=1, max_size=40).map(sorted))
def test_a_delay_is_never_above_the_cap_and_a_restart_never_above_the_allowance(crashes: list[float]) -> None:
    decision = decide_restart(POLICY, crashes)
    recent = sum(crashes[-1] - moment <= POLICY.window_s for moment in crashes)

    if recent > POLICY.max_restarts:
        assert decision == GiveUp(crashes=recent, window_s=POLICY.window_s)
    else:
        assert isinstance(decision, RestartAfter)
        assert POLICY.first_delay_s <= decision.seconds <= POLICY.max_delay_s
