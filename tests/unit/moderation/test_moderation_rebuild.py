"""What the topics say about the queue, in whatever order they are read."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.moderation.domain.appeals import Clocks
from services.moderation.rebuild import Folded
from services.moderation.rebuilt_appeals import FoldedAppeals
from shared.events import AppealDecided, AppealFiled, AppealOutcome, DecisionMade, Outcome, ReviewResolved
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


CLOCKS = Clocks(timedelta(hours=24), timedelta(days=7))


def an_appeal(number: int, decision: DecisionMade, hours: int = 1) -> AppealFiled:
    return AppealFiled(
        event_id=f"appeal-{number}-{decision.sequence}",
        occurred_at=NOW + timedelta(hours=hours),
        track_id=decision.track_id,
        decision_id=decision.event_id,
        distributor_id="northwind",
        text="The singer is ours.",
    )


def folded(filed: list[AppealFiled], *events: DecisionMade | ReviewResolved) -> FoldedAppeals:
    found = FoldedAppeals()
    for one in filed:
        found.contested(one)
    tracks = frozenset(found.waiting)
    for event in events:
        found.about(event, tracks)
    return found


def test_an_open_appeal_waits_again_with_its_clocks_and_for_nobody_who_decided() -> None:
    rejected = a_decision(1, Outcome.REJECT, 2, automated=False, decided_by="ben")
    filed = an_appeal(1, rejected)
    found = folded([filed], a_decision(1), rejected, a_review(1, 1))
    found.about(an_upload(1), frozenset({track_id(1)}))
    (case,) = found.cases(CLOCKS)
    assert case.appeal is not None
    assert (case.appeal.text, case.appeal.decide_by) == (filed.text, filed.occurred_at + CLOCKS.decide)
    assert (case.barred, case.title) == (("ada", "ben"), "Song 1")


def test_an_answered_appeal_and_one_against_nothing_any_more_do_not_wait() -> None:
    rejected = [a_decision(number, Outcome.REJECT, 1) for number in (1, 2, 3)]
    found = folded(
        [an_appeal(number, decision) for number, decision in enumerate(rejected, 1)],
        *rejected,
        a_decision(2, Outcome.PUBLISH, 2),
    )
    found.answered(
        AppealDecided(
            event_id="outcome",
            occurred_at=NOW,
            appeal_id="appeal-1-1",
            track_id=track_id(1),
            decision_id="decision-1-1",
            outcome=AppealOutcome.UPHELD,
            decided_by="sam",
        )
    )
    assert [case.track_id for case in found.cases(CLOCKS)] == [track_id(3)]


def test_of_two_appeals_about_a_track_the_newer_one_waits() -> None:
    first, second = a_decision(1, Outcome.REJECT, 1), a_decision(1, Outcome.LABEL, 2)
    found = folded([an_appeal(1, second, hours=2), an_appeal(1, first)], second, first)
    (case,) = found.cases(CLOCKS)
    assert case.appeal is not None
    assert (case.appeal.appeal_id, case.appeal.contested) == ("appeal-1-2", Outcome.LABEL)


def test_what_is_known_of_tracks_without_an_open_appeal_is_not_kept() -> None:
    found = folded([an_appeal(1, a_decision(1))], a_decision(1), a_decision(2), a_review(2, 1))
    assert set(found.decisions) == {track_id(1)}
    assert set(found.reviews) == set()
