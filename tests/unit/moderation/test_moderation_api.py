"""The API and the pages on fakes: what they answer, and to whom."""

from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.unit.moderation.desk_fakes import TOKENS, DeskWorld, a_decision

Client = Callable[..., httpx.AsyncClient]
MISSING = "00000000-0000-0000-0000-000000000000"


@pytest.fixture
def world(tmp_path: Path) -> DeskWorld:
    audio = tmp_path / "audio"
    audio.write_bytes(bytes(range(100)))
    return DeskWorld(audio)


@pytest.fixture
async def client(world: DeskWorld) -> AsyncIterator[Client]:
    opened: list[httpx.AsyncClient] = []
    app = world.app()

    def make(reviewer: str | None = None, **headers: str) -> httpx.AsyncClient:
        if reviewer:
            headers["Authorization"] = f"Bearer {TOKENS[reviewer]}"
        opened.append(
            httpx.AsyncClient(
                transport=httpx.ASGITransport(app), base_url="http://127.0.0.1", headers=headers
            )
        )
        return opened[-1]

    yield make
    for one in opened:
        await one.aclose()


async def claim(client: httpx.AsyncClient, case_id: str) -> dict[str, Any]:
    answer = await client.post(f"/v1/cases/{case_id}/claim")
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def the_answer(token: int, **changes: Any) -> dict[str, Any]:
    return {"token": token, "decision_id": "decision-1-1", "outcome": "publish", "note": "Fine."} | changes


async def test_from_the_list_to_the_decision(world: DeskWorld, client: Client) -> None:
    ada = client("ada")
    case_id = await world.hold()
    listed = (await ada.get("/v1/cases")).json()
    assert [row["title"] for row in listed["cases"]] == ["Song 1"]
    assert listed["counts"]["free"] == 1
    claimed = await claim(ada, case_id)
    looked = (await ada.get(f"/v1/cases/{case_id}")).json()
    assert looked["may_hear"] is True
    assert looked["upload"]["declaration"]["title"] == "Song 1"
    assert looked["decision"]["trace"][0]["rule"] == "denied-but-detected"
    resolved = await ada.post(f"/v1/cases/{case_id}/resolve", json=the_answer(claimed["token"]))
    assert resolved.status_code == 200
    assert resolved.json()["resolution"]["event_id"] == world.publisher.reviews[0].event_id
    assert world.audit.deeds == ["claimed", "resolving", "resolved"]


async def test_nobody_gets_in_without_signing_in(world: DeskWorld, client: Client) -> None:
    case_id = await world.hold()
    for path in (
        "/v1/cases",
        f"/v1/cases/{case_id}",
        f"/v1/cases/{case_id}/waveform",
        f"/v1/cases/{case_id}/audio",
        f"/v1/cases/{case_id}/audio/guess",
        f"/v1/cases/{case_id}/spectrum",
        "/events",
    ):
        answer = await client().get(path)
        assert (answer.status_code, answer.headers["content-type"]) == (401, "application/problem+json")
        assert (await client(Authorization="Bearer guess").get(path)).status_code == 401
    for deed in ("claim", "renew", "release", "skip", "resolve"):
        answer = await client().post(f"/v1/cases/{case_id}/{deed}", json=the_answer(1))
        assert answer.status_code == 401
    for path in ("/queue", f"/cases/{case_id}"):
        answer = await client().get(path)
        assert answer.headers["location"].startswith("/sign-in?to=")


async def test_a_viewer_is_refused_every_deed_and_every_sound(world: DeskWorld, client: Client) -> None:
    case_id = await world.hold()
    vic = client("vic")
    assert (await vic.get(f"/v1/cases/{case_id}")).status_code == 200
    for deed in ("next", f"{case_id}/claim", f"{case_id}/renew", f"{case_id}/release", f"{case_id}/skip"):
        assert (await vic.post(f"/v1/cases/{deed}", json={"token": 1})).status_code == 403
    assert (await vic.post(f"/v1/cases/{case_id}/resolve", json=the_answer(1))).status_code == 403
    assert (await vic.get(f"/v1/cases/{case_id}/audio")).status_code == 403
    for deed in ("next", f"{case_id}/claim", f"{case_id}/skip"):
        assert (await vic.post(f"/cases/{deed}")).status_code == 403
    form = {"token": 1, "decision_id": "decision-1-1", "outcome": "publish"}
    assert (await vic.post(f"/cases/{case_id}/resolve", data=form)).status_code == 403
    assert set(world.audit.deeds) == {"refused"}


async def test_a_case_is_held_by_one_and_its_token_is_nobody_elses_business(
    world: DeskWorld, client: Client
) -> None:
    case_id = await world.hold()
    await claim(client("ada"), case_id)
    refused = await client("ben").post(f"/v1/cases/{case_id}/claim")
    assert refused.status_code == 409
    assert refused.json()["type"].endswith("held-by-other")
    seen = (await client("ben").get(f"/v1/cases/{case_id}")).json()["case"]["claim"]
    assert (seen["reviewer_id"], seen["token"]) == ("ada", 0)


async def test_a_late_decision_of_a_lost_claim_is_refused(world: DeskWorld, client: Client) -> None:
    case_id = await world.hold()
    token = (await claim(client("ada"), case_id))["token"]
    world.clock.at += timedelta(minutes=16)
    await claim(client("ben"), case_id)
    refused = await client("ada").post(f"/v1/cases/{case_id}/resolve", json=the_answer(token))
    assert refused.status_code == 409
    assert refused.json()["type"].endswith("claim-lost")
    for deed in ("renew", "release"):
        assert (
            await client("ada").post(f"/v1/cases/{case_id}/{deed}", json={"token": token})
        ).status_code == 409
    assert world.publisher.records == []


async def test_a_broker_that_is_away_is_told_as_kept_not_as_lost(world: DeskWorld, client: Client) -> None:
    case_id = await world.hold()
    token = (await claim(client("ada"), case_id))["token"]
    world.publisher.failures = 1
    answer = await client("ada").post(f"/v1/cases/{case_id}/resolve", json=the_answer(token))
    assert answer.status_code == 503
    assert answer.json()["type"].endswith("kept-not-sent")
    assert (await client("ada").get(f"/v1/cases/{case_id}")).json()["case"]["state"] == "resolved_pending"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"outcome": "reject", "note": ""}, "note"),
        ({"outcome": "label"}, "label_codes"),
        ({"outcome": "nonsense"}, "outcome"),
        ({"note": "x" * 4001}, "note"),
    ],
)
async def test_an_incomplete_answer_names_the_field(
    world: DeskWorld, client: Client, changes: dict[str, Any], field: str
) -> None:
    case_id = await world.hold()
    token = (await claim(client("ada"), case_id))["token"]
    answer = await client("ada").post(f"/v1/cases/{case_id}/resolve", json=the_answer(token, **changes))
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == [field]


async def test_pages_of_the_list_hang_together(world: DeskWorld, client: Client) -> None:
    for number in range(1, 6):
        await world.hold(number, priority=number * 10)
    titles: list[str] = []
    after = ""
    while after is not None:
        page = (await client("ada").get("/v1/cases", params={"limit": 2, "after": after})).json()
        titles += [row["title"] for row in page["cases"]]
        after = page["after"]
    assert titles == ["Song 5", "Song 4", "Song 3", "Song 2", "Song 1"]
    assert (await client("ada").get("/v1/cases", params={"after": "nonsense"})).status_code == 422


async def test_a_skip_is_for_the_one_who_skipped(world: DeskWorld, client: Client) -> None:
    case_id = await world.hold()
    assert (await client("ada").post(f"/v1/cases/{case_id}/skip")).status_code == 204
    assert (await client("ada").post("/v1/cases/next")).status_code == 404
    assert (await client("ben").post("/v1/cases/next")).json()["case_id"] == case_id


async def signed_in(world: DeskWorld, client: Client, reviewer: str) -> tuple[httpx.AsyncClient, str]:
    browser = client(Accept="text/html")
    answer = await browser.post("/sign-in", data={"token": TOKENS[reviewer], "to": "/queue"})
    assert answer.status_code == 303
    return browser, next(iter(world.sessions.kept.values())).csrf


async def test_a_cookie_without_the_csrf_token_changes_nothing(world: DeskWorld, client: Client) -> None:
    case_id = await world.hold()
    browser, csrf = await signed_in(world, client, "ada")
    assert (await browser.post(f"/v1/cases/{case_id}/claim")).status_code == 403
    assert (await browser.post(f"/cases/{case_id}/claim", data={"csrf": "wrong"})).status_code == 403
    assert (await browser.post("/sign-out")).status_code == 403
    assert (await world.queue.counts("ada")).mine == 0
    given = {"X-CSRF-Token": csrf}
    assert (await browser.post(f"/v1/cases/{case_id}/claim", headers=given)).status_code == 200
    assert (await browser.post("/sign-out", data={"csrf": csrf})).status_code == 303
    assert (await browser.get("/queue")).headers["location"].startswith("/sign-in")


async def test_the_cookie_is_out_of_reach_of_scripts_and_of_other_sites(
    world: DeskWorld, client: Client
) -> None:
    answer = await client().post("/sign-in", data={"token": TOKENS["ada"]})
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert "max-age=36000" in cookie
    foreign = client(Origin="http://evil.example")
    assert (await foreign.post("/sign-in", data={"token": TOKENS["ada"]})).status_code == 403


@pytest.mark.parametrize("to", ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:x"])
async def test_signing_in_leads_nowhere_else(client: Client, to: str) -> None:
    answer = await client().post("/sign-in", data={"token": TOKENS["ada"], "to": to})
    assert answer.headers["location"] == "/queue"


async def test_a_session_ends(world: DeskWorld, client: Client) -> None:
    browser, _ = await signed_in(world, client, "ada")
    assert (await browser.get("/queue")).status_code == 200
    world.clock.at += timedelta(hours=11)
    assert (await browser.get("/queue")).status_code == 303


async def test_pages_allow_no_script_but_their_own_files(world: DeskWorld, client: Client) -> None:
    case_id = await world.hold(reasons=(), event_id="decision-1-1")
    browser, _ = await signed_in(world, client, "ada")
    for path in ("/queue", f"/cases/{case_id}", f"/cases/{MISSING}"):
        answer = await browser.get(path)
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "script-src 'self'" in policy
        assert "unsafe" not in policy
        assert " style=" not in answer.text
        assert " onclick" not in answer.text
    assert (await browser.get(f"/cases/{MISSING}")).status_code == 404


async def test_what_a_distributor_writes_stays_text(world: DeskWorld, client: Client) -> None:
    case_id = await world.hold()
    upload = await world.tracks.of(a_decision().track_id)
    assert upload is not None
    evil = "<script>alert(1)</script>"
    declaration = upload.declaration.model_copy(update={"title": evil, "display_artist": evil})
    world.tracks.record(upload.model_copy(update={"declaration": declaration, "file_name": evil}))
    summary = world.queue.kept[case_id].summary
    assert summary is not None
    world.queue.kept[case_id].summary = summary.model_copy(update={"title": evil})
    browser, _ = await signed_in(world, client, "ada")
    for path in ("/queue", f"/cases/{case_id}"):
        text = (await browser.get(path)).text
        assert "<script>alert" not in text
        assert "&lt;script&gt;" in text


async def test_the_page_decides_as_the_api_does(world: DeskWorld, client: Client) -> None:
    case_id, second = await world.hold(1, priority=90), await world.hold(2)
    browser, csrf = await signed_in(world, client, "ada")
    assert (await browser.post("/cases/next", data={"csrf": csrf})).headers["location"] == f"/cases/{case_id}"
    claim = world.queue.kept[case_id].claim
    assert claim is not None
    form = {"csrf": csrf, "token": claim.token, "decision_id": "decision-1-1"}
    missing = await browser.post(f"/cases/{case_id}/resolve", data=form)
    assert missing.status_code == 422
    assert "Choose publish, label or reject" in missing.text
    unsaid = await browser.post(f"/cases/{case_id}/resolve", data=form | {"outcome": "reject"})
    assert unsaid.status_code == 422
    form |= {"outcome": "label", "label_codes": ["ai-detected", "licensed-voice"]}
    done = await browser.post(f"/cases/{case_id}/resolve", data=form)
    assert done.headers["location"] == f"/cases/{second}?notice=label&decided={case_id}"
    assert world.publisher.reviews[0].label_codes == ("ai-detected", "licensed-voice")


async def test_another_host_name_is_refused(client: Client) -> None:
    assert (await client(Host="rebound.example").get("/sign-in")).status_code == 400
