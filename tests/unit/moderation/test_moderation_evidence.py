"""What a case page says about a track, from its view."""

from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from services.moderation import declared as declaring
from services.moderation import evidence
from services.moderation.domain.cases import case_id_of
from services.moderation.history import history
from services.moderation.waveform import outline
from services.moderation.web.rendering import duration, length, number, words
from shared.events import (
    AiUse,
    ArtistMatch,
    FindingRecorded,
    Outcome,
    Passage,
    Provenance,
    ProvenanceState,
    RecordingCopy,
    Sameness,
    TimeRange,
    TrackUploaded,
    Verdict,
)
from shared.views.tracks import TrackView
from tests.support.events import A_TIME, a_finding, an_upload, track_id
from tests.unit.moderation.desk_fakes import a_decision

PASSAGES = (
    Passage(range=TimeRange(start=4, end=6), score=0.3),
    Passage(range=TimeRange(start=1, end=2), score=0.6, note="chorus"),
)
NAMES = {"matches": [{"artist_id": "liva", "name": "Liva Norrfjell", "grants": []}]}


def declared(use: AiUse, artist: str = "Somebody") -> TrackUploaded:
    upload = an_upload()
    declaration = upload.declaration.model_copy(update={"ai_use": use, "display_artist": artist})
    return upload.model_copy(update={"declaration": declaration})


def found(detector: str, verdict: Verdict, **measured: object) -> FindingRecorded:
    return a_finding(an_upload(), detector=detector).model_copy(update={"verdict": verdict, **measured})


def matched(verdict: Verdict = Verdict.MATCH) -> FindingRecorded:
    match = ArtistMatch(
        artist_id="liva", verdict=verdict, score=0.7, probability=0.9, threshold=0.5, passages=PASSAGES
    )
    return found("voice_matcher", verdict, matches=(match,))


def view(*findings: FindingRecorded, upload: TrackUploaded | None = None, **changes: Any) -> TrackView:
    return TrackView(upload or an_upload(), findings, (a_decision(**changes),), ())


@pytest.mark.parametrize(
    ("use", "verdict", "conflict"),
    [
        (AiUse.NONE, Verdict.LIKELY_GENERATED, True),
        (AiUse.UNDECLARED, Verdict.LIKELY_GENERATED, True),
        (AiUse.ALL, Verdict.LIKELY_GENERATED, False),
        (AiUse.NONE, Verdict.NOT_DETECTED, False),
        (AiUse.NONE, Verdict.NOT_MEASURED, False),
    ],
)
def test_declared_and_detected_conflict_only_where_they_cannot_both_be_so(
    use: AiUse,
    verdict: Verdict,
    conflict: bool,  # noqa: FBT001 - a table
) -> None:
    upload = declared(use)
    row = declaring.comparisons(upload, view(found("ai_detector", verdict), upload=upload))[0]
    assert row.conflict is conflict


def test_a_matched_voice_is_named_and_fits_where_it_is_credited() -> None:
    stranger = declared(AiUse.NONE)
    row = declaring.comparisons(stranger, view(matched(), policy_input=NAMES))[1]
    assert (row.declared, row.detected, row.conflict) == ("Somebody", "Liva Norrfjell", True)
    credited = declared(AiUse.NONE, "Liva Norrfjell")
    assert declaring.comparisons(credited, view(matched(), policy_input=NAMES))[1].conflict is False


def test_nothing_is_said_where_no_detector_has_answered() -> None:
    rows = declaring.comparisons(an_upload(), view())
    assert [(row.detected, row.conflict) for row in rows] == [("No finding", False)] * 2
    assert evidence.measured(view()) == ()
    assert evidence.lanes(view()) == ()


def test_passages_become_lanes_in_order_of_time() -> None:
    lanes = evidence.lanes(view(matched(), policy_input=NAMES))
    assert [lane.name for lane in lanes] == ["voice_matcher: Liva Norrfjell"]
    assert [(mark.start, mark.weight) for mark in lanes[0].marks] == [(1, 1.0), (4, 0.5)]
    assert lanes[0].tone == "alarm"


def test_alarming_findings_come_first() -> None:
    shown = evidence.measured(view(found("ai_detector", Verdict.NOT_DETECTED), matched()))
    assert [(entry.detector, entry.subject, entry.tone) for entry in shown] == [
        ("voice_matcher", "liva", "alarm"),
        ("ai_detector", "", "calm"),
    ]


@pytest.mark.parametrize(
    ("score", "threshold", "scale"), [(0.8, 0.5, (0, 1)), (14.0, 9.0, (0, 16.1)), (-0.5, 0.25, (-0.5, 1))]
)
def test_score_and_threshold_share_a_scale(
    score: float, threshold: float, scale: tuple[float, float]
) -> None:
    finding = found("ai_detector", Verdict.LIKELY_GENERATED, score=score, threshold=threshold)
    bar = evidence.measured(view(finding))[0].bar
    assert bar is not None
    assert (bar.from_value, bar.to_value) == scale
    assert 0 <= min(bar.score, bar.threshold) <= max(bar.score, bar.threshold) <= 100
    assert (bar.score > bar.threshold) == (score > threshold)


def test_grants_that_policy_considered_are_named_once() -> None:
    grant = {"grant_id": "g1", "state": "revoked"}
    facts = {"artist_id": "liva", "name": "Liva", "grants": [grant]}
    decision = a_decision(policy_input={"matches": [facts], "claims": [facts]})
    assert declaring.considered_grants(decision) == (declaring.ConsideredGrant("Liva", "g1", "revoked"),)


def test_history_is_newest_first() -> None:
    later = a_decision(sequence=2, outcome=Outcome.PUBLISH, occurred_at=A_TIME + timedelta(hours=1))
    seen = TrackView(an_upload(), (found("ai_detector", Verdict.ERROR),), (a_decision(), later), ())
    what = [entry.what for entry in history(seen)]
    assert what[0] == "Decision 2: publish"
    assert set(what[2:]) == {"Delivered", "Failed"}


def test_a_waveform_keeps_peaks_and_loudness() -> None:
    samples = np.array([0.0, 0.5, -1.0, 0.0, 0.1, 0.1, 0.1, 0.1], dtype=np.float32)
    drawn = outline(samples, 2)
    assert drawn.peaks == (100, 10)
    assert drawn.rms == (56, 10)
    assert outline(samples[:3], 10).peaks == (0, 50, 100)
    assert outline(samples[:0], 10).peaks == ()
    assert outline(samples * 3, 1).peaks == (100,)


def test_words_and_numbers_are_for_people() -> None:
    assert words("voice_without_consent") == "Voice without consent"
    assert words("ai_contradicts_declaration") == "AI contradicts declaration"
    assert [duration(5), duration(59.7), duration(185), duration(None)] == [
        "0:05",
        "1:00",
        "3:05",
        "\N{EN DASH}",
    ]
    assert [length(30), length(300), length(7200), length(300_000)] == ["now", "5 min", "2 h", "3 d"]
    assert [number(0.83333), number(1.0), number(344.53), number(None)] == [
        "0.833",
        "1",
        "345",
        "\N{EN DASH}",
    ]


def test_passages_come_with_their_own_probability_and_positive_stretches_on_a_lane_of_their_own() -> None:
    passages = (
        Passage(range=TimeRange(start=10, end=20), score=0.9, probability=0.97),
        Passage(range=TimeRange(start=0, end=10), score=0.1),
    )
    finding = found("ai_detector", Verdict.NOT_DETECTED, passages=passages, ranges=passages[:1])
    (entry,) = evidence.measured(view(finding))
    assert [(one.start, one.percent) for one in entry.particulars.passages] == [(0, None), (10, 97)]
    assert [(one.start, one.end) for one in entry.particulars.positive] == [(10, 20)]
    lanes = {lane.name: lane for lane in evidence.lanes(view(finding))}
    assert lanes["ai_detector: positive by themselves"].tone == "alarm"


def test_other_tracks_with_the_recording_are_named_with_what_is_known_of_them() -> None:
    copy = RecordingCopy(
        track_id=track_id(2),
        distributor_id="southgate",
        delivered_at=A_TIME,
        sameness=Sameness.SOUND,
        removed=True,
        earlier=True,
        same_distributor=False,
        same_claim=False,
        here=TimeRange(start=0, end=30),
        there=TimeRange(start=5, end=35),
        seconds=30,
        bit_error_rate=0.04,
    )
    (entry,) = evidence.measured(view(found("fingerprints", Verdict.MATCH_REMOVED, copies=(copy,))))
    (shown,) = entry.particulars.copies
    assert (shown.how, shown.removed, shown.case_id) == ("the same to the ear", True, case_id_of(track_id(2)))


@pytest.mark.parametrize(
    ("state", "generated", "use", "conflict"),
    [
        (ProvenanceState.TRUSTED, True, AiUse.NONE, True),
        (ProvenanceState.UNTRUSTED, True, AiUse.UNDECLARED, True),
        (ProvenanceState.TRUSTED, True, AiUse.ALL, False),
        (ProvenanceState.TRUSTED, False, AiUse.NONE, False),
        (ProvenanceState.UNREADABLE, True, AiUse.NONE, False),
    ],
)
def test_what_a_manifest_in_the_file_declares_stands_beside_what_the_distributor_does(
    state: ProvenanceState,
    generated: bool,  # noqa: FBT001 - a table
    use: AiUse,
    conflict: bool,  # noqa: FBT001 - a table
) -> None:
    provenance = Provenance(state=state, declares_generated=generated, signed_by="Some Studio")
    upload = declared(use)
    finding = found("ai_detector", Verdict.NOT_DETECTED, provenance=provenance)
    rows = {row.about: row for row in declaring.comparisons(upload, view(finding, upload=upload))}
    assert rows["Provenance in the file"].conflict is conflict
    assert rows["AI use"].conflict is False
