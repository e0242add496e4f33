"""The dashboards page in a real browser, beside the running services and a track that is delivered."""

from collections.abc import AsyncIterator, Iterator
from datetime import date
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Page, expect

from deploy.samples.manifest import FOLDER, load_manifest
from services.cli.adapters.tracks_api import tracks_api
from services.moderation.domain.access import Role
from tests.e2e.moderation.test_accessible_pages import checked
from tests.e2e.moderation.test_deciding_in_the_browser import Visit
from tests.integration.metrics.screening_stack import Screening, screening_stack

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(420)]
PICTURES = Path(__file__).parents[3] / "build" / "screenshots" / "dashboards"
TODAY = date(2026, 11, 23)
LIVE = 60_000  # milliseconds: screening on a busy machine, and two looks of two seconds


@pytest.fixture(scope="module")
def screening(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Screening]:
    looking = {"TRACKGATE_MODERATION_FIGURES_SECONDS": "2"}
    people = {"vic": Role.VIEWER}
    with screening_stack(tmp_path_factory.mktemp("screening"), looking, people=people) as running:
        yield running


@pytest_asyncio.fixture(loop_scope="module")
async def vic(browser: Browser, screening: Screening) -> AsyncIterator[Visit]:
    context = await browser.new_context(viewport={"width": 1280, "height": 860})
    visit = Visit(context, await signed_in(context, screening))
    yield visit
    await context.close()
    assert visit.foreign == []
    assert visit.complaints == []


async def signed_in(context: BrowserContext, screening: Screening) -> Page:
    page = await context.new_page()
    await page.goto(f"{screening.url('moderation')}/sign-in?to=/dashboards%3Fspan%3Dhour")
    await page.get_by_label("Your sign-in token").fill(screening.tokens["vic"])
    await page.get_by_role("button", name="Sign in").click()
    await expect(page.get_by_role("heading", name="Dashboards")).to_be_visible()
    return page


async def deliver(screening: Screening, name: str) -> None:
    sample = next(sample for sample in load_manifest().samples if sample.file == name)
    async with tracks_api(screening.url("ingest"), screening.keys[sample.distributor]) as api:
        metadata = sample.metadata(TODAY)
        track_id = await api.deliver(FOLDER / sample.file, metadata, lambda _sent: None)
        async for track in api.watch(track_id):
            if track.decision is not None:
                return


async def number(page: Page, name: str) -> float:
    return float(await page.locator(f"#v-{name}").get_attribute("data-number") or "nan")


async def test_numbers_and_drawings_move_after_an_upload_and_what_is_open_stays_open(
    vic: Visit, screening: Screening
) -> None:
    page = vic.page
    await expect(page.locator("#v-up")).to_have_text(str(len(screening.services)), timeout=LIVE)
    await expect(page.locator("#v-down")).to_have_text("0")
    uploads, clones, cases = [await number(page, name) for name in ("uploads", "clones", "open")]
    decisions = page.locator("#f-outcomes")
    await decisions.get_by_text("Numbers").click()
    await decisions.locator(".scroller").focus()

    await deliver(screening, "tracks/call-me-back.wav")

    await expect(page.locator("#v-uploads")).to_have_text(f"{uploads + 1:.0f}", timeout=LIVE)
    await expect(page.locator("#v-clones")).to_have_text(f"{clones + 1:.0f}", timeout=LIVE)
    await expect(page.locator("#v-open")).to_have_text(f"{cases + 1:.0f}", timeout=LIVE)
    await expect(decisions.locator("svg rect").first).to_be_attached(timeout=LIVE)
    await expect(decisions.locator(".scroller")).to_be_visible()
    await expect(decisions.locator(".scroller")).to_be_focused()
    await expect(page.locator("#source")).to_contain_text("From the services' own numbers, since ")
    assert await number(page, "cost") > 0
    assert await number(page, "speed") > 1
    await expect(page.locator("#f-scores .mark")).to_be_attached()
    PICTURES.mkdir(parents=True, exist_ok=True)
    await page.screenshot(path=PICTURES / "hour.png", full_page=True)


async def test_the_pointer_over_a_drawing_tells_that_steps_numbers(vic: Visit) -> None:
    figure = vic.page.locator("#f-lag-by-service")
    await expect(figure.locator("svg path").first).to_be_attached(timeout=LIVE)
    box = await figure.locator(".drawing svg").bounding_box()
    assert box is not None
    await figure.locator(".drawing svg").hover(position={"x": box["width"] - 14, "y": box["height"] / 2})
    last = await figure.locator("tbody tr").last.locator("th").text_content()
    await expect(figure.locator(".legend .when")).to_have_text(last or "-")


async def test_keys_change_the_time_that_is_shown(vic: Visit) -> None:
    await vic.press("3")
    await expect(vic.page.get_by_role("link", name="Last 30 days")).to_have_attribute("aria-current", "page")
    await expect(vic.page.locator("#t-outcomes tbody tr")).to_have_count(30)
    await vic.press("1")
    await expect(vic.page.locator("#t-outcomes tbody tr")).to_have_count(60)


async def test_a_page_whose_service_does_not_answer_says_so_and_comes_back_by_itself(vic: Visit) -> None:
    page = vic.page
    await expect(page.locator("#live")).to_have_text("Live")
    await page.route("**/dashboards*", lambda route: route.abort())
    await expect(page.locator("#live")).to_have_text("Not answering", timeout=LIVE)
    await page.unroute("**/dashboards*")
    await expect(page.locator("#live")).to_have_text("Live", timeout=LIVE)
    assert all("ERR_FAILED" in line for line in vic.complaints)
    vic.complaints.clear()


async def test_every_number_can_be_read_without_script(browser: Browser, screening: Screening) -> None:
    context = await browser.new_context(java_script_enabled=False)
    page = await signed_in(context, screening)
    await expect(page.locator("#v-uploads")).to_have_text("1")
    figure = page.locator("#f-outcomes")
    await figure.get_by_text("Numbers").click()
    assert "1" in await figure.locator("td").all_text_contents()
    await context.close()


async def test_it_meets_wcag_aa_in_both_schemes_and_at_every_size(vic: Visit, screening: Screening) -> None:
    page = vic.page
    found = await checked(page, "last hour")
    await page.goto(f"{screening.url('moderation')}/dashboards?span=month")
    for summary in (await page.locator("figure summary").all())[:6]:
        await summary.click()
    found += await checked(page, "last 30 days with tables open")
    assert found == []
