"""Contesting a decision, as a distributor does."""

from pathlib import Path

import pytest

from shared.events import AppealDecided, AppealFiled, AppealOutcome, DecisionMade, Outcome, Reason
from tests.unit.audio.sound import encoded, tone
from tests.unit.ingest.fakes import NOON, Ingest

FLAC = encoded(tone(1.0), "FLAC")
WHY = "The voice is our own singer's; the contract is attached to the release."


@pytest.fixture
def ingest(tmp_path: Path) -> Ingest:
    return Ingest(tmp_path / "objects")


async def decided(ingest: Ingest, outcome: Outcome | None) -> str:
    track_id = str((await ingest.deliver(FLAC)).json()["track_id"])
    if outcome is not None:
        await ingest.views.record(
            DecisionMade(
                event_id="d1",
                occurred_at=NOON,
                track_id=track_id,
                audio_sha256="a" * 64,
                sequence=1,
                outcome=outcome,
                reasons=(Reason(code="voice_without_consent", text="A protected voice."),),
                policy_version="7",
            )
        )
    return track_id


@pytest.mark.parametrize("outcome", [Outcome.REJECT, Outcome.LABEL])
async def test_a_restricting_decision_is_contested_once(ingest: Ingest, outcome: Outcome) -> None:
    track_id = await decided(ingest, outcome)
    first = await ingest.appeal(track_id, WHY)
    again = await ingest.appeal(track_id, "Another text, just as long as that one was.")
    assert (first.status_code, first.json()["state"]) == (202, "filed")
    assert (again.json(), again.headers["Idempotent-Replayed"]) == (first.json(), "true")
    (record,) = ingest.publisher.records
    filed = AppealFiled.from_bytes(record.value)
    assert (record.topic, filed.text, filed.decision_id, filed.distributor_id) == (
        "tracks.appeals",
        WHY,
        "d1",
        "acme",
    )


@pytest.mark.parametrize("outcome", [None, Outcome.PUBLISH, Outcome.QUARANTINE])
async def test_there_is_nothing_to_contest_without_a_restricting_decision(
    ingest: Ingest, outcome: Outcome | None
) -> None:
    track_id = await decided(ingest, outcome)
    assert (await ingest.appeal(track_id, WHY)).status_code == 409
    assert (await ingest.get(f"/v1/tracks/{track_id}/appeals")).json()["may_appeal"] is False
    assert ingest.publisher.records == []


async def test_only_the_one_who_delivered_contests_and_reads(ingest: Ingest) -> None:
    track_id = await decided(ingest, Outcome.REJECT)
    assert (await ingest.appeal(track_id, WHY, caller="other")).status_code == 404
    assert (await ingest.get(f"/v1/tracks/{track_id}/appeals", caller="other")).status_code == 404


async def test_an_appeal_says_why(ingest: Ingest) -> None:
    track_id = await decided(ingest, Outcome.REJECT)
    assert (await ingest.appeal(track_id, "   no   ")).status_code == 422


async def test_without_the_broker_nothing_is_promised(ingest: Ingest) -> None:
    track_id = await decided(ingest, Outcome.REJECT)
    ingest.publisher.broken = True
    assert (await ingest.appeal(track_id, WHY)).status_code == 503
    assert (await ingest.get(f"/v1/tracks/{track_id}/appeals")).json() == {"appeals": [], "may_appeal": True}


async def test_the_outcome_is_told(ingest: Ingest) -> None:
    track_id = await decided(ingest, Outcome.REJECT)
    appeal_id = (await ingest.appeal(track_id, WHY)).json()["appeal_id"]
    await ingest.views.record(
        AppealDecided(
            event_id="o1",
            occurred_at=NOON,
            appeal_id=appeal_id,
            track_id=track_id,
            decision_id="d1",
            outcome=AppealOutcome.UPHELD,
            note="The contract covers another recording.",
            decided_by="ben",
        )
    )
    (told,) = (await ingest.get(f"/v1/tracks/{track_id}/appeals")).json()["appeals"]
    assert (told["state"], told["note"]) == ("upheld", "The contract covers another recording.")
