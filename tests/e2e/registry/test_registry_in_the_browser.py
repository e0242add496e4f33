"""An artist comes under protection in a real browser: two people, both detectors, a real broker."""

import uuid
from collections.abc import AsyncIterator
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Browser, Page, expect

from tests.e2e.axe import checked
from tests.e2e.chromium import chromium
from tests.integration.registry.running import SAMPLES, RunningRegistry, protected, running_registry
from tests.support.stack import Endpoints

pytestmark = pytest.mark.timeout(600)
PICTURES = Path(__file__).parents[3] / "build" / "screenshots" / "registry"
REFERENCES = [SAMPLES / "references" / f"liva-norrfjell-{number}.flac" for number in (1, 2)]
CHECKS_MS = 150_000


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as browser:
        yield browser


class Visit:
    """One person's window. ``complaints`` are what went wrong in it, ``foreign`` whom else it asked."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.complaints: list[str] = []
        self.foreign: list[str] = []
        page.on("request", self._asked)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", lambda line: self.complaints.append(line.text) if line.type == "error" else None)

    def _asked(self, request: object) -> None:
        url = str(request.url)  # type: ignore[attr-defined]
        if urlsplit(url).hostname != "127.0.0.1":
            self.foreign.append(url)


async def signed_in(browser: Browser, registry: RunningRegistry, person: str) -> Visit:
    context = await browser.new_context(base_url=registry.url, viewport={"width": 1280, "height": 860})
    visit = Visit(await context.new_page())
    await visit.page.goto("/artists")
    await visit.page.get_by_label("Your sign-in token").fill(registry.tokens[person])
    await visit.page.get_by_role("button", name="Sign in").click()
    await expect(visit.page.get_by_role("heading", name="Artists")).to_be_visible()
    return visit


async def fill_in(page: Page, artist: str) -> None:
    for label, text in {
        "Id": artist,
        "ISNI (if there is one)": "0000 0001 2281 9550",
        "Also known as": "L. Norrfjell",
        "Why they may be used": "own recordings",
        "Register or era (if they stand for one)": "chest voice",
        "Why you may speak for the artist": "Her label; contract of November 2025.",
        "Who agreed": "Liva Norrfjell",
        "On": "2026-01-02",
        "How, and where the proof is kept": "Signed on paper, kept by the label.",
    }.items():
        await page.get_by_label(label, exact=True).fill(text)
    await page.get_by_label("Name", exact=True).fill("Liva Norrfjell")
    await page.get_by_label("Recordings", exact=True).set_input_files(REFERENCES)
    await page.get_by_label("The artist has agreed to exactly these words").check()


async def test_from_a_proposal_to_a_protected_artist_and_back(  # noqa: PLR0915 - one story, told as one
    endpoints: Endpoints, tmp_path: Path, browser: Browser
) -> None:
    artist, neighbour = (f"{name}-{uuid.uuid4().hex[:4]}" for name in ("liva-norrfjell", "carlo-flora"))
    PICTURES.mkdir(parents=True, exist_ok=True)
    wrong: list[str] = []
    with running_registry(endpoints, tmp_path) as registry, ExitStack() as stack:
        for name in ("voice_matcher", "ai_detector"):
            stack.enter_context(registry.detector(name))
        await protected(registry, neighbour, SAMPLES / "tracks" / "il-centralino.flac")
        rita = await signed_in(browser, registry, "rita")
        page = rita.page
        wrong += await checked(page, "artists")
        await page.get_by_role("link", name="Propose an artist").first.click()
        await fill_in(page, artist)
        await page.get_by_role("button", name="Propose").click()
        await expect(page.get_by_role("alert")).to_contain_text("isni")
        await expect(page.get_by_label("Why you may speak for the artist")).to_have_value(
            "Her label; contract of November 2025."
        )
        wrong += await checked(page, "a faulty proposal")
        rita.complaints.clear()  # Chromium writes every refused request into its console
        await page.get_by_label("ISNI (if there is one)").fill("0000 0001 2281 955X")
        await page.get_by_label("Recordings", exact=True).set_input_files(REFERENCES)
        await page.get_by_label("The artist has agreed to exactly these words").check()
        await page.get_by_role("button", name="Propose").click()
        await expect(page.get_by_role("heading", name="Proposal: pending")).to_be_visible()
        await expect(page.get_by_text("somebody else approves")).to_be_visible()
        await expect(page.get_by_role("button", name="Approve")).to_have_count(0)

        omar = await signed_in(browser, registry, "omar")
        await omar.page.get_by_role("link", name="Liva Norrfjell").first.click()
        approve = omar.page.get_by_role("button", name="Approve")
        await expect(approve).to_be_enabled(timeout=CHECKS_MS)  # the page follows the checks by itself
        await expect(omar.page.get_by_text("listening …")).to_have_count(0)
        await expect(omar.page.get_by_role("row", name=neighbour)).to_contain_text("told apart")
        wrong += await checked(omar.page, "a checked proposal")
        doubts = omar.page.get_by_label("Why the doubts are set aside")
        if await doubts.count():
            await doubts.fill("A fiction of the samples, sung by a synthesiser.")
        await omar.page.screenshot(path=PICTURES / "proposal.png", full_page=True)
        await approve.click()
        await expect(omar.page.get_by_role("heading", name="Protected")).to_be_visible()
        await expect(omar.page.get_by_text("The voice was measured")).to_be_visible(timeout=CHECKS_MS)

        await omar.page.get_by_text("Give consent", exact=True).first.click()
        await omar.page.locator("#grant_id").fill(f"{artist}-all")
        await omar.page.get_by_label("Who signed").fill("Liva Norrfjell")
        await omar.page.get_by_label("To", exact=True).fill("*")
        await omar.page.locator("#valid_until").fill("2027-01-01")
        await omar.page.get_by_label("sampling").check()
        await omar.page.get_by_role("button", name="Give consent").click()
        await expect(omar.page.get_by_role("button", name=f"Revoke {artist}-all")).to_be_visible()

        await omar.page.get_by_text("Give a key", exact=True).first.click()
        await omar.page.locator("#key_id").fill(f"{artist}-key")
        await omar.page.locator("#key_until").fill("2027-01-01")
        await omar.page.get_by_role("button", name="Give a key").click()
        await expect(omar.page.locator("code.secret")).to_contain_text(f"tga_{artist}_")
        wrong += await checked(omar.page, "a protected artist")
        await omar.page.goto(f"/artists/{artist}")
        await expect(omar.page.locator("code.secret")).to_have_count(0)
        await omar.page.screenshot(path=PICTURES / "artist.png", full_page=True)

        await omar.page.get_by_role("button", name=f"Revoke {artist}-all").click()
        await expect(omar.page.get_by_text("revoked")).to_be_visible()
        await omar.page.get_by_label("I know that this cannot be undone").check()
        await omar.page.get_by_role("button", name="Withdraw Liva Norrfjell").click()
        await expect(omar.page.get_by_role("heading", name="Withdrawn")).to_be_visible()
        wrong += await checked(omar.page, "a withdrawn artist")
        await omar.page.get_by_role("button", name="Sign out").click()
        wrong += await checked(omar.page, "sign-in")
        deeds = [deed for deed, about in registry.deeds() if about == artist]
        assert deeds[-2:] == ["key_destroyed", "template_deleted"]
    assert wrong == [], "\n".join(wrong)
    for visit in (rita, omar):
        assert visit.foreign == []
        assert visit.complaints == []
