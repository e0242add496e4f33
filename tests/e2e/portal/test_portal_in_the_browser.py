"""A distributor's visit to the portal in a real browser, before a running ingest."""

import asyncio
import os
import shutil
import uuid
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Browser, Page, async_playwright, expect
from redis.asyncio import Redis

from services.ingest.portal import texts
from shared.events import (
    DecisionMade,
    DeliveryStep,
    Label,
    Outcome,
    Reason,
    WebhookDelivery,
    WebhookRegistered,
)
from shared.stream.confluent_publisher import ConfluentPublisher
from shared.stream.envelope import envelope
from shared.topics import WEBHOOKS
from shared.views.redis_deliveries import RedisDeliveries
from shared.views.redis_tracks import RedisTrackViews
from tests.integration.ingest.running import Running, running
from tests.support.stack import Endpoints

pytestmark = pytest.mark.timeout(240)
PICTURES = Path(__file__).parents[3] / "build" / "screenshots" / "portal"
SAMPLE = Path(__file__).parents[3] / "deploy" / "samples" / "tracks" / "paper-comets.flac"


@pytest.fixture
def ingest(endpoints: Endpoints, tmp_path: Path) -> Iterator[Running]:
    with running(
        endpoints.bootstrap_servers, endpoints.redis_url, tmp_path, f"northwind-{uuid.uuid4()}"
    ) as one:
        yield one


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    found = os.environ.get("TRACKGATE_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    async with async_playwright() as playwright:
        executable = found or playwright.chromium.executable_path
        if not await asyncio.to_thread(Path(executable).exists):
            pytest.skip("no Chromium here: apt-get install chromium, or playwright install chromium")
        browser = await playwright.chromium.launch(
            executable_path=executable, args=["--no-sandbox", "--disable-gpu"]
        )
        try:
            yield browser
        finally:
            await browser.close()


def a_decision(track_id: str, outcome: Outcome, sequence: int, *codes: str) -> DecisionMade:
    return DecisionMade(
        event_id=str(uuid.uuid4()),
        occurred_at=datetime.now(UTC),
        track_id=track_id,
        audio_sha256="a" * 64,
        sequence=sequence,
        outcome=outcome,
        reasons=tuple(Reason(code=code, text=f"In the policy's words: {code}.") for code in codes),
        labels=(Label(code="ai-detected", text="Signs of AI generation were detected", basis="detected"),),
        policy_version="7",
        statement={"decision_facts": "An automated comparison found signs of generation."},
    )


async def told(page: Page, name: str) -> None:
    for scheme in ("light", "dark"):
        await page.emulate_media(color_scheme=scheme)
        await page.screenshot(path=PICTURES / f"{name}-{scheme}.png", full_page=True)


async def test_from_signing_in_to_an_appeal(ingest: Running, endpoints: Endpoints, browser: Browser) -> None:  # noqa: PLR0915 - one visit, told as one
    foreign: list[str] = []
    complaints: list[str] = []
    context = await browser.new_context(
        base_url=str(ingest.http.base_url), viewport={"width": 1280, "height": 800}
    )
    page = await context.new_page()
    page.on(
        "request",
        lambda asked: foreign.append(asked.url) if urlsplit(asked.url).hostname != "127.0.0.1" else None,
    )
    page.on("console", lambda line: complaints.append(line.text) if line.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))

    await page.goto("/portal")
    await told(page, "sign-in")
    await page.get_by_label("Your API key").fill(ingest.http.headers["Authorization"].removeprefix("Bearer "))
    await page.get_by_role("button", name="Sign in").click()
    await expect(page.get_by_role("heading", name="Nothing delivered yet")).to_be_visible()

    await page.get_by_role("link", name="Deliver a recording").click()
    await page.get_by_label("Title").fill("Paper Comets")
    await page.get_by_label("Artist as displayed").fill("Glass Orchard")
    await page.get_by_label("ISRC").fill("no ISRC")
    await page.get_by_label("Recording").set_input_files(SAMPLE)
    await page.get_by_role("button", name="Deliver").click()
    await expect(page.locator("#said")).to_contain_text("isrc")
    await told(page, "deliver")
    complaints.clear()  # Chromium writes every refused request into its console
    await page.get_by_label("ISRC").fill("US-S1Z-99-00001")
    await page.get_by_role("button", name="Deliver").click()
    await expect(page.get_by_role("heading", name=texts.STATES["received"].title)).to_be_visible(
        timeout=30_000
    )
    track_id = page.url.rpartition("/")[2]

    async with Redis.from_url(endpoints.redis_url) as redis:
        views = RedisTrackViews(redis)
        await views.record(a_decision(track_id, Outcome.QUARANTINE, 1, "ai_contradicts_declaration"))
        await expect(
            page.get_by_role("heading", name=texts.STATES["quarantine"].title, exact=True)
        ).to_be_visible()
        await expect(page.locator("#contest")).to_have_count(0)
        await views.record(a_decision(track_id, Outcome.REJECT, 2, "ai_contradicts_declaration", "reviewed"))
        await expect(
            page.get_by_role("heading", name=texts.STATES["reject"].title, exact=True)
        ).to_be_visible()
        await expect(page.get_by_text(texts.REASONS["ai_contradicts_declaration"].todo)).to_be_visible()
        await expect(page.get_by_text("An automated comparison found signs").first).to_be_visible()
        await told(page, "track")
        await page.get_by_label("Why is the decision wrong?").fill(
            "Every note was played by hand; stems are here."
        )
        await page.get_by_role("button", name="Send the appeal").click()
        await expect(page.get_by_text("It waits for a person")).to_be_visible()
        await expect(page.locator("#contest")).to_have_count(0)
        await told(page, "appealed")
        await _some_webhook(endpoints, redis, ingest.distributor_id, track_id)

    await page.get_by_role("link", name="Webhook").click()
    await expect(page.get_by_text(texts.DELIVERY_STEPS["failed"])).to_be_visible()
    await told(page, "webhook")
    await page.get_by_role("link", name="Uploads").click()
    await expect(page.get_by_role("row", name="Paper Comets")).to_contain_text(texts.STATES["reject"].title)
    await told(page, "uploads")
    await page.get_by_role("link", name="Paper Comets").click()
    await page.get_by_role("link", name="Deliver again").click()
    await expect(page.get_by_label("Title")).to_have_value("Paper Comets")
    await expect(page.get_by_label("ISRC")).to_have_value("USS1Z9900001")
    await page.get_by_role("button", name="Sign out").click()
    await page.goto("/portal")
    await expect(page.get_by_label("Your API key")).to_be_visible()
    assert foreign == []
    assert complaints == []


async def _some_webhook(endpoints: Endpoints, redis: Redis, distributor_id: str, track_id: str) -> None:
    now = datetime.now(UTC)
    webhook = WebhookRegistered(
        event_id=str(uuid.uuid4()),
        occurred_at=now,
        distributor_id=distributor_id,
        url="https://hooks.northwind.example/trackgate",
        sealed_secret="v1.sealed",  # noqa: S106 - opens nothing
        generation=1,
        since=now,
    )
    async with ConfluentPublisher(endpoints.bootstrap_servers) as publisher:
        await publisher.publish(envelope(WEBHOOKS, webhook, source="test"))
    step = WebhookDelivery(
        event_id=str(uuid.uuid4()),
        occurred_at=now,
        delivery_id=str(uuid.uuid4()),
        distributor_id=distributor_id,
        track_id=track_id,
        decision_id="decision",
        step=DeliveryStep.FAILED,
        sequence=1,
        attempt=1,
        generation=1,
        due_at=now + timedelta(minutes=5),
        status=503,
    )
    await RedisDeliveries(redis).record(step)
