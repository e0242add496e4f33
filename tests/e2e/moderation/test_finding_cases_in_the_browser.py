"""Search, every filter, and the next case made ready ahead, in a real browser against the running system."""

import re

import pytest
from playwright.async_api import Browser, Page, expect

from services.moderation.domain.cases import appeal_case_id_of
from tests.e2e.moderation.test_deciding_in_the_browser import closed, in_queue, sign_in, tomorrow
from tests.e2e.moderation.world import (
    World,
    an_appeal,
    claimed_name,
    cloned_voice,
    denied_generation,
    failed_detector,
)

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(300)]


async def listed(page: Page, *titles: str) -> None:
    await expect(page.locator("#list tbody tr a")).to_have_text(list(titles))


async def test_cases_are_found_by_title_isrc_track_id_and_every_filter(
    world: World, browser: Browser
) -> None:
    voice = await cloned_voice(world, title="Findable Light")
    comets = await denied_generation(world, title="Findable Comets", release_date=tomorrow())
    failed = await failed_detector(world)
    name = await claimed_name(world)
    for upload in (voice, comets, failed, name):
        await in_queue(world, upload)
    visit = await sign_in(browser, world, "ada")
    page = visit.page

    async def choose(label: str, option: str) -> None:
        await page.goto(f"{world.address}/queue")
        await page.locator("summary", has_text="More filters").click()
        await page.get_by_label(label, exact=True).select_option(label=option)

    async def search(text: str) -> None:
        await page.goto(f"{world.address}/queue")
        await page.get_by_label("Search").fill(text)
        await page.keyboard.press("Enter")

    await search("findable com")
    await listed(page, "Findable Comets")
    await search("ZZTGD2600077")
    await listed(page, "Findable Light")
    await search(failed.track_id)
    await listed(page, "Night Shift")
    await search(failed.track_id[:13])
    await listed(page, "Night Shift")

    await page.goto(f"{world.address}/queue?reason=voice_without_consent")
    await listed(page, "Findable Light")
    await page.goto(f"{world.address}/queue?distributor=southgate")
    await expect(page.locator("#list tbody tr")).to_have_count(2)
    await choose("Score", "90 % and more")
    await expect(page).to_have_url(re.compile(r"[?&]min_score=90$"))
    await listed(page, "Findable Light", "Findable Comets")
    await page.goto(f"{world.address}/queue")
    await page.locator("summary", has_text="More filters").click()
    await page.get_by_label("Artist", exact=True).fill("die nacht")
    await page.keyboard.press("Enter")
    await listed(page, "Night Shift")
    await visit.picture("filters")
    await choose("Waiting", "Over 1 hour")
    await expect(page.get_by_role("heading", name="No case fits these filters")).to_be_visible()
    await choose("Waiting", "Any time")
    await expect(page.locator("#list tbody tr")).to_have_count(4)
    assert (visit.foreign, visit.complaints) == ([], [])
    await visit.context.close()


async def test_an_appeal_against_a_label_is_found_by_the_label(world: World, browser: Browser) -> None:
    upload = await denied_generation(world, title="Labelled Once")
    path = await in_queue(world, upload)
    ada, ben = await sign_in(browser, world, "ada"), await sign_in(browser, world, "ben")
    await ada.page.goto(f"{world.address}{path}")
    await ada.press("c")
    await ada.press("l", "3", "Enter")
    decision = (await closed(world, path))["decision"]
    assert [label["code"] for label in decision["labels"]] == ["ai-detected"]
    await world.publish(an_appeal(upload, decision["event_id"]))
    appeal = f"/v1/cases/{appeal_case_id_of(upload.track_id)}"
    await world.until("vic", appeal, lambda body: body["case"]["state"] == "open")
    await ben.page.goto(f"{world.address}/queue?label=ai-detected")
    await listed(ben.page, "Labelled Once")
    await ben.page.goto(f"{world.address}/queue?label=licensed-voice")
    await expect(ben.page.get_by_role("heading", name="No case fits these filters")).to_be_visible()
    for visit in (ada, ben):
        assert (visit.foreign, visit.complaints) == ([], [])
        await visit.context.close()


async def test_the_next_case_is_made_ready_while_this_one_is_decided(world: World, browser: Browser) -> None:
    await in_queue(world, await denied_generation(world, title="Ahead One", release_date=tomorrow()))
    second = await in_queue(world, await denied_generation(world, title="Ahead Two"))
    visit = await sign_in(browser, world, "ada")
    page = visit.page
    await page.goto(f"{world.address}/queue?text=ahead")
    await visit.press("n")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Ahead One")
    next_id = second.removeprefix("/cases/")
    await expect(page.locator(f'body[data-ahead="{next_id}"]')).to_be_attached(timeout=60_000)
    await visit.press("p", "Enter")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Ahead Two")
    await expect(page.locator("#wave-note")).to_be_hidden(timeout=20_000)
    from_cache = await page.evaluate(
        """(id) => performance.getEntriesByType('resource')
             .filter((one) => one.name.endsWith(`/v1/cases/${id}/waveform`))
             .map((one) => one.transferSize)""",
        next_id,
    )
    assert from_cache == [0], "the waveform was asked for again"
    assert (visit.foreign, visit.complaints) == ([], [])
    await visit.context.close()
