"""Every page against WCAG 2.2 AA as axe checks it, in light and dark, at a desk's and at a tablet's size."""

from datetime import timedelta
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from services.moderation.domain.cases import appeal_case_id_of
from tests.e2e.axe import checked, faults
from tests.e2e.moderation.test_deciding_in_the_browser import closed, in_queue, sign_in
from tests.e2e.moderation.world import (
    World,
    an_appeal,
    claimed_name,
    cloned_voice,
    denied_generation,
    failed_detector,
    resembling_account,
)

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(400)]
PICTURES = Path(__file__).parents[3] / "build" / "screenshots" / "moderation"


async def test_axe_finds_what_is_wrong(browser: Browser) -> None:
    page = await browser.new_page()
    await page.set_content("<html lang=en><title>t</title><main><h1>h</h1><img src=x><input></main>")
    assert {fault.partition(":")[0] for fault in await faults(page)} == {"image-alt", "label"}
    await page.close()


async def test_every_page_of_the_desk_meets_wcag_aa(world: World, browser: Browser) -> None:
    held = await in_queue(world, await cloned_voice(world, title="Checked Light"))
    await in_queue(world, await denied_generation(world, title="Checked Comets"))
    visit = await sign_in(browser, world, "ada")
    page = visit.page
    found: list[str] = []
    await page.locator("body[data-keys=on]").wait_for()
    await expect(page.locator("#list tbody tr").first).to_be_visible()
    found += await checked(page, "queue")
    await page.goto(f"{world.address}/queue?text=nothing+like+it")
    found += await checked(page, "nothing fits")
    await page.goto(f"{world.address}{held}")
    found += await checked(page, "free case")
    await page.get_by_role("button", name="Claim").click()
    await expect(page.get_by_role("heading", name="Decide")).to_be_visible()
    await expect(page.locator("#spectrum-words")).to_be_visible(timeout=30_000)
    found += await checked(page, "claimed case")
    await page.keyboard.press("l")
    found += await checked(page, "labelling")
    await page.keyboard.press("?")
    await expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    found += await checked(page, "keys")
    await page.goto(f"{world.address}/cases/00000000-0000-4000-8000-000000000000")
    found += await checked(page, "no such case")
    await visit.context.clear_cookies()
    await page.goto(f"{world.address}/sign-in")
    found += await checked(page, "sign-in")
    await visit.context.close()
    assert found == [], "\n".join(found)


async def test_bulk_actions_and_appeals_meet_wcag_aa(world: World, browser: Browser) -> None:
    upload = await denied_generation(world, title="Checked Batch")
    path = await in_queue(world, upload)
    sam = await sign_in(browser, world, "sam")
    page = sam.page
    found: list[str] = []
    await page.goto(f"{world.address}/queue?text=checked+batch")
    await sam.press("j", "x")
    found += await checked(page, "queue with marks")
    await page.locator("summary", has_text="More filters").click()
    found += await checked(page, "all filters")
    await page.get_by_role("link", name="Answer 1 marked").click()
    found += await checked(page, "bulk choosing")
    await page.get_by_role("button", name="Preview").click()
    found += await checked(page, "bulk without an answer")
    await sam.press("r")
    await page.keyboard.type("Generated, and declared as made by people.")
    await sam.press("Escape", "Enter")
    await expect(page.get_by_role("heading", name="Nothing is done yet")).to_be_visible()
    found += await checked(page, "bulk preview")
    await sam.press("Enter")
    await expect(page.get_by_role("heading", name="Done")).to_be_visible()
    found += await checked(page, "bulk done")
    await page.goto(f"{world.address}/bulk")
    found += await checked(page, "bulk list")
    decision = (await closed(world, path))["decision"]
    await world.publish(an_appeal(upload, decision["event_id"]))
    appeal = f"/cases/{appeal_case_id_of(upload.track_id)}"
    await world.until("vic", f"/v1{appeal}", lambda body: body["case"]["state"] == "open")
    ben = await sign_in(browser, world, "ben")
    await ben.page.goto(f"{world.address}/queue?share=appeals")
    found += await checked(ben.page, "appeals")
    await ben.press("n")
    await expect(ben.page.get_by_text("We have the session files")).to_be_visible()
    found += await checked(ben.page, "appeal")
    for visit in (sam, ben):
        await visit.context.close()
    assert found == [], "\n".join(found)


async def test_the_main_pages_as_pictures_for_the_guide(world: World, browser: Browser) -> None:
    """What the guide shows: ``build/screenshots/moderation/guide-*.png``, each the size of a window."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    for upload in (
        (await resembling_account(world))[-1],
        await failed_detector(world),
        await claimed_name(world),
        await denied_generation(world, title="Second Comet", ago=timedelta(hours=3)),
    ):
        await in_queue(world, upload)
    held = await in_queue(world, await cloned_voice(world, title="Borrowed Light"))
    visit = await sign_in(browser, world, "ada")
    page = visit.page
    await page.locator("body[data-keys=on]").wait_for()
    await page.screenshot(path=PICTURES / "guide-queue.png")
    await page.keyboard.press("?")
    await expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    await page.screenshot(path=PICTURES / "guide-keys.png")
    await page.goto(f"{world.address}{held}")
    await page.get_by_role("button", name="Claim").click()
    await expect(page.locator("#spectrum-words")).to_be_visible(timeout=30_000)
    await page.set_viewport_size({"width": 1280, "height": 1200})
    await page.screenshot(path=PICTURES / "guide-case.png")
    await page.emulate_media(color_scheme="dark")
    await page.screenshot(path=PICTURES / "guide-case-dark.png")
    upload = await denied_generation(world, title="Paper Comets")
    path = await in_queue(world, upload)
    await in_queue(world, await denied_generation(world, title="Paper Planets"))
    sam = await sign_in(browser, world, "sam")
    await sam.page.goto(f"{world.address}/queue?text=paper")
    await sam.press("j", "x", "j", "x")
    await sam.press("b")
    await expect(sam.page.get_by_role("heading", level=1)).to_have_text("One answer for 2 chosen cases")
    await sam.press("r")
    await sam.page.keyboard.type("Generated, and declared as made by people.")
    await sam.press("Escape", "Enter")
    await expect(sam.page.get_by_role("heading", name="Nothing is done yet")).to_be_visible()
    await sam.press("Enter")
    await expect(sam.page.get_by_role("heading", name="Done")).to_be_visible()
    await sam.page.screenshot(path=PICTURES / "guide-bulk.png")
    decision = (await closed(world, path))["decision"]
    await world.publish(an_appeal(upload, decision["event_id"]))
    appeal = f"/cases/{appeal_case_id_of(upload.track_id)}"
    await world.until("vic", f"/v1{appeal}", lambda body: body["case"]["state"] == "open")
    await page.emulate_media(color_scheme="light")
    await page.set_viewport_size({"width": 1280, "height": 860})
    await page.goto(f"{world.address}{appeal}")
    await page.get_by_role("button", name="Claim").click()
    await expect(page.get_by_text("Appeal against: reject")).to_be_visible()
    await expect(page.locator("#wave-note")).to_be_hidden(timeout=30_000)
    await expect(page.locator("#labels")).to_be_hidden()
    await page.screenshot(path=PICTURES / "guide-appeal.png")
    await sam.context.close()
    for name in ("queue", "keys", "case", "case-dark", "bulk", "appeal"):
        assert (PICTURES / f"guide-{name}.png").stat().st_size < 400_000
    await visit.context.close()
