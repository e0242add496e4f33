"""Pages against WCAG 2.2 AA as axe checks it, in light and dark, at a desk's and at a tablet's size."""

from collections.abc import Mapping

import pytest
from playwright.async_api import Page

axe = pytest.importorskip("axe_playwright_python.async_playwright", reason="the package that carries axe")

SIZES: Mapping[str, tuple[int, int]] = {
    "desk": (1280, 860),
    "tablet-wide": (1024, 768),
    "tablet-tall": (768, 1024),
}
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
    """The faults of the page as it stands, in each size and both schemes; then a desk's and light again."""
    await page.wait_for_load_state("load")  # with its style sheets
    found: list[str] = []
    for size, (width, height) in SIZES.items():
        await page.set_viewport_size({"width": width, "height": height})
        for scheme in ("light", "dark"):
            await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            found += [f"{where}, {size}, {scheme}: {fault}" for fault in await faults(page)]
        if not await fits(page):
            found.append(f"{where}, {size}: wider than its window")
    width, height = SIZES["desk"]
    await page.set_viewport_size({"width": width, "height": height})
    await page.emulate_media(color_scheme="light")
    return found
