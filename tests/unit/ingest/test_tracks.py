"""Reading what became of a track."""

import json
from pathlib import Path

import pytest

from services.ingest.rebuild import Rebuilt, rebuild
from shared.events import AiUse, DecisionMade, FindingRecorded, Label, Outcome, Reason, Verdict
from tests.unit.audio.sound import encoded, tone
from tests.unit.ingest.fakes import NOON, Ingest, MemoryLedger, MemoryViews

FLAC = encoded(tone(1.0), "FLAC")


@pytest.fixture
def ingest(tmp_path: Path) -> Ingest:
    return Ingest(tmp_path / "objects")


async def delivered(ingest: Ingest) -> str:
    answer = await ingest.deliver(FLAC)
    return str(answer.json()["track_id"])


def finding(track_id: str) -> FindingRecorded:
    return FindingRecorded(
        event_id="f",
        occurred_at=NOON,
        track_id=track_id,
        audio_sha256="a" * 64,
        detector="ai_detector",
        model_version="1",
        verdict=Verdict.LIKELY_GENERATED,
        score=0.9,
        threshold=0.5,
    )


def decision(track_id: str, outcome: Outcome, sequence: int = 1) -> DecisionMade:
    return DecisionMade(
        event_id=f"d{sequence}",
        occurred_at=NOON,
        track_id=track_id,
        audio_sha256="a" * 64,
        sequence=sequence,
        outcome=outcome,
        reasons=(Reason(code="undeclared-ai", text="Generated, and not declared."),),
        labels=(Label(code="ai-generated", text="AI-generated", basis="detected"),),
        policy_version="7",
    )


async def test_a_fresh_track_is_received(ingest: Ingest) -> None:
    track = (await ingest.get(f"/v1/tracks/{await delivered(ingest)}")).json()
    assert (track["state"], track["final"], track["decision"]) == ("received", False, None)
    assert track["declared"]["ai_use"] == AiUse.UNDECLARED.value
    assert track["seconds"] == 1.0
    assert [entry["what"] for entry in track["history"]] == ["received"]


async def test_a_decided_track_says_why_and_on_what(ingest: Ingest) -> None:
    track_id = await delivered(ingest)
    for event in (
        finding(track_id),
        decision(track_id, Outcome.QUARANTINE),
        decision(track_id, Outcome.LABEL, 2),
    ):
        await ingest.views.record(event)
    track = (await ingest.get(f"/v1/tracks/{track_id}")).json()
    assert (track["state"], track["final"]) == ("label", True)
    assert track["decision"]["reasons"][0]["code"] == "undeclared-ai"
    assert track["decision"]["labels"][0]["basis"] == "detected"
    assert track["findings"][0] | {"verdict": "likely_generated", "score": 0.9} == track["findings"][0]
    assert [entry["what"] for entry in track["history"]] == ["received", "finding", "decision", "decision"]


@pytest.mark.parametrize("path", ["", "/events"])
async def test_others_tracks_look_like_no_tracks(ingest: Ingest, path: str) -> None:
    track_id = await delivered(ingest)
    foreign = await ingest.get(f"/v1/tracks/{track_id}{path}", caller="other")
    unknown = await ingest.get(f"/v1/tracks/00000000-0000-0000-0000-000000000000{path}")
    assert foreign.status_code == unknown.status_code == 404
    assert foreign.json() | {"instance": ""} == unknown.json() | {"instance": ""}


async def test_a_list_holds_own_tracks_newest_first_page_by_page(ingest: Ingest) -> None:
    ids = []
    for title in ("one", "two", "three"):
        answer = await ingest.deliver(FLAC, json.dumps({"title": title, "display_artist": "Ada"}))
        ids.append(answer.json()["track_id"])
    await ingest.deliver(FLAC, caller="other")
    first = (await ingest.get("/v1/tracks?limit=2")).json()
    second = (await ingest.get(f"/v1/tracks?limit=2&offset={first['next_offset']}")).json()
    assert [t["track_id"] for t in first["tracks"] + second["tracks"]] == ids[::-1]
    assert second["next_offset"] is None


async def test_watching_gives_the_state_at_once_each_change_once_and_ends_when_final(ingest: Ingest) -> None:
    track_id = await delivered(ingest)
    ingest.views.coming = [
        finding(track_id),
        finding(track_id),
        decision(track_id, Outcome.QUARANTINE),
        decision(track_id, Outcome.PUBLISH, 2),
        decision(track_id, Outcome.LABEL, 3),
    ]
    answer = await ingest.get(f"/v1/tracks/{track_id}/events")
    assert answer.headers["content-type"].startswith("text/event-stream")
    states = [
        json.loads(line.removeprefix("data: "))["state"]
        for line in answer.text.splitlines()
        if line.startswith("data: ")
    ]
    assert states == ["received", "received", "quarantine", "publish"]


async def test_the_views_are_made_again_from_the_record(ingest: Ingest) -> None:
    await ingest.deliver(FLAC, key="k")
    await ingest.deliver(FLAC, caller="other")
    record: list[bytes | None] = [upload.to_bytes() for upload in ingest.announcer.announced]
    ledger, views = MemoryLedger(), MemoryViews()
    for _ in range(2):
        assert await rebuild([*record, b"poison", None], ledger, views) == Rebuilt(deliveries=2, skipped=2)
    assert (ledger.keys, ledger.days, ledger.tracks) == (
        ingest.ledger.keys,
        ingest.ledger.days,
        ingest.ledger.tracks,
    )
    assert views.fields == {k: v for k, v in ingest.views.fields.items() if v}
