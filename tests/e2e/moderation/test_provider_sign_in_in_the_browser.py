"""There, back and out again in a real browser, the provider on another site than the desk."""

import json
import os
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from deploy.local.ports import free_ports
from tests.support.processes import a_process, answers
from tests.support.stack import Endpoints

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(240)]
ADA = {"sub": "ada", "name": "Ada Lovelace", "groups": ["mods"]}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desk(own_endpoints: Endpoints, home: Path) -> AsyncIterator[str]:
    """The provider is ``localhost`` and the desk ``127.0.0.1``: to a browser those are two sites."""
    port, provider_port = free_ports(2)
    provider = f"http://localhost:{provider_port}"
    secret = home / "secret"
    secret.write_text("secret")
    environment = {
        **os.environ,
        "TRACKGATE_KAFKA": own_endpoints.bootstrap_servers,
        "TRACKGATE_REDIS": own_endpoints.redis_url,
        "TRACKGATE_STORE": str(home / "objects"),
        "TRACKGATE_MODERATION_PORT": str(port),
        "TRACKGATE_MODERATION_AUDIT": str(home / "audit-of-the-team.jsonl"),
        "TRACKGATE_MODERATION_SIGN_IN": "oidc",
        "TRACKGATE_MODERATION_PUBLIC_URL": f"http://127.0.0.1:{port}",
        "TRACKGATE_MODERATION_OIDC_ISSUER": provider,
        "TRACKGATE_MODERATION_OIDC_CLIENT_ID": "desk",
        "TRACKGATE_MODERATION_OIDC_CLIENT_SECRET_FILE": str(secret),
        "TRACKGATE_MODERATION_OIDC_GRANTS": json.dumps([{"group": "mods", "roles": ["moderator"]}]),
    }
    arguments = (str(provider_port), "desk", "secret", "localhost")
    async with (
        a_process(environment, home, "tests.support.oidc_provider", *arguments),
        a_process(environment, home, "services.moderation", "api"),
    ):
        await answers(f"http://127.0.0.1:{port}/healthz")
        async with httpx.AsyncClient() as client:
            await client.put(f"http://127.0.0.1:{provider_port}/of-the-test/next", json={"claims": ADA})
        yield f"http://127.0.0.1:{port}"


async def test_a_moderator_signs_in_at_the_provider_and_out_at_both(desk: str, browser: Browser) -> None:
    context = await browser.new_context()
    page = await context.new_page()
    complaints: list[str] = []
    page.on("console", lambda line: complaints.append(line.text))
    await page.goto(f"{desk}/queue?share=mine")
    await page.get_by_role("link", name="Sign in with your organisation").click()
    await expect(page).to_have_url(f"{desk}/queue?share=mine")
    await expect(page.get_by_text("Ada Lovelace")).to_be_visible()
    await page.get_by_role("button", name="Sign out").click()
    await expect(page).to_have_url(f"{desk}/sign-in")
    await page.goto(f"{desk}/queue")
    await expect(page.get_by_role("link", name="Sign in with your organisation")).to_be_visible()
    assert complaints == []
    await context.close()
