"""A track's view is the same whatever order its events arrive in."""

from hypothesis import given
from hypothesis import strategies as st

from shared.events import DecisionMade, Outcome, Reason, ReviewResolved
from shared.ids import deterministic_id
from shared.views.tracks import field_of, fold
from tests.support.events import A_TIME, a_finding, an_upload

UPLOAD = an_upload(7)


def a_decision(sequence: int, outcome: Outcome) -> DecisionMade:
    return DecisionMade(
        event_id=deterministic_id("decision", str(sequence)),
        occurred_at=A_TIME,
        track_id=UPLOAD.track_id,
        audio_sha256=UPLOAD.audio.sha256,
        sequence=sequence,
        outcome=outcome,
        reasons=(Reason(code="because", text="Because."),),
        policy_version="v",
    )


REVIEW = ReviewResolved(
    event_id=deterministic_id("review"),
    occurred_at=A_TIME,
    track_id=UPLOAD.track_id,
    decision_id=a_decision(1, Outcome.QUARANTINE).event_id,
    outcome=Outcome.PUBLISH,
    reviewer_id="mo",
)
EVENTS = [
    UPLOAD,
    a_finding(UPLOAD),
    a_finding(UPLOAD, detector="voice_matcher"),
    a_decision(1, Outcome.QUARANTINE),
    a_decision(2, Outcome.PUBLISH),
    REVIEW,
]


def view_of(events):
    return fold({field_of(event): event.to_bytes() for event in events})


@given(st.permutations(EVENTS), st.lists(st.sampled_from(EVENTS)))
def test_order_and_repetition_change_nothing(shuffled, repeated):
    assert view_of([*shuffled, *repeated]) == view_of(EVENTS)


def test_the_highest_sequence_stands_and_names_the_state():
    view = view_of(reversed(EVENTS))
    assert view.decision == a_decision(2, Outcome.PUBLISH)
    assert view.state == "publish"


def test_before_the_first_decision_a_track_is_received():
    assert view_of([UPLOAD]).state == "received"


def test_findings_are_kept_by_detector():
    view = view_of(EVENTS)
    assert view.finding("voice_matcher") == a_finding(UPLOAD, detector="voice_matcher")
    assert view.finding("nobody") is None
