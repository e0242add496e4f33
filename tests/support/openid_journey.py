"""A browser's way from a service's page to the OpenID provider and back, played by an HTTP client."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import Any

import httpx

from tests.support.oidc_provider import query_of
from tests.support.processes import a_process, answers

SECRET = "s3cret: with a colon & more"  # noqa: S105 - the test's provider is told it too


@dataclass(frozen=True)
class Provider:
    """The provider of tests.support.oidc_provider, and what a test says to it behind everybody's back."""

    address: str

    async def next(self, claims: dict[str, Any], fault: str = "") -> None:
        """Who signs in next, and what is wrong with the token that they bring."""
        await self.asked("PUT", "next", {"claims": claims, "fault": fault})

    async def asked(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        async with httpx.AsyncClient() as client:
            answer = await client.request(method, f"{self.address}/of-the-test/{path}", json=body)
        assert answer.status_code == 200
        return answer.json()


@asynccontextmanager
async def a_provider(
    environment: dict[str, str], home: Path, port: int, client: str
) -> AsyncIterator[Provider]:
    address = f"http://127.0.0.1:{port}"
    async with a_process(environment, home, "tests.support.oidc_provider", str(port), client, SECRET):
        await answers(f"{address}/keys")
        yield Provider(address)


def of_the_client(
    service: str, home: Path, port: int, provider_port: int, client: str, grants: str
) -> dict[str, str]:
    """The settings of a service (``REGISTRY``, ``MODERATION``) that signs people in at that provider."""
    secret = home / "secret"
    secret.write_text(f"{SECRET}\n")
    own = {
        "PORT": str(port),
        "SIGN_IN": "oidc",
        "PUBLIC_URL": f"http://127.0.0.1:{port}",
        "OIDC_ISSUER": f"http://127.0.0.1:{provider_port}",
        "OIDC_CLIENT_ID": client,
        "OIDC_CLIENT_SECRET_FILE": str(secret),
        "OIDC_GRANTS": grants,
    }
    return {f"TRACKGATE_{service}_{name}": value for name, value in own.items()}


@dataclass(frozen=True)
class Visitor:
    """Somebody's browser at a service whose pages begin at ``start``."""

    browser: httpx.AsyncClient
    provider: Provider
    start: str

    async def back_from(self, to: str = "") -> str:
        """The address that the provider sends the browser back to."""
        there = await self.browser.get("/sign-in/provider", params={"to": to or self.start})
        assert there.status_code == 303
        assert there.headers["location"].startswith(f"{self.provider.address}/authorize?")
        async with httpx.AsyncClient() as elsewhere:
            answer = await elsewhere.get(there.headers["location"])
        assert answer.status_code == 302
        return str(answer.headers["location"])

    async def answered(self, to: str = "") -> dict[str, str]:
        """What the provider's answer carries: ``code`` and ``state``."""
        return query_of(await self.back_from(to))

    async def sign_in(self, to: str = "") -> httpx.Response:
        return await self.browser.get(await self.back_from(to))

    async def csrf(self) -> str:
        found = re.search(r'name="csrf" value="([^"]+)"', (await self.browser.get(self.start)).text)
        assert found
        return found[1]


@asynccontextmanager
async def a_visitor(address: str, provider: Provider, start: str) -> AsyncIterator[Visitor]:
    async with httpx.AsyncClient(base_url=address, headers={"Accept": "text/html"}, timeout=20) as browser:
        yield Visitor(browser, provider, start)


def led_to(page: httpx.Response) -> str:
    """Where a page that leads on by itself leads."""
    found = re.search(r'http-equiv="refresh" content="0; url=([^"]+)"', page.text)
    assert found, page.text
    return unescape(found[1])
