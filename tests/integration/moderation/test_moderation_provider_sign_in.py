"""Signing in at a real OpenID provider: two processes, a Redis, and a browser's part played by a client."""

import asyncio
import contextlib
import json
import os
import re
import signal
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from html import unescape
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
from tests.support.stack import Endpoints

pytestmark = pytest.mark.asyncio(loop_scope="module")
DATABASE = 8
PATIENCE = 60.0
CLIENT, SECRET = "trackgate-desk", "s3cret: with a colon & more"
ADA = {"sub": "4f1c-ada", "name": "Ada Lovelace", "groups": ["moderators", "everyone"]}
GRANTS = [
    {"group": "moderators", "roles": ["moderator"]},
    {"group": "seniors", "roles": ["senior"]},
    {"group": "voice-team", "roles": ["moderator"], "queues": ["voice"]},
    {"group": "rule-writers", "roles": ["policy_editor"]},
]


@dataclass
class Desk:
    address: str
    provider: str
    audit: Path
    redis: Redis

    async def next(self, claims: dict[str, Any], fault: str = "") -> None:
        async with httpx.AsyncClient() as client:
            answer = await client.put(
                f"{self.provider}/of-the-test/next", json={"claims": claims, "fault": fault}
            )
            assert answer.status_code == 200

    async def asked(self, method: str, path: str) -> Any:
        async with httpx.AsyncClient() as client:
            return (await client.request(method, f"{self.provider}/of-the-test/{path}")).json()

    def deeds(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.audit.read_text().splitlines()]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desk(endpoints: Endpoints, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Desk]:
    home = tmp_path_factory.mktemp("oidc")
    secret = home / "secret"
    secret.write_text(f"{SECRET}\n")
    port, provider_port = free_ports(2)
    redis_url = f"{endpoints.redis_url.rsplit('/', 1)[0]}/{DATABASE}"
    environment = {
        **os.environ,
        "TRACKGATE_KAFKA": endpoints.bootstrap_servers,
        "TRACKGATE_REDIS": redis_url,
        "TRACKGATE_STORE": str(home / "objects"),
        "TRACKGATE_MODERATION_PORT": str(port),
        "TRACKGATE_MODERATION_AUDIT": str(home / "audit.jsonl"),
        "TRACKGATE_MODERATION_SIGN_IN": "oidc",
        "TRACKGATE_MODERATION_PUBLIC_URL": f"http://127.0.0.1:{port}",
        "TRACKGATE_MODERATION_OIDC_ISSUER": f"http://127.0.0.1:{provider_port}",
        "TRACKGATE_MODERATION_OIDC_CLIENT_ID": CLIENT,
        "TRACKGATE_MODERATION_OIDC_CLIENT_SECRET_FILE": str(secret),
        "TRACKGATE_MODERATION_OIDC_GRANTS": json.dumps(GRANTS),
    }
    async with (
        _process(environment, home, "tests.support.oidc_provider", str(provider_port), CLIENT, SECRET),
        _process(environment, home, "services.moderation", "api"),
        Redis.from_url(redis_url) as redis,
    ):
        await _answers(f"http://127.0.0.1:{provider_port}/keys")
        await _answers(f"http://127.0.0.1:{port}/healthz")
        yield Desk(
            f"http://127.0.0.1:{port}", f"http://127.0.0.1:{provider_port}", home / "audit.jsonl", redis
        )


@contextlib.asynccontextmanager
async def _process(environment: dict[str, str], home: Path, *arguments: str) -> AsyncIterator[None]:
    log = home / f"{arguments[0]}.log"
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", *arguments, env=environment, stdout=output, stderr=output
        )
        try:
            yield
            assert process.returncode is None, f"{arguments[0]} ended by itself:\n{log.read_text()[-3000:]}"
        finally:
            if process.returncode is None:
                process.send_signal(signal.SIGTERM)
                await asyncio.wait_for(process.wait(), PATIENCE)


async def _answers(address: str) -> None:
    async with asyncio.timeout(PATIENCE), httpx.AsyncClient() as client:
        while True:
            with contextlib.suppress(httpx.TransportError):
                if (await client.get(address)).status_code == httpx.codes.OK:
                    return
            await asyncio.sleep(0.1)


@pytest_asyncio.fixture(loop_scope="module")
async def browser(desk: Desk) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(
        base_url=desk.address, headers={"Accept": "text/html"}, timeout=20
    ) as client:
        yield client


async def back_from(desk: Desk, browser: httpx.AsyncClient, to: str = "/queue") -> str:
    """The address that the provider sends the browser back to."""
    there = await browser.get("/sign-in/provider", params={"to": to})
    assert there.status_code == 303
    assert there.headers["location"].startswith(f"{desk.provider}/authorize?")
    async with httpx.AsyncClient() as elsewhere:
        answer = await elsewhere.get(there.headers["location"])
    assert answer.status_code == 302
    return str(answer.headers["location"])


async def sign_in(desk: Desk, browser: httpx.AsyncClient, to: str = "/queue") -> httpx.Response:
    return await browser.get(await back_from(desk, browser, to))


def led_to(page: httpx.Response) -> str:
    found = re.search(r'http-equiv="refresh" content="0; url=([^"]+)"', page.text)
    assert found, page.text
    return unescape(found[1])


async def csrf_of(browser: httpx.AsyncClient) -> str:
    found = re.search(r'name="csrf" value="([^"]+)"', (await browser.get("/queue")).text)
    assert found
    return found[1]


async def test_a_person_signs_in_works_and_signs_out_everywhere(
    desk: Desk, browser: httpx.AsyncClient
) -> None:
    await desk.next(ADA)
    door = await browser.get("/sign-in", params={"to": "/queue?share=mine"})
    assert "Sign in with your organisation" in door.text
    page = await sign_in(desk, browser, "/queue?share=mine")
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
    out = await browser.post("/sign-out", data={"csrf": await csrf_of(browser)})
    onward = led_to(out)
    assert onward.startswith(f"{desk.provider}/sign-out?")
    async with httpx.AsyncClient() as elsewhere:
        assert (await elsewhere.get(onward)).headers["location"] == f"{desk.address}/sign-in"
    assert (await desk.asked("GET", "signed-out"))[-1]["id_token_hint"].count(".") == 2
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
    desk: Desk, browser: httpx.AsyncClient, fault: str, why: str
) -> None:
    await desk.next(ADA, fault)
    page = await sign_in(desk, browser)
    assert page.status_code == 403
    assert (desk.deeds()[-1]["deed"], desk.deeds()[-1]["why"]) == ("sign_in_refused", why)
    assert (await browser.get("/queue")).status_code == 303
    await desk.next(ADA)
    assert (await sign_in(desk, browser)).status_code == 200


async def test_an_answer_counts_once_and_only_in_the_browser_that_asked(
    desk: Desk, browser: httpx.AsyncClient
) -> None:
    await desk.next(ADA)
    address = await back_from(desk, browser)
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


async def test_a_wrong_state_ends_the_sign_in(desk: Desk, browser: httpx.AsyncClient) -> None:
    await desk.next(ADA)
    address = await back_from(desk, browser)
    code = query_of(address)["code"]
    guessed = await browser.get("/sign-in/back", params={"code": code, "state": "guessed"})
    assert guessed.status_code == 403
    assert (await browser.get(address)).status_code == 403


async def test_a_stolen_code_is_worth_nothing_without_its_verifier_nor_twice(
    desk: Desk, browser: httpx.AsyncClient
) -> None:
    await desk.next(ADA)
    stolen = query_of(await back_from(desk, browser))["code"]
    own = query_of(await back_from(desk, browser))
    refused = await browser.get("/sign-in/back", params={"code": stolen, "state": own["state"]})
    assert (refused.status_code, desk.deeds()[-1]["why"]) == (403, "code")
    own = query_of(await back_from(desk, browser))
    assert (await browser.get("/sign-in/back", params=own)).status_code == 200
    later = query_of(await back_from(desk, browser))
    replayed = await browser.get("/sign-in/back", params={"code": own["code"], "state": later["state"]})
    assert (replayed.status_code, desk.deeds()[-1]["why"]) == (403, "code")


async def test_a_new_key_of_the_provider_is_fetched_when_it_is_used(
    desk: Desk, browser: httpx.AsyncClient
) -> None:
    await desk.next(ADA)
    assert (await sign_in(desk, browser)).status_code == 200
    await desk.asked("POST", "new-key")
    assert (await sign_in(desk, browser)).status_code == 200


async def test_signing_in_changes_the_session_and_ends_the_one_before(
    desk: Desk, browser: httpx.AsyncClient
) -> None:
    await desk.next(ADA)
    await sign_in(desk, browser)
    before = browser.cookies["trackgate_moderation"]
    await sign_in(desk, browser)
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
    desk: Desk, browser: httpx.AsyncClient, groups: list[str], role: str, claim: int
) -> None:
    await desk.next({"sub": f"of-{groups[0]}", "groups": groups})
    assert (await sign_in(desk, browser)).status_code == 200
    assert desk.deeds()[-1]["roles"] == role
    headers = {"X-CSRF-Token": await csrf_of(browser)}
    assert (await browser.post("/v1/cases/next", headers=headers)).status_code == claim


async def test_who_has_no_role_here_gets_no_session(desk: Desk, browser: httpx.AsyncClient) -> None:
    await desk.next({"sub": "guest", "groups": ["everyone"]})
    page = await sign_in(desk, browser)
    assert page.status_code == 403
    assert "none of your groups works here" in page.text
    assert (await browser.get("/queue")).status_code == 303


async def test_no_token_of_the_local_mode_counts_here(desk: Desk, browser: httpx.AsyncClient) -> None:
    assert (await browser.post("/sign-in", data={"token": "x"})).status_code == 405
    assert (await browser.get("/v1/cases", headers={"Authorization": "Bearer x"})).status_code == 401
