"""A moderator's work in a real browser, against the running system."""

import re
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Page, expect

from services.moderation.domain.cases import case_id_of
from shared.events import TrackUploaded
from tests.e2e.moderation.world import (
    World,
    audited,
    claimed_name,
    cloned_voice,
    denied_generation,
    failed_detector,
)

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(240)]
PICTURES = Path(__file__).parents[3] / "build" / "screenshots" / "moderation"


class Visit:
    """A browser window of one reviewer; remembers what a page must never do."""

    def __init__(self, context: BrowserContext, page: Page) -> None:
        self.context = context
        self.page = page
        self.foreign: list[str] = []
        self.complaints: list[str] = []
        page.on("request", self._asked)
        page.on("console", lambda line: self.complaints.append(line.text) if line.type == "error" else None)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _asked(self, request: object) -> None:
        url = getattr(request, "url", "")
        if urlsplit(url).hostname not in {"127.0.0.1", None}:
            self.foreign.append(url)

    async def press(self, *keys: str) -> None:
        """Keys, once the page takes them."""
        await self.page.locator("body[data-keys=on]").wait_for()
        for key in keys:
            await self.page.keyboard.press(key)

    async def picture(self, name: str, *, full: bool = False) -> None:
        await self.page.screenshot(path=PICTURES / f"{name}.png", full_page=full)


def tomorrow() -> date:
    return datetime.now(UTC).date() + timedelta(days=1)


async def sign_in(browser: Browser, world: World, reviewer: str, *, scheme: str = "light") -> Visit:
    context = await browser.new_context(
        viewport={"width": 1280, "height": 860}, color_scheme="dark" if scheme == "dark" else "light"
    )
    page = await context.new_page()
    visit = Visit(context, page)
    await page.goto(world.address)
    await page.get_by_label("Your sign-in token").fill(world.tokens[reviewer])
    await page.get_by_role("button", name="Sign in").click()
    await expect(page).to_have_url(f"{world.address}/queue")
    return visit


@pytest_asyncio.fixture(loop_scope="module")
async def ada(browser: Browser, world: World) -> AsyncIterator[Visit]:
    visit = await sign_in(browser, world, "ada")
    yield visit
    await visit.context.close()
    assert visit.foreign == []
    assert visit.complaints == []


async def in_queue(world: World, upload: TrackUploaded) -> str:
    """The case of a delivery, once policy has held it and the worker has queued it; returns its path."""
    path = f"/cases/{case_id_of(upload.track_id)}"
    await world.until("vic", f"/v1{path}", lambda body: body["case"]["state"] == "open")
    return path


async def closed(world: World, path: str) -> Any:
    """The case once policy's word on the answer is known: in the queue, and in the track's view too."""

    def told(body: Any) -> bool:
        decision = body["decision"]
        return body["case"]["state"] == "closed" and bool(decision) and decision["outcome"] != "quarantine"

    return await world.until("vic", f"/v1{path}", told)


async def test_cases_appear_by_themselves_in_order(world: World, ada: Visit) -> None:
    page = ada.page
    await expect(page.get_by_role("heading", name="Nothing waits for a person")).to_be_visible()
    await expect(page.get_by_text("Live")).to_be_visible()
    await ada.picture("queue-empty")
    await denied_generation(world, release_date=tomorrow())
    await claimed_name(world)
    await failed_detector(world)
    await cloned_voice(world)
    rows = page.locator("#list tbody tr")
    await expect(rows).to_have_count(4, timeout=60_000)
    await expect(rows.locator("a")).to_have_text(
        ["Borrowed Light", "Night Shift", "Harbour Poem (feat. Liva Norrfjell)", "Paper Comets"]
    )
    await ada.press("j")
    await ada.press("j")
    await ada.picture("queue-light")
    await page.emulate_media(color_scheme="dark")
    await ada.picture("queue-dark")
    await page.emulate_media(color_scheme="light")
    await ada.press("?")
    await expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    await ada.picture("queue-keys")
    await ada.press("Escape")
    await ada.press("/")
    await page.keyboard.type("harb")
    await ada.press("Enter")
    await expect(rows.locator("a")).to_have_text(["Harbour Poem (feat. Liva Norrfjell)"])
    await page.get_by_label("Search").fill("no such thing")
    await ada.press("Enter")
    await expect(page.get_by_role("heading", name="No case fits these filters")).to_be_visible()
    await ada.picture("queue-nothing-fits")


async def test_a_track_is_heard_and_rejected_by_keyboard_alone(world: World, ada: Visit, home: Path) -> None:
    page = ada.page
    path = await in_queue(world, await cloned_voice(world, title="Rejected Light"))
    await page.goto(f"{world.address}/queue?text=rejected+light")
    await ada.press("n")
    await expect(page).to_have_url(f"{world.address}{path}?text=rejected+light")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Rejected Light")
    await expect(page.locator("#wave-note")).to_be_hidden(timeout=30_000)
    assert await page.evaluate("document.getElementById('audio').muted") is True
    await ada.picture("case-light", full=True)
    await page.emulate_media(color_scheme="dark")
    await ada.picture("case-dark", full=True)
    await page.emulate_media(color_scheme="light")
    await ada.press(" ")
    await expect(page.locator("#time")).to_have_text(re.compile(r"^0:0[1-9] / "))
    await ada.press(" ")
    await ada.press("]")
    await ada.press("]")
    await expect(page.locator("#time")).to_have_text(re.compile(r"^0:1[01] / "))

    await ada.press("r")
    await expect(page.get_by_role("radio", name="Reject")).to_be_checked()
    await page.keyboard.type("The voice is Liva Norrfjell's, and no grant covers it.")
    await ada.picture("case-deciding")
    await ada.press("Escape")
    await ada.press("Enter")
    await expect(page.get_by_text("Rejected. The case closes")).to_be_visible()

    answer = await closed(world, path)
    assert answer["decision"]["outcome"] == "reject"
    assert [(review["reviewer_id"], review["outcome"]) for review in answer["reviews"]] == [("ada", "reject")]
    deeds = {entry["deed"] for entry in audited(home) if entry.get("case_id") == path.removeprefix("/cases/")}
    assert {"claimed", "heard", "resolving", "resolved"} <= deeds


async def test_deciding_leads_to_the_next_case_and_skipping_past_it(world: World, ada: Visit) -> None:
    page = ada.page
    first = await in_queue(world, await denied_generation(world, title="Sequel One", release_date=tomorrow()))
    second = await in_queue(world, await denied_generation(world, title="Sequel Two"))
    await page.goto(f"{world.address}/queue?text=sequel")
    await ada.press("n")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Sequel One")
    await ada.press("l")
    await ada.press("3")
    await expect(page.get_by_role("checkbox", name="Signs of AI generation")).to_be_checked()
    await ada.picture("case-labelling")
    await ada.press("Enter")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Sequel Two")
    answer = await closed(world, first)
    assert answer["decision"]["outcome"] == "label"
    assert [label["code"] for label in answer["decision"]["labels"]] == ["ai-detected"]

    await ada.press("s")
    await expect(page).to_have_url(re.compile(r"/queue\?text=sequel&notice=skipped$"))
    await ada.press("n")
    await expect(page.get_by_text("No free case fits.")).to_be_visible()
    async with world.client("ben") as ben:
        claimed = (await ben.post("/v1/cases/next", params={"text": "sequel"})).json()
    assert f"/cases/{claimed['case_id']}" == second


async def test_a_claim_that_was_lost_decides_nothing(world: World, ada: Visit) -> None:
    page = ada.page
    path = await in_queue(world, await denied_generation(world, title="Lost Claim"))
    await page.goto(f"{world.address}{path}")
    await ada.press("c")
    await expect(page.get_by_role("heading", name="Decide")).to_be_visible()
    await ada.press("p")
    await expect(page.get_by_role("radio", name="Publish", exact=False).first).to_be_checked()
    token = int(await page.locator("body").get_attribute("data-token") or 0)
    async with world.client("ada") as elsewhere, world.client("ben") as ben:
        assert (await elsewhere.post(f"/v1{path}/release", json={"token": token})).is_success
        assert (await ben.post(f"/v1{path}/claim")).is_success
    await expect(page.get_by_text("Your claim on this case has ended.")).to_be_visible()
    await expect(page.get_by_role("button", name="Decide and next")).to_be_disabled()
    await ada.picture("case-claim-lost")
    # A page that has not noticed yet (its script is stopped, the machine was asleep) is refused all the same.
    await page.evaluate("document.querySelectorAll('#resolve button').forEach((b) => { b.disabled = false })")
    await page.get_by_role("button", name="Decide and next").click()
    await expect(page.get_by_role("alert").first).to_contain_text("Your claim on this case has ended")
    still = await world.until("vic", f"/v1{path}", lambda _: True)
    assert still["case"]["state"] == "open"
    assert still["case"]["claim"]["reviewer_id"] == "ben"
    ada.complaints = [line for line in ada.complaints if "409" not in line]


async def test_a_viewer_looks_and_neither_hears_nor_decides(world: World, browser: Browser) -> None:
    path = await in_queue(world, await denied_generation(world, title="Only Looking"))
    visit = await sign_in(browser, world, "vic")
    page = visit.page
    await expect(page.get_by_role("button", name="Claim the next case")).to_have_count(0)
    await page.goto(f"{world.address}{path}")
    await expect(page.get_by_text("Your role looks at cases")).to_be_visible()
    await expect(page.locator("audio")).to_have_count(0)
    await expect(page.get_by_role("button", name="Claim")).to_have_count(0)
    await visit.picture("case-viewer")
    await visit.context.close()


async def test_signing_in_takes_the_right_token_and_signing_out_ends_it(
    world: World, browser: Browser
) -> None:
    context = await browser.new_context(viewport={"width": 1280, "height": 860})
    page = await context.new_page()
    await page.goto(f"{world.address}/queue?share=mine")
    await page.get_by_label("Your sign-in token").fill("guess")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("alert")).to_contain_text("not known")
    PICTURES.mkdir(parents=True, exist_ok=True)
    await page.screenshot(path=PICTURES / "sign-in.png")
    await page.get_by_label("Your sign-in token").fill(world.tokens["sam"])
    await page.keyboard.press("Enter")
    await expect(page).to_have_url(f"{world.address}/queue?share=mine")
    (cookie,) = await context.cookies()
    assert (cookie["httpOnly"], cookie["sameSite"]) == (True, "Strict")
    await page.get_by_role("button", name="Sign out").click()
    await expect(page).to_have_url(f"{world.address}/sign-in")
    await context.add_cookies([{"name": cookie["name"], "value": cookie["value"], "url": world.address}])
    await page.goto(f"{world.address}/queue")
    await expect(page.get_by_label("Your sign-in token")).to_be_visible()
    await context.close()
