"""What somebody who works on a part of the queue is shown of the rest: nothing, not even a number."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from services.moderation.adapters.reviewers import Reviewers
from services.moderation.domain.access import Queues, Reviewer, Role
from services.moderation.domain.changes import READY, Change
from services.moderation.sign_in_settings import QUEUES
from services.moderation.web import app as the_app
from services.moderation.web.app import Parts
from shared.events import Reason
from tests.unit.moderation.desk_fakes import DeskWorld

A_MATCH = {"matches": [{"artist_id": "liva", "verdict": "match", "standing": "unauthorised"}]}
AI, VOICE = "ai_contradicts_declaration", "voice_without_consent"


@dataclass
class SomeChanges:
    changes: list[Change] = field(default_factory=list)

    async def watch(self, *, seconds: float) -> AsyncIterator[Change]:  # noqa: ARG002 - the port's
        yield READY
        for change in self.changes:
            yield change


@dataclass
class Desk:
    world: DeskWorld
    changes: SomeChanges
    app: FastAPI

    def client(self, reviewer: str) -> httpx.AsyncClient:
        return httpx.AsyncClient(
            transport=httpx.ASGITransport(self.app),
            base_url="http://127.0.0.1",
            headers={"Authorization": f"Bearer token-{reviewer}"},
        )

    async def get(self, reviewer: str, path: str) -> httpx.Response:
        async with self.client(reviewer) as client:
            return await client.get(path)

    async def hold(self, number: int, code: str, **changes: Any) -> str:
        return await self.world.hold(number, reasons=(Reason(code=code, text="x", rule="r"),), **changes)


def somebody(name: str, role: Role = Role.SENIOR, **narrowed: Any) -> Reviewer:
    from hashlib import sha256  # noqa: PLC0415 - for the token only

    digest = sha256(f"token-{name}".encode()).hexdigest()
    return Reviewer(reviewer_id=name, name=name, role=role, token_sha256=digest, **narrowed)


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    world, changes = DeskWorld(tmp_path / "none"), SomeChanges()
    world.reviewers = Reviewers(
        (
            somebody("all"),
            somebody("ai", queues=frozenset({"ai"})),
            somebody("voice", queues=frozenset({"voice"})),
            somebody("few-labels", labels=frozenset({"licensed-voice"})),
        )
    )
    made = the_app.create_app

    def with_queues(parts: Parts) -> FastAPI:
        return made(replace(parts, queues=Queues(QUEUES), changes=changes))

    monkeypatch.setattr("tests.unit.moderation.desk_fakes.create_app", with_queues)
    return Desk(world, changes, world.app())


async def test_the_counts_are_of_ones_own_queues(desk: Desk) -> None:
    for number in (1, 2, 3):
        await desk.hold(number, AI)
    await desk.hold(4, VOICE)
    seen = {name: (await desk.get(name, "/v1/cases")).json()["counts"] for name in ("all", "ai", "voice")}
    assert {name: (count["open"], count["free"]) for name, count in seen.items()} == {
        "all": (4, 4),
        "ai": (3, 3),
        "voice": (1, 1),
    }
    assert seen["voice"]["reasons"] == {VOICE: 1}
    assert AI not in (await desk.get("voice", "/queue")).text


async def test_changes_of_other_queues_cases_are_not_told(desk: Desk) -> None:
    desk.changes.changes = [
        Change("claimed", "case-ai", (f"reason:{AI}", "distributor:northwind")),
        Change("claimed", "case-voice", (f"reason:{VOICE}",)),
        Change("claimed", "case-both", (f"reason:{AI}", f"reason:{VOICE}")),
        Change("claimed", "case-none"),
    ]

    async def told(reviewer: str) -> list[str]:
        lines = (await desk.get(reviewer, "/events")).text.splitlines()
        return [json.loads(line[6:])["case_id"] for line in lines if line.startswith("data: ")]

    assert await told("all") == ["", "case-ai", "case-voice", "case-both", "case-none"]
    assert await told("ai") == ["", "case-ai"]
    assert await told("voice") == ["", "case-voice"]


async def test_the_second_person_confirms_no_label_that_they_may_not_put(desk: Desk) -> None:
    case_id = await desk.hold(1, VOICE, policy_input=A_MATCH)
    label = {"decision_id": "decision-1-1", "outcome": "label", "label_codes": ["ai-detected"], "note": "n"}
    async with desk.client("all") as first, desk.client("few-labels") as second:
        token = (await first.post(f"/v1/cases/{case_id}/claim")).json()["token"]
        proposed = await first.post(f"/v1/cases/{case_id}/resolve", json=label | {"token": token})
        proposal = proposed.json()["proposal"]["proposal_id"]
        token = (await second.post(f"/v1/cases/{case_id}/claim")).json()["token"]
        refused = await second.post(
            f"/v1/cases/{case_id}/confirm", json={"token": token, "proposal_id": proposal}
        )
    assert (refused.status_code, refused.json()["type"].rpartition(":")[2]) == (403, "labels-not-yours")
    assert desk.world.audit.entries[-1]["why"] == "labels-not-yours"
    case = await desk.world.queue.case(case_id)
    assert case is not None
    assert case.proposal is not None
    assert desk.world.publisher.records == []
