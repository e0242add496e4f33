"""One answer for many cases, in a real browser: marked by keys, previewed, started, watched, taken back."""

import re
from datetime import timedelta

import pytest
from playwright.async_api import Browser, expect

from services.moderation.domain.cases import case_id_of
from tests.e2e.moderation.test_deciding_in_the_browser import closed, in_queue, sign_in, tomorrow
from tests.e2e.moderation.world import World, cloned_voice, denied_generation

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(240)]


async def test_marked_by_keys_previewed_done_and_taken_back(world: World, browser: Browser) -> None:
    paths = [
        await in_queue(world, await denied_generation(world, title=f"Batch {name}", release_date=day))
        for name, day in (("One", tomorrow()), ("Two", tomorrow() + timedelta(days=1)), ("Three", None))
    ]
    sam = await sign_in(browser, world, "sam")
    page = sam.page
    await page.goto(f"{world.address}/queue?text=batch")
    await sam.press("j", "x", "j", "x")
    await expect(page.get_by_role("link", name="Answer 2 marked")).to_be_visible()
    await expect(page.get_by_role("checkbox", name="Mark Batch One")).to_be_checked()
    await sam.picture("bulk-marked")
    await sam.press("b")
    await expect(page.get_by_role("heading", level=1)).to_have_text("One answer for 2 chosen cases")
    await sam.press("r")
    await page.keyboard.type("A batch of generated tracks, declared as made by people.")
    await sam.picture("bulk-choosing")
    await sam.press("Escape", "Enter")
    await expect(page.get_by_role("heading", name="Nothing is done yet")).to_be_visible()
    await expect(page.get_by_role("link", name="Batch Two")).to_be_visible()
    await expect(page.get_by_role("link", name="Batch Three")).to_have_count(0)
    await sam.picture("bulk-preview")
    await sam.press("Enter")
    await expect(page.get_by_role("heading", name="Done")).to_be_visible()
    await expect(page.locator("#said")).to_have_text("2 of 2 answered.")
    await expect(page.get_by_text("Nothing is sent for")).to_be_visible()
    await sam.picture("bulk-done")
    await sam.press("z")
    await expect(page.get_by_role("heading", name="Taken back")).to_be_visible()
    await expect(page.get_by_text("2 of 2 answers were taken back")).to_be_visible()
    for path in paths:
        free = await world.until("vic", f"/v1{path}", lambda body: body["case"]["state"] == "open")
        assert (free["case"]["claim"], free["case"]["resolution"]) == (None, None)

    # Again, and now nobody takes it back.
    await page.goto(f"{world.address}/queue?text=batch")
    await sam.press("a")
    await expect(page.get_by_role("link", name="Answer 3 marked")).to_be_visible()
    await sam.press("b")
    await expect(page.get_by_role("heading", level=1)).to_have_text("One answer for 3 chosen cases")
    await sam.press("l", "3")
    await expect(page.get_by_role("checkbox", name="Signs of AI generation")).to_be_checked()
    await sam.press("Enter")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Publish with labels: 3 cases")
    await sam.press("Enter")
    await expect(page.get_by_role("heading", name="Done")).to_be_visible()
    for path in paths:
        answer = await closed(world, path)
        assert [label["code"] for label in answer["decision"]["labels"]] == ["ai-detected"]
    assert (sam.foreign, sam.complaints) == ([], [])
    await sam.context.close()


async def test_by_filter_what_takes_two_people_is_left_out_and_it_can_be_cancelled(
    world: World, browser: Browser
) -> None:
    await in_queue(world, await cloned_voice(world, title="Herd Voice"))
    tracks = [await denied_generation(world, title=f"Herd {number}") for number in range(12)]
    for track in tracks:
        await in_queue(world, track)
    sam = await sign_in(browser, world, "sam")
    page = sam.page
    await page.goto(f"{world.address}/queue?text=herd")
    await sam.press("b")
    await expect(page.get_by_role("heading", level=1)).to_have_text("One answer for all cases that fit")
    await sam.press("p", "Enter")
    await expect(page.get_by_text("Needs a second person")).to_be_visible()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Publish: 12 cases")
    # Through the API, as a person's hand is slower than twelve answers: it stops, or it was through before.
    job = page.url.rpartition("/")[2]
    async with world.client("sam") as api:
        started = await api.post(f"/v1/bulk/{job}/start", json={"expected": 12})
        cancelled = await api.post(f"/v1/bulk/{job}/cancel")
    assert (started.status_code, cancelled.status_code) == (202, 204)
    await page.reload()
    await expect(page.get_by_role("heading", name=re.compile("Stopped|Done"))).to_be_visible()
    await sam.picture("bulk-stopped")
    stopped = await world.until("sam", f"/v1/bulk/{job}", lambda body: body["state"] != "running")
    await sam.press("z")
    await expect(page.get_by_role("heading", name="Taken back")).to_be_visible()
    after = await world.until("sam", f"/v1/bulk/{job}", lambda body: body["state"] == "undone")
    assert after["undone"] == stopped["done"]
    for track in tracks:
        path = f"/v1/cases/{case_id_of(track.track_id)}"
        await world.until("vic", path, lambda body: body["case"]["state"] == "open")
    assert (sam.foreign, sam.complaints) == ([], [])
    await sam.context.close()


async def test_moderators_are_offered_none_and_refused_one(world: World, browser: Browser) -> None:
    await in_queue(world, await denied_generation(world, title="Not In Bulk"))
    ada = await sign_in(browser, world, "ada")
    await expect(ada.page.locator("#list tbody tr").first).to_be_visible()
    await expect(ada.page.get_by_role("checkbox")).to_have_count(0)
    await ada.press("b", "x", "a")
    await expect(ada.page).to_have_url(f"{world.address}/queue")
    await ada.page.goto(f"{world.address}/bulk")
    await expect(ada.page.get_by_text("lacks the right to bulk")).to_be_visible()
    await ada.context.close()
