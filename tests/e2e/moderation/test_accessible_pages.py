"""Every page against WCAG 2.2 AA as axe checks it, in light and dark, at a desk's and at a tablet's size."""

from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from tests.e2e.moderation.test_deciding_in_the_browser import in_queue, sign_in
from tests.e2e.moderation.world import World, cloned_voice, denied_generation

axe = pytest.importorskip("axe_playwright_python.async_playwright", reason="the package that carries axe")

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(300)]
PICTURES = Path(__file__).parents[3] / "build" / "screenshots" / "moderation"
SIZES = {"desk": (1280, 860), "tablet-wide": (1024, 768), "tablet-tall": (768, 1024)}
RULES = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]},
    "resultTypes": ["violations"],
}


async def faults(page: Page) -> list[str]:
    """What axe finds, one line for each element: rule, selector, and why."""
    found = await axe.Axe().run(page, options=RULES)
    return [
        f"{violation['id']}: {node['target']} {node['failureSummary']}"
        for violation in found.response["violations"]
        for node in violation["nodes"]
    ]


async def fits(page: Page) -> bool:
    """Nothing makes the page wider than its window."""
    return bool(await page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


async def checked(page: Page, where: str) -> list[str]:
    """The faults of the page as it stands, in each size and in both schemes."""
    found: list[str] = []
    for size, (width, height) in SIZES.items():
        await page.set_viewport_size({"width": width, "height": height})
        for scheme in ("light", "dark"):
            await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            found += [f"{where}, {size}, {scheme}: {fault}" for fault in await faults(page)]
        if not await fits(page):
            found.append(f"{where}, {size}: wider than its window")
    return found


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


async def test_the_main_pages_as_pictures_for_the_guide(world: World, browser: Browser) -> None:
    """What the guide shows: ``build/screenshots/moderation/guide-*.png``, each the size of a window."""
    PICTURES.mkdir(parents=True, exist_ok=True)
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
    for name in ("queue", "keys", "case", "case-dark"):
        assert (PICTURES / f"guide-{name}.png").stat().st_size < 400_000
    await visit.context.close()
