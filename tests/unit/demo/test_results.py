"""What became of a sample, held against what must become of it."""

from datetime import UTC, datetime, timedelta

import pytest

from deploy.local.results import (
    REQUIRED_DETECTORS,
    Decided,
    Given,
    Refused,
    Screened,
    Undecided,
    agreed,
    is_settled,
    what_is_missing,
)
from deploy.samples.manifest import Expected, ExpectedOutcome, Sample, load_manifest
from services.cli.problems import Refusal
from services.cli.tracks import Decision, Finding, Note, Track
from shared.events import AiUse

ARRIVED = datetime(2026, 3, 1, 12, tzinfo=UTC)


def sample(outcome: str, reasons: tuple[str, ...] = (), labels: tuple[str, ...] = ()) -> Sample:
    expected = Expected(outcome=ExpectedOutcome(outcome), reasons=reasons, labels=labels, says=("so",))
    return Sample(
        file="tracks/song.flac",
        distributor="northwind",
        title="Song",
        display_artist="Ada",
        contributors=({"name": "Ada", "role": "MainArtist"},),
        ai_use=AiUse.NONE,
        release_in_days=3,
        territories=("Worldwide",),
        expected=expected,
        why="a test",
    )


def notes(*codes: str) -> tuple[Note, ...]:
    return tuple(Note(code=code, text=f"about {code}") for code in codes)


def track(
    outcome: str | None,
    *reasons: str,
    labels: tuple[str, ...] = (),
    automated: bool = True,
    detectors: tuple[str, ...] = REQUIRED_DETECTORS,
) -> Track:
    decision = outcome and Decision(
        outcome=outcome,
        reasons=notes(*reasons),
        labels=notes(*labels),
        decided_at=ARRIVED + timedelta(seconds=4),
        automated=automated,
    )
    return Track(
        track_id="0b2d2b9e-7c1e-5a3f-9d54-2f4c0d1a6e11",
        state=outcome or "received",
        final=False,
        received_at=ARRIVED,
        decision=decision or None,
        findings=tuple(Finding(detector=name, verdict="no_match", score=0.5) for name in detectors),
    )


def refused(kind: str) -> Refused:
    fault = ("audio", f"the file ends too early ({kind})")
    return Refused.by(Refusal(422, "The audio cannot be accepted", "", (fault,)), 0.3)


def test_the_expected_decision_has_no_fault_and_may_say_more_than_was_expected() -> None:
    wanted = sample("label", ("ai_declared",), ("contains-ai-all",))
    given = track("label", "ai_declared", "no_protected_voice", labels=("contains-ai-all", "licensed-voice"))

    assert Screened(wanted, Decided(given, 4.0)).faults == ()


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        (
            Decided(track("publish", "nothing_found"), 4.0),
            "expected label, got publish (nothing_found)",
        ),
        (Decided(track("label", labels=("ai-detected",)), 4.0), "the reason ai_undeclared is missing"),
        (Decided(track("label", "ai_undeclared"), 4.0), "the label ai-detected is missing"),
        (refused("truncated"), "expected label, got rejected_at_upload"),
        (Undecided(None, "ingest does not answer", 15.0), "no decision: ingest does not answer"),
    ],
)
def test_whatever_is_not_as_expected_is_told_in_a_sentence(given: Given, fault: str) -> None:
    faults = Screened(sample("label", ("ai_undeclared",), ("ai-detected",)), given).faults

    assert any(one.startswith(fault) for one in faults)


def test_a_moderators_decision_is_told_as_the_cause_of_a_difference() -> None:
    given = Decided(track("publish", "reviewed", automated=False), 4.0)

    (fault,) = Screened(sample("quarantine"), given).faults

    assert "a moderator decided it" in fault


def test_a_refusal_must_be_of_the_expected_kind() -> None:
    wanted = sample("rejected_at_upload", ("truncated",))

    assert Screened(wanted, refused("truncated")).faults == ()
    assert Screened(wanted, refused("not_audio")).faults == ("the reason truncated is missing",)


def test_an_accepted_track_that_should_have_been_refused_is_a_fault() -> None:
    wanted = sample("rejected_at_upload", ("truncated",))

    assert (
        Screened(wanted, Decided(track("publish"), 4.0)).faults[0].startswith("expected rejected_at_upload")
    )


def test_agreement_counts_those_without_a_fault() -> None:
    good = Screened(sample("publish"), Decided(track("publish"), 4.0))
    bad = Screened(sample("publish"), Decided(track("quarantine"), 4.0))

    assert agreed([good, bad, good]) == 2


def test_an_entry_of_the_results_file_has_these_fields() -> None:
    wanted = sample("label", ("ai_declared",))
    given = track(
        "label", "ai_declared", "ai_declared", labels=("contains-ai-all",), detectors=("ai_detector",)
    )

    assert Screened(wanted, Decided(given, 4.00049)).as_json() == {
        "track_id": "0b2d2b9e-7c1e-5a3f-9d54-2f4c0d1a6e11",
        "file": "tracks/song.flac",
        "expected": "label",
        "decision": "label",
        "labels": ["contains-ai-all"],
        "reasons": ["ai_declared"],
        "findings": [
            {
                "detector": "ai_detector",
                "verdict": "no_match",
                "score": 0.5,
                "probability": None,
                "reason": None,
            }
        ],
        "seconds": 4.0,
    }


def test_a_refused_sample_has_no_track_in_the_results_file_and_an_undecided_one_no_decision() -> None:
    entry = Screened(sample("rejected_at_upload", ("truncated",)), refused("truncated")).as_json()
    waiting = Screened(sample("publish"), Undecided("a-track", "policy is silent", 180.0)).as_json()

    assert (entry["track_id"], entry["decision"], entry["reasons"]) == (
        None,
        "rejected_at_upload",
        ["truncated"],
    )
    assert (waiting["track_id"], waiting["decision"], waiting["findings"]) == ("a-track", None, [])


def test_a_decision_for_want_of_a_finding_is_not_settled() -> None:
    assert is_settled(track("publish", "nothing_found"))
    assert not is_settled(track("quarantine", "voice_without_consent", "finding_missing"))
    assert not is_settled(track(None))


@pytest.mark.parametrize(
    ("heard", "told"),
    [
        (("ai_detector", "fingerprint"), "the finding of voice_matcher is missing"),
        ((), "the finding of ai_detector and of voice_matcher and of fingerprint is missing"),
        (REQUIRED_DETECTORS, "policy has not decided"),
    ],
)
def test_what_an_undecided_track_waits_for_is_named(heard: tuple[str, ...], told: str) -> None:
    assert told in what_is_missing(track(None, detectors=heard))


def test_every_sample_that_ships_says_what_is_expected_of_it_in_codes() -> None:
    for one in load_manifest().samples:
        if one.expected.outcome is not ExpectedOutcome.PUBLISH:
            assert one.expected.reasons, one.file
