"""The registry's people at a real OpenID provider: two processes, a broker, a client in a browser's part."""

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

from deploy.local.ports import free_ports
from shared.stream.admin import create_topics
from tests.support.oidc_provider import query_of
from tests.support.stack import Endpoints

pytestmark = pytest.mark.asyncio(loop_scope="module")
PATIENCE = 60.0
CLIENT, SECRET = "trackgate-registry", "s3cret: with a colon & more"
ADA = {"sub": "4f1c-ada", "name": "Ada Lovelace", "groups": ["registry", "everyone"]}
LIVA = {"sub": "9a2b-liva", "name": "Liva", "groups": ["liva-team"]}
GRANTS = [
    {"group": "registry", "role": "registrar"},
    {"group": "liva-team", "role": "rights_holder", "artists": ["liva"]},
]

PROPOSAL = {
    "name": "Liva",
    "rights_basis": "own recordings",
    "statement": "The artist herself, identified by her label.",
    "agreed": "yes",
    "wording": "2026-11",
    "given_by": "Liva",
    "given_at": "2026-05-30",
    "biometric_consent": "Signed on paper, kept by the label.",
}


@dataclass
class Registry:
    address: str
    provider: str
    log: Path
    token: Path

    async def next(self, claims: dict[str, Any], fault: str = "") -> None:
        async with httpx.AsyncClient() as client:
            answer = await client.put(
                f"{self.provider}/of-the-test/next", json={"claims": claims, "fault": fault}
            )
            assert answer.status_code == 200


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def registry(endpoints: Endpoints, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Registry]:
    create_topics(endpoints.bootstrap_servers, 3)
    home = tmp_path_factory.mktemp("registry-oidc")
    secret = home / "secret"
    secret.write_text(f"{SECRET}\n")
    port, provider_port = free_ports(2)
    environment = {
        **os.environ,
        "TRACKGATE_KAFKA": endpoints.bootstrap_servers,
        "TRACKGATE_REDIS": endpoints.redis_url,
        "TRACKGATE_STORE": str(home / "objects"),
        "TRACKGATE_REGISTRY_PORT": str(port),
        "TRACKGATE_REGISTRY_TOKEN_FILE": str(home / "token"),
        "TRACKGATE_REGISTRY_SIGN_IN": "oidc",
        "TRACKGATE_REGISTRY_PUBLIC_URL": f"http://127.0.0.1:{port}",
        "TRACKGATE_REGISTRY_OIDC_ISSUER": f"http://127.0.0.1:{provider_port}",
        "TRACKGATE_REGISTRY_OIDC_CLIENT_ID": CLIENT,
        "TRACKGATE_REGISTRY_OIDC_CLIENT_SECRET_FILE": str(secret),
        "TRACKGATE_REGISTRY_OIDC_GRANTS": json.dumps(GRANTS),
    }
    provider, address = f"http://127.0.0.1:{provider_port}", f"http://127.0.0.1:{port}"
    async with (
        _process(environment, home, "tests.support.oidc_provider", str(provider_port), CLIENT, SECRET),
        _process(environment, home, "services.registry"),
    ):
        await _answers(f"{provider}/keys")
        await _answers(f"{address}/healthz")
        yield Registry(address, provider, home / "services.registry.log", home / "token")


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
async def browser(registry: Registry) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(
        base_url=registry.address, headers={"Accept": "text/html"}, timeout=20
    ) as client:
        yield client


async def back_from(registry: Registry, browser: httpx.AsyncClient, to: str = "/artists") -> str:
    """The address that the provider sends the browser back to."""
    there = await browser.get("/sign-in/provider", params={"to": to})
    assert there.status_code == 303
    assert there.headers["location"].startswith(f"{registry.provider}/authorize?")
    async with httpx.AsyncClient() as elsewhere:
        answer = await elsewhere.get(there.headers["location"])
    assert answer.status_code == 302
    return str(answer.headers["location"])


async def sign_in(registry: Registry, browser: httpx.AsyncClient, to: str = "/artists") -> httpx.Response:
    return await browser.get(await back_from(registry, browser, to))


def led_to(page: httpx.Response) -> str:
    found = re.search(r'http-equiv="refresh" content="0; url=([^"]+)"', page.text)
    assert found, page.text
    return unescape(found[1])


async def csrf_of(browser: httpx.AsyncClient) -> str:
    found = re.search(r'name="csrf" value="([^"]+)"', (await browser.get("/artists")).text)
    assert found
    return found[1]


async def test_a_registrar_signs_in_works_and_signs_out_everywhere(
    registry: Registry, browser: httpx.AsyncClient
) -> None:
    await registry.next(ADA)
    asked = await browser.get("/artists/new")
    assert asked.headers["location"] == "/sign-in?to=/artists/new"
    assert "Sign in with your organisation" in (await browser.get("/sign-in?to=/artists/new")).text
    page = await sign_in(registry, browser, "/artists/new")
    assert (page.status_code, led_to(page)) == (200, "/artists/new")
    cookie = next(line for line in page.headers.get_list("set-cookie") if "signing_in" not in line).lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert "Ada Lovelace" in (await browser.get("/artists/new")).text

    assert (await browser.post("/sign-out", data={"csrf": "guessed"})).status_code == 403
    out = await browser.post("/sign-out", data={"csrf": await csrf_of(browser)})
    onward = led_to(out)
    assert onward.startswith(f"{registry.provider}/sign-out?")
    assert query_of(onward)["post_logout_redirect_uri"] == f"{registry.address}/sign-in"
    assert (await browser.get("/artists")).status_code == 303
    assert "Lovelace" not in registry.log.read_text()


async def test_a_rights_holder_proposes_for_their_own_artist_alone(
    registry: Registry, browser: httpx.AsyncClient
) -> None:
    await registry.next(LIVA)
    assert (await sign_in(registry, browser)).status_code == 200
    csrf = await csrf_of(browser)

    async def proposed(artist_id: str) -> str:
        sent = {**PROPOSAL, "csrf": csrf, "artist_id": artist_id}
        files = {"references": ("a.wav", b"no sound at all")}
        answer = await browser.post("/artists/new", data=sent, files=files)
        assert answer.status_code == 422
        return unescape(answer.text)

    assert "you do not speak for this artist" in await proposed("mara")
    assert "you do not speak for this artist" not in await proposed("liva")


@pytest.mark.parametrize("fault", ["nonce", "expired", "other audience", "forged", "alg none", "denied"])
async def test_a_wrong_answer_lets_nobody_in(
    registry: Registry, browser: httpx.AsyncClient, fault: str
) -> None:
    await registry.next(ADA, fault)
    assert (await sign_in(registry, browser)).status_code == 403
    assert (await browser.get("/artists")).status_code == 303
    await registry.next(ADA)
    assert (await sign_in(registry, browser)).status_code == 200


async def test_who_is_in_none_of_the_groups_is_told_so(
    registry: Registry, browser: httpx.AsyncClient
) -> None:
    await registry.next({**ADA, "groups": ["everyone"]})
    page = await sign_in(registry, browser)
    assert page.status_code == 403
    assert "none of your groups works here" in page.text
    assert (await browser.get("/artists")).status_code == 303


async def test_an_answer_counts_once_and_only_in_the_browser_that_asked(
    registry: Registry, browser: httpx.AsyncClient
) -> None:
    await registry.next(ADA)
    address = await back_from(registry, browser)
    async with httpx.AsyncClient(headers={"Accept": "text/html"}) as another:
        assert (await another.get(address)).status_code == 403
    assert (await browser.get(address)).status_code == 200
    assert (await browser.get(address)).status_code == 403


async def test_a_token_opens_the_api_and_no_page(registry: Registry, browser: httpx.AsyncClient) -> None:
    token = registry.token.read_text().strip()
    assert (await browser.post("/sign-in", data={"token": token, "to": "/artists"})).status_code == 405
    bearer = {"Authorization": f"Bearer {token}"}
    assert (await browser.get("/v1/artists", headers=bearer)).status_code == 200
    assert (await browser.get("/artists", headers=bearer)).status_code == 303


@pytest.mark.parametrize("to", ["https://elsewhere.example", "//elsewhere.example", "/\\elsewhere"])
async def test_signing_in_leads_to_no_other_site(
    registry: Registry, browser: httpx.AsyncClient, to: str
) -> None:
    await registry.next(ADA)
    assert led_to(await sign_in(registry, browser, to)) == "/artists"
