"""Remembering which offsets were replayed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.cli.replay_position import LONGEST_TEXT, Position, TooScattered

offsets = st.lists(st.integers(0, 300))


def after(replayed: list[int], start: int = 0) -> Position:
    position = Position(start)
    for offset in replayed:
        position = position.with_replayed(offset)
    return position


@given(offsets)
def test_exactly_what_was_replayed_is_remembered_in_whatever_order(replayed: list[int]) -> None:
    position = after(replayed)
    assert {offset for offset in range(301) if position.has(offset)} == set(replayed)


@given(offsets)
def test_nothing_is_forgotten_on_the_way_through_the_broker(replayed: list[int]) -> None:
    position = after(replayed)
    assert Position.parse(position.low, position.ranges()) == position


@given(offsets)
def test_the_order_of_replays_makes_no_difference(replayed: list[int]) -> None:
    assert after(replayed) == after(sorted(replayed, reverse=True))


@given(offsets, st.integers(0, 300))
def test_what_the_log_no_longer_holds_counts_as_done(replayed: list[int], start: int) -> None:
    position = after(replayed).from_start(start)
    assert all(position.has(offset) for offset in {*range(start), *replayed})
    assert not any(position.has(offset) for offset in range(start, 301) if offset not in replayed)


def test_neighbours_are_kept_as_ranges() -> None:
    position = after([7, 8, 9, 12, 2])
    assert (position.low, position.ranges()) == (0, "2,7-9,12")
    assert after([0, 1, 2, 4]).low == 3


def test_no_gap_needs_no_text() -> None:
    assert after(list(range(100))) == Position(100)
    assert after(list(range(100))).ranges() == ""


@pytest.mark.parametrize("text", ["x", "3-", "3-x", "-3", "3;4", "somebody else's metadata"])
def test_a_text_of_somebody_else_counts_as_nothing(text: str) -> None:
    assert Position.parse(5, text) == Position(5)


def test_too_many_pieces_are_refused_rather_than_forgotten() -> None:
    with pytest.raises(TooScattered):
        after(list(range(1, 2 * LONGEST_TEXT, 2))).ranges()
