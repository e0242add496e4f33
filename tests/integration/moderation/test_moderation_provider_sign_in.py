"""Signing in at a real OpenID provider: two processes, a Redis, and a browser's part played by a client."""

import json
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
from redis.asyncio import Redis

from deploy.local.ports import free_ports
from shared.audit.chain import Whole
from shared.audit.file import verify_file
from tests.support.oidc_provider import query_of
from tests.support.openid_journey import Provider, Visitor, a_provider, a_visitor, led_to, of_the_client
from tests.support.processes import a_process, answers
from tests.support.stack import Endpoints

pytestmark = pytest.mark.asyncio(loop_scope="module")
DATABASE = 8
CLIENT = "trackgate-desk"
ADA = {"sub": "4f1c-ada", "name": "Ada Lovelace", "groups": ["moderators", "everyone"]}
GRANTS = [
    {"group": "moderators", "roles": ["moderator"]},
    {"group": "seniors", "roles": ["senior"]},
    {"group": "voice-team", "roles": ["moderator"], "queues": ["voice"]},
    {"group": "rule-writers", "roles": ["policy_editor"]},
]


@dataclass(frozen=True)
class Desk:
    address: str
    provider: Provider
    audit: Path
    redis: Redis

    def deeds(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.audit.read_text().splitlines()]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desk(endpoints: Endpoints, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Desk]:
    home = tmp_path_factory.mktemp("oidc")
    port, provider_port = free_ports(2)
    redis_url = f"{endpoints.redis_url.rsplit('/', 1)[0]}/{DATABASE}"
    environment = {
        **os.environ,
        "TRACKGATE_KAFKA": endpoints.bootstrap_servers,
        "TRACKGATE_REDIS": redis_url,
        "TRACKGATE_STORE": str(home / "objects"),
        "TRACKGATE_MODERATION_AUDIT": str(home / "audit.jsonl"),
        **of_the_client("MODERATION", home, port, provider_port, CLIENT, json.dumps(GRANTS)),
    }
    address = f"http://127.0.0.1:{port}"
    async with (
        a_provider(environment, home, provider_port, CLIENT) as provider,
        a_process(environment, home, "services.moderation", "api"),
        Redis.from_url(redis_url) as redis,
    ):
        await answers(f"{address}/healthz")
        yield Desk(address, provider, home / "audit.jsonl", redis)


@pytest_asyncio.fixture(loop_scope="module")
async def visitor(desk: Desk) -> AsyncIterator[Visitor]:
    async with a_visitor(desk.address, desk.provider, "/queue") as visitor:
        yield visitor


@pytest.fixture
def browser(visitor: Visitor) -> httpx.AsyncClient:
    return visitor.browser


async def test_a_person_signs_in_works_and_signs_out_everywhere(
    desk: Desk, visitor: Visitor, browser: httpx.AsyncClient
) -> None:
    await desk.provider.next(ADA)
    door = await browser.get("/sign-in", params={"to": "/queue?share=mine"})
    assert "Sign in with your organisation" in door.text
    page = await visitor.sign_in("/queue?share=mine")
    assert (page.status_code, led_to(page)) == (200, "/queue?share=mine")
    cookie = next(line for line in page.headers.get_list("set-cookie") if "signing_in" not in line).lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    queue = await browser.get("/queue")
    assert queue.status_code == 200
    assert "Ada Lovelace" in queue.text
    assert desk.deeds()[-1]["deed"] == "signed_in"
    assert desk.deeds()[-1]["reviewer_id"] == "4f1c-ada"

    assert (await browser.post("/sign-out", data={"csrf": "guessed"})).status_code == 403
    out = await browser.post("/sign-out", data={"csrf": await visitor.csrf()})
    onward = led_to(out)
    assert onward.startswith(f"{desk.provider.address}/sign-out?")
    async with httpx.AsyncClient() as elsewhere:
        assert (await elsewhere.get(onward)).headers["location"] == f"{desk.address}/sign-in"
    assert (await desk.provider.asked("GET", "signed-out"))[-1]["id_token_hint"].count(".") == 2
    assert (await browser.get("/queue")).status_code == 303
    assert isinstance(verify_file(desk.audit), Whole)
    assert "Lovelace" not in desk.audit.read_text()


@pytest.mark.parametrize(
    ("fault", "why"),
    [
        ("nonce", "nonce"),
        ("no nonce", "nonce"),
        ("expired", "exp"),
        ("other audience", "aud"),
        ("several audiences", "azp"),
        ("issuer", "iss"),
        ("access token", "at-hash"),
        ("unknown key", "unknown-key"),
        ("forged", "signature"),
        ("alg none", "algorithm"),
        ("shared secret", "algorithm"),
        ("denied", "no-code"),
    ],
)
async def test_a_wrong_answer_lets_nobody_in_and_is_audited(
    desk: Desk, visitor: Visitor, browser: httpx.AsyncClient, fault: str, why: str
) -> None:
    await desk.provider.next(ADA, fault)
    page = await visitor.sign_in()
    assert page.status_code == 403
    assert (desk.deeds()[-1]["deed"], desk.deeds()[-1]["why"]) == ("sign_in_refused", why)
    assert (await browser.get("/queue")).status_code == 303
    await desk.provider.next(ADA)
    assert (await visitor.sign_in()).status_code == 200


async def test_an_answer_counts_once_and_only_in_the_browser_that_asked(
    desk: Desk, visitor: Visitor, browser: httpx.AsyncClient
) -> None:
    await desk.provider.next(ADA)
    address = await visitor.back_from()
    async with httpx.AsyncClient(base_url=desk.address) as other:
        assert (await other.get(address)).status_code == 403
        await other.get("/sign-in/provider")
        assert (await other.get(address)).status_code == 403
        assert (await other.get("/queue")).status_code == 303
    kept = dict(browser.cookies)
    assert (await browser.get(address)).status_code == 200
    async with httpx.AsyncClient(base_url=desk.address, cookies=kept) as again:
        assert (await again.get(address)).status_code == 403
    assert desk.deeds()[-1]["why"] == "state"


async def test_a_wrong_state_ends_the_sign_in(
    desk: Desk, visitor: Visitor, browser: httpx.AsyncClient
) -> None:
    await desk.provider.next(ADA)
    address = await visitor.back_from()
    code = query_of(address)["code"]
    guessed = await browser.get("/sign-in/back", params={"code": code, "state": "guessed"})
    assert guessed.status_code == 403
    assert (await browser.get(address)).status_code == 403


async def test_a_stolen_code_is_worth_nothing_without_its_verifier_nor_twice(
    desk: Desk, visitor: Visitor, browser: httpx.AsyncClient
) -> None:
    await desk.provider.next(ADA)
    stolen = (await visitor.answered())["code"]
    own = await visitor.answered()
    refused = await browser.get("/sign-in/back", params={"code": stolen, "state": own["state"]})
    assert (refused.status_code, desk.deeds()[-1]["why"]) == (403, "code")
    own = await visitor.answered()
    assert (await browser.get("/sign-in/back", params=own)).status_code == 200
    later = await visitor.answered()
    replayed = await browser.get("/sign-in/back", params={"code": own["code"], "state": later["state"]})
    assert (replayed.status_code, desk.deeds()[-1]["why"]) == (403, "code")


async def test_a_new_key_of_the_provider_is_fetched_when_it_is_used(desk: Desk, visitor: Visitor) -> None:
    await desk.provider.next(ADA)
    assert (await visitor.sign_in()).status_code == 200
    await desk.provider.asked("POST", "new-key")
    assert (await visitor.sign_in()).status_code == 200


async def test_signing_in_changes_the_session_and_ends_the_one_before(
    desk: Desk, visitor: Visitor, browser: httpx.AsyncClient
) -> None:
    await desk.provider.next(ADA)
    await visitor.sign_in()
    before = browser.cookies["trackgate_moderation"]
    await visitor.sign_in()
    after = browser.cookies["trackgate_moderation"]
    assert before != after
    async with httpx.AsyncClient(base_url=desk.address, cookies={"trackgate_moderation": before}) as old:
        assert (await old.get("/v1/cases")).status_code == 401
    kept = [key async for key in desk.redis.scan_iter("trackgate:moderation-session:*")]
    assert all(after.encode() not in key for key in kept)
    assert [key for key in kept if not 0 < await desk.redis.ttl(key) <= 3600] == []
    assert (await browser.get("/v1/cases")).status_code == 200
    for key in kept:
        await desk.redis.delete(key)
    assert (await browser.get("/v1/cases")).status_code == 401


@pytest.mark.parametrize(
    ("groups", "role", "claim"),
    [
        (["seniors"], "senior", 404),
        (["voice-team"], "moderator", 404),
        (["rule-writers"], "policy_editor", 403),
    ],
)
async def test_groups_decide_what_a_person_may_do(
    desk: Desk, visitor: Visitor, browser: httpx.AsyncClient, groups: list[str], role: str, claim: int
) -> None:
    await desk.provider.next({"sub": f"of-{groups[0]}", "groups": groups})
    assert (await visitor.sign_in()).status_code == 200
    assert desk.deeds()[-1]["roles"] == role
    headers = {"X-CSRF-Token": await visitor.csrf()}
    assert (await browser.post("/v1/cases/next", headers=headers)).status_code == claim


async def test_who_has_no_role_here_gets_no_session(
    desk: Desk, visitor: Visitor, browser: httpx.AsyncClient
) -> None:
    await desk.provider.next({"sub": "guest", "groups": ["everyone"]})
    page = await visitor.sign_in()
    assert page.status_code == 403
    assert "none of your groups works here" in page.text
    assert (await browser.get("/queue")).status_code == 303


async def test_no_token_of_the_local_mode_counts_here(desk: Desk, browser: httpx.AsyncClient) -> None:
    assert (await browser.post("/sign-in", data={"token": "x"})).status_code == 405
    assert (await browser.get("/v1/cases", headers={"Authorization": "Bearer x"})).status_code == 401
