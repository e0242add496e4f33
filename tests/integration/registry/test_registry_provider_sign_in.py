"""The registry's people at a real OpenID provider: two processes, a broker, a client in a browser's part."""

import json
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass
from html import unescape
from pathlib import Path

import httpx
import pytest
import pytest_asyncio

from deploy.local.ports import free_ports
from shared.stream.admin import create_topics
from tests.support.oidc_provider import query_of
from tests.support.openid_journey import Provider, Visitor, a_provider, a_visitor, led_to, of_the_client
from tests.support.processes import a_process, answers
from tests.support.stack import Endpoints

pytestmark = pytest.mark.asyncio(loop_scope="module")
CLIENT = "trackgate-registry"
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


@dataclass(frozen=True)
class Registry:
    address: str
    provider: Provider
    log: Path
    token: Path


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def registry(endpoints: Endpoints, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Registry]:
    create_topics(endpoints.bootstrap_servers, 3)
    home = tmp_path_factory.mktemp("registry-oidc")
    port, provider_port = free_ports(2)
    environment = {
        **os.environ,
        "TRACKGATE_KAFKA": endpoints.bootstrap_servers,
        "TRACKGATE_REDIS": endpoints.redis_url,
        "TRACKGATE_STORE": str(home / "objects"),
        "TRACKGATE_REGISTRY_TOKEN_FILE": str(home / "token"),
        **of_the_client("REGISTRY", home, port, provider_port, CLIENT, json.dumps(GRANTS)),
    }
    address = f"http://127.0.0.1:{port}"
    async with (
        a_provider(environment, home, provider_port, CLIENT) as provider,
        a_process(environment, home, "services.registry") as log,
    ):
        await answers(f"{address}/healthz")
        yield Registry(address, provider, log, home / "token")


@pytest_asyncio.fixture(loop_scope="module")
async def visitor(registry: Registry) -> AsyncIterator[Visitor]:
    async with a_visitor(registry.address, registry.provider, "/artists") as visitor:
        yield visitor


@pytest.fixture
def browser(visitor: Visitor) -> httpx.AsyncClient:
    return visitor.browser


async def test_a_registrar_signs_in_works_and_signs_out_everywhere(
    registry: Registry, visitor: Visitor, browser: httpx.AsyncClient
) -> None:
    await registry.provider.next(ADA)
    asked = await browser.get("/artists/new")
    assert asked.headers["location"] == "/sign-in?to=/artists/new"
    assert "Sign in with your organisation" in (await browser.get("/sign-in?to=/artists/new")).text
    page = await visitor.sign_in("/artists/new")
    assert (page.status_code, led_to(page)) == (200, "/artists/new")
    cookie = next(line for line in page.headers.get_list("set-cookie") if "signing_in" not in line).lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert "Ada Lovelace" in (await browser.get("/artists/new")).text

    assert (await browser.post("/sign-out", data={"csrf": "guessed"})).status_code == 403
    out = await browser.post("/sign-out", data={"csrf": await visitor.csrf()})
    onward = led_to(out)
    assert onward.startswith(f"{registry.provider.address}/sign-out?")
    assert query_of(onward)["post_logout_redirect_uri"] == f"{registry.address}/sign-in"
    assert (await browser.get("/artists")).status_code == 303
    assert "Lovelace" not in registry.log.read_text()


async def test_a_rights_holder_proposes_for_their_own_artist_alone(
    registry: Registry, visitor: Visitor, browser: httpx.AsyncClient
) -> None:
    await registry.provider.next(LIVA)
    assert (await visitor.sign_in()).status_code == 200
    csrf = await visitor.csrf()

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
    registry: Registry, visitor: Visitor, browser: httpx.AsyncClient, fault: str
) -> None:
    await registry.provider.next(ADA, fault)
    assert (await visitor.sign_in()).status_code == 403
    assert (await browser.get("/artists")).status_code == 303
    await registry.provider.next(ADA)
    assert (await visitor.sign_in()).status_code == 200


async def test_who_is_in_none_of_the_groups_is_told_so(
    registry: Registry, visitor: Visitor, browser: httpx.AsyncClient
) -> None:
    await registry.provider.next({**ADA, "groups": ["everyone"]})
    page = await visitor.sign_in()
    assert page.status_code == 403
    assert "none of your groups works here" in page.text
    assert (await browser.get("/artists")).status_code == 303


async def test_an_answer_counts_once_and_only_in_the_browser_that_asked(
    registry: Registry, visitor: Visitor, browser: httpx.AsyncClient
) -> None:
    await registry.provider.next(ADA)
    address = await visitor.back_from()
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
async def test_signing_in_leads_to_no_other_site(registry: Registry, visitor: Visitor, to: str) -> None:
    await registry.provider.next(ADA)
    assert led_to(await visitor.sign_in(to)) == "/artists"
