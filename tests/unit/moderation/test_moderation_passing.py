"""Second person, undo and escalation as the API and the pages offer them, and to whom."""

from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from services.moderation.domain.cases import CaseState
from tests.unit.moderation.desk_fakes import TOKENS, DeskWorld

Client = Callable[[str], httpx.AsyncClient]
A_MATCH = {"matches": [{"artist_id": "liva", "verdict": "match", "standing": "unauthorised"}]}
PUBLISH = {"decision_id": "decision-1-1", "outcome": "publish", "note": "A cover, by herself."}


@pytest.fixture
def world(tmp_path: Path) -> DeskWorld:
    world = DeskWorld(tmp_path / "none")
    world.queue.undo_for = timedelta(seconds=10)
    return world


@pytest.fixture
async def client(world: DeskWorld) -> AsyncIterator[Client]:
    opened: list[httpx.AsyncClient] = []
    transport = httpx.ASGITransport(world.app())

    def make(reviewer: str) -> httpx.AsyncClient:
        headers = {"Authorization": f"Bearer {TOKENS[reviewer]}"}
        opened.append(httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1", headers=headers))
        return opened[-1]

    yield make
    for one in opened:
        await one.aclose()


async def claimed(client: httpx.AsyncClient, case_id: str) -> int:
    answer = await client.post(f"/v1/cases/{case_id}/claim")
    assert answer.status_code == 200, answer.text
    return int(answer.json()["token"])


async def proposed(world: DeskWorld, client: Client) -> tuple[str, dict[str, Any]]:
    case_id = await world.hold(policy_input=A_MATCH)
    token = await claimed(client("ada"), case_id)
    answer = await client("ada").post(f"/v1/cases/{case_id}/resolve", json=PUBLISH | {"token": token})
    assert answer.status_code == 202
    return case_id, answer.json()["proposal"]


async def test_nothing_is_sent_before_the_window_has_ended(world: DeskWorld, client: Client) -> None:
    case_id = await world.hold()
    token = await claimed(client("ada"), case_id)
    done = await client("ada").post(f"/v1/cases/{case_id}/resolve", json=PUBLISH | {"token": token})
    assert done.status_code == 200
    world.clock.at += timedelta(seconds=9)
    assert await world.desk.resend(older_than=timedelta()) == 0
    assert world.publisher.records == []
    world.clock.at += timedelta(seconds=1)
    assert await world.desk.resend(older_than=timedelta()) == 1
    event_id = done.json()["resolution"]["event_id"]
    late = await client("ada").post(f"/v1/cases/{case_id}/undo", json={"event_id": event_id})
    assert (late.status_code, late.json()["type"].rpartition(":")[2]) == (409, "too-late")


async def test_what_is_taken_back_was_never_sent_and_is_its_makers_again(
    world: DeskWorld, client: Client
) -> None:
    case_id = await world.hold()
    token = await claimed(client("ada"), case_id)
    done = await client("ada").post(f"/v1/cases/{case_id}/resolve", json=PUBLISH | {"token": token})
    undo = {"event_id": done.json()["resolution"]["event_id"]}
    assert (await client("ben").post(f"/v1/cases/{case_id}/undo", json=undo)).status_code == 409
    undone = await client("ada").post(f"/v1/cases/{case_id}/undo", json=undo)
    assert undone.status_code == 200
    assert undone.json()["token"] > token
    world.clock.at += timedelta(minutes=1)
    assert await world.desk.resend(older_than=timedelta()) == 0
    assert "undone" in world.audit.deeds
    other = PUBLISH | {"token": undone.json()["token"], "outcome": "reject"}
    again = await client("ada").post(f"/v1/cases/{case_id}/resolve", json=other)
    assert again.json()["resolution"]["event_id"] != undo["event_id"]


async def test_releasing_a_protected_voice_takes_a_second_person(world: DeskWorld, client: Client) -> None:
    case_id, proposal = await proposed(world, client)
    assert (await client("ada").post(f"/v1/cases/{case_id}/claim")).status_code == 409
    refused = await client("ben").post(f"/v1/cases/{case_id}/claim")
    assert (refused.status_code, refused.json()["type"].rpartition(":")[2]) == (403, "seniors-only")
    token = await claimed(client("sam"), case_id)
    wrong = {"token": token, "proposal_id": "another"}
    assert (await client("sam").post(f"/v1/cases/{case_id}/confirm", json=wrong)).status_code == 409
    right = {"token": token, "proposal_id": proposal["proposal_id"]}
    for nobody in ("ada", "ben", "vic"):
        assert (await client(nobody).post(f"/v1/cases/{case_id}/confirm", json=right)).status_code == 403
    confirmed = await client("sam").post(f"/v1/cases/{case_id}/confirm", json=right)
    assert confirmed.status_code == 200
    world.clock.at += timedelta(seconds=10)
    await world.desk.resend(older_than=timedelta())
    (review,) = world.publisher.reviews
    assert (review.reviewer_id, review.confirmed_by, review.outcome.value) == ("ada", "sam", "publish")


async def test_a_senior_alone_releases_nothing_that_takes_two(world: DeskWorld, client: Client) -> None:
    case_id = await world.hold(policy_input=A_MATCH)
    token = await claimed(client("sam"), case_id)
    answer = await client("sam").post(f"/v1/cases/{case_id}/resolve", json=PUBLISH | {"token": token})
    assert answer.status_code == 202
    assert (await client("sam").post(f"/v1/cases/{case_id}/claim")).status_code == 409
    case = await world.queue.case(case_id)
    assert case is not None
    assert case.state is CaseState.OPEN


async def test_rejecting_a_protected_voice_takes_one_person(world: DeskWorld, client: Client) -> None:
    case_id = await world.hold(policy_input=A_MATCH)
    token = await claimed(client("ada"), case_id)
    reject = PUBLISH | {"token": token, "outcome": "reject"}
    assert (await client("ada").post(f"/v1/cases/{case_id}/resolve", json=reject)).status_code == 200


async def test_what_is_sent_back_is_free_again_and_says_why(world: DeskWorld, client: Client) -> None:
    case_id, proposal = await proposed(world, client)
    token = await claimed(client("sam"), case_id)
    word = {"token": token, "proposal_id": proposal["proposal_id"], "note": "Hear 0:40."}
    assert (await client("sam").post(f"/v1/cases/{case_id}/send-back", json=word)).status_code == 204
    await claimed(client("ada"), case_id)
    case = (await client("ada").get(f"/v1/cases/{case_id}")).json()["case"]
    assert (case["sent_back"]["note"], case["proposal"]) == ("Hear 0:40.", None)


async def test_a_newer_decision_ends_a_proposal(world: DeskWorld, client: Client) -> None:
    case_id, proposal = await proposed(world, client)
    token = await claimed(client("sam"), case_id)
    await world.hold(policy_input=A_MATCH, sequence=2, event_id="decision-1-2")
    stale = {"token": token, "proposal_id": proposal["proposal_id"]}
    answer = await client("sam").post(f"/v1/cases/{case_id}/confirm", json=stale)
    assert (answer.status_code, answer.json()["type"].rpartition(":")[2]) == (409, "proposal-changed")


async def test_an_escalated_case_is_for_seniors(world: DeskWorld, client: Client) -> None:
    case_id = await world.hold()
    token = await claimed(client("ada"), case_id)
    word = {"token": token, "note": "Is this parody?"}
    assert (await client("vic").post(f"/v1/cases/{case_id}/escalate", json=word)).status_code == 403
    assert (await client("ada").post(f"/v1/cases/{case_id}/escalate", json=word)).status_code == 204
    assert (await client("ada").post("/v1/cases/next")).status_code == 404
    listed = (await client("vic").get("/v1/cases", params={"share": "escalated"})).json()
    assert [row["escalated"]["note"] for row in listed["cases"]] == ["Is this parody?"]
    taken = await client("sam").post("/v1/cases/next", params={"share": "escalated"})
    assert taken.json()["case_id"] == case_id


async def test_a_case_beyond_its_due_time_is_listed_and_counted(world: DeskWorld, client: Client) -> None:
    await world.hold()
    world.clock.at += timedelta(hours=23)
    assert (await client("ada").get("/v1/cases")).json()["counts"]["overdue"] == 0
    world.clock.at += timedelta(hours=2)
    listed = (await client("ada").get("/v1/cases", params={"share": "overdue"})).json()
    assert (len(listed["cases"]), listed["counts"]["overdue"]) == (1, 1)
