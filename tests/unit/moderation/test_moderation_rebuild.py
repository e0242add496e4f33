"""What the topics say about the queue, in whatever order they are read."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.moderation.rebuild import Folded
from shared.events import Outcome, ReviewResolved
from tests.support.events import an_upload, track_id
from tests.unit.moderation.desk_fakes import NOW, a_decision

OUTCOMES = (Outcome.QUARANTINE, Outcome.QUARANTINE, Outcome.PUBLISH, Outcome.QUARANTINE)
DECISIONS = tuple(
    a_decision(number, outcome, sequence)
    for number in (1, 2)
    for sequence, outcome in enumerate(OUTCOMES[: 2 + number], 1)
)


def a_review(number: int, sequence: int, token: int = 5) -> ReviewResolved:
    return ReviewResolved(
        event_id=f"review-{number}-{sequence}",
        occurred_at=NOW + timedelta(hours=1),
        track_id=track_id(number),
        decision_id=f"decision-{number}-{sequence}",
        outcome=Outcome.REJECT,
        note="No.",
        reviewer_id="ada",
        claim_token=token,
    )


@given(st.permutations(DECISIONS + DECISIONS[:3]))
def test_the_highest_sequence_stands_whatever_comes_when(order: list[object]) -> None:
    folded = Folded()
    for decision in order:
        folded.decided(decision)  # type: ignore[arg-type]  # permutations lose the type
    standing = [summary.track_id for summary in folded.held.values() if folded.stands(summary)]
    assert standing == [track_id(2)]
    assert {track: summary.sequence for track, summary in folded.held.items()} == {
        track_id(1): 2,
        track_id(2): 4,
    }
    assert folded.settled == {track_id(1): (3, "decision-1-3"), track_id(2): (3, "decision-2-3")}


def test_a_review_of_the_standing_decision_waits_for_policy_and_an_older_one_does_not() -> None:
    folded = Folded()
    folded.decided(a_decision(1, sequence=2))
    folded.reviewed(a_review(1, 1, token=9))
    assert folded.review_of(folded.held[track_id(1)]) is None
    folded.reviewed(a_review(1, 2))
    waiting = folded.review_of(folded.held[track_id(1)])
    assert waiting is not None
    assert (waiting.outcome, waiting.note, waiting.claim_token) == (Outcome.REJECT, "No.", 5)
    assert folded.last_token == 9


def test_a_case_is_as_old_as_the_quarantine_that_opened_it() -> None:
    folded = Folded()
    for decision in (a_decision(1), a_decision(1, Outcome.PUBLISH, 2), a_decision(1, sequence=3)):
        folded.decided(decision)
    folded.decided(a_decision(1, sequence=4))
    assert folded.held[track_id(1)].opened_at == a_decision(1, sequence=3).occurred_at


def test_the_upload_says_what_the_case_is_about() -> None:
    folded = Folded()
    folded.decided(a_decision(1))
    folded.described(an_upload(1))
    folded.described(an_upload(2))
    assert [(summary.title, summary.described) for summary in folded.held.values()] == [("Song 1", True)]
