"""What each metric counts, and that labels stay few."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ai_detector.metrics import show_calibration
from services.ingest import metrics as ingest
from services.policy import metrics as policy
from shared import metrics
from shared.events import DecisionMade, Label, Outcome, Reason, Verdict
from shared.ids import deterministic_id
from shared.stream import observation
from shared.stream.outcome import Output
from shared.topics import FINDINGS, UPLOADS
from tests.support import policy as world
from tests.support.events import A_TIME, a_finding, an_upload
from tests.unit.metrics.counting import Growth, value


@given(st.lists(st.text(max_size=5)), st.integers(1, 5))
def test_a_bounded_label_has_at_most_its_limit_of_values_and_other(seen: list[str], limit: int):
    label = metrics.Bounded(limit)
    given_names = [label(name) for name in seen]
    assert len(set(given_names) - {metrics.OTHER}) <= limit
    assert all(label(name) == first for name, first in zip(seen, given_names, strict=True))


@pytest.mark.parametrize(
    ("reason", "code"),
    [
        ("undecodable: the file is cut", "undecodable"),
        ("not measured: too short", "not_measured"),
        ("Anna's song is too short", "other"),
        (None, "other"),
        ("x" * 60, "other"),
    ],
)
def test_only_the_code_of_a_reason_becomes_a_label(reason: str | None, code: str):
    assert metrics.code_of(reason) == code


def test_a_finding_is_counted_with_its_score_its_cost_and_how_long_the_track_waited():
    growth, upload = Growth(), an_upload()
    finding = a_finding(upload).model_copy(update={"score": 1.2, "probability": 0.7, "cpu_seconds": 0.05})
    observation.done(
        "ai_detector", UPLOADS, upload, (Output(FINDINGS, finding),), now=A_TIME + timedelta(seconds=7)
    )

    assert growth.of("trackgate_findings_total", detector="ai_detector", verdict="not_detected") == 1
    assert growth.of("trackgate_finding_score_bucket", detector="ai_detector", le="1.5") == 1
    assert growth.of("trackgate_finding_score_bucket", detector="ai_detector", le="1.0") == 0
    assert growth.of("trackgate_finding_probability_sum", detector="ai_detector") == pytest.approx(0.7)
    factor = 0.05 / upload.audio.seconds
    assert growth.of("trackgate_finding_real_time_factor_sum", detector="ai_detector") == pytest.approx(
        factor
    )
    waited = growth.of("trackgate_stage_seconds_sum", service="ai_detector", topic="tracks.uploaded")
    assert waited == pytest.approx(7)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"verdict": Verdict.ERROR, "reason": "crashed: the process died twice"}, "crashed"),
        ({"verdict": Verdict.NOT_MEASURED, "measurements": {"not_measured_because": "silent"}}, "silent"),
    ],
)
def test_a_finding_without_a_measurement_is_counted_by_its_code(changes: dict[str, object], why: str):
    growth = Growth()
    observation.found(a_finding(an_upload()).model_copy(update=changes), 10.0)
    assert growth.of("trackgate_findings_unmeasured_total", detector="ai_detector", why=why) == 1


def test_a_subscription_shows_its_series_before_anything_came():
    observation.announce("a_service", UPLOADS)
    for outcome in ("done", "retry", "dead_letter"):
        labels = {"service": "a_service", "topic": "tracks.uploaded", "outcome": outcome}
        assert value("trackgate_stream_messages_total", **labels) == 0


def test_an_accepted_upload_is_counted_by_distributor_and_declaration():
    growth, upload = Growth(), an_upload()
    ingest.accepted(upload)
    assert growth.of("trackgate_uploads_total", distributor="northwind") == 1
    assert growth.of("trackgate_uploads_declared_total", ai_use="undeclared") == 1
    assert growth.of("trackgate_uploaded_audio_seconds_total") == pytest.approx(10)


def test_the_calibration_set_is_shown_as_the_share_at_most_each_edge_of_the_live_histogram():
    show_calibration([-1.7, -0.2, 0.0, 3.0])
    shares = {
        edge: value(
            "trackgate_detector_calibration_share", detector="ai_detector", population="human", le=edge
        )
        for edge in ("-2.0", "-0.5", "0.0", "12.0")
    }
    assert shares == {"-2.0": 0.0, "-0.5": 0.25, "0.0": 0.75, "12.0": 1.0}


def a_decision(outcome: str, *, sequence: int = 1, automated: bool = True, **facts: object) -> DecisionMade:
    spec = {"ai": "likely_generated", "voice": "match", "matches": {"mara-lind": "match"}, **facts}
    upload = world.scenario_track(spec)[0]
    return DecisionMade(
        event_id=deterministic_id("decision", outcome, str(sequence)),
        occurred_at=A_TIME + timedelta(seconds=40 * sequence),
        track_id=upload.track_id,
        audio_sha256=upload.audio.sha256,
        sequence=sequence,
        outcome=Outcome(outcome),
        reasons=(Reason(code="voice_without_consent", text="…"), Reason(code="undeclared_ai", text="…")),
        labels=(Label(code="ai-detected", text="…", basis="detected"),),
        policy_version="test",
        policy_input=world.scenario_input(spec).model_dump(mode="json"),
        automated=automated,
        decided_by="policy" if automated else "rosa",
    )


def test_a_first_decision_counts_the_track_its_reasons_labels_latency_and_what_was_hidden():
    growth = Growth()
    policy.decided(a_decision("quarantine"), before=None, received_at=A_TIME)

    assert growth.of("trackgate_decisions_total", outcome="quarantine", by="policy") == 1
    assert growth.of("trackgate_tracks_decided_total", outcome="quarantine") == 1
    assert growth.of("trackgate_decision_reasons_total", code="voice_without_consent") == 1
    assert growth.of("trackgate_decision_labels_total", code="ai-detected", basis="detected") == 1
    assert growth.of("trackgate_upload_to_decision_seconds_bucket", le="45.0") == 1
    assert growth.of("trackgate_upload_to_decision_seconds_bucket", le="30.0") == 0
    declared = {"declared": "undeclared", "detected": "likely_generated"}
    assert growth.of("trackgate_declared_detected_total", **declared) == 1
    for kind in ("all", "generated", "clone", "undeclared"):
        assert growth.of("trackgate_distributor_tracks_total", distributor="northwind", kind=kind) == 1


@pytest.mark.parametrize(
    ("facts", "kinds"),
    [
        ({"ai": "not_detected", "voice": "no_match", "matches": {}}, {"all"}),
        ({"declared": {"ai_use": "all"}, "voice": "no_match", "matches": {}}, {"all", "generated"}),
        ({"ai": "not_detected"}, {"all", "clone"}),
        ({"ai": "not_detected", "distributor": "lindhaus"}, {"all"}),
    ],
)
def test_a_distributor_is_counted_for_what_its_track_was_and_for_nothing_else(
    facts: dict[str, object], kinds: set[str]
):
    growth = Growth()
    policy.decided(a_decision("publish", **facts), before=None, received_at=A_TIME)
    distributor = str(facts.get("distributor", "northwind"))
    counted = {
        kind
        for kind in policy.KINDS
        if growth.of("trackgate_distributor_tracks_total", distributor=distributor, kind=kind)
    }
    assert counted == kinds
    assert {kind for kind in policy.KINDS if growth.of("trackgate_screened_tracks_total", kind=kind)} == kinds


def test_a_persons_answer_counts_as_an_overturn_by_the_reasons_that_held_the_track_and_not_as_a_track():
    held = a_decision("quarantine")
    growth = Growth()
    policy.decided(a_decision("publish", sequence=2, automated=False), before=held, received_at=A_TIME)
    assert growth.of("trackgate_reviews_applied_total", before="quarantine", after="publish") == 1
    assert growth.of("trackgate_reviewed_reasons_total", code="voice_without_consent", after="publish") == 1
    assert growth.of("trackgate_review_seconds_sum") == pytest.approx(40)
    assert growth.of("trackgate_tracks_decided_total", outcome="publish") == 0
    assert growth.of("trackgate_upload_to_decision_seconds_count") == 0


def test_a_pattern_of_an_account_is_counted_when_a_decision_first_knows_of_it():
    growth = Growth()
    facts = {"ai": "not_detected", "voice": "possible", "matches": {"mara-lind": "possible"}}
    alone = a_decision("publish", **facts)
    known = a_decision("quarantine", sequence=2, account=[{"mara-lind": "possible"}], **facts)
    policy.decided(alone, before=None, received_at=A_TIME)
    assert growth.of("trackgate_account_resemblance_probability_count") == 0
    policy.decided(known, before=alone, received_at=A_TIME)
    policy.decided(known, before=known, received_at=A_TIME)
    assert growth.of("trackgate_account_resemblance_probability_count") == 1
