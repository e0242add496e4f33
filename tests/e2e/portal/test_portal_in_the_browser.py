"""A distributor's visit to the portal in a real browser, before a running ingest."""

import hashlib
import uuid
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Browser, Page, expect
from redis.asyncio import Redis

from services.ingest.portal import texts
from shared.events import (
    DecisionMade,
    DeliveryStep,
    Label,
    Outcome,
    Reason,
    WebhookDelivery,
)
from shared.stream.replay import replay
from shared.topics import DELIVERIES
from shared.views.redis_deliveries import RedisDeliveries
from shared.views.redis_tracks import RedisTrackViews
from shared.webhooks.sealing import secret_bytes
from tests.e2e.axe import checked
from tests.e2e.chromium import chromium
from tests.integration.ingest.running import Running, running
from tests.support.stack import Endpoints

pytestmark = pytest.mark.timeout(240)
PICTURES = Path(__file__).parents[3] / "build" / "screenshots" / "portal"
SAMPLE = Path(__file__).parents[3] / "deploy" / "samples" / "tracks" / "paper-comets.flac"


@pytest.fixture
def ingest(endpoints: Endpoints, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Running]:
    monkeypatch.setenv("TRACKGATE_WEBHOOK_KEY_FILE", str(tmp_path / "webhook-key"))
    with running(
        endpoints.bootstrap_servers, endpoints.redis_url, tmp_path, f"northwind-{uuid.uuid4()}"
    ) as one:
        yield one


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as browser:
        yield browser


WORDS = {
    "ai_contradicts_declaration": "Declared as free of generated content, and likely generated.",
    "reviewed": "A moderator looked at this track and rejected it.",
}

ARTIST_KEY = "tga_glass-orchard_of-the-test-0123456789"
A_REVOKED_KEY = {
    "key_sha256": hashlib.sha256(ARTIST_KEY.encode()).hexdigest(),
    "artist_id": "glass-orchard",
    "name": "Glass Orchard",
    "state": "revoked",
    "counts": False,
}


def a_decision(track_id: str, outcome: Outcome, sequence: int, *codes: str) -> DecisionMade:
    return DecisionMade(
        event_id=str(uuid.uuid4()),
        occurred_at=datetime.now(UTC),
        track_id=track_id,
        audio_sha256="a" * 64,
        sequence=sequence,
        outcome=outcome,
        reasons=tuple(Reason(code=code, text=WORDS[code]) for code in codes),
        labels=(Label(code="ai-detected", text="Signs of AI generation were detected", basis="detected"),),
        policy_version="7",
        automated="reviewed" not in codes,
        statement={"decision_facts": "An automated comparison found signs of generation."},
        policy_input={"keys": [A_REVOKED_KEY]},
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
    await page.get_by_label("Artist keys").fill(f"{ARTIST_KEY}\n")
    await page.get_by_role("button", name="Deliver").click()
    await expect(page.get_by_role("heading", name=texts.STATES["received"].title)).to_be_visible(
        timeout=30_000
    )
    await expect(page.get_by_text(texts.KEY_STATES["undecided"].title)).to_be_visible()
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
        await expect(page.get_by_text(texts.KEY_STATES["revoked"].title)).to_be_visible()
        await expect(page.get_by_role("heading", name="Glass Orchard refused: taken back")).to_be_visible()
        assert ARTIST_KEY not in await page.content()
        await told(page, "track")
        await page.get_by_label("Why is the decision wrong?").fill(
            "Every note was played by hand; stems are here."
        )
        await page.get_by_role("button", name="Send the appeal").click()
        await expect(page.get_by_text("It waits for a person")).to_be_visible()
        await expect(page.locator("#contest")).to_have_count(0)
        await told(page, "appealed")
    await page.get_by_role("navigation", name="Portal").get_by_role("link", name="Uploads").click()
    await expect(page.get_by_role("row", name="Paper Comets")).to_contain_text(texts.STATES["reject"].title)
    await told(page, "uploads")
    await page.get_by_role("link", name="Paper Comets").click()
    await page.get_by_role("link", name="Deliver again").click()
    await expect(page.get_by_label("Title")).to_have_value("Paper Comets")
    await expect(page.get_by_label("ISRC")).to_have_value("USS1Z9900001")
    await expect(page.get_by_text("enter those of before again")).to_be_visible()
    await page.get_by_role("button", name="Sign out").click()
    await page.goto("/portal")
    await expect(page.get_by_label("Your API key")).to_be_visible()
    assert foreign == []
    assert complaints == []


async def test_a_webhook_is_registered_switched_off_and_told_once_more(
    ingest: Running, endpoints: Endpoints, browser: Browser
) -> None:
    context = await browser.new_context(base_url=str(ingest.http.base_url))
    page = await context.new_page()
    await page.goto("/portal")
    await page.get_by_label("Your API key").fill(ingest.http.headers["Authorization"].removeprefix("Bearer "))
    await page.get_by_role("button", name="Sign in").click()
    await page.get_by_role("link", name="Webhook").click()
    await expect(page.get_by_role("heading", name="No address is registered")).to_be_visible()

    await page.get_by_role("textbox", name="Address").fill("https://10.0.0.1/told")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_role("alert")).to_contain_text("the address is not a public one")
    await page.get_by_role("textbox", name="Address").fill("https://hooks.northwind.example/trackgate")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_role("heading", name="Your signing secret")).to_be_visible()
    secret = await page.locator("#secret").text_content()
    assert secret is not None
    assert len(secret_bytes(secret)) == 32
    await page.get_by_role("link", name="I have it").click()
    await expect(page.locator("#endpoint-state")).to_have_text("on")
    assert secret not in await page.content()

    async with Redis.from_url(endpoints.redis_url) as redis:
        delivery_id = await _given_up(RedisDeliveries(redis), ingest.distributor_id)
        await page.reload()
        await expect(page.get_by_text(texts.DELIVERY_STEPS["given_up"])).to_be_visible()
        await told(page, "webhook")
        found = await checked(page, "webhook")
        await page.get_by_role("button", name="Replay").click()
        await expect(page.get_by_text(texts.DELIVERY_STEPS["replayed"])).to_be_visible()
        await expect(page.get_by_role("button", name="Replay")).to_have_count(0)
        delivery = await RedisDeliveries(redis).load(delivery_id)
    assert delivery is not None
    assert (delivery.last.step, delivery.last.sequence) == (DeliveryStep.REPLAYED, 2)
    steps = [WebhookDelivery.from_bytes(value) for value in replay(DELIVERIES, endpoints.bootstrap_servers)]
    assert delivery.last.event_id in {step.event_id for step in steps}

    await page.get_by_role("button", name="Switch off").click()
    await expect(page.locator("#endpoint-state")).to_have_text("off")
    await told(page, "webhook-off")
    assert found == [], "\n".join(found)


async def test_every_page_of_the_portal_meets_wcag_aa(
    ingest: Running, endpoints: Endpoints, browser: Browser
) -> None:
    context = await browser.new_context(base_url=str(ingest.http.base_url))
    page = await context.new_page()
    await page.goto("/portal")
    found = await checked(page, "sign-in")
    await page.get_by_label("Your API key").fill("tgk_wrong")
    await page.get_by_role("button", name="Sign in").click()
    found += await checked(page, "refused")
    await page.get_by_label("Your API key").fill(ingest.http.headers["Authorization"].removeprefix("Bearer "))
    await page.get_by_role("button", name="Sign in").click()
    found += await checked(page, "nothing delivered")
    await page.goto("/portal/deliver")
    found += await checked(page, "deliver")
    await page.get_by_label("Title").fill("Paper Comets")
    await page.get_by_label("Artist as displayed").fill("Glass Orchard")
    await page.get_by_label("Recording").set_input_files(SAMPLE)
    await page.get_by_role("button", name="Deliver").click()
    await expect(page.get_by_role("heading", name=texts.STATES["received"].title)).to_be_visible(
        timeout=30_000
    )
    found += await checked(page, "received")
    track_id = page.url.rpartition("/")[2]
    async with Redis.from_url(endpoints.redis_url) as redis:
        decision = a_decision(track_id, Outcome.REJECT, 1, "ai_contradicts_declaration", "reviewed")
        await RedisTrackViews(redis).record(decision)
        await expect(page.locator("#contest")).to_be_visible()
    found += await checked(page, "rejected")
    await page.screenshot(path=PICTURES / "guide-portal.png")
    await page.goto("/portal")
    found += await checked(page, "uploads")
    await page.goto("/portal/tracks/00000000-0000-4000-8000-000000000000")
    found += await checked(page, "no such track")
    await page.goto("/portal/webhook")
    found += await checked(page, "no webhook")
    assert found == [], "\n".join(found)


async def _given_up(deliveries: RedisDeliveries, distributor_id: str) -> str:
    """A delivery that was tried and given up, in the log; returns its id."""
    delivery_id, now = str(uuid.uuid4()), datetime.now(UTC)
    for number, step in enumerate((DeliveryStep.QUEUED, DeliveryStep.GIVEN_UP)):
        event = WebhookDelivery(
            event_id=str(uuid.uuid4()),
            occurred_at=now,
            delivery_id=delivery_id,
            distributor_id=distributor_id,
            track_id=str(uuid.uuid4()),
            decision_id="decision",
            step=step,
            sequence=number,
            attempt=10 * number,
            generation=0,
            due_at=now + timedelta(minutes=5),
            status=503 if number else None,
            body=None if number else "{}",
        )
        await deliveries.record(event)
    return delivery_id
